// SPDX-License-Identifier: Apache-2.0
// Characters one after the other: functions 0Eh and 13h of int 10h. CR, LF, BS and BEL are obeyed;
// the screen scrolls.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_TELETYPE_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_TELETYPE_H_

#include <cstdint>
#include <string_view>

#include "firmware/bios/video/cells.h"
#include "firmware/bios/video/video_call.h"

namespace verbatim {

// At the cursor of the page. `colour`: as of WriteCells.
void Teletype(VideoCall& call, unsigned page, uint8_t character, CellColour colour);

void WriteString(VideoCall& call);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_TELETYPE_H_
