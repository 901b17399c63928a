// SPDX-License-Identifier: Apache-2.0
// The screen as text: what stands in the cells of a text mode, for a terminal or to search in.
#ifndef VERBATIM_DEVICES_VGA_TEXT_SCREEN_H_
#define VERBATIM_DEVICES_VGA_TEXT_SCREEN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/vga/display_state.h"
#include "devices/vga/text_cells.h"

namespace verbatim {

struct TextScreen {
  struct Position {
    unsigned column;
    unsigned row;
    friend bool operator==(Position, Position) = default;
  };

  unsigned columns = 0;
  unsigned rows = 0;
  std::vector<TextCell> cells;         // row by row
  std::optional<Position> cursor;      // if it is on the screen and not off; blinking aside
  std::array<uint32_t, 16> colours{};  // 00RRGGBBh of the attributes' values
  bool bit7_blinks = false;            // of attributes; else it is part of the background

  [[nodiscard]] const TextCell& At(unsigned column, unsigned row) const {
    return cells[size_t{row} * columns + column];
  }
  // The row as UTF-8.
  [[nodiscard]] std::string Utf8Row(unsigned row) const;
  // Each row as UTF-8 without the spaces at its end.
  [[nodiscard]] std::vector<std::string> Utf8Rows() const;
};

// nullopt in graphics modes and while the screen is blank.
[[nodiscard]] std::optional<TextScreen> ReadTextScreen(const DisplayState& state);

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_TEXT_SCREEN_H_
