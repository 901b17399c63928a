// SPDX-License-Identifier: Apache-2.0
// The guest's text screen as what makes a terminal show it (ECMA-48 control sequences, with xterm's
// colours): only what differs from what the terminal shows already.
//
// A terminal that is too small shows the left columns and, of the rows, those around the cursor.
#ifndef VERBATIM_CLI_TERMINAL_PICTURE_H_
#define VERBATIM_CLI_TERMINAL_PICTURE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "machine/screen_view.h"

namespace verbatim {

struct TerminalSize {
  unsigned columns = 0;
  unsigned rows = 0;
  friend bool operator==(TerminalSize, TerminalSize) = default;
};

class TerminalPicture {
 public:
  // Takes the terminal's alternate screen, and gives it back as it was.
  static constexpr std::string_view kEnter = "\x1B[?1049h\x1B[?7l\x1B[0m\x1B[2J";
  static constexpr std::string_view kLeave = "\x1B[0m\x1B[?25h\x1B[?7h\x1B[?1049l";

  // What brings the terminal, of the size it has now, to show the view; empty if it does.
  [[nodiscard]] std::string Update(const ScreenView& view, TerminalSize size);
  // Lines over the bottom rows, from the next Update on; empty: none.
  void SetNotice(std::string_view notice);
  // The terminal may show anything by now: the next Update draws all of it.
  void Forget() { shown_.clear(); }

 private:
  struct Cell {
    std::string_view character = " ";  // UTF-8, of static storage, `notice_` or `status_`
    uint32_t foreground = 0;           // 00RRGGBBh
    uint32_t background = 0;
    bool blinks = false;
    friend bool operator==(const Cell&, const Cell&) = default;
  };
  using Grid = std::vector<Cell>;

  [[nodiscard]] Grid Compose(const ScreenView& view, TerminalSize size, unsigned first_row) const;
  void Put(Grid& grid, TerminalSize size, unsigned row, std::string_view text) const;
  static void AppendColours(const Cell& cell, std::string& out);

  TerminalSize size_;
  Grid shown_;  // empty: unknown
  std::optional<TextScreen::Position> cursor_;
  std::vector<std::string> notice_;
  std::string status_;  // of a guest in a graphics mode
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_TERMINAL_PICTURE_H_
