// SPDX-License-Identifier: Apache-2.0
// PCI BIOS 2.1 (PCI BIOS Specification, revision 2.1): int 1Ah function B1h, and the same functions
// in protected mode, which the BIOS32 service directory (Standard BIOS 32-bit Service Directory
// Proposal 0.4) leads to. Both entry points for protected mode are in the ROM.
#ifndef VERBATIM_FIRMWARE_BIOS_PCI_PCI_BIOS_H_
#define VERBATIM_FIRMWARE_BIOS_PCI_PCI_BIOS_H_

#include <cstdint>

#include "firmware/bios/bios_call.h"
#include "firmware/pci_config.h"
#include "vcpu/port_io.h"

namespace verbatim {

class PciBios {
 public:
  explicit PciBios(PortIo& ports) : ports_(ports), config_(ports) {}

  void Interrupt(BiosCall& call);
  void ProtectedMode(BiosCall& call);
  // The directory: eax the service, bl 0; al is the outcome, ebx, ecx and edx base, bytes, entry.
  void Directory(BiosCall& call);

 private:
  enum class Width : uint8_t { k16, k32 };

  [[nodiscard]] uint8_t Call(BiosCall& call, Width width);
  [[nodiscard]] uint8_t Find(BiosCall& call, uint8_t offset, unsigned bytes, uint32_t wanted);
  [[nodiscard]] uint8_t Access(BiosCall& call);
  [[nodiscard]] uint8_t RoutingOptions(BiosCall& call, Width width);
  [[nodiscard]] uint8_t SetInterrupt(BiosCall& call);

  PortIo& ports_;
  PciConfig config_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_PCI_PCI_BIOS_H_
