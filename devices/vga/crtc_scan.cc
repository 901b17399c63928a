// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/crtc_scan.h"

namespace verbatim {
namespace {

constexpr unsigned kRowMask = 0x1F;
constexpr unsigned kNoPanning9Dots = 8;

bool HalfLineClock(const VgaRegisters& registers) {
  return (registers.crtc[kCrtcModeControl] & kModeHalfLineClock) != 0;
}

unsigned CountShift(const VgaRegisters& registers) {
  if ((registers.crtc[kCrtcUnderlineLocation] & kUnderlineCountBy4) != 0) return 2;
  return (registers.crtc[kCrtcModeControl] & kModeCountBy2) != 0 ? 1 : 0;
}

// Byte, word or doubleword mode.
unsigned AddressShift(const VgaRegisters& registers) {
  if ((registers.crtc[kCrtcUnderlineLocation] & kUnderlineDoubleword) != 0) return 2;
  return (registers.crtc[kCrtcModeControl] & kModeByte) != 0 ? 0 : 1;
}

// With nine dots, 0 stands for one dot and 8 for none.
unsigned PanningDots(const VgaRegisters& registers) {
  const unsigned value = registers.attribute[kAttrPelPanning];
  if (registers.IsGraphics() || registers.CellWidth() == 8) return value & 7;
  return value >= kNoPanning9Dots ? 0 : value + 1;
}

}  // namespace

unsigned CrtcScan::LineCount(const VgaRegisters& registers) {
  return (registers.VerticalDisplayEnd() + 1) * (HalfLineClock(registers) ? 2 : 1);
}

ScanLine CrtcScan::Next() {
  const ScanLine line = line_;
  line_.starts_row = false;
  half_ = !half_;
  if (!HalfLineClock(registers_) || !half_) Advance();
  return line;
}

void CrtcScan::Advance() {
  if (counter_++ == registers_.LineCompare()) {
    line_ = {.below_split = true};
    repeat_ = false;
    return;
  }
  const unsigned maximum = registers_.crtc[kCrtcMaximumScanLine];
  repeat_ = !repeat_ && (maximum & kMaxScanDouble) != 0;
  if (repeat_) return;
  if (line_.row == (maximum & kRowMask)) {
    line_.row = 0;
    line_.starts_row = true;
    line_.address += registers_.crtc[kCrtcOffset] * 2u;
  } else {
    line_.row = (line_.row + 1) & kRowMask;
  }
}

CrtcAddresses::CrtcAddresses(const VgaRegisters& registers)
    : byte_pan_(Bits(unsigned{registers.crtc[kCrtcPresetRowScan]}, 5, 2)),
      pel_pan_(PanningDots(registers)),
      pan_below_split_((registers.attribute[kAttrModeControl] & kAttrModePanningCompatible) == 0),
      count_shift_(CountShift(registers)),
      address_shift_(AddressShift(registers)),
      wrap_bit_((registers.crtc[kCrtcModeControl] & kModeAddressWrap) != 0 ? 15 : 13),
      row_to_13_((registers.crtc[kCrtcModeControl] & kModeNoRowScan13) == 0),
      row_to_14_((registers.crtc[kCrtcModeControl] & kModeNoRowScan14) == 0) {}

unsigned CrtcAddresses::Memory(unsigned counter, unsigned row) const {
  unsigned address = counter << address_shift_;
  if (address_shift_ == 1) address |= counter >> wrap_bit_ & 1;
  if (row_to_13_) address = (address & ~(1u << 13)) | (row & 1) << 13;
  if (row_to_14_) address = (address & ~(1u << 14)) | (row >> 1 & 1) << 14;
  return address & 0xFFFF;
}

// Below the split nine-dot modes go back to their own value for none.
unsigned CrtcAddresses::PelPanning(const ScanLine& line) const {
  return line.below_split && !pan_below_split_ ? 0 : pel_pan_;
}

}  // namespace verbatim
