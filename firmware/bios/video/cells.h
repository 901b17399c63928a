// SPDX-License-Identifier: Apache-2.0
// Characters on the screen, in text and in graphics modes alike: functions 06h to 0Ah and what
// teletype output is made of. Those of VBE are in vbe_cells.h. Memory is written in blocks;
// addresses wrap within the mode's window.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_CELLS_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_CELLS_H_

#include <cstdint>
#include <optional>

#include "firmware/bios/video/video_call.h"

namespace verbatim {

// Cells, both ends included.
struct CellRectangle {
  CellPosition top_left;
  CellPosition bottom_right;
};

// Colours of a character in graphics modes; in text modes `foreground` is the attribute, and where
// there is none the attribute of the cell stays.
struct CellColour {
  std::optional<uint8_t> foreground;
  uint8_t background = 0;  // only with a byte per pixel
};

// Moves the cells of a page up (or down) and fills what becomes free with blanks; all of
// it if `lines` is 0. `fill`: attribute of the blanks, or their colour.
void ScrollCells(VideoCall& call, unsigned page, const CellRectangle& area, unsigned lines,
                 bool down, uint8_t fill);

void WriteCells(VideoCall& call, unsigned page, CellPosition at, uint8_t character,
                CellColour colour, unsigned count);

struct Cell {
  uint8_t character = 0;  // 0 in graphics modes: none of the font
  uint8_t attribute = 0;
};
[[nodiscard]] Cell ReadCell(VideoCall& call, unsigned page, CellPosition at);

// The forms of these for graphics modes.
void ScrollGraphics(VideoCall& call, const VideoMode& mode, unsigned page,
                    const CellRectangle& area, unsigned lines, bool down, uint8_t fill);
void WriteGlyphs(VideoCall& call, const VideoMode& mode, unsigned page, CellPosition at,
                 uint8_t character, CellColour colour, unsigned count);
[[nodiscard]] uint8_t ReadGlyph(VideoCall& call, const VideoMode& mode, unsigned page,
                                CellPosition at);

// Functions 0Ch and 0Dh.
void WriteDot(VideoCall& call, const VideoMode& mode, unsigned page, unsigned x, unsigned y,
              uint8_t colour);
[[nodiscard]] uint8_t ReadDot(VideoCall& call, const VideoMode& mode, unsigned page, unsigned x,
                              unsigned y);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_CELLS_H_
