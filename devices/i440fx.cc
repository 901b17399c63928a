// SPDX-License-Identifier: Apache-2.0
#include "devices/i440fx.h"

namespace verbatim {
namespace {

constexpr uint16_t kIntel = 0x8086;
constexpr uint16_t k82441Fx = 0x1237;
constexpr uint16_t kVirtualSubsystemVendor = 0x1AF4;
constexpr uint16_t kVirtualSubsystem = 0x1100;
constexpr uint32_t kHostBridgeClass = 0x060000;

constexpr uint16_t kCommandAlways = 0x0006;    // memory space, bus master
constexpr uint16_t kCommandWritable = 0x0140;  // SERR#, parity error response
constexpr uint16_t kStatusAlways = 0x0280;     // fast back-to-back, medium DEVSEL#
constexpr uint16_t kStatusClearOnOne = 0xF900;

constexpr unsigned kPam0 = 0x59;
constexpr unsigned kPamRegisters = 7;
constexpr unsigned kSmram = 0x72;

constexpr uint8_t kReadEnable = 0x01;
constexpr uint8_t kWriteEnable = 0x02;

constexpr uint64_t kFirstAddress = 0xC0000;
constexpr uint32_t kSegmentBytes = 0x4000;
constexpr uint64_t kBiosAddress = 0xF0000;
constexpr uint32_t kBiosBytes = 0x10000;

}  // namespace

I440Fx::I440Fx(ShadowRamControl& shadow)
    : PciFunction({.vendor = kIntel,
                   .device = k82441Fx,
                   .class_code = kHostBridgeClass,
                   .revision = 2,
                   .subsystem_vendor = kVirtualSubsystemVendor,
                   .subsystem = kVirtualSubsystem}),
      shadow_(shadow) {
  Define(kPciCommand, 2, kCommandAlways, kCommandWritable);
  Define(kPciStatus, 2, kStatusAlways, 0, kStatusClearOnOne);
  Define(kPciLatencyTimer, 1, 0, 0xF8);
  Define(kPam0, 1, 0, 0x30);
  Define(kPam0 + 1, 4, 0, 0x33333333);
  Define(kPam0 + 5, 2, 0, 0x3333);
  Define(kSmram, 1, 0x02, 0);
  for (unsigned segment = 0; segment < kSegments; ++segment) Tell(segment);
}

// Segment 0 is the high half of PAM0; each later register holds two, the lower address low.
uint8_t I440Fx::Attributes(unsigned segment) const {
  const uint32_t pam = ReadConfig(kPam0 + (segment + 1) / 2, 1);
  return static_cast<uint8_t>((segment % 2 == 0 ? pam >> 4 : pam) & (kReadEnable | kWriteEnable));
}

void I440Fx::Tell(unsigned segment) const {
  const uint8_t attributes = Attributes(segment);
  const bool bios = segment == 0;
  const PhysicalAddress first = {bios ? kBiosAddress
                                      : kFirstAddress + uint64_t{segment - 1} * kSegmentBytes};
  shadow_.SetShadow(first, bios ? kBiosBytes : kSegmentBytes, (attributes & kReadEnable) != 0,
                    (attributes & kWriteEnable) != 0);
}

void I440Fx::ConfigChanged(unsigned offset, unsigned bytes) {
  if (offset >= kPam0 + kPamRegisters || offset + bytes <= kPam0) return;
  for (unsigned segment = 0; segment < kSegments; ++segment) {
    if (told_[segment] == Attributes(segment)) continue;
    told_[segment] = Attributes(segment);
    Tell(segment);
  }
}

}  // namespace verbatim
