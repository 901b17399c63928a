// SPDX-License-Identifier: Apache-2.0
#include "devices/debug_ports.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;
constexpr uint16_t kPostCodePort = 0x80;
constexpr uint16_t kDebugExitPort = 0xF4;
constexpr unsigned kDebugExitPorts = 4;
constexpr uint16_t kDebugConsolePorts[] = {0xE9, 0x402};

}  // namespace

void PostCodePort::Attach(PortBus& bus) { bus.Claim(kPostCodePort, 1, 1, *this); }

void PostCodePort::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  writer.Field("code", code_);
}

Status PostCodePort::Load(StateReader& reader) {
  uint8_t code = 0;
  reader.Begin(name(), kStateVersion);
  reader.Field("code", code);
  const Status status = reader.status();
  if (status) code_ = code;
  return status;
}

void DebugExitPort::Attach(PortBus& bus) { bus.Claim(kDebugExitPort, kDebugExitPorts, 4, *this); }

void DebugConsolePort::Attach(PortBus& bus) {
  for (const uint16_t port : kDebugConsolePorts) bus.Claim(port, 1, 1, *this);
}

void DebugConsolePort::WritePort(uint16_t /*port*/, unsigned /*bytes*/, uint32_t value) {
  const auto byte = static_cast<uint8_t>(value);
  sink_.Write({&byte, 1});
}

}  // namespace verbatim
