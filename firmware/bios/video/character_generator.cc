// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/character_generator.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/bits.h"
#include "firmware/bios/video/video_rom.h"

namespace verbatim {
namespace {

constexpr LinearAddress kFontWindow{0xA0000};
constexpr unsigned kCharacterSpace = 32;
constexpr unsigned kCharacters = 256;
constexpr unsigned kFontPlane = 2;
constexpr uint8_t kWindow64K = 0x04;   // of Miscellaneous: A0000h, planes not chained
constexpr uint8_t kSequential = 0x06;  // of Memory Mode: planes not chained, 256 KiB
constexpr unsigned kPageUnit = 2048;   // what pages of text are rounded up to
constexpr uint8_t kFontVector = 0x43;
constexpr uint8_t kUpperFontVector = 0x1F;

// Blocks 4 to 7 lie between the first four.
constexpr uint32_t BlockStart(unsigned block) {
  return (block & 3) * 0x4000 + (block >> 2 & 1) * 0x2000;
}

// Gives the processor plane 2 byte by byte for as long as it lives.
class FontPlane {
 public:
  explicit FontPlane(VgaPorts& vga)
      : vga_(vga),
        map_mask_(vga.Sequencer(kSeqMapMask)),
        memory_mode_(vga.Sequencer(kSeqMemoryMode)),
        rotate_(vga.Graphics(kGfxDataRotate)),
        set_reset_(vga.Graphics(kGfxEnableSetReset)),
        mode_(vga.Graphics(kGfxMode)),
        miscellaneous_(vga.Graphics(kGfxMiscellaneous)),
        bit_mask_(vga.Graphics(kGfxBitMask)) {
    vga.SetSequencer(kSeqMapMask, 1u << kFontPlane);
    vga.SetSequencer(kSeqMemoryMode, kSequential);
    vga.SetGraphics(kGfxDataRotate, 0);
    vga.SetGraphics(kGfxEnableSetReset, 0);
    vga.SetGraphics(kGfxMode, 0);
    vga.SetGraphics(kGfxMiscellaneous, kWindow64K);
    vga.SetGraphics(kGfxBitMask, 0xFF);
  }
  ~FontPlane() {
    vga_.SetSequencer(kSeqMapMask, map_mask_);
    vga_.SetSequencer(kSeqMemoryMode, memory_mode_);
    vga_.SetGraphics(kGfxDataRotate, rotate_);
    vga_.SetGraphics(kGfxEnableSetReset, set_reset_);
    vga_.SetGraphics(kGfxMode, mode_);
    vga_.SetGraphics(kGfxMiscellaneous, miscellaneous_);
    vga_.SetGraphics(kGfxBitMask, bit_mask_);
  }
  FontPlane(const FontPlane&) = delete;
  FontPlane& operator=(const FontPlane&) = delete;

