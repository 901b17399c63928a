// SPDX-License-Identifier: Apache-2.0
// From pixel values to colours: the attribute controller's palette and the DAC (PS/2 Technical
// Reference, "Attribute Controller" and "Video Digital-to-Analog Converter").
#ifndef VERBATIM_DEVICES_VGA_PALETTE_H_
#define VERBATIM_DEVICES_VGA_PALETTE_H_

#include <array>
#include <cstdint>

#include "devices/vga/display_state.h"

namespace verbatim {

// 00RRGGBBh of the values of 256-colour modes, which reach the DAC through its mask only.
[[nodiscard]] std::array<uint32_t, 256> DacColours(const DisplayState& state);
// The same of 4-bit values, which pass the colour plane enable and the palette first.
[[nodiscard]] std::array<uint32_t, 16> AttributeColours(const DisplayState& state);

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_PALETTE_H_
