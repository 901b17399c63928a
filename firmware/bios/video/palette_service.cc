// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/palette_service.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/bits.h"
#include "firmware/bios/video/default_palette.h"

namespace verbatim {
namespace {

constexpr unsigned kPaletteRegisters = 16;
constexpr unsigned kEntries = 256;
constexpr unsigned kComponents = 3;
constexpr uint8_t kLight = 0x10;          // intensity, of a palette register
constexpr uint8_t kCgaPaletteBit = 0x20;  // of 40:66

using Palette = std::array<uint8_t, kPaletteRegisters + 1>;  // and the overscan

LinearAddress Buffer(VideoCall& call) { return call.bios.At(kEs, call.regs.dx()); }

void SetPalette(VideoCall& call) {
  Palette palette{};
  call.bios.ReadBytes(Buffer(call), palette);
  if (call.bios.faulted()) return;
  for (unsigned i = 0; i < kPaletteRegisters; ++i) call.vga.SetAttribute(i, palette[i]);
  call.vga.SetAttribute(kAttrOverscan, palette[kPaletteRegisters]);
}

void GetPalette(VideoCall& call) {
  Palette palette{};
  for (unsigned i = 0; i < kPaletteRegisters; ++i) palette[i] = call.vga.Attribute(i);
  palette[kPaletteRegisters] = call.vga.Attribute(kAttrOverscan);
  call.bios.WriteBytes(Buffer(call), palette);
}

void SetBlinking(VideoCall& call, bool on) {
  const uint8_t mode = call.vga.Attribute(kAttrModeControl);
  call.vga.SetAttribute(kAttrModeControl, on ? mode | kAttrModeBlink : mode & ~kAttrModeBlink);
  constexpr uint8_t kCgaBlink = 0x20;  // of 40:65
  call.SetBits(bda::kCrtModeControl, kCgaBlink, on);
}

void SetDacEntries(VideoCall& call, unsigned first, std::span<uint8_t> levels) {
  if ((call.options() & kOptionGreySumming) != 0) {
    for (size_t i = 0; i < levels.size(); i += kComponents) {
      const uint8_t grey = GreyOf(levels[i] & 0x3Fu, levels[i + 1] & 0x3Fu, levels[i + 2] & 0x3Fu);
      std::ranges::fill(levels.subspan(i, kComponents), grey);
    }
  }
  call.vga.WriteDac(first, levels);
}

// BL 0: mode BH, 64 or 16 colours a page; 1: page BH.
void SelectDacPage(VideoCall& call) {
  const uint8_t mode = call.vga.Attribute(kAttrModeControl);
  const uint8_t value = call.regs.bh();
  if (call.regs.bl() == 0) {
    const unsigned kept = mode & ~kAttrModeInternalPaletteSize & 0xFF;
    call.vga.SetAttribute(kAttrModeControl, kept | (value & 1u) << 7);
  } else if (call.regs.bl() == 1) {
    const bool sixteen = (mode & kAttrModeInternalPaletteSize) != 0;
    call.vga.SetAttribute(kAttrColourSelect, sixteen ? value & 0xFu : (value & 3u) << 2);
  }
}

void GetDacPage(VideoCall& call) {
  const bool sixteen = (call.vga.Attribute(kAttrModeControl) & kAttrModeInternalPaletteSize) != 0;
  const unsigned page = call.vga.Attribute(kAttrColourSelect);
  call.regs.set_bl(sixteen ? 1 : 0);
  call.regs.set_bh(static_cast<uint8_t>(sixteen ? page : page >> 2));
}

void DacService(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  const uint8_t first = regs.bl();
  const unsigned count = std::min<unsigned>(regs.cx(), kEntries);
  std::vector<uint8_t> levels(size_t{count} * kComponents);
  switch (regs.al()) {
    case 0x10: {
      std::array<uint8_t, kComponents> level = {regs.dh(), regs.ch(), regs.cl()};
      SetDacEntries(call, first, level);
      break;
    }
    case 0x12:
      call.bios.ReadBytes(Buffer(call), levels);
      if (call.bios.faulted()) return;
      SetDacEntries(call, first, levels);
      break;
    case 0x13:
      SelectDacPage(call);
      break;
    case 0x15: {
      std::array<uint8_t, kComponents> level{};
      call.vga.ReadDac(first, level);
      regs.set_dh(level[0]);
      regs.set_ch(level[1]);
      regs.set_cl(level[2]);
      break;
    }
    case 0x17:
      call.vga.ReadDac(first, levels);
      call.bios.WriteBytes(Buffer(call), levels);
      break;
    case 0x18:
      call.vga.set_dac_mask(first);
      break;
    case 0x19:
      regs.set_bl(call.vga.dac_mask());
      break;
    case 0x1A:
      GetDacPage(call);
      break;
    case 0x1B:
      SumToGrey(call, first, count);
      break;
    default:
      break;
  }
}

}  // namespace

void SumToGrey(VideoCall& call, unsigned first, unsigned count) {
  std::vector<uint8_t> levels(size_t{std::min(count, kEntries)} * kComponents);
  call.vga.ReadDac(first, levels);
  for (size_t i = 0; i < levels.size(); i += kComponents) {
    std::ranges::fill(std::span(levels).subspan(i, kComponents),
                      GreyOf(levels[i], levels[i + 1], levels[i + 2]));
  }
  call.vga.WriteDac(first, levels);
}

// BH 0: the border, and the background of CGA graphics modes; BH 1: which three colours these have.
void SetCgaColours(VideoCall& call) {
  const VideoMode* mode = call.mode();
  const bool graphics = mode != nullptr && !mode->IsText();
  const uint8_t value = call.regs.bl();
  const auto recorded = call.bios.Read<uint8_t>(bda::kCrtPalette);
  const auto change = [&call](unsigned index, unsigned keep, unsigned set) {
    call.vga.SetAttribute(index, (call.vga.Attribute(index) & keep) | set);
  };
  if (call.regs.bh() == 0) {
    const unsigned colour = (value & 7u) | (value & 8u) << 1;
    call.vga.SetAttribute(kAttrOverscan, colour);
    if (graphics) {
      call.vga.SetAttribute(0, colour);
      for (unsigned i = 1; i <= 3; ++i) change(i, 0xFFu & ~kLight, value & kLight);
    }
    call.bios.Write(bda::kCrtPalette,
                    static_cast<uint8_t>((recorded & kCgaPaletteBit) | (value & 0x1F)));
  } else if (call.regs.bh() == 1) {
    if (graphics) {
      for (unsigned i = 1; i <= 3; ++i) change(i, 0xFE, value & 1u);
    }
    const unsigned bit = (value & 1) != 0 ? kCgaPaletteBit : 0;
    call.bios.Write(bda::kCrtPalette,
                    static_cast<uint8_t>((recorded & ~unsigned{kCgaPaletteBit}) | bit));
  }
}

void PaletteService(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  switch (regs.al()) {
    case 0x00:
      if (regs.bl() < kAttrCount) call.vga.SetAttribute(regs.bl(), regs.bh());
      break;
    case 0x01:
      call.vga.SetAttribute(kAttrOverscan, regs.bh());
      break;
    case 0x02:
      SetPalette(call);
      break;
    case 0x03:
      SetBlinking(call, (regs.bl() & 1) != 0);
      break;
    case 0x07:
      if (regs.bl() < kAttrCount) regs.set_bh(call.vga.Attribute(regs.bl()));
      break;
    case 0x08:
      regs.set_bh(call.vga.Attribute(kAttrOverscan));
      break;
    case 0x09:
      GetPalette(call);
      break;
    default:
      DacService(call);
      break;
  }
}

}  // namespace verbatim
