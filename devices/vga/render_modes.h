// SPDX-License-Identifier: Apache-2.0
// The parts of the renderer, one for each kind of mode. Each draws the rows from `first` to before
// `end` of a picture that has the size of the screen.
#ifndef VERBATIM_DEVICES_VGA_RENDER_MODES_H_
#define VERBATIM_DEVICES_VGA_RENDER_MODES_H_

#include <cstdint>
#include <span>

#include "base/bits.h"
#include "devices/vga/display_state.h"
#include "devices/vga/image.h"
#include "devices/vga/plane_order.h"

namespace verbatim {

// 80 by 25 characters and the like: VGA text modes.
void RenderText(const DisplayState& state, unsigned first, unsigned end, Image& image);
// VGA graphics: planes of one bit, CGA's two bits, bytes chained or not.
void RenderGraphics(const DisplayState& state, unsigned first, unsigned end, Image& image);
// VBE with 4 bits per pixel, in planes.
void RenderVbePlanes(const DisplayState& state, unsigned first, unsigned end, Image& image);
// VBE with 8 bits per pixel and more.
void RenderLinear(const DisplayState& state, unsigned first, unsigned end, Image& image);

// Dots at the full clock for each that the registers make.
[[nodiscard]] inline unsigned DotScale(const VgaRegisters& registers) {
  return (registers.sequencer[kSeqClockingMode] & kClockHalfDotClock) != 0 ? 2 : 1;
}

// Byte p is plane p at `address`, which is below a quarter of the memory.
[[nodiscard]] inline uint32_t PlanesAt(const DisplayState& state, size_t address) {
  return LoadLittle<uint32_t>(state.memory.data() + WordOfPlanes(address) * 4);
}

// Fills `row` with the colours of the pixel values from `values[skip]` on, each `scale` wide.
inline void Colour(std::span<const uint8_t> values, unsigned skip, unsigned scale,
                   std::span<const uint32_t> colours, std::span<uint32_t> row) {
  size_t x = 0;
  for (const uint8_t value : values.subspan(skip, row.size() / scale)) {
    for (unsigned i = 0; i < scale; ++i) row[x++] = colours[value];
  }
}

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_RENDER_MODES_H_
