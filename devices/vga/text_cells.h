// SPDX-License-Identifier: Apache-2.0
// Where text modes keep characters, attributes and fonts (PS/2 Technical Reference, "Alphanumeric
// Modes"): planes 0, 1 and 2.
#ifndef VERBATIM_DEVICES_VGA_TEXT_CELLS_H_
#define VERBATIM_DEVICES_VGA_TEXT_CELLS_H_

#include <cstdint>

#include "devices/vga/display_state.h"
#include "devices/vga/render_modes.h"

namespace verbatim {

struct TextCell {
  uint8_t character = 0;
  uint8_t attribute = 0;

  [[nodiscard]] unsigned Foreground() const { return attribute & 0xFu; }
  friend bool operator==(TextCell, TextCell) = default;
};

// `address` is below 64 Ki.
[[nodiscard]] inline TextCell CellAt(const DisplayState& state, unsigned address) {
  const uint32_t planes = PlanesAt(state, address);
  return {static_cast<uint8_t>(planes), static_cast<uint8_t>(planes >> 8)};
}

// The cursor's counter value, with its skew.
[[nodiscard]] inline unsigned CursorCounter(const VgaRegisters& registers) {
  const unsigned skew = Bits(unsigned{registers.crtc[kCrtcCursorEnd]}, 5, 2);
  return (registers.CursorLocation() + skew) & 0xFFFF;
}

// The rows of a character that the cursor covers: none if `first` is greater than `last`.
struct CursorRows {
  unsigned first;
  unsigned last;
};
[[nodiscard]] inline CursorRows CursorShape(const VgaRegisters& registers) {
  const uint8_t start = registers.crtc[kCrtcCursorStart];
  if ((start & kCursorOff) != 0) return {1, 0};
  return {start & 0x1Fu, registers.crtc[kCrtcCursorEnd] & 0x1Fu};
}

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_TEXT_CELLS_H_
