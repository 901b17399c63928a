// SPDX-License-Identifier: Apache-2.0
// VBE modes whose pixels follow each other in memory. The mode lies within the memory, so no pixel
// is checked.
#include "devices/vga/palette.h"
#include "devices/vga/render_modes.h"

namespace verbatim {
namespace {

constexpr uint32_t kRgb = 0x00FFFFFF;

// `level` of `bits` bits in eight: the top bits again at the bottom.
constexpr uint32_t Widen(uint32_t level, unsigned bits) {
  return (level << (8 - bits)) | level >> (2 * bits - 8);
}
constexpr uint32_t From555(uint32_t pixel) {
  return Widen(pixel >> 10 & 0x1F, 5) << 16 | Widen(pixel >> 5 & 0x1F, 5) << 8 |
         Widen(pixel & 0x1F, 5);
}
constexpr uint32_t From565(uint32_t pixel) {
  return Widen(pixel >> 11 & 0x1F, 5) << 16 | Widen(pixel >> 5 & 0x3F, 6) << 8 |
         Widen(pixel & 0x1F, 5);
}

void Convert16(const uint8_t* from, uint32_t (*convert)(uint32_t), std::span<uint32_t> row) {
  for (size_t x = 0; x < row.size(); ++x) row[x] = convert(LoadLittle<uint16_t>(from + 2 * x));
}

}  // namespace

void RenderLinear(const DisplayState& state, unsigned first, unsigned end, Image& image) {
  const std::array<uint32_t, 256> colours = DacColours(state);
  for (unsigned y = first; y < end; ++y) {
    const std::span<uint32_t> row = image.Row(y);
    const uint8_t* from =
        state.memory.data() + state.vbe.StartOffset() + y * state.vbe.PitchBytes();
    switch (state.vbe.bpp) {
      case 8:
        Colour({from, row.size()}, 0, 1, colours, row);
        break;
      case 15:
        Convert16(from, From555, row);
        break;
      case 16:
        Convert16(from, From565, row);
        break;
      case 24:
        for (uint32_t& pixel : row) {
          pixel = uint32_t{from[2]} << 16 | uint32_t{from[1]} << 8 | from[0];
          from += 3;
        }
        break;
      default:
        for (uint32_t& pixel : row) {
          pixel = LoadLittle<uint32_t>(from) & kRgb;
          from += 4;
        }
        break;
    }
  }
}

}  // namespace verbatim
