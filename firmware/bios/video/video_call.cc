// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/video_call.h"

#include <algorithm>

namespace verbatim {
namespace {

constexpr uint8_t kShapeLines = 0x1F;
constexpr uint8_t kShapeHidden = 0x20;
constexpr uint8_t kShapeMode = 0x60;  // of the first line: how the cursor blinks on a 6845

struct CursorLines {
  uint8_t start;
  uint8_t end;
};

// Programs name the lines of a cell of eight, as the CGA had it. What they mean (an underline, half
// a block, a block) is made of the cell that there is.
CursorLines EmulateCursor(CursorLines lines, unsigned height) {
  const unsigned last = height - 1;
  const unsigned start = lines.start & kShapeLines;
  const unsigned end = lines.end & kShapeLines;
  if ((lines.start & kShapeMode) == kShapeHidden || height <= 8) return lines;
  const auto make = [](unsigned first, unsigned final) {
    return CursorLines{static_cast<uint8_t>(first), static_cast<uint8_t>(final)};
  };
  if (end < start) return end == 0 ? lines : make(end, last);  // a split cursor becomes whole
  if (end <= 3) return lines;                                  // at the top of the cell
  const bool for_this_cell = (start | end) >= height || (end == last - 1 && start == last);
  if (for_this_cell) return lines;
  if (start + 2 < end) return make(start > 2 ? (last + 1) / 2 : start, last);
  // An underline keeps its distance from the bottom, one line above in tall cells.
  const unsigned lift = last > 12 ? 1 : 0;
  return make(start + last - end - lift, last - lift);
}

}  // namespace

unsigned VideoCall::columns() {
  return std::clamp<unsigned>(bios.Read<uint16_t>(bda::kColumns), 1, kMaxColumns);
}

unsigned VideoCall::character_height() {
  return std::clamp<unsigned>(bios.Read<uint16_t>(bda::kCharacterHeight), 1, kMaxCharacterHeight);
}

CellPosition VideoCall::Cursor(unsigned page) {
  const auto cursor = bios.Read<uint16_t>(bda::kCursors + page % kPages * 2);
  return {.row = unsigned{cursor} >> 8, .column = cursor & 0xFFu};
}

void VideoCall::SetCursor(unsigned page, CellPosition position) {
  page %= kPages;
  bios.Write(bda::kCursors + page * 2,
             static_cast<uint16_t>((position.row & 0xFF) << 8 | (position.column & 0xFF)));
  if (page != active_page()) return;
  if (const VideoMode* current = mode(); current == nullptr || !current->IsText()) return;
  vga.SetCrtcPair(kCrtcCursorLocationHigh,
                  PageOffset(page) / 2 + position.row * columns() + position.column);
}

void VideoCall::SetCursorShape(uint8_t start, uint8_t end) {
  bios.Write(bda::kCursorShape, static_cast<uint16_t>(start << 8 | end));
  CursorLines lines{start, end};
  const VideoMode* current = mode();
  const bool emulates = (control() & kControlNoCursorEmulation) == 0;
  if (emulates && current != nullptr && current->IsText()) {
    lines = EmulateCursor(lines, character_height());
  }
  vga.SetCrtc(kCrtcCursorStart, lines.start);
  vga.SetCrtc(kCrtcCursorEnd, lines.end);
}

// Only text modes and those with planes have pages; the CRTC counts characters in the former.
void VideoCall::SelectPage(uint8_t page) {
  const VideoMode* current = mode();
  if (page >= kPages || current == nullptr) return;
  const auto offset = static_cast<uint16_t>(PageOffset(page));
  const bool counts_bytes = current->model == MemoryModel::kPlanar;
  bios.Write(bda::kActivePage, page);
  bios.Write(bda::kPageOffset, offset);
  vga.SetCrtcPair(kCrtcStartAddressHigh, counts_bytes ? offset : offset / 2u);
  SetCursor(page, Cursor(page));
}

void VideoCall::SetBits(LinearAddress address, uint8_t bits, bool set) {
  const auto value = bios.Read<uint8_t>(address);
  bios.Write(address, static_cast<uint8_t>(set ? value | bits : value & ~bits));
}

}  // namespace verbatim
