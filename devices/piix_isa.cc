// SPDX-License-Identifier: Apache-2.0
#include "devices/piix_isa.h"

#include <algorithm>

#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

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
constexpr unsigned kMiscStatus = 0x6A;
constexpr unsigned kBoardIrqRoute = 0x70;  // two
constexpr unsigned kBoardDmaType = 0x76;   // two
constexpr unsigned kChipSelect = 0x78;
constexpr unsigned kApicBase = 0x80;
constexpr unsigned kDeterministicLatency = 0x82;

constexpr uint8_t kRouteOff = 0x80;
constexpr uint8_t kRouteIrq = 0x0F;
// The lines that a route may name; the others are reserved.
constexpr uint16_t kRoutable = 0xDEF8;
constexpr uint32_t kFirmwareRoutes = 0x0B0B0A0A;

constexpr unsigned PirqOf(unsigned slot, unsigned pin) {
  return (slot + pin + PiixIsa::kPirqs - 1) % PiixIsa::kPirqs;
}

}  // namespace

PiixIsa::PiixIsa(I8259Pair& pic)
    : PciFunction({.vendor = kIntel, .device = kPiix3Isa, .class_code = kIsaBridgeClass}),
      pic_(pic) {
  Define(kPciCommand, 2, kCommandAlways, 0x0100);
  Define(kPciStatus, 2, kStatusAlways, 0, kStatusClearOnOne);
  Define(kPciHeaderType, 1, kMultifunction, 0);
  Define(kIsaRecovery, 1, 0x4D, 0x7F);
  Define(kXBusSelect, 2, 0x0003, 0x01FF);
  Define(kPirqRoute, 4, 0x80808080, 0x8F8F8F8F);
  Define(kTopOfMemory, 1, 0x02, 0xFE);
  Define(kMiscStatus, 2, 0, 0x8076);
  Define(kBoardIrqRoute, 2, 0x8080, 0xEFEF);
  Define(kBoardDmaType, 2, 0x0C0C, 0x8F8F);
  Define(kChipSelect, 2, 0x0002, 0xFFFF);
  Define(kApicBase, 1, 0, 0x7F);
  Define(kDeterministicLatency, 1, 0, 0x0F);
  for (unsigned slot = 0; slot < kSlots; ++slot) {
    for (unsigned pin = 0; pin < kPins; ++pin) {
      inputs_[slot * kPins + pin].Connect(*this, slot, pin);
    }
  }
}

IrqLine& PiixIsa::Pin(unsigned slot, unsigned pin) {
  CHECK(slot < kSlots && pin < kPins);
  return inputs_[slot * kPins + pin];
}

void PiixIsa::RouteAsFirmware() { WriteConfig(kPirqRoute, 4, kFirmwareRoutes); }

void PiixIsa::SetPin(unsigned slot, unsigned pin, bool high) {
  const auto bit = static_cast<uint8_t>(1u << pin);
  if (high == ((asserted_[slot] & bit) != 0)) return;
  asserted_[slot] ^= bit;
  UpdateLines();
}

bool PiixIsa::PirqLevel(unsigned pirq) const {
  for (unsigned slot = 0; slot < kSlots; ++slot) {
    for (unsigned pin = 0; pin < kPins; ++pin) {
      if (PirqOf(slot, pin) == pirq && (asserted_[slot] >> pin & 1) != 0) return true;
    }
  }
  return false;
}

void PiixIsa::UpdateLines() {
  unsigned high = 0;
  for (unsigned pirq = 0; pirq < kPirqs; ++pirq) {
    const uint32_t route = ReadConfig(kPirqRoute + pirq, 1);
    if ((route & kRouteOff) == 0 && PirqLevel(pirq)) high |= 1u << (route & kRouteIrq);
  }
  for (unsigned irq = 0; irq < I8259Pair::kLines; ++irq) {
    if ((kRoutable >> irq & 1) != 0) pic_.PciLine(irq).SetLevel((high >> irq & 1) != 0);
  }
}

void PiixIsa::ConfigChanged(unsigned offset, unsigned bytes) {
  if (loading_) return;  // the controllers' own state holds the levels
  if (offset < kPirqRoute + kPirqs && offset + bytes > kPirqRoute) UpdateLines();
}

void PiixIsa::Save(StateWriter& writer) const {
  PciFunction::Save(writer);
  writer.Begin("piix isa pins", kStateVersion);
  writer.Field("asserted", asserted_);
}

Status PiixIsa::LoadParts(StateReader& reader) {
  if (Status status = PciFunction::Load(reader); !status) return status;
  std::array<uint8_t, kSlots> asserted{};
  reader.Begin("piix isa pins", kStateVersion);
  reader.Field("asserted", asserted);
  reader.Require(std::ranges::all_of(asserted, [](uint8_t pins) { return pins < 1u << kPins; }),
                 "asserted", "four pins for each slot");
  const Status status = reader.status();
  if (status) asserted_ = asserted;
  return status;
}

Status PiixIsa::Load(StateReader& reader) {
  StateWriter before;
  Save(before);
  loading_ = true;
  const Status loaded = LoadParts(reader);
  if (!loaded) {
    StateReader restore(before.bytes());
    CHECK(LoadParts(restore));
  }
  loading_ = false;
  return loaded;
}

}  // namespace verbatim
