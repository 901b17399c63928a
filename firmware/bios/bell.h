// SPDX-License-Identifier: Apache-2.0
// The tone of BEL: channel 2 of the 8254 makes it, bits 0 and 1 of port 61h let it through to the
// speaker (IBM PC AT Technical Reference, section 1, "Speaker"). Nobody waits for its end: the tick
// interrupt counts down what is left of it in the data area and switches the speaker off.
#ifndef VERBATIM_FIRMWARE_BIOS_BELL_H_
#define VERBATIM_FIRMWARE_BIOS_BELL_H_

#include "firmware/bios/bios_call.h"
#include "vcpu/port_io.h"

namespace verbatim {

// A bell that sounds already goes on for as long as a new one.
void RingBell(BiosCall& call, PortIo& ports);

// At each tick (int 08h).
void CountBellDown(BiosCall& call, PortIo& ports);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_BELL_H_
