// SPDX-License-Identifier: Apache-2.0
// What the code at the reset vector does before it looks at anything else: a system that has reset
// the processor to come back from protected mode finds its way back (IBM PC AT Technical Reference,
// section 5, "shutdown" by CMOS byte 0Fh).
#ifndef VERBATIM_FIRMWARE_BIOS_RESTART_H_
#define VERBATIM_FIRMWARE_BIOS_RESTART_H_

#include "firmware/bios/bios_call.h"
#include "vcpu/port_io.h"

namespace verbatim {

// True: the guest goes on where it wants; false: it asks for nothing, the self-test is due.
[[nodiscard]] bool ResumeAfterReset(PortIo& ports, BiosCall& call);
// Resets all chips, memory too.
void ResetMachine(PortIo& ports);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_RESTART_H_
