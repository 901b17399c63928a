// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/pci/pci_bios.h"

#include <vector>

#include "firmware/bios/rom.h"
#include "firmware/memory_map.h"
#include "firmware/pci_setup.h"
#include "firmware/pir_table.h"

namespace verbatim {
namespace {

enum Status : uint8_t {
  kSuccess = 0x00,
  kNotSupported = 0x81,
  kBadVendor = 0x83,
  kNotFound = 0x86,
  kBadRegister = 0x87,
  kSetFailed = 0x88,
  kBufferTooSmall = 0x89,
};

enum Function : uint8_t {
  kPresent = 0x01,
  kFindDevice = 0x02,
  kFindClass = 0x03,
  kReadByte = 0x08,
  kReadDword = 0x0A,
  kWriteByte = 0x0B,
  kWriteDword = 0x0D,
  kGetRouting = 0x0E,
  kSetInterrupt = 0x0F,
};

constexpr uint32_t kSignature = 0x20494350;  // 'PCI '
constexpr uint32_t kService = 0x49435024;    // '$PCI'
constexpr uint8_t kMechanism1 = 0x01;
constexpr uint16_t kVersion = 0x0210;

constexpr uint8_t kClassWithRevision = 0x08;
constexpr uint8_t kInterruptLine = 0x3C;
constexpr uint8_t kFirstPin = 0x0A;  // INTA#

constexpr uint8_t kUnknownService = 0x80;
constexpr uint8_t kUnknownDirectoryFunction = 0x81;

constexpr unsigned kDevicesAndFunctions = 256;

void SetStatus(BiosCall& call, uint8_t status) { call.regs.set_ah(status); }

}  // namespace

void PciBios::Interrupt(BiosCall& call) {
  const uint8_t status = Call(call, Width::k16);
  SetStatus(call, status);
  call.SetCarry(status != kSuccess);
}

void PciBios::ProtectedMode(BiosCall& call) {
  const uint8_t status = Call(call, Width::k32);
  SetStatus(call, status);
  call.SetLiveCarry(status != kSuccess);
}

void PciBios::Directory(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  if (regs.bl() != 0) {
    regs.set_al(kUnknownDirectoryFunction);
  } else if (regs.Get(kEax) != kService) {
    regs.set_al(kUnknownService);
  } else {
    regs.set_al(kSuccess);
    regs.Set(kEbx, static_cast<uint32_t>(kBiosArea.value));
    regs.Set(kEcx, static_cast<uint32_t>(kHighMemory.value - kBiosArea.value));
    regs.Set(kEdx, kPciEntry);
  }
}

uint8_t PciBios::Call(BiosCall& call, Width width) {
  BiosRegisters& regs = call.regs;
  const uint8_t function = regs.al();
  switch (function) {
    case kPresent:
      regs.Set(kEdx, kSignature);
      regs.set_al(kMechanism1);
      regs.set_bx(kVersion);
      regs.set_cl(0);  // the last bus
      return kSuccess;
    case kFindDevice: {
      if (regs.dx() == 0xFFFF) return kBadVendor;
      return Find(call, 0, 4, static_cast<uint32_t>(regs.cx()) << 16 | regs.dx());
    }
    case kFindClass:
      return Find(call, kClassWithRevision, 3, regs.Get(kEcx) & 0xFFFFFF);
    case kGetRouting:
      return RoutingOptions(call, width);
    case kSetInterrupt:
      return SetInterrupt(call);
    default:
      return function >= kReadByte && function <= kWriteDword ? Access(call)
                                                              : uint8_t{kNotSupported};
  }
}

// The si-th function whose identity (4 bytes) or class (3 bytes, above the revision) is `wanted`.
uint8_t PciBios::Find(BiosCall& call, uint8_t offset, unsigned bytes, uint32_t wanted) {
  unsigned index = call.regs.si();
  for (unsigned i = 0; i < kDevicesAndFunctions; ++i) {
    const PciPlace place{0, static_cast<uint8_t>(i)};
    if (!config_.Present(place)) continue;
    const uint32_t value = config_.Read(place, offset, 4) >> (bytes == 3 ? 8 : 0);
    if (value != wanted || index-- != 0) continue;
    call.regs.set_bh(place.bus);
    call.regs.set_bl(place.device_function);
    return kSuccess;
  }
  return kNotFound;
}

uint8_t PciBios::Access(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  const bool write = regs.al() >= kWriteByte;
  const unsigned bytes = 1u << (regs.al() - (write ? kWriteByte : kReadByte));
  const uint16_t offset = regs.di();
  if (offset > 0xFF || offset % bytes != 0) return kBadRegister;
  const PciPlace place{regs.bh(), regs.bl()};
  const auto at = static_cast<uint8_t>(offset);
  if (write) {
    config_.Write(place, at, bytes, regs.Get(kEcx) & (bytes == 4 ? ~0u : (1u << 8 * bytes) - 1));
    return kSuccess;
  }
  const uint32_t value = config_.Read(place, at, bytes);
  if (bytes == 1) regs.set_cl(static_cast<uint8_t>(value));
  if (bytes == 2) regs.set_cx(static_cast<uint16_t>(value));
  if (bytes == 4) regs.Set(kEcx, value);
  return kSuccess;
}

// es:di (es:edi) names a word with the buffer's size and a far pointer to it.
uint8_t PciBios::RoutingOptions(BiosCall& call, Width width) {
  BiosRegisters& regs = call.regs;
  const LinearAddress header = call.At(kEs, width == Width::k16 ? regs.di() : regs.Get(kEdi));
  const auto size = call.Read<uint16_t>(header);
  const std::vector<uint8_t> slots = PirSlots();
  call.Write(header, static_cast<uint16_t>(slots.size()));
  if (size < slots.size()) return kBufferTooSmall;
  LinearAddress buffer{};
  if (width == Width::k16) {
    buffer = FarPointer{call.Read<uint16_t>(header + 2), call.Read<uint16_t>(header + 4)}.Linear();
  } else {
    // The selector of a caller in protected mode is es, as flat as the directory asks for.
    buffer = call.At(kEs, call.Read<uint32_t>(header + 2));
  }
  call.WriteBytes(buffer, slots);
  regs.set_bx(0);  // no line belongs to PCI alone
  return kSuccess;
}

// Leads the wire of a pin to a line, and makes that level-triggered.
uint8_t PciBios::SetInterrupt(BiosCall& call) {
  const BiosRegisters& regs = call.regs;
  const unsigned pin = regs.cl() - unsigned{kFirstPin};
  const unsigned irq = regs.ch();
  if (pin > 3 || irq > 15 || (kPirIrqs >> irq & 1) == 0) return kSetFailed;
  const unsigned wire = PirqOf(regs.bl() >> 3, pin);
  const PciPlace router = PirRouter();
  config_.Write(router, static_cast<uint8_t>(kPirqRouteRegister + wire), 1, irq);
  const auto port = static_cast<uint16_t>(0x4D0 + irq / 8);
  ports_.WritePort(port, 1, ports_.ReadPort(port, 1) | 1u << irq % 8);
  config_.Write({regs.bh(), regs.bl()}, kInterruptLine, 1, irq);
  return kSuccess;
}

}  // namespace verbatim
