// SPDX-License-Identifier: Apache-2.0
#include "devices/pci_config_ports.h"

#include "base/bits.h"
#include "base/check.h"
#include "devices/reset_control.h"

namespace verbatim {
namespace {

constexpr uint16_t kStateVersion = 1;

constexpr uint16_t kAddressPort = 0xCF8;
constexpr uint16_t kDataPort = 0xCFC;
constexpr unsigned kPorts = 8;

constexpr unsigned kEnableBit = 31;
constexpr uint32_t kAddressWritable = 0x80FFFFFC;

constexpr uint32_t AllOnes(unsigned bytes) {
  return static_cast<uint32_t>((uint64_t{1} << (8 * bytes)) - 1);
}

}  // namespace

void PciConfigPorts::Attach(PortBus& bus) { bus.Claim(kAddressPort, kPorts, 4, *this); }

void PciConfigPorts::Add(unsigned device, unsigned function, PciFunction& pci_function) {
  CHECK(device < 32 && function < 8);
  PciFunction*& slot = functions_[device * 8 + function];
  CHECK(slot == nullptr);
  slot = &pci_function;
}

PciFunction* PciConfigPorts::Selected() const {
  const bool enabled = Bit(address_, kEnableBit);
  const uint32_t bus = Bits(address_, 16, 8);
  return enabled && bus == 0 ? functions_[Bits(address_, 8, 8)] : nullptr;
}

uint32_t PciConfigPorts::ReadData(unsigned byte, unsigned bytes) const {
  const PciFunction* function = Selected();
  if (function == nullptr) return AllOnes(bytes);
  return function->ReadConfig((address_ & 0xFC) + byte, bytes);
}

void PciConfigPorts::WriteData(unsigned byte, unsigned bytes, uint32_t value) {
  if (PciFunction* function = Selected()) {
    function->WriteConfig((address_ & 0xFC) + byte, bytes, value);
  }
}

uint32_t PciConfigPorts::ReadPort(uint16_t port, unsigned bytes) {
  if (port >= kDataPort) return ReadData(port - kDataPort, bytes);
  if (port == kAddressPort && bytes == 4) return address_;
  if (port == kResetControlPort && bytes == 1) return reset_control_.ReadPort(port, 1);
  uint32_t value = AllOnes(bytes);
  // An unaligned access may reach over into the data port.
  for (unsigned i = 0; i < bytes; ++i) {
    if (port + i < kDataPort) continue;
    value &= ~(0xFFu << (8 * i));
    value |= ReadData(port + i - kDataPort, 1) << (8 * i);
  }
  return value;
}

void PciConfigPorts::WritePort(uint16_t port, unsigned bytes, uint32_t value) {
  if (port >= kDataPort) {
    WriteData(port - kDataPort, bytes, value);
  } else if (port == kAddressPort && bytes == 4) {
    address_ = value & kAddressWritable;
  } else if (port == kResetControlPort && bytes == 1) {
    reset_control_.WritePort(port, 1, value);
  } else {
    for (unsigned i = 0; i < bytes; ++i) {
      if (port + i >= kDataPort) WriteData(port + i - kDataPort, 1, value >> (8 * i) & 0xFF);
    }
  }
}

void PciConfigPorts::Save(StateWriter& writer) const {
  writer.Begin(name(), kStateVersion);
  writer.Field("address", address_);
}

Status PciConfigPorts::Load(StateReader& reader) {
  uint32_t address = 0;
  reader.Begin(name(), kStateVersion);
  reader.Field("address", address);
  const Status status = reader.status();
  if (status) address_ = address & kAddressWritable;
  return status;
}

}  // namespace verbatim
