// SPDX-License-Identifier: Apache-2.0
// Int 10h, the video BIOS (IBM PS/2 and PC BIOS Interface Technical Reference, interrupt 10h; VESA
// VBE Core Functions Standard 3.0). It works on the adapter as a ROM would, by ports and display
// memory, and keeps its state where a ROM does, in the data area and the adapter: it has none.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_H_

#include <string_view>

#include "base/log.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/video/video_call.h"
#include "memory/physical_memory.h"
#include "vcpu/port_io.h"

namespace verbatim {

class VideoService {
 public:
  explicit VideoService(PortIo& ports) : ports_(ports) {}

  // To be called whenever memory was cleared.
  void InstallRom(PhysicalMemory& memory);
  // The adapter's part of the self-test: vectors, data area, mode 03h.
  void PowerOn(BiosCall& call);
  // Int 10h.
  void Call(BiosCall& call);
  // For messages of the BIOS itself: as function 0Eh on the page that is shown.
  void Print(BiosCall& call, std::string_view text);

 private:
  void SetMode(VideoCall& call);
  void Characters(VideoCall& call);

  PortIo& ports_;
  LogLimiter unknown_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_VIDEO_H_
