// SPDX-License-Identifier: Apache-2.0
// The registers of a VGA by name and number (IBM Personal System/2 Hardware Interface Technical
// Reference, "Video Subsystem"), and the structure that holds them all. Nothing here acts: the
// device writes the structure, memory logic and renderer read it.
#ifndef VERBATIM_DEVICES_VGA_VGA_REGISTERS_H_
#define VERBATIM_DEVICES_VGA_VGA_REGISTERS_H_

#include <array>
#include <cstdint>

#include "base/bits.h"

namespace verbatim {

// Miscellaneous Output Register.
enum VgaMiscOutput : uint8_t {
  kMiscColourAddresses = 0x01,  // IOS: CRTC at 3D4h and not at 3B4h
  kMiscRamEnable = 0x02,
};

enum VgaSequencerIndex : uint8_t {
  kSeqReset = 0,
  kSeqClockingMode = 1,
  kSeqMapMask = 2,
  kSeqCharacterMapSelect = 3,
  kSeqMemoryMode = 4,
  kSeqCount = 5,
};
enum VgaClockingMode : uint8_t {
  kClockEightDots = 0x01,
  kClockHalfDotClock = 0x08,
  kClockScreenOff = 0x20,
};
enum VgaMemoryMode : uint8_t {
  kMemoryOddEvenDisable = 0x04,
  kMemoryChain4 = 0x08,
};

enum VgaGraphicsIndex : uint8_t {
  kGfxSetReset = 0,
  kGfxEnableSetReset = 1,
  kGfxColourCompare = 2,
  kGfxDataRotate = 3,
  kGfxReadMapSelect = 4,
  kGfxMode = 5,
  kGfxMiscellaneous = 6,
  kGfxColourDontCare = 7,
  kGfxBitMask = 8,
  kGfxCount = 9,
};
enum VgaGraphicsMode : uint8_t {
  kGfxModeWriteMode = 0x03,
  kGfxModeReadCompare = 0x08,
  kGfxModeOddEvenRead = 0x10,
  kGfxModeShiftInterleaved = 0x20,
  kGfxModeShift256 = 0x40,
};
enum VgaGraphicsMiscellaneous : uint8_t {
  kGfxMiscGraphics = 0x01,
  kGfxMiscChainOddEven = 0x02,
};

enum VgaCrtcIndex : uint8_t {
  kCrtcHorizontalTotal = 0x00,
  kCrtcHorizontalDisplayEnd = 0x01,
  kCrtcVerticalTotal = 0x06,
  kCrtcOverflow = 0x07,
  kCrtcPresetRowScan = 0x08,
  kCrtcMaximumScanLine = 0x09,
  kCrtcCursorStart = 0x0A,
  kCrtcCursorEnd = 0x0B,
  kCrtcStartAddressHigh = 0x0C,
  kCrtcStartAddressLow = 0x0D,
  kCrtcCursorLocationHigh = 0x0E,
  kCrtcCursorLocationLow = 0x0F,
  kCrtcVerticalRetraceStart = 0x10,
  kCrtcVerticalRetraceEnd = 0x11,
  kCrtcVerticalDisplayEnd = 0x12,
  kCrtcOffset = 0x13,
  kCrtcUnderlineLocation = 0x14,
  kCrtcModeControl = 0x17,
  kCrtcLineCompare = 0x18,
  kCrtcCount = 0x19,
};
enum VgaCrtcBits : uint8_t {
  kOverflowLineCompare8 = 0x10,
  kMaxScanDouble = 0x80,
  kCursorOff = 0x20,
  kRetraceEndProtect = 0x80,  // of registers 0 to 7
  kUnderlineCountBy4 = 0x20,
  kUnderlineDoubleword = 0x40,
  kModeNoRowScan13 = 0x01,  // CMS 0; clear: row scan bit 0 takes the place of address bit 13
  kModeNoRowScan14 = 0x02,
  kModeHalfLineClock = 0x04,
  kModeCountBy2 = 0x08,
  kModeAddressWrap = 0x20,
  kModeByte = 0x40,
  kModeSyncEnable = 0x80,
};

enum VgaAttributeIndex : uint8_t {
  kAttrPalette = 0,  // to 15
  kAttrModeControl = 0x10,
  kAttrOverscan = 0x11,
  kAttrColourPlaneEnable = 0x12,
  kAttrPelPanning = 0x13,
  kAttrColourSelect = 0x14,
  kAttrCount = 0x15,
  kAttrPaletteAddressSource = 0x20,  // bit of the index register: the screen shows the palette
};
enum VgaAttributeModeControl : uint8_t {
  kAttrModeLineGraphics = 0x04,
  kAttrModeBlink = 0x08,
  kAttrModePanningCompatible = 0x20,  // no panning below the line that Line Compare names
  kAttrModeInternalPaletteSize = 0x80,
};

struct VgaRegisters {
  static constexpr unsigned kDacBytes = 768;

