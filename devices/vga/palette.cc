// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/palette.h"

namespace verbatim {
namespace {

uint32_t DacColour(const DisplayState& state, unsigned value) {
  const unsigned entry = value & state.vga.dac_mask;
  uint32_t colour = 0;
  for (unsigned component = 0; component < 3; ++component) {
    unsigned level = state.vga.dac[entry * 3 + component];
    if (!state.vbe.dac_8bit()) level = (level << 2 & 0xFC) | Bits(level, 4, 2);
    colour = colour << 8 | level;
  }
  return colour;
}

}  // namespace

std::array<uint32_t, 256> DacColours(const DisplayState& state) {
  std::array<uint32_t, 256> colours{};
  for (unsigned value = 0; value < colours.size(); ++value) {
    colours[value] = DacColour(state, value);
  }
  return colours;
}

std::array<uint32_t, 16> AttributeColours(const DisplayState& state) {
  const auto& attribute = state.vga.attribute;
  const unsigned select = attribute[kAttrColourSelect];
  const bool select_bits_4_and_5 =
      (attribute[kAttrModeControl] & kAttrModeInternalPaletteSize) != 0;
  std::array<uint32_t, 16> colours{};
  for (unsigned value = 0; value < colours.size(); ++value) {
    unsigned entry = attribute[value & attribute[kAttrColourPlaneEnable] & 0xF];
    if (select_bits_4_and_5) entry = (entry & 0x0F) | Bits(select, 0, 2) << 4;
    colours[value] = DacColour(state, entry | Bits(select, 2, 2) << 6);
  }
  return colours;
}

}  // namespace verbatim
