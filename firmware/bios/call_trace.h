// SPDX-License-Identifier: Apache-2.0
// A line of text for each call of the virtual BIOS (--trace bios):
//
//   13 eax=00000201>00000001 ecx=00000002 edx=00000080 ebx=00007e00 ... ds=0000 es=0000
//
// The service in hexadecimal digits, an interrupt or one of Bios::Service; the registers before the
// call, and behind > what became of those that it changed. A call that waits is told when it is
// over.
#ifndef VERBATIM_FIRMWARE_BIOS_CALL_TRACE_H_
#define VERBATIM_FIRMWARE_BIOS_CALL_TRACE_H_

#include <cstdint>
#include <string>

#include "devices/device.h"
#include "firmware/bios/bios.h"

namespace verbatim {

[[nodiscard]] std::string DescribeBiosCall(uint8_t service, const CpuState& before,
                                           const BiosRegisters& after);
// Writes the lines to `sink`, which outlives the observer.
[[nodiscard]] BiosObserver TraceBiosCalls(ByteSink& sink);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_CALL_TRACE_H_
