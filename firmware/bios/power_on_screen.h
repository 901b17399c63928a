// SPDX-License-Identifier: Apache-2.0
// What the screen says after power-on: three lines about the machine. Drives are described by what
// a guest can see of them; names of the host's files stay on the host.
#ifndef VERBATIM_FIRMWARE_BIOS_POWER_ON_SCREEN_H_
#define VERBATIM_FIRMWARE_BIOS_POWER_ON_SCREEN_H_

#include <span>
#include <string>

#include "firmware/bios/drive.h"
#include "firmware/memory_map.h"

namespace verbatim {

// Lines of less than 80 characters, each with its CR and LF.
[[nodiscard]] std::string PowerOnScreen(std::span<const MemoryMapEntry> memory,
                                        std::span<BiosDrive* const> drives);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_POWER_ON_SCREEN_H_
