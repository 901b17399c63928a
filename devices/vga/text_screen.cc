// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/text_screen.h"

#include "devices/vga/cp437.h"
#include "devices/vga/crtc_scan.h"
#include "devices/vga/palette.h"

namespace verbatim {

std::string TextScreen::Utf8Row(unsigned row) const {
  std::string text;
  for (unsigned column = 0; column < columns; ++column) {
    text += Cp437ToUtf8(At(column, row).character);
  }
  return text;
}

std::vector<std::string> TextScreen::Utf8Rows() const {
  std::vector<std::string> texts;
  for (unsigned row = 0; row < rows; ++row) {
    std::string& text = texts.emplace_back(Utf8Row(row));
    text.erase(text.find_last_not_of(' ') + 1);
  }
  return texts;
}

std::optional<TextScreen> ReadTextScreen(const DisplayState& state) {
  if (!state.IsText() || state.IsBlank()) return std::nullopt;
  TextScreen screen;
  screen.columns = state.vga.DisplayedCharacters();
  screen.colours = AttributeColours(state);
  screen.bit7_blinks = (state.vga.attribute[kAttrModeControl] & kAttrModeBlink) != 0;
  const CursorRows shape = CursorShape(state.vga);
  const unsigned cursor = CursorCounter(state.vga);
  const CrtcAddresses addresses(state.vga);
  CrtcScan scan(state.vga);
  for (unsigned left = CrtcScan::LineCount(state.vga); left != 0; --left) {
    const ScanLine line = scan.Next();
    if (!line.starts_row) continue;
    for (unsigned column = 0; column < screen.columns; ++column) {
      const unsigned counter = addresses.Counter(line, column);
      screen.cells.push_back(CellAt(state, addresses.Memory(counter, line.row)));
      if (counter == cursor && shape.first <= shape.last) screen.cursor = {column, screen.rows};
    }
    ++screen.rows;
  }
  return screen;
}

}  // namespace verbatim
