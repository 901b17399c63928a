// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "devices/vga/cp437.h"

namespace verbatim {
namespace {

constexpr uint32_t kBlack = 0x000000;
constexpr uint32_t kGrey = 0xAAAAAA;

// The colours that a video BIOS sets, in the order of ECMA-48: where the guest has not changed them
// the terminal's own are used, which its user chose.
constexpr std::array<uint32_t, 16> kUsual = {
    0x000000, 0xAA0000, 0x00AA00, 0xAA5500, 0x0000AA, 0xAA00AA, 0x00AAAA, 0xAAAAAA,
    0x555555, 0xFF5555, 0x55FF55, 0xFFFF55, 0x5555FF, 0xFF55FF, 0x55FFFF, 0xFFFFFF};

// Its parameters of SGR; `base` is 30 for the foreground, 40 for the background.
std::string ColourParameters(uint32_t colour, unsigned base) {
  const auto usual = std::ranges::find(kUsual, colour);
  if (usual == kUsual.end()) {
    return fmt::format("{};2;{};{};{}", base + 8, colour >> 16, colour >> 8 & 0xFF, colour & 0xFF);
  }
  const auto number = static_cast<unsigned>(usual - kUsual.begin());
  return fmt::format("{}", number < 8 ? base + number : base + 60 + number - 8);
}

// The first row to show so that the one with the cursor is among them.
unsigned FirstRow(const ScreenView& view, TerminalSize size) {
  if (!view.text || view.text->rows <= size.rows) return 0;
  const unsigned cursor = view.text->cursor ? view.text->cursor->row : 0;
  return cursor < size.rows ? 0 : cursor - size.rows + 1;
}

// Terminals disagree about the width of some; behind those the cursor is placed anew.
bool WidthIsCertain(std::string_view character) {
  constexpr std::string_view kFramesFirst = "\u2500";
  constexpr std::string_view kBlocksLast = "\u259F";
  return character.size() == 1 || (character >= kFramesFirst && character <= kBlocksLast);
}

size_t CharacterBytes(char first) {
  const auto byte = static_cast<uint8_t>(first);
  if (byte < 0x80) return 1;
  return byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

void TerminalPicture::SetNotice(std::string_view notice) {
  // What is shown may point into the old one.
  if (!notice_.empty()) Forget();
  notice_.clear();
  while (!notice.empty()) {
    const size_t end = notice.find('\n');
    notice_.emplace_back(notice.substr(0, end));
    notice.remove_prefix(end == std::string_view::npos ? notice.size() : end + 1);
  }
}

void TerminalPicture::Put(Grid& grid, TerminalSize size, unsigned row,
                          std::string_view text) const {
  for (unsigned column = 0; column < size.columns; ++column) {
    const size_t bytes = text.empty() ? 0 : std::min(CharacterBytes(text.front()), text.size());
    grid[size_t{row} * size.columns + column] = {
        .character = bytes == 0 ? " " : text.substr(0, bytes),
        .foreground = kBlack,
        .background = kGrey};
    text.remove_prefix(bytes);
  }
}

TerminalPicture::Grid TerminalPicture::Compose(const ScreenView& view, TerminalSize size,
                                               unsigned first_row) const {
  Grid grid(size_t{size.columns} * size.rows, Cell{.foreground = kGrey, .background = kBlack});
  if (view.text) {
    const TextScreen& text = *view.text;
    for (unsigned row = 0; row < std::min(size.rows, text.rows - first_row); ++row) {
      for (unsigned column = 0; column < std::min(size.columns, text.columns); ++column) {
        const TextCell cell = text.At(column, first_row + row);
        const bool blinks = text.bit7_blinks && (cell.attribute & 0x80) != 0;
        const unsigned background = cell.attribute >> 4 & (text.bit7_blinks ? 7u : 15u);
        grid[size_t{row} * size.columns + column] = {.character = Cp437ToUtf8(cell.character),
                                                     .foreground = text.colours[cell.Foreground()],
                                                     .background = text.colours[background],
                                                     .blinks = blinks};
      }
    }
  }
  if (!status_.empty()) Put(grid, size, 0, status_);
  const auto lines = static_cast<unsigned>(std::min<size_t>(notice_.size(), size.rows));
  for (unsigned i = 0; i < lines; ++i) Put(grid, size, size.rows - lines + i, notice_[i]);
  return grid;
}

void TerminalPicture::AppendColours(const Cell& cell, std::string& out) {
  fmt::format_to(std::back_inserter(out), "\x1B[0;{};{}{}m", ColourParameters(cell.foreground, 30),
                 ColourParameters(cell.background, 40), cell.blinks ? ";5" : "");
}

std::string TerminalPicture::Update(const ScreenView& view, TerminalSize size) {
  std::string out;
  if (size.columns == 0 || size.rows == 0) return out;
  std::string status;
  if (!view.text && view.graphics.width != 0) {
    status = fmt::format("The guest shows graphics, {} by {}; --screenshot-at makes pictures.",
                         view.graphics.width, view.graphics.height);
  }
  // What is shown may point into the old one.
  if (size != size_ || status != status_) Forget();
  size_ = size;
  status_ = std::move(status);
  const unsigned first_row = FirstRow(view, size);
  Grid grid = Compose(view, size, first_row);
  const bool all = shown_.empty();
  if (all) out += "\x1B[0m\x1B[2J";
  const Cell* coloured = nullptr;  // whose colours are set
  for (unsigned row = 0; row < size.rows; ++row) {
    std::optional<unsigned> next;  // the column where the terminal's cursor is, if it is in the row
    for (unsigned column = 0; column < size.columns; ++column) {
      const size_t at = size_t{row} * size.columns + column;
      const Cell& cell = grid[at];
      if (!all && cell == shown_[at]) continue;
      if (next != column) {
        fmt::format_to(std::back_inserter(out), "\x1B[{};{}H", row + 1, column + 1);
      }
      if (coloured == nullptr || coloured->foreground != cell.foreground ||
          coloured->background != cell.background || coloured->blinks != cell.blinks) {
        AppendColours(cell, out);
        coloured = &cell;
      }
      out += cell.character;
      next = WidthIsCertain(cell.character) ? std::optional(column + 1) : std::nullopt;
    }
  }
  std::optional<TextScreen::Position> cursor;
  if (view.text && view.text->cursor && view.text->cursor->column < size.columns) {
    cursor = {view.text->cursor->column, view.text->cursor->row - first_row};
  }
  if (cursor != cursor_ || !out.empty()) {
    out.insert(0, "\x1B[?25l");
    if (cursor) {
      fmt::format_to(std::back_inserter(out), "\x1B[{};{}H\x1B[?25h", cursor->row + 1,
                     cursor->column + 1);
    }
  }
  cursor_ = cursor;
  shown_ = std::move(grid);
  return out;
}

}  // namespace verbatim
