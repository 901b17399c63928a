// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/vbe_service.h"

#include <algorithm>
#include <optional>

#include "firmware/bios/video/character_generator.h"
#include "firmware/bios/video/mode_set.h"
#include "firmware/bios/video/video_rom.h"

namespace verbatim {
namespace {

constexpr uint16_t kNumber = 0x01FF;
constexpr uint16_t kWantLinear = 0x4000;
constexpr uint16_t kKeepMemory = 0x8000;
constexpr uint16_t kFirstVbeMode = 0x100;
constexpr uint8_t kKeepMemoryVga = 0x80;
constexpr uint8_t kAtRetrace = 0x80;  // there is nothing to wait for: no picture is ever torn

// Whose registers the VGA keeps below a mode of VBE.
constexpr uint8_t kPlanarBase = 0x12;
constexpr uint8_t kLinearBase = 0x13;
constexpr unsigned kCharacterWidth = 8;
constexpr unsigned kCharacterHeight = 16;

bool IsEnabled(VgaPorts& vga) { return (vga.Vbe(kVbeEnable) & kVbeEnabled) != 0; }

unsigned BytesPerPixel(VgaPorts& vga) { return (vga.Vbe(kVbeBpp) + 7u) / 8; }

// Of a line, with planes of one.
unsigned BytesOf(VgaPorts& vga, unsigned pixels) {
  return vga.Vbe(kVbeBpp) == 4 ? pixels / 8 : pixels * BytesPerPixel(vga);
}

VbeStatus SetVbeMode(VideoCall& call) {
  const uint16_t bx = call.regs.bx();
  const uint16_t number = bx & kNumber;
  const bool keep = (bx & kKeepMemory) != 0;
  if (number < kFirstVbeMode) {
    const unsigned vga_number = number | (keep ? kKeepMemoryVga : 0u);
    return SetMode(call, static_cast<uint8_t>(vga_number)) ? VbeStatus::kDone : VbeStatus::kFailed;
  }
  const VbeMode* mode = FindVbeMode(number);
  if (mode == nullptr || !HasMemoryFor(call, *mode)) return VbeStatus::kFailed;
  if (mode->planar() && (bx & kWantLinear) != 0) return VbeStatus::kFailed;

  SetMode(call, (mode->planar() ? kPlanarBase : kLinearBase) | kKeepMemoryVga);
  VgaPorts& vga = call.vga;
  vga.SetVbe(kVbeXRes, mode->width);
  vga.SetVbe(kVbeYRes, mode->height);
  vga.SetVbe(kVbeBpp, mode->bits);
  const unsigned linear = (bx & kWantLinear) != 0 ? unsigned{kVbeLinearFrameBuffer} : 0u;
  vga.SetVbe(kVbeEnable, kVbeEnabled | linear | (keep ? unsigned{kVbeNoClearMemory} : 0u));
  DescribeScreen(call, {.number = VideoCall::kVbeModeNumber,
                        .columns = mode->width / kCharacterWidth,
                        .rows = mode->height / kCharacterHeight,
                        .character_height = kCharacterHeight,
                        .page_bytes = 0});
  PointToRomFont(call, kCharacterHeight);
  call.SetBits(bda::kVideoControl, kControlNoClear, keep);
  return IsEnabled(vga) ? VbeStatus::kDone : VbeStatus::kFailed;
}

VbeStatus GetVbeMode(VideoCall& call) {
  VgaPorts& vga = call.vga;
  const uint16_t enable = vga.Vbe(kVbeEnable);
  if ((enable & kVbeEnabled) == 0) {
    call.regs.set_bx(call.bios.Read<uint8_t>(bda::kVideoMode));
    return VbeStatus::kDone;
  }
  const VbeMode* mode = FindVbeMode(vga.Vbe(kVbeXRes), vga.Vbe(kVbeYRes), vga.Vbe(kVbeBpp));
  if (mode == nullptr) return VbeStatus::kFailed;
  const unsigned linear = (enable & kVbeLinearFrameBuffer) != 0 ? kWantLinear : 0u;
  const unsigned kept = (enable & kVbeNoClearMemory) != 0 ? kKeepMemory : 0u;
  call.regs.set_bx(static_cast<uint16_t>(mode->number | linear | kept));
  return VbeStatus::kDone;
}

VbeStatus Window(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  const bool linear = (call.vga.Vbe(kVbeEnable) & kVbeLinearFrameBuffer) != 0;
  if (!IsEnabled(call.vga) || linear) return VbeStatus::kWrongMode;
  if (regs.bl() != 0) return VbeStatus::kFailed;
  if (regs.bh() == 0) {
    call.vga.SetVbe(kVbeBank, regs.dx());
    return call.vga.Vbe(kVbeBank) == regs.dx() ? VbeStatus::kDone : VbeStatus::kFailed;
  }
  if (regs.bh() != 1) return VbeStatus::kFailed;
  regs.set_dx(call.vga.Vbe(kVbeBank));
  return VbeStatus::kDone;
}

// As long as all visible lines go into the memory.
unsigned LongestLine(VgaPorts& vga) {
  const unsigned lines = std::max<unsigned>(vga.Vbe(kVbeYRes), 1);
  const unsigned memory = vga.Vbe(kVbeVideoMemory64K) * kVbeBankBytes;
  const bool planar = vga.Vbe(kVbeBpp) == 4;
  const unsigned bytes = memory / (planar ? 4 : 1) / lines;
  return std::min(planar ? bytes * 8 : bytes / BytesPerPixel(vga), 0xFFF8u);
}

VbeStatus LineLength(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  VgaPorts& vga = call.vga;
  if (!IsEnabled(vga)) return VbeStatus::kWrongMode;
  const bool planar = vga.Vbe(kVbeBpp) == 4;
  unsigned pixels = regs.cx();
  switch (regs.bl()) {
    case 0:
      break;
    case 2:
      pixels = planar ? pixels * 8 : (pixels + BytesPerPixel(vga) - 1) / BytesPerPixel(vga);
      break;
    case 1:
      pixels = vga.Vbe(kVbeVirtualWidth);
      break;
    case 3:
      pixels = LongestLine(vga);
      regs.set_bx(static_cast<uint16_t>(std::min(BytesOf(vga, pixels), 0xFFFFu)));
      regs.set_cx(static_cast<uint16_t>(pixels));
      regs.set_dx(vga.Vbe(kVbeYRes));
      return VbeStatus::kDone;
    default:
      return VbeStatus::kFailed;
  }
  if (regs.bl() != 1) {
    if (planar) pixels = (pixels + 7) & ~7u;
    if (pixels < vga.Vbe(kVbeXRes) || pixels > LongestLine(vga)) return VbeStatus::kFailed;
    vga.SetVbe(kVbeVirtualWidth, pixels);
    if (vga.Vbe(kVbeVirtualWidth) != pixels) return VbeStatus::kFailed;
  }
  regs.set_bx(static_cast<uint16_t>(BytesOf(vga, pixels)));
  regs.set_cx(static_cast<uint16_t>(pixels));
  regs.set_dx(vga.Vbe(kVbeVirtualHeight));
  return VbeStatus::kDone;
}

VbeStatus SetStart(VgaPorts& vga, unsigned x, unsigned y) {
  const uint16_t old_x = vga.Vbe(kVbeXOffset);
  vga.SetVbe(kVbeXOffset, x);
  if (vga.Vbe(kVbeXOffset) != x) return VbeStatus::kFailed;
  vga.SetVbe(kVbeYOffset, y);
  if (vga.Vbe(kVbeYOffset) == y) return VbeStatus::kDone;
  vga.SetVbe(kVbeXOffset, old_x);
  return VbeStatus::kFailed;
}

VbeStatus DisplayStart(VideoCall& call) {
  BiosRegisters& regs = call.regs;
  VgaPorts& vga = call.vga;
  if (!IsEnabled(vga)) return VbeStatus::kWrongMode;
  switch (regs.bl()) {
    case 0:
    case 0 | kAtRetrace:
      return SetStart(vga, regs.cx(), regs.dx());
    case 1:
      regs.set_bh(0);
      regs.set_cx(vga.Vbe(kVbeXOffset));
      regs.set_dx(vga.Vbe(kVbeYOffset));
      return VbeStatus::kDone;
    case 2:
    case 2 | kAtRetrace: {  // ECX: the address, in bytes
      const unsigned line = BytesOf(vga, vga.Vbe(kVbeVirtualWidth));
      if (line == 0) return VbeStatus::kFailed;
      const uint32_t address = regs.Get(kEcx);
      const unsigned rest = address % line;
      const bool planar = vga.Vbe(kVbeBpp) == 4;
      return SetStart(vga, planar ? rest * 8 : rest / BytesPerPixel(vga), address / line);
    }
    default:
      return VbeStatus::kFailed;
  }
}

VbeStatus ProtectedMode(VideoCall& call) {
  if (call.regs.bl() != 0) return VbeStatus::kFailed;
  call.bios.SetSegment(kEs, kVideoRomSegment);
  call.regs.set_di(video_rom::kProtectedMode);
  call.regs.set_cx(video_rom::kProtectedModeEnd - video_rom::kProtectedMode);
  return VbeStatus::kDone;
}

// VESA VBE/PM 1.0: every state but "on" blanks the screen.
VbeStatus Power(VideoCall& call) {
  constexpr uint16_t kStatesOfVersion1 = 0x0710;  // standby, suspend, off
  constexpr uint8_t kOff = 4;
  BiosRegisters& regs = call.regs;
  const uint8_t clocking = call.vga.Sequencer(kSeqClockingMode);
  switch (regs.bl()) {
    case 0:
      regs.set_bx(kStatesOfVersion1);
      return VbeStatus::kDone;
    case 1:
      call.vga.SetSequencer(kSeqClockingMode, regs.bh() != 0 ? clocking | kClockScreenOff
                                                             : clocking & ~kClockScreenOff);
      return VbeStatus::kDone;
    case 2:
      regs.set_bh((clocking & kClockScreenOff) != 0 ? kOff : uint8_t{0});
      return VbeStatus::kDone;
    default:
      return VbeStatus::kFailed;
  }
}

std::optional<VbeStatus> Perform(VideoCall& call) {
  if (!call.vga.HasVbe()) return std::nullopt;
  switch (call.regs.al()) {
    case 0x00:
      return ControllerInformation(call);
    case 0x01:
      return ModeInformation(call);
    case 0x02:
      return SetVbeMode(call);
    case 0x03:
      return GetVbeMode(call);
    case 0x04:
      return VbeSaveRestore(call);
    case 0x05:
      return Window(call);
    case 0x06:
      return LineLength(call);
    case 0x07:
      return DisplayStart(call);
    case 0x08:
      return DacWidth(call);
    case 0x09:
      return VbePalette(call);
    case 0x0A:
      return ProtectedMode(call);
    case 0x10:
      return Power(call);
    case 0x15:
      return MonitorData(call);
    default:
      return std::nullopt;
  }
}

}  // namespace

void VbeFunction(VideoCall& call) {
  constexpr uint16_t kNotSupported = 0x0100;
  constexpr uint8_t kSupported = 0x4F;
  const std::optional<VbeStatus> status = Perform(call);
  call.regs.set_ax(status ? static_cast<uint16_t>(static_cast<unsigned>(*status) << 8 | kSupported)
                          : kNotSupported);
}

}  // namespace verbatim
