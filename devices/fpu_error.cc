// SPDX-License-Identifier: Apache-2.0
#include "devices/fpu_error.h"

#include "devices/state.h"

namespace verbatim {
namespace {

constexpr uint16_t kPort = 0xF0;
constexpr uint16_t kStateVersion = 1;

}  // namespace

void FpuErrorLatch::Attach(PortBus& bus) { bus.Claim(kPort, 1, 1, *this); }

void FpuErrorLatch::Signal() {
  set_ = true;
  irq_.SetLevel(true);
}

void FpuErrorLatch::Reset() {
  set_ = false;
  irq_.SetLevel(false);
}

uint32_t FpuErrorLatch::ReadPort(uint16_t /*port*/, unsigned /*bytes*/) { return 0xFF; }

// Whatever the value.
void FpuErrorLatch::WritePort(uint16_t /*port*/, unsigned /*bytes*/, uint32_t /*value*/) {
  Reset();
}

void FpuErrorLatch::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  writer.Field("set", static_cast<uint8_t>(set_));
}

Status FpuErrorLatch::Load(StateReader& reader) {
  uint8_t set = 0;
  reader.Begin(name(), kStateVersion);
  reader.Field("set", set, uint8_t{1});
  const Status status = reader.status();
  if (status) set_ = set != 0;
  return status;
}

}  // namespace verbatim