 private:
  VgaPorts& vga_;
  uint8_t map_mask_;
  uint8_t memory_mode_;
  uint8_t rotate_;
  uint8_t set_reset_;
  uint8_t mode_;
  uint8_t miscellaneous_;
  uint8_t bit_mask_;
};

unsigned DisplayedLines(VgaPorts& vga) {
  const unsigned overflow = vga.Crtc(kCrtcOverflow);
  const unsigned lines =
      (vga.Crtc(kCrtcVerticalDisplayEnd) | Bits(overflow, 1, 1) << 8 | Bits(overflow, 6, 1) << 9) +
      1;
  return (vga.Crtc(kCrtcMaximumScanLine) & kMaxScanDouble) != 0 ? lines / 2 : lines;
}

// As many rows as the screen has room for with characters of the new height.
void RecalculateRows(VideoCall& call, unsigned height) {
  const unsigned columns = call.columns();
  const unsigned rows = std::clamp(DisplayedLines(call.vga) / height, 1u, 256u);
  const bool doubled = (call.vga.Crtc(kCrtcMaximumScanLine) & kMaxScanDouble) != 0;
  const uint8_t maximum = call.vga.Crtc(kCrtcMaximumScanLine);
  call.vga.SetCrtc(kCrtcMaximumScanLine, (maximum & 0xE0u) | (height - 1));
  const unsigned end = rows * height * (doubled ? 2 : 1) - 1;
  call.vga.SetCrtc(kCrtcVerticalDisplayEnd, end);
  if (const VideoMode* mode = call.mode(); mode != nullptr && mode->dac == DacSet::kMono) {
    call.vga.SetCrtc(kCrtcUnderlineLocation, height - 1);
  }
  call.bios.Write(bda::kCharacterHeight, static_cast<uint16_t>(height));
  call.bios.Write(bda::kRowsLess1, static_cast<uint8_t>(rows - 1));
  call.bios.Write(bda::kPageBytes,
                  static_cast<uint16_t>(AlignUp(uint64_t{rows} * columns * 2, kPageUnit)));
  const auto shape = call.bios.Read<uint16_t>(bda::kCursorShape);
  call.SetCursorShape(static_cast<uint8_t>(shape >> 8), static_cast<uint8_t>(shape));
}

// Subfunctions 00h to 04h and, with the rows recalculated, 10h to 14h.
void LoadTextFont(VideoCall& call, uint8_t function) {
  constexpr uint8_t kRecalculate = 0x10;
  BiosRegisters& regs = call.regs;
  Font font;
  switch (function & 0x0F) {
    case 0:
      font = {.start = {regs.bp(), call.bios.Selector(kEs)},
              .height = regs.bh(),
              .first = regs.dx(),
              .count = regs.cx()};
      break;
    case 1:
      font = RomFont(14);
      break;
    case 2:
      font = RomFont(8);
      break;
    default:
      font = RomFont(16);
      break;
  }
  if (font.height == 0 || font.height > kCharacterSpace) return;
  LoadFont(call, font, regs.bl());
  if ((function & kRecalculate) != 0) RecalculateRows(call, font.height);
}

// Subfunctions 21h to 24h.
void UseGraphicsFont(VideoCall& call, FarPointer font, unsigned height) {
  constexpr uint8_t kRowsMinus1[] = {0, 13, 24, 42};
  const uint8_t selector = call.regs.bl();
  uint8_t rows = selector < std::size(kRowsMinus1) ? kRowsMinus1[selector] : kRowsMinus1[2];
  if (selector == 0) rows = static_cast<uint8_t>(call.regs.dl() - 1);
  call.WritePointer(bda::Vector(kFontVector), font);
  call.bios.Write(bda::kCharacterHeight, static_cast<uint16_t>(height));
  call.bios.Write(bda::kRowsLess1, rows);
}

void FontInformation(VideoCall& call) {
  FarPointer font;
  switch (call.regs.bh()) {
    case 0:
      font = call.ReadPointer(bda::Vector(kUpperFontVector));
      break;
    case 1:
      font = call.ReadPointer(bda::Vector(kFontVector));
      break;
    case 2:
      font = InVideoRom(video_rom::kFont8x14);
      break;
    case 3:
      font = InVideoRom(video_rom::kFont8x8);
      break;
    case 4:
      font = InVideoRom(video_rom::kFont8x8Upper);
      break;
    case 5:
    case 7:
      font = InVideoRom(video_rom::kNoAlternates);
      break;
    case 6:
      font = InVideoRom(video_rom::kFont8x16);
      break;
    default:
      return;
  }
  call.bios.SetSegment(kEs, font.segment);
  call.regs.set_bp(font.offset);
  call.regs.set_cx(call.bios.Read<uint16_t>(bda::kCharacterHeight));
  call.regs.set_dl(call.bios.Read<uint8_t>(bda::kRowsLess1));
}

}  // namespace

Font RomFont(unsigned height) {
  uint16_t offset = video_rom::kFont8x16;
  if (height == 14) offset = video_rom::kFont8x14;
  if (height == 8) offset = video_rom::kFont8x8;
  return {.start = InVideoRom(offset), .height = height};
}

void LoadFont(VideoCall& call, const Font& font, unsigned block) {
  const unsigned first = std::min(font.first, kCharacters);
  const unsigned count = std::min(font.count, kCharacters - first);
  std::vector<uint8_t> rows(size_t{count} * font.height);
  // Before the plane takes the place of what may lie at A0000h.
  call.bios.ReadBytes(font.start.Linear(), rows);
  const FontPlane plane(call.vga);
  const LinearAddress start = kFontWindow + BlockStart(block) + first * kCharacterSpace;
  for (unsigned i = 0; i < count; ++i) {
    call.bios.WriteBytes(start + i * kCharacterSpace,
                         std::span(rows).subspan(size_t{i} * font.height, font.height));
  }
}

void PointToRomFont(VideoCall& call, unsigned height) {
  call.WritePointer(bda::Vector(kFontVector), RomFont(height).start);
  call.WritePointer(bda::Vector(kUpperFontVector), InVideoRom(video_rom::kFont8x8Upper));
}

void CharacterGenerator(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  const uint8_t function = regs.al();
  switch (function) {
    case 0x00:
    case 0x01:
    case 0x02:
    case 0x04:
    case 0x10:
    case 0x11:
    case 0x12:
    case 0x14:
      LoadTextFont(call, function);
      break;
    case 0x03:
      call.vga.SetSequencer(kSeqCharacterMapSelect, regs.bl());
      break;
    case 0x20:
      call.WritePointer(bda::Vector(kUpperFontVector), {regs.bp(), call.bios.Selector(kEs)});
      break;
    case 0x21:
      UseGraphicsFont(call, {regs.bp(), call.bios.Selector(kEs)}, regs.cx());
      break;
    case 0x22:
      UseGraphicsFont(call, RomFont(14).start, 14);
      break;
    case 0x23:
      UseGraphicsFont(call, RomFont(8).start, 8);
      break;
    case 0x24:
      UseGraphicsFont(call, RomFont(16).start, 16);
      break;
    case 0x30:
      FontInformation(call);
      break;
    default:
      break;
  }
}

}  // namespace verbatim
