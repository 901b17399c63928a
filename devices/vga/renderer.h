// SPDX-License-Identifier: Apache-2.0
// From the display's state to a picture of what a monitor shows. Pure: the same state gives the
// same picture, and no state, however odd, leads outside its memory.
//
// The picture has one pixel for each dot at the full dot clock and one row for each scan line, so
// mode 13h is 640 by 400. VBE modes have the size that was asked for. Blanking intervals inside the
// displayed area, overscan, skew, blinking of graphics, and Reset of the sequencer are not shown.
#ifndef VERBATIM_DEVICES_VGA_RENDERER_H_
#define VERBATIM_DEVICES_VGA_RENDERER_H_

#include "devices/vga/display_state.h"
#include "devices/vga/image.h"

namespace verbatim {

// Never empty.
[[nodiscard]] ImageSize ScreenSize(const DisplayState& state);

// Gives the picture the size of the screen and draws all of it.
void Render(const DisplayState& state, Image& image);

// Draws the rows from `first` to before `end`; the picture has the size of the screen.
void RenderRows(const DisplayState& state, unsigned first, unsigned end, Image& image);

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_RENDERER_H_
