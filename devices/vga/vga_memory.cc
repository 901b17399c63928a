// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/vga_memory.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bits.h"
#include "base/check.h"
#include "devices/vga/plane_order.h"

namespace verbatim {
namespace {

constexpr unsigned kPlanes = 4;
constexpr uint32_t kEveryPlane = 0xFFFFFFFF;
constexpr uint32_t kEvenPlanes = 0x00FF00FF;
constexpr uint32_t kTextPlanes = 0x0000FFFF;  // characters and attributes

// FFh in the byte of each plane whose bit is set.
constexpr uint32_t Planes(unsigned bits) {
  uint32_t planes = 0;
  for (unsigned plane = 0; plane < kPlanes; ++plane) {
    if (Bit(bits, plane)) planes |= 0xFFu << (8 * plane);
  }
  return planes;
}
constexpr uint32_t InEachPlane(uint8_t value) { return value * 0x01010101u; }

constexpr unsigned kWriteModeLatches = 1;
constexpr unsigned kWriteModeColour = 2;
constexpr unsigned kWriteModeMask = 3;

struct Window {
  uint32_t first;
  uint32_t bytes;
};
// By the memory map bits of the Miscellaneous register.
constexpr Window kWindows[] = {{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};

}  // namespace

VgaMemory::VgaMemory(std::span<uint8_t> memory, DirtyPages& dirty)
    : memory_(memory), dirty_(dirty) {
  CHECK(std::has_single_bit(memory.size()) && memory.size() >= kVgaBytes);
}

void VgaMemory::Configure(const VgaRegisters& registers, const VbeRegisters& vbe) {
  ConfigureWindow(registers, vbe);
  ConfigureWrites(registers);
  ConfigureReads(registers);
  if (vbe.linear()) {
    write_layout_ = read_layout_ = Layout::kLinear;
    write_path_ = read_path_ = Path::kLinear;
  }
  is_plain_ = write_path_ == Path::kChain4 && read_path_ == Path::kChain4;
  SetPlain(FindPlain(vbe.enabled() || registers.IsGraphics()));
}

// Text is looked at by its dirty pages: what a program writes to it in chain 4 stays with the
// handler.
std::optional<PlainWindow> VgaMemory::FindPlain(bool graphics) const {
  if (window_bytes_ == 0) return std::nullopt;
  const PlainWindow window{.first = window_first_,
                           .bytes = std::min<uint32_t>(window_bytes_, kPlaneBytes)};
  if (write_path_ == Path::kLinear) return PlainWindow{window.first, window.bytes, linear_base_};
  if (!is_plain_ || !graphics) return std::nullopt;
  return PlainWindow{window.first, window.bytes, WordOfPlanes(plane_base_ & plane_mask_) * kPlanes};
}

void VgaMemory::SetPlain(const std::optional<PlainWindow>& plain) {
  if (plain == plain_) return;
  // What may have been written past the marks.
  if (plain_ && until_mapped_ == 0) dirty_.Mark(plain_->offset, plain_->bytes);
  const bool had_plain = plain_.has_value();
  plain_ = plain;
  until_mapped_ = kMappingCost;
  if (had_plain && observer_ != nullptr) observer_->PlainWindowChanged();
}

void VgaMemory::ConfigureWindow(const VgaRegisters& registers, const VbeRegisters& vbe) {
  const uint8_t miscellaneous = registers.graphics[kGfxMiscellaneous];
  const unsigned map = vbe.enabled() ? 1u : Bits(unsigned{miscellaneous}, 2, 2);
  window_first_ = kWindows[map].first;
  window_bytes_ = kWindows[map].bytes;
  if (!registers.subsystem_enabled || (registers.misc_output & kMiscRamEnable) == 0) {
    window_bytes_ = 0;
  }
  linear_base_ = size_t{vbe.bank} * kVbeBankBytes;
  plane_base_ = vbe.enabled() ? linear_base_ : 0;
  plane_mask_ = (vbe.enabled() ? memory_.size() : kVgaBytes) / kPlanes - 1;
  const bool chained = (miscellaneous & kGfxMiscChainOddEven) != 0;
  odd_even_mask_ = chained ? ~1u : ~0u;
  odd_even_shift_ = chained ? 16 : 31;
}

void VgaMemory::ConfigureWrites(const VgaRegisters& registers) {
  const uint8_t memory_mode = registers.sequencer[kSeqMemoryMode];
  const uint8_t rotate = registers.graphics[kGfxDataRotate];
  planes_ = Planes(registers.sequencer[kSeqMapMask]);
  set_reset_ = Planes(registers.graphics[kGfxSetReset]);
  set_reset_on_ = Planes(registers.graphics[kGfxEnableSetReset]);
  set_reset_value_ = set_reset_ & set_reset_on_;
  write_mode_ = registers.graphics[kGfxMode] & kGfxModeWriteMode;
  logic_ = static_cast<Logic>(Bits(unsigned{rotate}, 3, 2));
  rotate_ = rotate & 7;
  bit_mask_ = registers.graphics[kGfxBitMask];

  if ((memory_mode & kMemoryChain4) != 0) {
    write_layout_ = Layout::kChain4;
  } else if ((memory_mode & kMemoryOddEvenDisable) == 0) {
    write_layout_ = Layout::kOddEven;
  } else {
    write_layout_ = Layout::kPlanar;
  }
  // The byte reaches the memory as it is.
  const bool plain = write_mode_ == 0 && logic_ == Logic::kReplace && rotate_ == 0 &&
                     bit_mask_ == 0xFF && set_reset_on_ == 0;
  write_path_ = Path::kAny;
  if (write_layout_ == Layout::kPlanar) write_path_ = Path::kPlanar;
  if (plain && write_layout_ == Layout::kChain4 && planes_ == kEveryPlane) {
    write_path_ = Path::kChain4;
  }
  if (plain && write_layout_ == Layout::kOddEven && planes_ == kTextPlanes &&
      odd_even_mask_ == ~1u) {
    write_path_ = Path::kText;
  }
}

void VgaMemory::ConfigureReads(const VgaRegisters& registers) {
  const uint8_t mode = registers.graphics[kGfxMode];
  compare_ = (mode & kGfxModeReadCompare) != 0;
  read_plane_ = registers.graphics[kGfxReadMapSelect];
  compare_colour_ = Planes(registers.graphics[kGfxColourCompare]);
  compare_care_ = Planes(registers.graphics[kGfxColourDontCare]);
  if ((registers.sequencer[kSeqMemoryMode] & kMemoryChain4) != 0) {
    read_layout_ = Layout::kChain4;
  } else if ((mode & kGfxModeOddEvenRead) != 0) {
    read_layout_ = Layout::kOddEven;
  } else {
    read_layout_ = Layout::kPlanar;
  }
  read_path_ = Path::kAny;
  if (compare_) return;
  if (read_layout_ == Layout::kChain4) read_path_ = Path::kChain4;
  if (read_layout_ == Layout::kPlanar) read_path_ = Path::kPlanar;
  if (read_layout_ == Layout::kOddEven && read_plane_ < 2 && odd_even_mask_ == ~1u) {
    read_path_ = Path::kText;
  }
}

VgaMemory::Place VgaMemory::Locate(Layout layout, uint32_t at) const {
  size_t address = at;
  uint32_t planes = kEveryPlane;
  if (layout == Layout::kChain4) {
    address = at & ~3u;
    planes = 0xFFu << (8 * (at & 3));
  } else if (layout == Layout::kOddEven) {
    address = (at & odd_even_mask_) | at >> odd_even_shift_;
    planes = (at & 1) != 0 ? ~kEvenPlanes : kEvenPlanes;
  }
  return {WordOfPlanes((plane_base_ + address) & plane_mask_), planes};
}

uint32_t VgaMemory::LoadWord(size_t word) const {
  return LoadLittle<uint32_t>(memory_.data() + word * kPlanes);
}

void VgaMemory::StoreWord(size_t word, uint32_t value) {
  StoreLittle(memory_.data() + word * kPlanes, value);
  dirty_.Mark(word * kPlanes);
}

// `bytes` of `value`, none of them beyond the page of the first or else all marked.
void VgaMemory::Put(size_t offset, unsigned bytes, uint64_t value) {
  uint8_t* to = memory_.data() + offset;
  switch (bytes) {
    case 1:
      StoreLittle(to, static_cast<uint8_t>(value));
      break;
    case 2:
      StoreLittle(to, static_cast<uint16_t>(value));
      break;
    case 4:
      StoreLittle(to, static_cast<uint32_t>(value));
      break;
    default:
      StoreLittle(to, value);
      break;
  }
  dirty_.Mark(offset);
  dirty_.Mark(offset + bytes - 1);
}

uint64_t VgaMemory::Get(size_t offset, unsigned bytes) const {
  const uint8_t* from = memory_.data() + offset;
  switch (bytes) {
    case 1:
      return LoadLittle<uint8_t>(from);
    case 2:
      return LoadLittle<uint16_t>(from);
    case 4:
      return LoadLittle<uint32_t>(from);
    default:
      return LoadLittle<uint64_t>(from);
  }
}

void VgaMemory::WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) {
  Spend(kAccessCost);
  Write(offset, bytes, value);
}

void VgaMemory::Write(uint32_t offset, unsigned bytes, uint64_t value) {
  const uint32_t at = offset - window_first_;
  if (at < window_bytes_ && window_bytes_ - at >= bytes) [[likely]] {
    WriteInside(at, bytes, value);
    return;
  }
  for (unsigned i = 0; i < bytes; ++i) {
    if (at + i < window_bytes_) WriteByte(at + i, static_cast<uint8_t>(value >> (8 * i)));
  }
}

void VgaMemory::WriteInside(uint32_t at, unsigned bytes, uint64_t value) {
  const bool aligned = (at & (bytes - 1)) == 0;
  if (write_path_ == Path::kPlanar) {
    for (unsigned i = 0; i < bytes; ++i) {
      Modify(Locate(Layout::kPlanar, at + i).word, planes_, static_cast<uint8_t>(value >> (8 * i)));
    }
  } else if (write_path_ == Path::kLinear) {
    Put(linear_base_ + at, bytes, value);
  } else if (write_path_ == Path::kChain4 && aligned) {
    for (unsigned i = 0; i < bytes; i += kPlanes) {
      const size_t word = Locate(Layout::kChain4, at + i).word;
      Put(word * kPlanes + (at & 3), std::min(bytes, kPlanes), value >> (8 * i));
    }
  } else if (write_path_ == Path::kText && aligned && bytes >= 2) {
    for (unsigned i = 0; i < bytes; i += 2) {
      Put(Locate(Layout::kOddEven, at + i).word * kPlanes, 2, value >> (8 * i));
    }
  } else {
    for (unsigned i = 0; i < bytes; ++i) {
      WriteByte(at + i, static_cast<uint8_t>(value >> (8 * i)));
    }
  }
}

void VgaMemory::WriteByte(uint32_t at, uint8_t value) {
  if (write_layout_ == Layout::kLinear) {
    Put(linear_base_ + at, 1, value);
    return;
  }
  const Place place = Locate(write_layout_, at);
  Modify(place.word, place.planes & planes_, value);
}

// What the processor's byte and the latches make in the four planes.
inline uint32_t VgaMemory::Combine(uint8_t value) const {
  if (write_mode_ == kWriteModeLatches) return latches_;
  uint8_t mask = bit_mask_;
  uint32_t data = 0;
  if (write_mode_ == 0) {
    data = (InEachPlane(std::rotr(value, rotate_)) & ~set_reset_on_) | set_reset_value_;
  } else if (write_mode_ == kWriteModeColour) {
    data = Planes(value);
  } else {
    static_assert(kWriteModeMask == 3);
    data = set_reset_;
    mask &= std::rotr(value, rotate_);
  }
  switch (logic_) {
    case Logic::kReplace:
      break;
    case Logic::kAnd:
      data &= latches_;
      break;
    case Logic::kOr:
      data |= latches_;
      break;
    case Logic::kXor:
      data ^= latches_;
      break;
  }
  const uint32_t bits = InEachPlane(mask);
  return (data & bits) | (latches_ & ~bits);
}

inline void VgaMemory::Modify(size_t word, uint32_t planes, uint8_t value) {
  StoreWord(word, (LoadWord(word) & ~planes) | (Combine(value) & planes));
}

uint64_t VgaMemory::ReadMmio(uint32_t offset, unsigned bytes) {
  Spend(kAccessCost);
  return Read(offset, bytes);
}

uint64_t VgaMemory::Read(uint32_t offset, unsigned bytes) {
  const uint32_t at = offset - window_first_;
  if (at < window_bytes_ && window_bytes_ - at >= bytes) [[likely]] {
    return ReadInside(at, bytes);
  }
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    const uint64_t byte = at + i < window_bytes_ ? ReadByte(at + i) : 0xFF;
    value |= byte << (8 * i);
  }
  return value;
}

