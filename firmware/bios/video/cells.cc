// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/cells.h"

#include <algorithm>
#include <vector>

#include "base/bits.h"
#include "firmware/bios/video/vbe_cells.h"
#include "firmware/bios/video/video_window.h"

namespace verbatim {
namespace {

constexpr uint8_t kBlank = ' ';
constexpr unsigned kCellBytes = 2;

std::vector<uint8_t> Blanks(size_t cells, uint8_t attribute) {
  std::vector<uint8_t> blanks(cells * kCellBytes);
  for (size_t i = 0; i < blanks.size(); i += kCellBytes) {
    blanks[i] = kBlank;
    blanks[i + 1] = attribute;
  }
  return blanks;
}

void ScrollText(VideoCall& call, const VideoMode& mode, unsigned page, const CellRectangle& area,
                unsigned lines, bool down, uint8_t fill) {
  VideoWindow window(call, mode);
  const unsigned pitch = call.columns() * kCellBytes;
  const unsigned width = area.bottom_right.column - area.top_left.column + 1;
  const unsigned rows = area.bottom_right.row - area.top_left.row + 1;
  const uint32_t first =
      call.PageOffset(page) + area.top_left.row * pitch + area.top_left.column * kCellBytes;
  window.MoveLines({.first = first, .pitch = pitch, .bytes = width * kCellBytes, .lines = rows},
                   lines, down);
  const unsigned free_row = down ? 0 : rows - lines;
  const std::vector<uint8_t> blanks = Blanks(width, fill);
  for (unsigned row = 0; row < lines; ++row) {
    window.Write(first + (free_row + row) * pitch, blanks);
  }
}

}  // namespace

void ScrollCells(VideoCall& call, unsigned page, const CellRectangle& area, unsigned lines,
                 bool down, uint8_t fill) {
  const VideoMode* mode = call.mode();
  if (mode == nullptr && !call.ShowsVbe()) return;
  CellRectangle inside = area;
  inside.bottom_right.column = std::min(area.bottom_right.column, call.columns() - 1);
  inside.bottom_right.row = std::min(area.bottom_right.row, call.rows() - 1);
  if (inside.top_left.column > inside.bottom_right.column ||
      inside.top_left.row > inside.bottom_right.row) {
    return;
  }
  const unsigned rows = inside.bottom_right.row - inside.top_left.row + 1;
  if (lines == 0 || lines > rows) lines = rows;
  if (mode == nullptr) {
    ScrollVbe(call, inside, lines, down, fill);
  } else if (mode->IsText()) {
    ScrollText(call, *mode, page, inside, lines, down, fill);
  } else {
    ScrollGraphics(call, *mode, page, inside, lines, down, fill);
  }
}

void WriteCells(VideoCall& call, unsigned page, CellPosition at, uint8_t character,
                CellColour colour, unsigned count) {
  const VideoMode* mode = call.mode();
  if (mode == nullptr) {
    if (call.ShowsVbe()) WriteVbeGlyphs(call, at, character, colour, count);
    return;
  }
  if (!mode->IsText()) {
    WriteGlyphs(call, *mode, page, at, character, colour, count);
    return;
  }
  VideoWindow window(call, *mode);
  const uint32_t first = call.PageOffset(page) + (at.row * call.columns() + at.column) * kCellBytes;
  count = std::min(count, mode->memory_bytes / kCellBytes);
  std::vector<uint8_t> cells(size_t{count} * kCellBytes);
  if (!colour.foreground) window.Read(first, cells);
  for (size_t i = 0; i < cells.size(); i += kCellBytes) {
    cells[i] = character;
    if (colour.foreground) cells[i + 1] = *colour.foreground;
  }
  window.Write(first, cells);
}

Cell ReadCell(VideoCall& call, unsigned page, CellPosition at) {
  const VideoMode* mode = call.mode();
  if (mode == nullptr) {
    if (!call.ShowsVbe()) return {};
    return {.character = ReadVbeGlyph(call, at)};
  }
  if (!mode->IsText()) return {.character = ReadGlyph(call, *mode, page, at)};
  std::array<uint8_t, kCellBytes> cell{};
  VideoWindow(call, *mode)
      .Read(call.PageOffset(page) + (at.row * call.columns() + at.column) * kCellBytes, cell);
  return {.character = cell[0], .attribute = cell[1]};
}

}  // namespace verbatim
