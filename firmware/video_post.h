// SPDX-License-Identifier: Apache-2.0
// The display adapter as a video BIOS leaves it: a mode, its colours and its font (PS/2 BIOS
// Interface Technical Reference, interrupt 10h, function 00h). Works as that BIOS would, by the
// adapter's ports and its memory at A0000h.
#ifndef VERBATIM_FIRMWARE_VIDEO_POST_H_
#define VERBATIM_FIRMWARE_VIDEO_POST_H_

#include <cstdint>
#include <span>

#include "firmware/video_modes.h"
#include "memory/physical_memory.h"
#include "vcpu/port_io.h"

namespace verbatim {

class VideoPost {
 public:
  // Both are used during the calls only.
  VideoPost(PortIo& ports, PhysicalMemory& memory) : ports_(ports), memory_(memory) {}

  // Mode 03h, 80 by 25 characters of 9 by 16 dots in 16 colours: an empty screen of grey on black
  // with the cursor at its top left.
  void SetTextMode();

 private:
  void Out(uint16_t port, uint8_t value) { ports_.WritePort(port, 1, value); }
  void Indexed(uint16_t port, uint8_t index, uint8_t value);
  void Program(const VgaMode& mode);
  void LoadPalette();
  // 256 characters of so many rows, into the first of the eight fonts in plane 2.
  void LoadFont(std::span<const uint8_t> font, unsigned rows, const VgaMode& mode);
  void ShowPalette();

  PortIo& ports_;
  PhysicalMemory& memory_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_VIDEO_POST_H_
