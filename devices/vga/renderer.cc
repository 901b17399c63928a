// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/renderer.h"

#include <algorithm>

#include "base/check.h"
#include "devices/vga/crtc_scan.h"
#include "devices/vga/render_modes.h"

namespace verbatim {

ImageSize ScreenSize(const DisplayState& state) {
  if (state.vbe.enabled()) return {state.vbe.x_res, state.vbe.y_res};
  const VgaRegisters& vga = state.vga;
  return {vga.DisplayedCharacters() * (vga.IsGraphics() ? 8 : vga.CellWidth()) * DotScale(vga),
          CrtcScan::LineCount(vga)};
}

void Render(const DisplayState& state, Image& image) {
  image.Resize(ScreenSize(state));
  RenderRows(state, 0, image.size.height, image);
}

void RenderRows(const DisplayState& state, unsigned first, unsigned end, Image& image) {
  CHECK(image.size == ScreenSize(state) && first <= end && end <= image.size.height);
  if (state.IsBlank()) {
    for (unsigned y = first; y < end; ++y) std::ranges::fill(image.Row(y), 0u);
  } else if (state.vbe.linear()) {
    RenderLinear(state, first, end, image);
  } else if (state.vbe.enabled()) {
    RenderVbePlanes(state, first, end, image);
  } else if (state.vga.IsGraphics()) {
    RenderGraphics(state, first, end, image);
  } else {
    RenderText(state, first, end, image);
  }
}

}  // namespace verbatim
