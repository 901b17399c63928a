// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/video.h"

#include "firmware/bios/rom.h"
#include "firmware/bios/video/adapter_info.h"
#include "firmware/bios/video/cells.h"
#include "firmware/bios/video/character_generator.h"
#include "firmware/bios/video/mode_set.h"
#include "firmware/bios/video/palette_service.h"
#include "firmware/bios/video/state_save.h"
#include "firmware/bios/video/teletype.h"
#include "firmware/bios/video/vbe_cells.h"
#include "firmware/bios/video/vbe_service.h"
#include "firmware/bios/video/video_rom.h"

namespace verbatim {
namespace {

constexpr uint16_t kSystemInt10 = 0xF065;
constexpr uint8_t kTextMode = 0x03;
constexpr uint8_t kVideoSwitches = 0xF9;  // EGA switches: colour display, 80 columns; no features

}  // namespace

void VideoService::InstallRom(PhysicalMemory& memory) {
  const std::vector<uint8_t> rom = VideoRomImage();
  memory.Write(kVideoRomAddress, rom.data(), rom.size());
}

void VideoService::PowerOn(BiosCall& bios) {
  VideoCall call(bios, ports_);
  // 42h is int 10h of the system board, 6Dh that of the adapter for those who must not be hooked.
  call.WritePointer(bda::Vector(0x10), InVideoRom(video_rom::kInt10));
  call.WritePointer(bda::Vector(0x6D), InVideoRom(video_rom::kInt10));
  call.WritePointer(bda::Vector(0x42), {.offset = kSystemInt10, .segment = kRomSegment});
  call.WritePointer(bda::kVideoSavePointer, InVideoRom(video_rom::kSavePointers));
  bios.Write(bda::kVideoControl, uint8_t{kControlMemory256K});
  bios.Write(bda::kVideoSwitches, kVideoSwitches);
  bios.Write(bda::kVideoModeOptions,
             uint8_t{kOptionVgaActive | kOption400Lines | kOptionSwitching});
  bios.Write(bda::kDisplayCombination, kColourVgaCombination);
  call.vga.Out(VgaPorts::kSubsystemEnable, 1);
  verbatim::SetMode(call, kTextMode);
}

void VideoService::Print(BiosCall& bios, std::string_view text) {
  VideoCall call(bios, ports_);
  for (const char character : text) {
    Teletype(call, call.active_page(), static_cast<uint8_t>(character), {});
  }
}

// AL tells programs that ask what kind of mode it became.
void VideoService::SetMode(VideoCall& call) {
  constexpr uint8_t kCgaTwoColours = 0x3F;
  constexpr uint8_t kCompatible = 0x30;
  constexpr uint8_t kNewer = 0x20;
  const uint8_t number = call.regs.al();
  if (!verbatim::SetMode(call, number)) {
    unknown_.Log(LogLevel::kWarning, "BIOS: int 10h: there is no video mode {:02X}h", number);
    return;
  }
  const unsigned mode = number & 0x7Fu;
  uint8_t kind = mode > 7 ? kNewer : kCompatible;
  if (mode == 6) kind = kCgaTwoColours;
  call.regs.set_al(kind);
}

// Functions 06h to 0Ah and 0Ch to 0Eh.
void VideoService::Characters(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  const VideoMode* mode = call.mode();
  if (mode == nullptr && !call.ShowsVbe()) return;
  const bool text = mode != nullptr && mode->IsText();
  // With a byte per pixel, and in all modes of VBE, there is one page, and BH is the background.
  const bool linear = mode == nullptr || mode->model == MemoryModel::kLinear;
  const unsigned page = linear ? 0 : regs.bh();
  switch (regs.ah()) {
    case 0x06:
    case 0x07:
      ScrollCells(call, call.active_page(),
                  {.top_left = {.row = regs.ch(), .column = regs.cl()},
                   .bottom_right = {.row = regs.dh(), .column = regs.dl()}},
                  regs.al(), regs.ah() == 0x07, regs.bh());
      break;
    case 0x08: {
      const Cell cell = ReadCell(call, page, call.Cursor(page));
      regs.set_al(cell.character);
      regs.set_ah(cell.attribute);
      break;
    }
    case 0x09:
    case 0x0A: {
      CellColour colour;
      if (regs.ah() == 0x09 || !text) colour.foreground = regs.bl();
      if (linear) colour.background = regs.bh();
      WriteCells(call, page, call.Cursor(page), regs.al(), colour, regs.cx());
      break;
    }
    case 0x0C:
      if (mode == nullptr) WriteVbeDot(call, regs.cx(), regs.dx(), regs.al());
      if (mode != nullptr && !text) WriteDot(call, *mode, page, regs.cx(), regs.dx(), regs.al());
      break;
    case 0x0D:
      if (mode == nullptr) regs.set_al(ReadVbeDot(call, regs.cx(), regs.dx()));
      if (mode != nullptr && !text) regs.set_al(ReadDot(call, *mode, page, regs.cx(), regs.dx()));
      break;
    default: {
      CellColour colour;
      if (!text) colour.foreground = regs.bl();
      Teletype(call, page, regs.al(), colour);
      break;
    }
  }
}

void VideoService::Call(BiosCall& bios) {
  VideoCall call(bios, ports_);
  BiosRegisters& regs = call.regs;
  switch (regs.ah()) {
    case 0x00:
      SetMode(call);
      break;
    case 0x01:
      call.SetCursorShape(regs.ch(), regs.cl());
      break;
    case 0x02:
      call.SetCursor(regs.bh(), {.row = regs.dh(), .column = regs.dl()});
      break;
    case 0x03: {
      const CellPosition at = call.Cursor(regs.bh());
      regs.set_cx(bios.Read<uint16_t>(bda::kCursorShape));
      regs.set_dx(static_cast<uint16_t>(at.row << 8 | at.column));
      break;
    }
    case 0x04:  // there is no light pen
      regs.set_ah(0);
      break;
    case 0x05:
      call.SelectPage(regs.al());
      break;
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x09:
    case 0x0A:
    case 0x0C:
    case 0x0D:
    case 0x0E:
      Characters(call);
      break;
    case 0x0B:
      SetCgaColours(call);
      break;
    case 0x0F:
      regs.set_ah(static_cast<uint8_t>(bios.Read<uint16_t>(bda::kColumns)));
      regs.set_al(static_cast<uint8_t>(bios.Read<uint8_t>(bda::kVideoMode) |
                                       (call.control() & kControlNoClear)));
      regs.set_bh(bios.Read<uint8_t>(bda::kActivePage));
      break;
    case 0x10:
      PaletteService(call);
      break;
    case 0x11:
      CharacterGenerator(call);
      break;
    case 0x12:
      AlternateSelect(call);
      break;
    case 0x13:
      WriteString(call);
      break;
    case 0x1A:
      DisplayCombination(call);
      break;
    case 0x1B:
      StateInformation(call);
      break;
    case 0x1C:
      SaveRestore(call);
      break;
    case 0x4F:
      VbeFunction(call);
      break;
    default:
      unknown_.Log(LogLevel::kInfo, "BIOS: int 10h, ax={:04X}h, is not provided", regs.ax());
      break;
  }
}

}  // namespace verbatim
