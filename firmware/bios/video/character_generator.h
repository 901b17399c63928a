// SPDX-License-Identifier: Apache-2.0
// Fonts: int 10h function 11h. Those of text modes lie in plane 2, eight of them, 32 bytes for each
// character; those of graphics modes are where int 43h and int 1Fh point.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_CHARACTER_GENERATOR_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_CHARACTER_GENERATOR_H_

#include <cstdint>

#include "firmware/bios/video/video_call.h"

namespace verbatim {

// A font in guest memory.
struct Font {
  FarPointer start;
  unsigned height = 0;  // of a character, in bytes
  unsigned first = 0;
  unsigned count = 256;
};

// The font of the ROM of that height: 8, 14 or 16.
[[nodiscard]] Font RomFont(unsigned height);

void LoadFont(VideoCall& call, const Font& font, unsigned block);
// Fonts of graphics modes, as a mode set chooses them.
void PointToRomFont(VideoCall& call, unsigned height);

void CharacterGenerator(VideoCall& call);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_CHARACTER_GENERATOR_H_
