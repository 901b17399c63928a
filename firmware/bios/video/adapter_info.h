// SPDX-License-Identifier: Apache-2.0
// What the adapter is and how it behaves: functions 12h, 1Ah and 1Bh of int 10h.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_ADAPTER_INFO_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_ADAPTER_INFO_H_

#include "firmware/bios/video/video_call.h"

namespace verbatim {

// Of the display combination table: one adapter, a VGA with a colour display.
inline constexpr uint8_t kColourVgaCombination = 0x0B;

void AlternateSelect(VideoCall& call);     // 12h
void DisplayCombination(VideoCall& call);  // 1Ah
void StateInformation(VideoCall& call);    // 1Bh

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_ADAPTER_INFO_H_
