// SPDX-License-Identifier: Apache-2.0
// Function 00h of int 10h: programs the adapter for a mode and makes the data area describe it.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_MODE_SET_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_MODE_SET_H_

#include <cstdint>

#include "firmware/bios/video/video_call.h"

namespace verbatim {

// Bit 7 of `number`: display memory keeps its contents. False: there is no such mode, and nothing
// has happened.
bool SetMode(VideoCall& call, uint8_t number);

// Scan lines of text modes, as function 12h has set them.
[[nodiscard]] TextLines SelectedTextLines(VideoCall& call);

// Loads the DAC, in grey if summing is on.
void LoadDac(VideoCall& call, DacSet set);

// Makes the data area describe a screen of characters, with cursors at home and page 0 shown.
struct ScreenLayout {
  uint8_t number;
  unsigned columns;
  unsigned rows;
  unsigned character_height;
  unsigned page_bytes;
};
void DescribeScreen(VideoCall& call, const ScreenLayout& layout);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_MODE_SET_H_
