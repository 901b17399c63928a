// SPDX-License-Identifier: Apache-2.0
// Colours: functions 0Bh and 10h of int 10h.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_PALETTE_SERVICE_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_PALETTE_SERVICE_H_

#include "firmware/bios/video/video_call.h"

namespace verbatim {

void SetCgaColours(VideoCall& call);   // 0Bh
void PaletteService(VideoCall& call);  // 10h

// Makes `count` DAC entries from `first` on grey.
void SumToGrey(VideoCall& call, unsigned first, unsigned count);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_PALETTE_SERVICE_H_
