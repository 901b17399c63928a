// SPDX-License-Identifier: Apache-2.0
#include "devices/reset_control.h"

#include <utility>

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;
constexpr uint8_t kSystemReset = 0x02;  // SRST
constexpr uint8_t kRcpu = 0x04;
constexpr uint8_t kWritable = 0x0E;  // SRST, RCPU, full reset

}  // namespace

uint32_t ResetControl::ReadPort(uint16_t /*port*/, unsigned /*bytes*/) { return value_; }

void ResetControl::WritePort(uint16_t /*port*/, unsigned /*bytes*/, uint32_t value) {
  const uint8_t old = std::exchange(value_, static_cast<uint8_t>(value & kWritable));
  if ((value_ & ~old & kRcpu) == 0) return;
  if ((value_ & kSystemReset) != 0) {
    reset_.RequestReset();
  } else {
    reset_.RequestInit();
  }
}

void ResetControl::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  writer.Field("value", value_);
}

Status ResetControl::Load(StateReader& reader) {
  uint8_t value = 0;
  reader.Begin(name(), kStateVersion);
  reader.Field("value", value, kWritable);
  const Status status = reader.status();
  if (status) value_ = value;
  return status;
}

}  // namespace verbatim
