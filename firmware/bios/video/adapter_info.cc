// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/adapter_info.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/bits.h"
#include "firmware/bios/rom.h"
#include "firmware/bios/video/video_rom.h"

namespace verbatim {
namespace {

constexpr uint8_t kMemory256K = 3;
constexpr uint8_t kPrintScreenVector = 0x05;
constexpr uint16_t kPrintScreenEntry = 0xFF54;

constexpr unsigned kCombinationsHeader = 4;
using Combination = std::array<uint8_t, 2>;

Combination ReadCombination(VideoCall& call, unsigned index) {
  Combination codes{};
  if (index >= video_rom::kDisplayCombinationCount) return codes;
  const FarPointer table = InVideoRom(video_rom::kDisplayCombinations);
  call.bios.ReadBytes(table.Linear() + kCombinationsHeader + index * 2, codes);
  return codes;
}

// The codes as the table has them, or the other way round.
std::optional<uint8_t> FindCombination(VideoCall& call, Combination codes) {
  for (unsigned i = 0; i < video_rom::kDisplayCombinationCount; ++i) {
    const Combination entry = ReadCombination(call, i);
    if (entry == codes || entry == Combination{codes[1], codes[0]}) {
      return static_cast<uint8_t>(i);
    }
  }
  return std::nullopt;
}

void EgaInformation(VideoCall& call) {
  const auto switches = call.bios.Read<uint8_t>(bda::kVideoSwitches);
  call.regs.set_bh((call.control() & kControlMono) != 0 ? 1 : 0);
  call.regs.set_bl(kMemory256K);
  call.regs.set_ch(switches >> 4);
  call.regs.set_cl(switches & 0x0F);
}

// AL 0 to 2: 200, 350, 400 lines.
void SelectTextLines(VideoCall& call, uint8_t lines) {
  call.SetBits(bda::kVideoModeOptions, kOption200Lines, lines == 0);
  call.SetBits(bda::kVideoModeOptions, kOption400Lines, lines == 2);
}

void EnableAddressing(VideoCall& call, bool on) {
  const uint8_t misc = call.vga.misc_output();
  call.vga.set_misc_output(
      static_cast<uint8_t>(on ? misc | kMiscRamEnable : misc & ~kMiscRamEnable));
  call.vga.Out(VgaPorts::kSubsystemEnable, on ? 1 : 0);
}

unsigned ColoursOf(const VideoMode& mode) {
  switch (mode.model) {
    case MemoryModel::kText:
      return mode.dac == DacSet::kMono ? 0 : 16;
    case MemoryModel::kCga4:
      return 4;
    case MemoryModel::kCga2:
      return 2;
    case MemoryModel::kLinear:
      return 256;
    case MemoryModel::kPlanar:
      break;
  }
  if (mode.planes == 1) return 2;
  return mode.dac == DacSet::kMono ? 0 : 16;
}

// 0 to 3: 200, 350, 400, 480 lines, as the registers say.
uint8_t ScanLinesCode(VgaPorts& vga) {
  const unsigned overflow = vga.Crtc(kCrtcOverflow);
  const unsigned lines =
      (vga.Crtc(kCrtcVerticalDisplayEnd) | Bits(overflow, 1, 1) << 8 | Bits(overflow, 6, 1) << 9) +
      1;
  const bool doubled = (vga.Crtc(kCrtcMaximumScanLine) & 0x9F) != 0 &&
                       (vga.Crtc(kCrtcMaximumScanLine) & kMaxScanDouble) != 0;
  const unsigned shown = doubled ? lines / 2 : lines;
  if (shown >= 480) return 3;
  if (shown >= 400) return 2;
  return shown >= 350 ? 1 : 0;
}

unsigned PagesOf(VideoCall& call, const VideoMode& mode) {
  if (mode.IsCga() || mode.model == MemoryModel::kLinear) return 1;
  const unsigned bytes = std::max<unsigned>(call.page_bytes(), 1);
  return std::clamp<unsigned>(mode.memory_bytes / bytes, 1, VideoCall::kPages);
}

}  // namespace

void AlternateSelect(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  constexpr uint8_t kDone = 0x12;
  const uint8_t choice = regs.al();
  switch (regs.bl()) {
    case 0x10:
      EgaInformation(call);
      return;
    case 0x20:
      call.WritePointer(bda::Vector(kPrintScreenVector),
                        {.offset = kPrintScreenEntry, .segment = kRomSegment});
      return;
    case 0x30:
      if (choice > 2) return;
      SelectTextLines(call, choice);
      break;
    case 0x31:
      if (choice > 1) return;
      call.SetBits(bda::kVideoModeOptions, kOptionNoDefaultPalette, choice == 1);
      break;
    case 0x32:
      if (choice > 1) return;
      EnableAddressing(call, choice == 0);
      break;
    case 0x33:
      if (choice > 1) return;
      call.SetBits(bda::kVideoModeOptions, kOptionGreySumming, choice == 0);
      break;
    case 0x34:
      if (choice > 1) return;
      call.SetBits(bda::kVideoControl, kControlNoCursorEmulation, choice == 1);
      break;
    case 0x36: {
      if (choice > 1) return;
      const uint8_t clocking = call.vga.Sequencer(kSeqClockingMode);
      call.vga.SetSequencer(kSeqClockingMode,
                            choice == 1 ? clocking | kClockScreenOff : clocking & ~kClockScreenOff);
      break;
    }
    default:  // 35h too: there is no second display to switch to
      return;
  }
  regs.set_al(kDone);
}

void DisplayCombination(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  constexpr uint8_t kDone = 0x1A;
  if (regs.al() == 0) {
    const Combination codes =
        ReadCombination(call, call.bios.Read<uint8_t>(bda::kDisplayCombination));
    // The code of the adapter in use stands second where there is one only.
    regs.set_bl(codes[0] != 0 ? codes[0] : codes[1]);
    regs.set_bh(codes[0] != 0 ? codes[1] : uint8_t{0});
  } else if (regs.al() == 1) {
    const std::optional<uint8_t> index = FindCombination(call, {regs.bl(), regs.bh()});
    call.bios.Write(bda::kDisplayCombination, index.value_or(0xFF));
  } else {
    return;
  }
  regs.set_al(kDone);
}

void StateInformation(VideoCall& call) {
  constexpr uint8_t kDone = 0x1B;
  constexpr size_t kTableBytes = 64;
  constexpr uint32_t kCopiedBytes = 0x1E;  // of the data area, from the mode on
  BiosCall& bios = call.bios;
  if (call.regs.bx() != 0) return;
  std::array<uint8_t, kTableBytes> table{};
  const FarPointer functionality = InVideoRom(video_rom::kStaticFunctionality);
  StoreLittle(&table[0x00], functionality.offset);
  StoreLittle(&table[0x02], functionality.segment);
  bios.ReadBytes(bda::kVideoMode, std::span(table).subspan(0x04, kCopiedBytes));
  table[0x22] = static_cast<uint8_t>(call.rows());
  StoreLittle(&table[0x23], bios.Read<uint16_t>(bda::kCharacterHeight));
  const Combination codes = ReadCombination(call, bios.Read<uint8_t>(bda::kDisplayCombination));
  table[0x25] = codes[0] != 0 ? codes[0] : codes[1];
  table[0x26] = codes[0] != 0 ? codes[1] : uint8_t{0};
  if (const VideoMode* mode = call.mode(); mode != nullptr) {
    StoreLittle(&table[0x27], static_cast<uint16_t>(ColoursOf(*mode)));
    table[0x29] = static_cast<uint8_t>(PagesOf(call, *mode));
  }
  table[0x2A] = ScanLinesCode(call.vga);
  const unsigned maps = call.vga.Sequencer(kSeqCharacterMapSelect);
  table[0x2B] = static_cast<uint8_t>((maps & 3) | (maps >> 2 & 4));
  table[0x2C] = static_cast<uint8_t>((maps >> 2 & 3) | (maps >> 3 & 4));
  const uint8_t options = call.options();
  const bool blinks = (call.vga.Attribute(kAttrModeControl) & kAttrModeBlink) != 0;
  table[0x2D] = static_cast<uint8_t>(
      0x01 | ((options & kOptionGreySumming) != 0 ? 0x02 : 0) |
      ((options & kOptionMono) != 0 ? 0x04 : 0) |
      ((options & kOptionNoDefaultPalette) != 0 ? 0x08 : 0) |
      ((call.control() & kControlNoCursorEmulation) == 0 ? 0x10 : 0) | (blinks ? 0x20 : 0));
  table[0x31] = kMemory256K;
  table[0x32] = 0x20;  // save pointers: a table of display combinations
  bios.WriteBytes(bios.At(kEs, call.regs.di()), table);
  call.regs.set_al(kDone);
}

}  // namespace verbatim
