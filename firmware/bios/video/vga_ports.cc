// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/vga_ports.h"

namespace verbatim {
namespace {

constexpr uint16_t kAttributePort = 0x3C0;
constexpr uint16_t kAttributeRead = 0x3C1;
constexpr uint16_t kDacRead = 0x3C7;
constexpr uint16_t kDacWrite = 0x3C8;
constexpr uint16_t kDacData = 0x3C9;
constexpr uint16_t kVbeIndexPort = 0x1CE;
constexpr uint16_t kVbeDataPort = 0x1CF;
constexpr uint16_t kVbeIdFamily = 0xB0C0;
constexpr uint16_t kVbeIdMask = 0xFFF0;

}  // namespace

uint8_t VgaPorts::Indexed(uint16_t port, unsigned index) {
  Out(port, index);
  return In(static_cast<uint16_t>(port + 1));
}

void VgaPorts::SetIndexed(uint16_t port, unsigned index, unsigned value) {
  Out(port, index);
  Out(static_cast<uint16_t>(port + 1), value);
}

void VgaPorts::set_feature_control(uint8_t value) {
  Out(static_cast<uint16_t>(CrtcPort() + kStatus1), value);
}

void VgaPorts::SetCrtcPair(unsigned index, unsigned value) {
  const uint16_t port = CrtcPort();
  SetIndexed(port, index, value >> 8);
  SetIndexed(port, index + 1, value);
}

// Reading Input Status 1 makes the next write one of the index.
uint8_t VgaPorts::Attribute(unsigned index) {
  const auto status = static_cast<uint16_t>(CrtcPort() + kStatus1);
  static_cast<void>(In(status));
  Out(kAttributePort, index);
  const uint8_t value = In(kAttributeRead);
  static_cast<void>(In(status));
  Out(kAttributePort, kAttrPaletteAddressSource);
  return value;
}

void VgaPorts::SetAttribute(unsigned index, unsigned value) {
  static_cast<void>(In(static_cast<uint16_t>(CrtcPort() + kStatus1)));
  Out(kAttributePort, index);
  Out(kAttributePort, value);
  Out(kAttributePort, kAttrPaletteAddressSource);
}

void VgaPorts::ReadDac(unsigned first, std::span<uint8_t> to) {
  Out(kDacRead, first);
  for (uint8_t& level : to) level = In(kDacData);
}

void VgaPorts::WriteDac(unsigned first, std::span<const uint8_t> from) {
  Out(kDacWrite, first);
  for (const uint8_t level : from) Out(kDacData, level);
}

uint16_t VgaPorts::Vbe(VbeIndex index) {
  io_.WritePort(kVbeIndexPort, 2, index);
  return static_cast<uint16_t>(io_.ReadPort(kVbeDataPort, 2));
}

void VgaPorts::SetVbe(VbeIndex index, unsigned value) {
  io_.WritePort(kVbeIndexPort, 2, index);
  io_.WritePort(kVbeDataPort, 2, value & 0xFFFF);
}

bool VgaPorts::HasVbe() { return (Vbe(kVbeId) & kVbeIdMask) == kVbeIdFamily; }

}  // namespace verbatim
