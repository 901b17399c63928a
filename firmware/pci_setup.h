// SPDX-License-Identifier: Apache-2.0
// What firmware does to the PCI bus at power-on (PCI Local Bus Specification 2.1, 6.2.5): sizes
// every base address and expansion ROM register, gives each a place in the windows that the DSDT
// states, leads the interrupt wires to lines, and switches decoding on. For bus 0 of a board with a
// PIIX (data sheet, order 290550): other bridges have no bus behind them here.
#ifndef VERBATIM_FIRMWARE_PCI_SETUP_H_
#define VERBATIM_FIRMWARE_PCI_SETUP_H_

#include <cstdint>

#include "vcpu/port_io.h"

namespace verbatim {

// The windows of the host bridge, as in dsdt.asl.
inline constexpr uint64_t kPciMemoryBegin = 0xE0000000;
inline constexpr uint64_t kPciMemoryEnd = 0xFEC00000;
inline constexpr uint64_t kPciPortsBegin = 0xC000;
inline constexpr uint64_t kPciPortsEnd = 0x10000;

// The PIRQ wire that pin `pin` (0 = INTA#) of a slot is soldered to, and the register of the ISA
// bridge that routes it.
[[nodiscard]] constexpr unsigned PirqOf(unsigned slot, unsigned pin) {
  return (slot + pin + 3) % 4;
}
inline constexpr uint8_t kPirqRouteRegister = 0x60;

// Where what a function decodes does not fit, it is left off and logged.
void SetUpPci(PortIo& ports);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_PCI_SETUP_H_
