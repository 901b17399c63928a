// SPDX-License-Identifier: Apache-2.0
// Which serial and parallel ports there are: their base ports and counts go into the data area (IBM
// PC AT Technical Reference, section 5, power-on self-test).
#ifndef VERBATIM_FIRMWARE_BIOS_PORTS_PORT_DETECTION_H_
#define VERBATIM_FIRMWARE_BIOS_PORTS_PORT_DETECTION_H_

#include "memory/physical_memory.h"
#include "vcpu/port_io.h"

namespace verbatim {

void DetectPorts(PortIo& ports, PhysicalMemory& memory);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_PORTS_PORT_DETECTION_H_
