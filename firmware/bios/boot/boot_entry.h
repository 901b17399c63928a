// SPDX-License-Identifier: Apache-2.0
// How a boot sector is entered (BIOS Boot Specification 1.01, section 6).
#ifndef VERBATIM_FIRMWARE_BIOS_BOOT_BOOT_ENTRY_H_
#define VERBATIM_FIRMWARE_BIOS_BOOT_BOOT_ENTRY_H_

#include <cstdint>

#include "firmware/bios/bios_call.h"

namespace verbatim {

inline constexpr FarPointer kBootSectorEntry{0x7C00, 0};

// Registers as a boot sector expects them, `drive` in DL; the call does not return.
void EnterBootSector(BiosCall& call, FarPointer entry, uint8_t drive);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_BOOT_BOOT_ENTRY_H_
