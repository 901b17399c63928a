// SPDX-License-Identifier: Apache-2.0
// Characters in the graphics modes of VBE (VBE Core Functions Standard 3.0, function 01h, mode
// attribute D2): the forms for them of what cells.h offers. They work through the window of 64 KiB,
// which the adapter has beside its linear frame buffer too, and leave its position as it was.
//
// There is one page, from the start of the memory. With more than a byte per pixel colours are
// those of the default palette, and a dot of none of them reads as colour 0; with a byte or more a
// character has a background, as in mode 13h. A character is read as dots that are not black.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_VBE_CELLS_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_VBE_CELLS_H_

#include <cstdint>

#include "firmware/bios/video/cells.h"
#include "firmware/bios/video/video_call.h"

namespace verbatim {

// All of these: only while call.ShowsVbe().
void ScrollVbe(VideoCall& call, const CellRectangle& area, unsigned lines, bool down, uint8_t fill);
void WriteVbeGlyphs(VideoCall& call, CellPosition at, uint8_t character, CellColour colour,
                    unsigned count);
[[nodiscard]] uint8_t ReadVbeGlyph(VideoCall& call, CellPosition at);
void WriteVbeDot(VideoCall& call, unsigned x, unsigned y, uint8_t colour);
[[nodiscard]] uint8_t ReadVbeDot(VideoCall& call, unsigned x, unsigned y);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_VBE_CELLS_H_
