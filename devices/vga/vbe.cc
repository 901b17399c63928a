// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/vbe.h"

#include <algorithm>

namespace verbatim {
namespace {

constexpr uint16_t kFirstId = 0xB0C0;
constexpr uint16_t kLastId = 0xB0C5;
constexpr uint16_t kEnableStored =
    kVbeEnabled | kVbeGetCapabilities | kVbe8BitDac | kVbeLinearFrameBuffer | kVbeNoClearMemory;
constexpr uint16_t kMaxBpp = 32;

bool IsDepth(uint16_t bpp) {
  return bpp == 4 || bpp == 8 || bpp == 15 || bpp == 16 || bpp == 24 || bpp == 32;
}

}  // namespace

template <typename Archive, typename R>
void Vbe::Visit(Archive& archive, R& registers) {
  archive.Field("vbe_index", registers.index);
  archive.Field("vbe_id", registers.id, kLastId);
  archive.Field("vbe_x_res", registers.x_res, kVbeMaxXRes);
  archive.Field("vbe_y_res", registers.y_res, kVbeMaxYRes);
  archive.Field("vbe_bpp", registers.bpp, kMaxBpp);
  archive.Field("vbe_enable", registers.enable, kEnableStored);
  archive.Field("vbe_bank", registers.bank);
  archive.Field("vbe_virtual_width", registers.virtual_width);
  archive.Field("vbe_virtual_height", registers.virtual_height);
  archive.Field("vbe_x_offset", registers.x_offset);
  archive.Field("vbe_y_offset", registers.y_offset);
}

void Vbe::Save(StateWriter& writer) const { Visit(writer, registers_); }

VbeRegisters Vbe::Read(StateReader& reader) const {
  VbeRegisters loaded;
  Visit(reader, loaded);
  reader.Require(loaded.id >= kFirstId, "vbe_id", "B0C0h to B0C5h");
  reader.Require(IsDepth(loaded.bpp), "vbe_bpp", "4, 8, 15, 16, 24 or 32");
  reader.Require((loaded.enable & ~kEnableStored) == 0, "vbe_enable", "bits that exist");
  reader.Require(loaded.bank < memory_bytes_ / kVbeBankBytes, "vbe_bank",
                 "a bank of the video memory");
  reader.Require(!loaded.enabled() || Fits(loaded), "vbe_enable",
                 "a mode that lies within the video memory");
  return loaded;
}

bool Vbe::Fits(const VbeRegisters& mode) const {
  return mode.x_res != 0 && mode.y_res != 0 && mode.PitchBytes() != 0 &&
         mode.x_offset + mode.x_res <= mode.virtual_width &&
         mode.y_offset + mode.y_res <= mode.virtual_height &&
         mode.virtual_height * mode.PitchBytes() <= PlaneBytes(mode);
}

uint16_t Vbe::Read(uint16_t index) const {
  const bool capabilities = (registers_.enable & kVbeGetCapabilities) != 0;
  switch (index) {
    case kVbeId:
      return registers_.id;
    case kVbeXRes:
      return capabilities ? kVbeMaxXRes : registers_.x_res;
    case kVbeYRes:
      return capabilities ? kVbeMaxYRes : registers_.y_res;
    case kVbeBpp:
      return capabilities ? kMaxBpp : registers_.bpp;
    case kVbeEnable:
      return registers_.enable;
    case kVbeBank:
      return registers_.bank;
    case kVbeVirtualWidth:
      return registers_.virtual_width;
    case kVbeVirtualHeight:
      return registers_.virtual_height;
    case kVbeXOffset:
      return registers_.x_offset;
    case kVbeYOffset:
      return registers_.y_offset;
    case kVbeVideoMemory64K:
      return static_cast<uint16_t>(memory_bytes_ / kVbeBankBytes);
    default:
      return 0;
  }
}

Vbe::Effect Vbe::Write(uint16_t index, uint16_t value) {
  const bool enabled = registers_.enabled();
  switch (index) {
    case kVbeId:
      if (value < kFirstId || value > kLastId) break;
      registers_.id = value;
      return Effect::kNone;
    case kVbeXRes:
      if (enabled || value > kVbeMaxXRes) break;
      registers_.x_res = value;
      return Effect::kNone;
    case kVbeYRes:
      if (enabled || value > kVbeMaxYRes) break;
      registers_.y_res = value;
      return Effect::kNone;
    case kVbeBpp:
      if (value == 0) value = 8;
      if (enabled || !IsDepth(value)) break;
      registers_.bpp = value;
      return Effect::kNone;
    case kVbeEnable:
      return WriteEnable(value);
    case kVbeBank:
      if (value >= memory_bytes_ / kVbeBankBytes) break;
      registers_.bank = value;
      return Effect::kChanged;
    case kVbeVirtualWidth:
      return WriteVirtualWidth(value);
    case kVbeXOffset:
      return Change(&VbeRegisters::x_offset, value);
    case kVbeYOffset:
      return Change(&VbeRegisters::y_offset, value);
    case kVbeVirtualHeight:  // follows from the width and the memory
    case kVbeVideoMemory64K:
      return Effect::kNone;
    default:
      break;
  }
  return Refuse(index, value);
}

Vbe::Effect Vbe::WriteEnable(uint16_t value) {
  VbeRegisters next = registers_;
  next.enable = value & kEnableStored;
  const bool starts = next.enabled() && !registers_.enabled();
  if (starts) {
    next.virtual_width = next.x_res;
    next.x_offset = next.y_offset = 0;
    next.bank = 0;
    const size_t pitch = next.PitchBytes();
    if (pitch == 0) return Refuse(kVbeEnable, value);
    next.virtual_height = static_cast<uint16_t>(std::min<size_t>(PlaneBytes(next) / pitch, 0xFFFF));
    if (!Fits(next)) return Refuse(kVbeEnable, value);
  } else if (!next.enabled()) {
    next.bank = 0;
  }
  registers_ = next;
  return starts && (value & kVbeNoClearMemory) == 0 ? Effect::kClearMemory : Effect::kChanged;
}

Vbe::Effect Vbe::WriteVirtualWidth(uint16_t value) {
  if (!registers_.enabled()) {  // set again when the mode is enabled
    registers_.virtual_width = value;
    return Effect::kNone;
  }
  VbeRegisters next = registers_;
  next.virtual_width = value;
  const size_t pitch = next.PitchBytes();
  if (pitch == 0) return Refuse(kVbeVirtualWidth, value);
  next.virtual_height = static_cast<uint16_t>(std::min<size_t>(PlaneBytes(next) / pitch, 0xFFFF));
  if (next.x_offset + next.x_res > next.virtual_width) next.x_offset = 0;
  if (next.y_offset + next.y_res > next.virtual_height) next.y_offset = 0;
  if (!Fits(next)) return Refuse(kVbeVirtualWidth, value);
  registers_ = next;
  return Effect::kChanged;
}

Vbe::Effect Vbe::Change(uint16_t VbeRegisters::*field, uint16_t value) {
  VbeRegisters next = registers_;
  next.*field = value;
  if (next.enabled() && !Fits(next)) {
    return Refuse(field == &VbeRegisters::x_offset ? kVbeXOffset : kVbeYOffset, value);
  }
  registers_ = next;
  return Effect::kChanged;
}

Vbe::Effect Vbe::Refuse(uint16_t index, uint16_t value) {
  refusals_.Log(LogLevel::kWarning, "vga: {:04X}h is not possible for VBE register {:X}h now",
                value, index);
  return Effect::kNone;
}

}  // namespace verbatim
