// SPDX-License-Identifier: Apache-2.0
// Where the beam is: the CRTC's counters as a function of guest time (PS/2 Technical Reference,
// "CRT Controller Registers" and "Input Status Register 1").
#ifndef VERBATIM_DEVICES_VGA_CRTC_TIMING_H_
#define VERBATIM_DEVICES_VGA_CRTC_TIMING_H_

#include <cstdint>

#include "devices/vga/vga_registers.h"

namespace verbatim {

struct BeamPosition {
  uint64_t frame = 0;  // since power-on, as if the registers had always been what they are
  bool display_enabled = false;
  bool vertical_retrace = false;
};

[[nodiscard]] BeamPosition BeamAt(const VgaRegisters& registers, uint64_t now_ns);

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_CRTC_TIMING_H_
