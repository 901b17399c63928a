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
constexpr unsigned kSmram = 0x72;

constexpr uint8_t kReadEnable = 0x01;
constexpr uint8_t kWriteEnable = 0x02;

constexpr uint64_t kFirstAddress = 0xC0000;
constexpr uint32_t kSegmentBytes = 0x4000;
constexpr uint64_t kBiosAddress = 0xF0000;
constexpr uint32_t kBiosBytes = 0x10000;
constexpr uint64_t kSmramAddress = 0xA0000;
constexpr uint32_t kSmramBytes = 0x20000;
constexpr unsigned kSmramSegment = I440Fx::kSegments - 1;

constexpr uint8_t kSmramOpen = 0x40;    // D_OPEN
constexpr uint8_t kSmramClosed = 0x20;  // D_CLS: data accesses of SMM code, so without effect
constexpr uint8_t kSmramLocked = 0x10;  // D_LCK
constexpr uint8_t kSmramEnabled = 0x08;
constexpr uint8_t kSmramAtA0000 = 0x02;

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
  Define(kSmram, 1, kSmramAtA0000, kSmramOpen | kSmramClosed | kSmramLocked | kSmramEnabled);
  for (unsigned segment = 0; segment < kSegments; ++segment) Tell(segment);
}

// Segment 0 is the high half of PAM0; each later register holds two, the lower address low.
uint8_t I440Fx::Attributes(unsigned segment) const {
  if (segment == kSmramSegment) {
    return (ReadConfig(kSmram, 1) & kSmramOpen) != 0 ? kReadEnable | kWriteEnable : 0;
  }
  const uint32_t pam = ReadConfig(kPam0 + (segment + 1) / 2, 1);
  return static_cast<uint8_t>((segment % 2 == 0 ? pam >> 4 : pam) & (kReadEnable | kWriteEnable));
}

void I440Fx::Tell(unsigned segment) const {
  PhysicalAddress first{kFirstAddress + uint64_t{segment - 1} * kSegmentBytes};
  uint32_t bytes = kSegmentBytes;
  if (segment == 0) {
    first = {kBiosAddress};
    bytes = kBiosBytes;
  } else if (segment == kSmramSegment) {
    first = {kSmramAddress};
    bytes = kSmramBytes;
  }
  const uint8_t attributes = Attributes(segment);
  shadow_.SetShadow(first, bytes, (attributes & kReadEnable) != 0,
                    (attributes & kWriteEnable) != 0);
}

uint8_t I440Fx::Unlocked(unsigned offset) const {
  const bool locked = offset == kSmram && (ReadConfig(kSmram, 1) & kSmramLocked) != 0;
  return locked ? kSmramClosed : 0xFF;
}

void I440Fx::ShadowAsFirmware() {
  WriteConfig(kPam0, 1, 0x30);
  WriteConfig(kPam0 + 1, 4, 0x33333333);
  WriteConfig(kPam0 + 5, 2, 0x3333);
}

void I440Fx::ProtectAsFirmware() { WriteConfig(kPam0, 1, kReadEnable << 4); }

void I440Fx::ConfigChanged(unsigned /*offset*/, unsigned /*bytes*/) {
  // Locking closes.
  if ((ReadConfig(kSmram, 1) & kSmramLocked) != 0) ClearBits(kSmram, 1, kSmramOpen);
  for (unsigned segment = 0; segment < kSegments; ++segment) {
    if (told_[segment] == Attributes(segment)) continue;
    told_[segment] = Attributes(segment);
    Tell(segment);
  }
}

}  // namespace verbatim
