// SPDX-License-Identifier: Apache-2.0
// What the power-on self-test leaves behind: interrupt vectors, the BIOS data area, and the chips
// of the board programmed as systems expect to find them.
#ifndef VERBATIM_FIRMWARE_BIOS_POWER_ON_H_
#define VERBATIM_FIRMWARE_BIOS_POWER_ON_H_

#include "memory/physical_memory.h"
#include "vcpu/port_io.h"

namespace verbatim {

void SetUpVectors(PhysicalMemory& memory);
void SetUpDataArea(PhysicalMemory& memory);
// Interrupt controllers, timers, clock, keyboard controller.
void SetUpChips(PortIo& ports);
// Both interrupt controllers at these vectors, all lines masked.
void PlaceInterrupts(PortIo& ports, uint8_t master, uint8_t slave);
void UnmaskInterrupt(PortIo& ports, unsigned irq);
// End-of-interrupt to both controllers.
void EndInterrupts(PortIo& ports);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_POWER_ON_H_
