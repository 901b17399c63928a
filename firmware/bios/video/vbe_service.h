// SPDX-License-Identifier: Apache-2.0
// Function 4Fh of int 10h: VESA VBE Core Functions Standard 3.0, functions 00h to 0Ah, with power
// management (10h) and the monitor's data (15h). Modes are set through the Bochs display interface;
// without that there is no VBE.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_VBE_SERVICE_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_VBE_SERVICE_H_

#include <cstdint>

#include "firmware/bios/video/vbe_modes.h"
#include "firmware/bios/video/video_call.h"

namespace verbatim {

void VbeFunction(VideoCall& call);

// Status in AH, with AL 4Fh.
enum class VbeStatus : uint8_t { kDone = 0, kFailed = 1, kWrongMode = 3 };

// Of vbe_info.cc: functions 00h, 01h and 15h.
[[nodiscard]] VbeStatus ControllerInformation(VideoCall& call);
[[nodiscard]] VbeStatus ModeInformation(VideoCall& call);
[[nodiscard]] VbeStatus MonitorData(VideoCall& call);
// Whether the adapter has memory for it.
[[nodiscard]] bool HasMemoryFor(VideoCall& call, const VbeMode& mode);

// Of vbe_state.cc: functions 04h, 08h and 09h.
[[nodiscard]] VbeStatus VbeSaveRestore(VideoCall& call);
[[nodiscard]] VbeStatus DacWidth(VideoCall& call);
[[nodiscard]] VbeStatus VbePalette(VideoCall& call);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_VBE_SERVICE_H_
