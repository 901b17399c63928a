// SPDX-License-Identifier: Apache-2.0
#include "devices/piix_isa.h"

namespace verbatim {
namespace {

constexpr uint16_t kIntel = 0x8086;
constexpr uint16_t kPiix3Isa = 0x7000;
constexpr uint32_t kIsaBridgeClass = 0x060100;
constexpr uint8_t kMultifunction = 0x80;
constexpr uint16_t kCommandAlways = 0x0007;
constexpr uint16_t kStatusAlways = 0x0280;
constexpr uint16_t kStatusClearOnOne = 0x7800;

constexpr unsigned kIsaRecovery = 0x4C;
constexpr unsigned kXBusSelect = 0x4E;
constexpr unsigned kPirqRoute = 0x60;  // four: PIRQA# to PIRQD#
constexpr unsigned kTopOfMemory = 0x69;

}  // namespace

PiixIsa::PiixIsa()
    : PciFunction({.vendor = kIntel, .device = kPiix3Isa, .class_code = kIsaBridgeClass}) {
  Define(kPciCommand, 2, kCommandAlways, 0x0100);
  Define(kPciStatus, 2, kStatusAlways, 0, kStatusClearOnOne);
  Define(kPciHeaderType, 1, kMultifunction, 0);
  Define(kIsaRecovery, 1, 0x4D, 0x7F);
  Define(kXBusSelect, 2, 0x0003, 0x01FF);
  Define(kPirqRoute, 4, 0x80808080, 0x8F8F8F8F);
  Define(kTopOfMemory, 1, 0x02, 0xFE);
}

}  // namespace verbatim
