// SPDX-License-Identifier: Apache-2.0
// The CRTC's walk through the display memory (PS/2 Technical Reference, "CRT Controller
// Registers"): for each scan line the value of the address counter at its left edge and the row
// scan counter, with double scanning, preset row scan, line compare and the halved line clock; and
// from the counter to the address that memory sees.
#ifndef VERBATIM_DEVICES_VGA_CRTC_SCAN_H_
#define VERBATIM_DEVICES_VGA_CRTC_SCAN_H_

#include "devices/vga/vga_registers.h"

namespace verbatim {

struct ScanLine {
  unsigned address = 0;      // of the counter; 16 bits are significant
  unsigned row = 0;          // within the character, 0 to 31
  bool starts_row = true;    // the first scan line of a row of characters
  bool below_split = false;  // line compare was met above
};

class CrtcScan {
 public:
  // `registers` must outlive the walk.
  explicit CrtcScan(const VgaRegisters& registers)
      : registers_(registers),
        line_{.address = registers.StartAddress(),
              .row = registers.crtc[kCrtcPresetRowScan] & 0x1Fu} {}

  [[nodiscard]] static unsigned LineCount(const VgaRegisters& registers);
  // The scan lines one after the other, from the top.
  ScanLine Next();

 private:
  void Advance();

  const VgaRegisters& registers_;
  ScanLine line_;
  unsigned counter_ = 0;
  bool half_ = false;    // of a pair, with the halved line clock
  bool repeat_ = false;  // of a pair, with double scanning
};

// Character positions along a line, as the address counter and the memory see them.
class CrtcAddresses {
 public:
  explicit CrtcAddresses(const VgaRegisters& registers);

  // The counter `character` positions right of the left edge, 16 bits.
  [[nodiscard]] unsigned Counter(const ScanLine& line, unsigned character) const {
    return (line.address + (line.below_split && !pan_below_split_ ? 0 : byte_pan_) +
            (character >> count_shift_)) &
           0xFFFF;
  }
  // The address in each plane, 16 bits.
  [[nodiscard]] unsigned Memory(unsigned counter, unsigned row) const;
  // The dots that the attribute controller shifts a line to the left: Horizontal PEL Panning.
  [[nodiscard]] unsigned PelPanning(const ScanLine& line) const;

 private:
  unsigned byte_pan_;
  unsigned pel_pan_;
  bool pan_below_split_;
  unsigned count_shift_;
  unsigned address_shift_;
  unsigned wrap_bit_;
  bool row_to_13_;
  bool row_to_14_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_CRTC_SCAN_H_
