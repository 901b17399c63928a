// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/mode_set.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/bits.h"
#include "firmware/bios/video/character_generator.h"
#include "firmware/bios/video/default_palette.h"
#include "firmware/bios/video/video_rom.h"
#include "firmware/bios/video/video_window.h"

namespace verbatim {
namespace {

constexpr uint8_t kKeepMemory = 0x80;
constexpr uint8_t kNumber = 0x7F;
constexpr uint8_t kResetEnd = 0x03;
constexpr uint16_t kBlankCell = 0x0720;
constexpr uint16_t kUnderlineCursor = 0x0607;  // lines of a cell of eight
constexpr unsigned kSequencerFirst = 1;        // of the registers in an entry
constexpr uint16_t kEquipmentVideo = 0x0030;
constexpr uint16_t kEquipment40Columns = 0x0010;
constexpr uint16_t kEquipment80Columns = 0x0020;

// Values of the ports 3B8h or 3D8h that the mode would have on an MDA or CGA, which the data area
// goes on to hold.
constexpr uint8_t kModeControl[] = {0x2C, 0x28, 0x2D, 0x29, 0x2A, 0x2E, 0x1E, 0x29};
constexpr uint8_t kPaletteOfTwoColours = 0x3F;
constexpr uint8_t kPaletteOfOthers = 0x30;

// From the table that the save pointer names: programs bring their own.
VideoParameters ReadParameters(VideoCall& call, const VideoMode& mode) {
  const FarPointer save = call.ReadPointer(bda::kVideoSavePointer);
  const FarPointer table = call.ReadPointer(save.Linear());
  const size_t index = ParametersOf(mode, SelectedTextLines(call));
  std::array<uint8_t, kVideoParameterBytes> bytes{};
  call.bios.ReadBytes(table.Linear() + static_cast<uint32_t>(index * kVideoParameterBytes), bytes);
  return LoadLittle<VideoParameters>(bytes.data());
}

void Program(VideoCall& call, const VideoParameters& parameters) {
  VgaPorts& vga = call.vga;
  vga.SetSequencer(kSeqReset, 1);
  vga.set_misc_output(parameters.misc_output);
  for (unsigned i = 0; i < parameters.sequencer.size(); ++i) {
    vga.SetSequencer(kSequencerFirst + i, parameters.sequencer[i]);
  }
  vga.SetSequencer(kSeqReset, kResetEnd);
  vga.SetCrtc(kCrtcVerticalRetraceEnd, 0);  // unprotects registers 0 to 7
  for (unsigned i = 0; i < parameters.crtc.size(); ++i) vga.SetCrtc(i, parameters.crtc[i]);
  for (unsigned i = 0; i < parameters.graphics.size(); ++i) {
    vga.SetGraphics(i, parameters.graphics[i]);
  }
  for (unsigned i = 0; i < parameters.attribute.size(); ++i) {
    vga.SetAttribute(i, parameters.attribute[i]);
  }
  vga.SetAttribute(kAttrColourSelect, 0);
}

void ClearMemory(VideoCall& call, const VideoMode& mode) {
  std::vector<uint8_t> contents(mode.memory_bytes);
  if (mode.IsText()) {
    for (size_t i = 0; i < contents.size(); i += sizeof kBlankCell) {
      StoreLittle(&contents[i], kBlankCell);
    }
  }
  VideoWindow(call, mode).Write(0, contents);
}

// Programs that give the save pointer table an area get the palette there.
void SavePalette(VideoCall& call, const VideoParameters& parameters) {
  const FarPointer save = call.ReadPointer(bda::kVideoSavePointer);
  const FarPointer area = call.ReadPointer(save.Linear() + 4);
  if (area == FarPointer{}) return;
  call.bios.WriteBytes(area.Linear(), std::span(parameters.attribute).first(16));
  call.bios.Write(area.Linear() + 16, parameters.attribute[kAttrOverscan]);
}

void UpdateEquipment(VideoCall& call, const VideoMode& mode, unsigned columns) {
  uint16_t video = columns <= 40 ? kEquipment40Columns : kEquipment80Columns;
  if (mode.memory.value == 0xB0000) video = kEquipmentVideo;
  const auto equipment = call.bios.Read<uint16_t>(bda::kEquipment);
  call.bios.Write(bda::kEquipment, static_cast<uint16_t>((equipment & ~kEquipmentVideo) | video));
}

}  // namespace

TextLines SelectedTextLines(VideoCall& call) {
  const uint8_t options = call.options();
  if ((options & kOption200Lines) != 0) return TextLines::k200;
  return (options & kOption400Lines) != 0 ? TextLines::k400 : TextLines::k350;
}

void LoadDac(VideoCall& call, DacSet set) {
  DacEntries entries = DefaultDac(set);
  if ((call.options() & kOptionGreySumming) != 0) {
    for (size_t i = 0; i < entries.size(); i += 3) {
      const uint8_t grey = GreyOf(entries[i], entries[i + 1], entries[i + 2]);
      std::fill_n(entries.begin() + static_cast<ptrdiff_t>(i), 3, grey);
    }
  }
  call.vga.WriteDac(0, entries);
}

void DescribeScreen(VideoCall& call, const ScreenLayout& layout) {
  BiosCall& bios = call.bios;
  bios.Write(bda::kVideoMode, layout.number);
  bios.Write(bda::kColumns, static_cast<uint16_t>(layout.columns));
  bios.Write(bda::kPageBytes, static_cast<uint16_t>(layout.page_bytes));
  bios.Write(bda::kPageOffset, uint16_t{0});
  bios.WriteBytes(bda::kCursors, std::array<uint8_t, VideoCall::kPages * 2>{});
  bios.Write(bda::kActivePage, uint8_t{0});
  bios.Write(bda::kCrtcPort, call.vga.CrtcPort());
  bios.Write(bda::kRowsLess1, static_cast<uint8_t>(layout.rows - 1));
  bios.Write(bda::kCharacterHeight, static_cast<uint16_t>(layout.character_height));
}

bool SetMode(VideoCall& call, uint8_t number) {
  const VideoMode* mode = FindVideoMode(number & kNumber);
  if (mode == nullptr) return false;
  const bool keep = (number & kKeepMemory) != 0;
  if (call.vga.HasVbe()) call.vga.SetVbe(kVbeEnable, 0);

  const VideoParameters parameters = ReadParameters(call, *mode);
  Program(call, parameters);
  call.vga.set_dac_mask(0xFF);
  if ((call.options() & kOptionNoDefaultPalette) == 0) {
    const bool cga =
        mode->IsText() && mode->dac == DacSet::kEga && SelectedTextLines(call) == TextLines::k200;
    LoadDac(call, cga ? DacSet::kCga : mode->dac);
  }
  if (!keep) ClearMemory(call, *mode);

  const unsigned height =
      std::clamp<unsigned>(parameters.character_height, 1, VideoCall::kMaxCharacterHeight);
  DescribeScreen(call, {.number = mode->number,
                        .columns = parameters.columns,
                        .rows = parameters.rows_less_1 + 1u,
                        .character_height = height,
                        .page_bytes = LoadLittle<uint16_t>(parameters.page_bytes.data())});
  call.SetBits(bda::kVideoControl, kControlNoClear, keep);
  if (mode->number < std::size(kModeControl)) {
    call.bios.Write(bda::kCrtModeControl, kModeControl[mode->number]);
  }
  call.bios.Write(bda::kCrtPalette,
                  mode->model == MemoryModel::kCga2 ? kPaletteOfTwoColours : kPaletteOfOthers);
  UpdateEquipment(call, *mode, parameters.columns);
  SavePalette(call, parameters);

  if (mode->IsText()) {
    LoadFont(call, RomFont(height), 0);
    call.SetCursorShape(kUnderlineCursor >> 8, kUnderlineCursor & 0xFF);
  } else {
    call.bios.Write(bda::kCursorShape, uint16_t{0});
  }
  PointToRomFont(call, height);
  call.SelectPage(0);
  return true;
}

}  // namespace verbatim
