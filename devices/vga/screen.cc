// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/screen.h"

#include "devices/vga/renderer.h"

namespace verbatim {

bool Screen::Refresh() {
  const DisplayState state = vga_.Display();
  // Only text blinks.
  const Shown now = {.generation = vga_.generation(),
                     .cursor_phase = !state.IsText() || state.CursorPhase(),
                     .character_phase = !state.IsText() || state.CharacterPhase()};
  bool drawn = false;
  if (shown_ != now) {
    shown_ = now;
    image_.Resize(ScreenSize(state));
    DrawRows(state, 0, image_.size.height);
    drawn = true;
  } else if (!state.IsBlank()) {
    drawn = DrawDirtyRows(state);
  }
  vga_.dirty().Clear();
  return drawn;
}

void Screen::DrawRows(const DisplayState& state, unsigned first, unsigned end) {
  RenderRows(state, first, end, image_);
  rows_drawn_ += end - first;
}

// In linear modes the rows whose own pages were written, else all if any page was.
bool Screen::DrawDirtyRows(const DisplayState& state) {
  const DirtyPages& dirty = vga_.dirty();
  if (!state.vbe.linear()) {
    const size_t bytes = state.vbe.enabled() ? state.memory.size() : VgaMemory::kVgaBytes;
    if (!dirty.Any(0, bytes)) return false;
    DrawRows(state, 0, image_.size.height);
    return true;
  }
  const size_t pitch = state.vbe.PitchBytes();
  const size_t line_bytes = state.vbe.LineBytes(state.vbe.x_res);
  const size_t start = state.vbe.StartOffset();
  if (!dirty.Any(start, pitch * state.vbe.y_res)) return false;
  bool drawn = false;
  unsigned first = 0;
  for (unsigned y = 0; y <= state.vbe.y_res; ++y) {
    if (y < state.vbe.y_res && dirty.Any(start + y * pitch, line_bytes)) continue;
    if (first < y) {
      DrawRows(state, first, y);
      drawn = true;
    }
    first = y + 1;
  }
  return drawn;
}

}  // namespace verbatim
