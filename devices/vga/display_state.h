// SPDX-License-Identifier: Apache-2.0
// All that decides what is on the screen at one moment: the input of the renderer.
#ifndef VERBATIM_DEVICES_VGA_DISPLAY_STATE_H_
#define VERBATIM_DEVICES_VGA_DISPLAY_STATE_H_

#include <cstdint>
#include <span>

#include "devices/vga/vbe.h"
#include "devices/vga/vga_registers.h"

namespace verbatim {

struct DisplayState {
  VgaRegisters vga;
  VbeRegisters vbe;  // an enabled mode lies within `memory`
  std::span<const uint8_t>
      memory;          // the planes interleaved, or the linear frame buffer; 256 KiB or more
  uint64_t frame = 0;  // counts vertical retraces; cursor and characters blink with it

  // The cursor is on and off for 8 frames each, blinking characters for 16.
  [[nodiscard]] bool CursorPhase() const { return (frame / 8 & 1) == 0; }
  [[nodiscard]] bool CharacterPhase() const { return (frame / 16 & 1) == 0; }

  // Nothing is shown: the sequencer's screen-off bit, the palette held by the processor, or no
  // sync.
  [[nodiscard]] bool IsBlank() const {
    const bool no_sync = !vbe.enabled() && (vga.crtc[kCrtcModeControl] & kModeSyncEnable) == 0;
    return no_sync || (vga.sequencer[kSeqClockingMode] & kClockScreenOff) != 0 ||
           (vga.attribute_index & kAttrPaletteAddressSource) == 0;
  }
  [[nodiscard]] bool IsText() const { return !vbe.enabled() && !vga.IsGraphics(); }
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_DISPLAY_STATE_H_
