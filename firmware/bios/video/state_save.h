// SPDX-License-Identifier: Apache-2.0
// Function 1Ch of int 10h: the state of the adapter in a buffer of the caller, and back; and what
// of that VBE's function 04h has in common with it.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_STATE_SAVE_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_STATE_SAVE_H_

#include <cstdint>

#include "firmware/bios/video/video_call.h"

namespace verbatim {

enum VideoStateBits : uint8_t { kStateHardware = 1, kStateDataArea = 2, kStateDac = 4 };

// Bytes that the parts take, a multiple of 64 each.
[[nodiscard]] uint32_t VideoStateBytes(unsigned parts);
void SaveVideoState(VideoCall& call, unsigned parts, LinearAddress to);
void RestoreVideoState(VideoCall& call, unsigned parts, LinearAddress from);

void SaveRestore(VideoCall& call);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_STATE_SAVE_H_