uint64_t VgaMemory::ReadInside(uint32_t at, unsigned bytes) {
  const bool aligned = (at & (bytes - 1)) == 0;
  if (read_path_ == Path::kLinear) return Get(linear_base_ + at, bytes);
  uint64_t value = 0;
  if (read_path_ == Path::kPlanar) {
    for (unsigned i = 0; i < bytes; ++i) {
      latches_ = LoadWord(Locate(Layout::kPlanar, at + i).word);
      value |= uint64_t{latches_ >> (8 * read_plane_) & 0xFF} << (8 * i);
    }
  } else if (read_path_ == Path::kChain4 && aligned) {
    for (unsigned i = 0; i < bytes; i += kPlanes) {
      const size_t word = Locate(Layout::kChain4, at + i).word;
      if (!is_plain_) latches_ = LoadWord(word);
      value |= Get(word * kPlanes + (at & 3), std::min(bytes, kPlanes)) << (8 * i);
    }
  } else if (read_path_ == Path::kText && aligned && bytes >= 2) {
    for (unsigned i = 0; i < bytes; i += 2) {
      latches_ = LoadWord(Locate(Layout::kOddEven, at + i).word);
      value |= uint64_t{latches_ & 0xFFFF} << (8 * i);
    }
  } else {
    for (unsigned i = 0; i < bytes; ++i) value |= uint64_t{ReadByte(at + i)} << (8 * i);
  }
  return value;
}

uint8_t VgaMemory::ReadByte(uint32_t at) {
  if (read_layout_ == Layout::kLinear) return memory_[linear_base_ + at];
  const uint32_t planes = LoadWord(Locate(read_layout_, at).word);
  if (!is_plain_) latches_ = planes;
  if (compare_) {
    // A bit of the result is set where all planes that matter have the colour.
    const uint32_t differs = (planes ^ compare_colour_) & compare_care_;
    return static_cast<uint8_t>(~(differs | differs >> 8 | differs >> 16 | differs >> 24));
  }
  unsigned plane = read_plane_;
  if (read_layout_ == Layout::kChain4) plane = at & 3;
  if (read_layout_ == Layout::kOddEven) plane = (plane & 2) | (at & 1);
  return static_cast<uint8_t>(planes >> (8 * plane));
}

}  // namespace verbatim
