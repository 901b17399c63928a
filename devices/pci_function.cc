// SPDX-License-Identifier: Apache-2.0
#include "devices/pci_function.h"

#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

}  // namespace

PciFunction::PciFunction(const Identity& identity) {
  Define(kPciVendorId, 2, identity.vendor, 0);
  Define(kPciDeviceId, 2, identity.device, 0);
  Define(kPciRevision, 1, identity.revision, 0);
  Define(kPciClassCode, 2, identity.class_code & 0xFFFF, 0);
  Define(kPciClassCode + 2, 1, identity.class_code >> 16, 0);
  Define(kPciSubsystemVendorId, 2, identity.subsystem_vendor, 0);
  Define(kPciSubsystemId, 2, identity.subsystem, 0);
}

void PciFunction::Define(unsigned offset, unsigned bytes, uint32_t value, uint32_t writable,
                         uint32_t clear_on_one) {
  CHECK(offset + bytes <= kConfigBytes && (writable & clear_on_one) == 0);
  for (unsigned i = 0; i < bytes; ++i) {
    config_[offset + i] = after_reset_[offset + i] = static_cast<uint8_t>(value >> (8 * i));
    writable_[offset + i] = static_cast<uint8_t>(writable >> (8 * i));
    clear_on_one_[offset + i] = static_cast<uint8_t>(clear_on_one >> (8 * i));
  }
}

uint32_t PciFunction::ReadConfig(unsigned offset, unsigned bytes) const {
  CHECK(offset + bytes <= kConfigBytes);
  uint32_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= uint32_t{config_[offset + i]} << (8 * i);
  return value;
}

void PciFunction::WriteConfig(unsigned offset, unsigned bytes, uint32_t value) {
  CHECK(offset + bytes <= kConfigBytes);
  for (unsigned i = 0; i < bytes; ++i) {
    const auto byte = static_cast<uint8_t>(value >> (8 * i));
    const unsigned at = offset + i;
    const unsigned writable = writable_[at] & Unlocked(at);
    const unsigned kept = config_[at] & ~writable & ~(byte & clear_on_one_[at]);
    config_[at] = static_cast<uint8_t>(kept | (byte & writable));
  }
  ConfigChanged(offset, bytes);
}

void PciFunction::RaiseBits(unsigned offset, unsigned bytes, uint32_t bits) {
  CHECK(offset + bytes <= kConfigBytes);
  for (unsigned i = 0; i < bytes; ++i) config_[offset + i] |= static_cast<uint8_t>(bits >> (8 * i));
}

void PciFunction::ClearBits(unsigned offset, unsigned bytes, uint32_t bits) {
  CHECK(offset + bytes <= kConfigBytes);
  for (unsigned i = 0; i < bytes; ++i) {
    config_[offset + i] &= static_cast<uint8_t>(~(bits >> (8 * i)));
  }
}

uint8_t PciFunction::Unlocked(unsigned /*offset*/) const { return 0xFF; }

void PciFunction::ConfigChanged(unsigned /*offset*/, unsigned /*bytes*/) {}

void PciFunction::Reset() {
  config_ = after_reset_;
  ConfigChanged(0, kConfigBytes);
}

void PciFunction::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  writer.Field("config", config_);
}

Status PciFunction::Load(StateReader& reader) {
  std::array<uint8_t, kConfigBytes> config{};
  reader.Begin(name(), kStateVersion);
  reader.Field("config", config);
  bool same_constants = true;
  for (unsigned i = 0; i < kConfigBytes; ++i) {
    const unsigned variable = writable_[i] | clear_on_one_[i];
    if (((config[i] ^ after_reset_[i]) & ~variable & 0xFF) != 0) same_constants = false;
  }
  reader.Require(same_constants, "config", "the read-only registers of this device");
  const Status status = reader.status();
  if (status) {
    config_ = config;
    ConfigChanged(0, kConfigBytes);
  }
  return status;
}

}  // namespace verbatim
