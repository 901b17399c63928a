// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/teletype.h"

#include <vector>

#include "firmware/bios/bell.h"

namespace verbatim {
namespace {

constexpr uint8_t kBell = 0x07;
constexpr uint8_t kBackspace = 0x08;
constexpr uint8_t kLineFeed = 0x0A;
constexpr uint8_t kCarriageReturn = 0x0D;

// Writes, and moves the position on.
void Put(VideoCall& call, unsigned page, CellPosition& at, uint8_t character, CellColour colour) {
  const unsigned columns = call.columns();
  const unsigned rows = call.rows();
  switch (character) {
    case kBell:
      RingBell(call.bios, call.vga.io());
      return;
    case kBackspace:
      if (at.column > 0) --at.column;
      return;
    case kCarriageReturn:
      at.column = 0;
      return;
    case kLineFeed:
      ++at.row;
      break;
    default:
      WriteCells(call, page, at, character, colour, 1);
      if (++at.column >= columns) {
        at.column = 0;
        ++at.row;
      }
      break;
  }
  if (at.row < rows) return;
  at.row = rows - 1;
  const VideoMode* mode = call.mode();
  const bool text = mode != nullptr && mode->IsText();
  const uint8_t fill = text ? ReadCell(call, page, at).attribute : uint8_t{0};
  ScrollCells(call, page, {{0, 0}, {rows - 1, columns - 1}}, 1, false, fill);
}

}  // namespace

void Teletype(VideoCall& call, unsigned page, uint8_t character, CellColour colour) {
  CellPosition at = call.Cursor(page);
  Put(call, page, at, character, colour);
  call.SetCursor(page, at);
}

// AL bit 0: the cursor goes along; bit 1: each character is followed by its attribute.
void WriteString(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  const bool with_attributes = (regs.al() & 2) != 0;
  const unsigned step = with_attributes ? 2 : 1;
  const VideoMode* mode = call.mode();
  const bool linear = mode == nullptr || mode->model == MemoryModel::kLinear;
  const unsigned page = linear ? 0 : regs.bh();
  std::vector<uint8_t> text(size_t{regs.cx()} * step);
  call.bios.ReadBytes(call.bios.At(kEs, regs.bp()), text);
  if (call.bios.faulted()) return;
  CellPosition at{.row = regs.dh(), .column = regs.dl()};
  for (size_t i = 0; i < text.size(); i += step) {
    const uint8_t attribute = with_attributes ? text[i + 1] : regs.bl();
    Put(call, page, at, text[i], {.foreground = attribute});
  }
  if ((regs.al() & 1) != 0) call.SetCursor(page, at);
}

}  // namespace verbatim
