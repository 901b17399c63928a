// SPDX-License-Identifier: Apache-2.0
// What a mode set puts into the DAC (IBM PS/2 and PC BIOS Interface Technical Reference, int 10h
// function 00h): 256 entries of red, green and blue in six bits each.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_DEFAULT_PALETTE_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_DEFAULT_PALETTE_H_

#include <array>
#include <cstdint>

#include "firmware/bios/video/mode_table.h"

namespace verbatim {

using DacEntries = std::array<uint8_t, 768>;

[[nodiscard]] DacEntries DefaultDac(DacSet set);

// The grey of the same brightness: 30 % red, 59 % green, 11 % blue.
[[nodiscard]] uint8_t GreyOf(unsigned red, unsigned green, unsigned blue);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_DEFAULT_PALETTE_H_
