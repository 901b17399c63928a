// SPDX-License-Identifier: Apache-2.0
#include "devices/piix_pm.h"

namespace verbatim {
namespace {

constexpr uint16_t kIntel = 0x8086;
constexpr uint16_t kPiix4Pm = 0x7113;
constexpr uint32_t kOtherBridgeClass = 0x068000;
constexpr uint8_t kRevision = 3;
constexpr uint16_t kVirtualSubsystemVendor = 0x1AF4;
constexpr uint16_t kVirtualSubsystem = 0x1100;

constexpr uint16_t kStatusAlways = 0x0280;  // fast back-to-back, medium DEVSEL#
constexpr uint16_t kStatusClearOnOne = 0x7800;
constexpr uint8_t kInterruptA = 1;

constexpr unsigned kPmBase = 0x40;
constexpr uint32_t kPmBaseMask = 0xFFC0;
constexpr unsigned kCountA = 0x44;
constexpr unsigned kCountB = 0x48;
constexpr unsigned kGeneralInput = 0x4C;
constexpr unsigned kDeviceResources = 0x50;  // D, then activity A and B, then resources A to J
constexpr unsigned kDeviceActivityB = 0x58;
constexpr uint32_t kApmcEnable = 1u << 25;
constexpr unsigned kDeviceResourcesA = 0x5C;
constexpr unsigned kDeviceResourcesEnd = 0x80;
constexpr unsigned kPmMisc = 0x80;
constexpr uint8_t kPmIoSpaceEnable = 0x01;
constexpr unsigned kSmbusBase = 0x90;
constexpr unsigned kSmbusHostConfig = 0xD2;
constexpr unsigned kSmbusSlave = 0xD3;  // command and two shadows

}  // namespace

PiixPm::PiixPm(AcpiPm& registers)
    : PciFunction({.vendor = kIntel,
                   .device = kPiix4Pm,
                   .class_code = kOtherBridgeClass,
                   .revision = kRevision,
                   .subsystem_vendor = kVirtualSubsystemVendor,
                   .subsystem = kVirtualSubsystem}),
      registers_(registers) {
  Define(kPciCommand, 2, 0, 0x0001);
  Define(kPciStatus, 2, kStatusAlways, 0, kStatusClearOnOne);
  Define(kPciInterruptLine, 1, 0, 0xFF);
  Define(kPciInterruptPin, 1, kInterruptA, 0);
  Define(kPmBase, 4, 0x00000001, kPmBaseMask);
  Define(kCountA, 4, 0, UINT32_MAX);
  Define(kCountB, 4, 0, UINT32_MAX);
  Define(kGeneralInput, 4, 0, UINT32_MAX);
  Define(kDeviceResources, 4, 0, UINT32_MAX);
  Define(kDeviceResources + 4, 4, 0, UINT32_MAX);
  Define(kDeviceActivityB, 4, kApmcEnable, UINT32_MAX);
  for (unsigned at = kDeviceResourcesA; at < kDeviceResourcesEnd; at += 4) {
    Define(at, 4, 0, UINT32_MAX);
  }
  Define(kPmMisc, 1, 0, kPmIoSpaceEnable);
  Define(kSmbusBase, 4, 0x00000001, 0xFFF0);
  Define(kSmbusHostConfig, 1, 0, 0x0F);
  Define(kSmbusSlave, 1, 0, 0xFF);
  Define(kSmbusSlave + 1, 2, 0, 0xFFFF);
}

std::optional<uint16_t> PiixPm::BasePort() const {
  const uint32_t base = ReadConfig(kPmBase, 4) & kPmBaseMask;
  if ((ReadConfig(kPmMisc, 1) & kPmIoSpaceEnable) == 0 || base == 0) return std::nullopt;
  return static_cast<uint16_t>(base);
}

void PiixPm::PlaceAsFirmware(uint16_t first_port) {
  WriteConfig(kPmBase, 4, first_port);
  WriteConfig(kPmMisc, 1, kPmIoSpaceEnable);
}

void PiixPm::ConfigChanged(unsigned /*offset*/, unsigned /*bytes*/) {
  registers_.Place(BasePort());
}

}  // namespace verbatim