  bool subsystem_enabled = true;  // port 3C3h
  uint8_t misc_output = 0;
  uint8_t feature_control = 0;
  uint8_t sequencer_index = 0;
  uint8_t graphics_index = 0;
  uint8_t crtc_index = 0;
  uint8_t attribute_index = 0;       // with the palette address source
  bool attribute_data_next = false;  // the flip-flop of port 3C0h
  std::array<uint8_t, kSeqCount> sequencer{};
  std::array<uint8_t, kGfxCount> graphics{};
  std::array<uint8_t, kCrtcCount> crtc{};
  std::array<uint8_t, kAttrCount> attribute{};
  uint8_t dac_mask = 0xFF;
  uint8_t dac_index = 0;
  uint8_t dac_component = 0;  // 0 to 2: which of red, green, blue is next
  bool dac_reading = false;   // port 3C7h was written last, not 3C8h
  std::array<uint8_t, 3> dac_written{};
  std::array<uint8_t, kDacBytes> dac{};  // red, green, blue as written

  [[nodiscard]] bool IsGraphics() const {
    return (graphics[kGfxMiscellaneous] & kGfxMiscGraphics) != 0;
  }
  // Dots of a character in text modes.
  [[nodiscard]] unsigned CellWidth() const {
    return (sequencer[kSeqClockingMode] & kClockEightDots) != 0 ? 8 : 9;
  }
  [[nodiscard]] unsigned DisplayedCharacters() const {
    return crtc[kCrtcHorizontalDisplayEnd] + 1u;
  }
  // Ten-bit values of the vertical counter whose upper bits lie in the overflow registers.
  [[nodiscard]] unsigned VerticalTotal() const { return Vertical(kCrtcVerticalTotal, 0, 5); }
  [[nodiscard]] unsigned VerticalDisplayEnd() const {
    return Vertical(kCrtcVerticalDisplayEnd, 1, 6);
  }
  [[nodiscard]] unsigned VerticalRetraceStart() const {
    return Vertical(kCrtcVerticalRetraceStart, 2, 7);
  }
  [[nodiscard]] unsigned LineCompare() const {
    const unsigned overflow = crtc[kCrtcOverflow];
    const unsigned maximum_scan = crtc[kCrtcMaximumScanLine];
    return crtc[kCrtcLineCompare] | Bits(overflow, 4, 1) << 8 | Bits(maximum_scan, 6, 1) << 9;
  }
  [[nodiscard]] unsigned StartAddress() const {
    return crtc[kCrtcStartAddressHigh] << 8 | crtc[kCrtcStartAddressLow];
  }
  [[nodiscard]] unsigned CursorLocation() const {
    return crtc[kCrtcCursorLocationHigh] << 8 | crtc[kCrtcCursorLocationLow];
  }

 private:
  [[nodiscard]] unsigned Vertical(VgaCrtcIndex low, unsigned bit8, unsigned bit9) const {
    const unsigned overflow = crtc[kCrtcOverflow];
    return crtc[low] | Bits(overflow, bit8, 1) << 8 | Bits(overflow, bit9, 1) << 9;
  }
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_VGA_REGISTERS_H_
