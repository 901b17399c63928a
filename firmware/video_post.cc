// SPDX-License-Identifier: Apache-2.0
#include "firmware/video_post.h"

#include <vector>

#include "firmware/fonts.h"

namespace verbatim {
namespace {

constexpr uint16_t kAttribute = 0x3C0;
constexpr uint16_t kMiscOutput = 0x3C2;
constexpr uint16_t kSequencer = 0x3C4;
constexpr uint16_t kDacMask = 0x3C6;
constexpr uint16_t kDacWriteIndex = 0x3C8;
constexpr uint16_t kDacData = 0x3C9;
constexpr uint16_t kGraphics = 0x3CE;
constexpr uint16_t kCrtc = 0x3D4;
constexpr uint16_t kStatus1 = 0x3DA;

constexpr PhysicalAddress kFontWindow{0xA0000};
constexpr PhysicalAddress kTextWindow{0xB8000};
constexpr unsigned kTextBytes = 0x8000;
constexpr uint16_t kBlank = 0x0720;       // a space, grey on black
constexpr unsigned kCharacterSpace = 32;  // from one character of a font to the next
constexpr uint8_t kFontPlane = 1u << 2;
constexpr unsigned kFontPlaneNumber = 2;
constexpr uint8_t kMapA0000 = 1u << 2;  // Miscellaneous: 64 KiB at A0000h

}  // namespace

void VideoPost::Indexed(uint16_t port, uint8_t index, uint8_t value) {
  Out(port, index);
  Out(port + 1, value);
}

void VideoPost::Program(const VgaMode& mode) {
  Out(kMiscOutput, mode.misc_output);
  for (uint8_t i = 0; i < kSeqCount; ++i) Indexed(kSequencer, i, mode.sequencer[i]);
  Indexed(kCrtc, kCrtcVerticalRetraceEnd, 0);  // unprotects registers 0 to 7
  for (uint8_t i = 0; i < kCrtcCount; ++i) Indexed(kCrtc, i, mode.crtc[i]);
  for (uint8_t i = 0; i < kGfxCount; ++i) Indexed(kGraphics, i, mode.graphics[i]);
  (void)ports_.ReadPort(kStatus1, 1);  // the index comes next
  for (uint8_t i = 0; i < kAttrCount; ++i) {
    Out(kAttribute, i);
    Out(kAttribute, mode.attribute[i]);
  }
}

void VideoPost::LoadPalette() {
  Out(kDacMask, 0xFF);
  Out(kDacWriteIndex, 0);
  for (unsigned value = 0; value < kDefaultColours; ++value) {
    for (const uint8_t component : DefaultColour(value)) Out(kDacData, component);
  }
}

void VideoPost::LoadFont(std::span<const uint8_t> font, unsigned rows, const VgaMode& mode) {
  Indexed(kSequencer, kSeqMapMask, kFontPlane);
  Indexed(kSequencer, kSeqMemoryMode, mode.sequencer[kSeqMemoryMode] | kMemoryOddEvenDisable);
  Indexed(kGraphics, kGfxReadMapSelect, kFontPlaneNumber);
  Indexed(kGraphics, kGfxMode, 0);
  Indexed(kGraphics, kGfxMiscellaneous, kMapA0000);
  for (unsigned character = 0; character < 256; ++character) {
    memory_.Write(kFontWindow + character * kCharacterSpace, &font[character * rows], rows);
  }
  Indexed(kSequencer, kSeqMapMask, mode.sequencer[kSeqMapMask]);
  Indexed(kSequencer, kSeqMemoryMode, mode.sequencer[kSeqMemoryMode]);
  for (const uint8_t index : {kGfxReadMapSelect, kGfxMode, kGfxMiscellaneous}) {
    Indexed(kGraphics, index, mode.graphics[index]);
  }
}

void VideoPost::ShowPalette() {
  (void)ports_.ReadPort(kStatus1, 1);
  Out(kAttribute, kAttrPaletteAddressSource);
}

void VideoPost::SetTextMode() {
  Program(kText80x25);
  LoadPalette();
  LoadFont(kFont8x16, 16, kText80x25);
  const std::vector<uint16_t> blank(kTextBytes / sizeof kBlank, kBlank);
  memory_.Write(kTextWindow, blank.data(), kTextBytes);
  ShowPalette();
}

}  // namespace verbatim
