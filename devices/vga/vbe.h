// SPDX-License-Identifier: Apache-2.0
// The display interface of Bochs (VBE_DISPI_*): word registers behind an index, at ports 1CEh and
// 1CFh, that set a linear mode of any size. This is the register file: what each write makes of the
// mode. An enabled mode always lies within the video memory; a write that would break that is
// ignored with a message.
//
// Size and depth can be set only while the interface is disabled. Enabling makes the virtual screen
// as wide as the visible one and as high as the memory allows. Virtual width and the offsets can be
// changed then; offsets that no longer fit become 0.
#ifndef VERBATIM_DEVICES_VGA_VBE_H_
#define VERBATIM_DEVICES_VGA_VBE_H_

#include <cstddef>
#include <cstdint>

#include "base/log.h"
#include "devices/state.h"

namespace verbatim {

enum VbeIndex : uint16_t {
  kVbeId = 0x0,
  kVbeXRes = 0x1,
  kVbeYRes = 0x2,
  kVbeBpp = 0x3,
  kVbeEnable = 0x4,
  kVbeBank = 0x5,
  kVbeVirtualWidth = 0x6,
  kVbeVirtualHeight = 0x7,
  kVbeXOffset = 0x8,
  kVbeYOffset = 0x9,
  kVbeVideoMemory64K = 0xA,
  kVbeIndexCount = 0xB,
};
enum VbeEnableBits : uint16_t {
  kVbeEnabled = 0x01,
  kVbeGetCapabilities = 0x02,  // size and depth read as the greatest possible
  kVbe8BitDac = 0x20,
  kVbeLinearFrameBuffer = 0x40,
  kVbeNoClearMemory = 0x80,
};

inline constexpr uint16_t kVbeMaxXRes = 2560;
inline constexpr uint16_t kVbeMaxYRes = 1600;
inline constexpr uint32_t kVbeBankBytes = 0x10000;

struct VbeRegisters {
  uint16_t index = 0;
  uint16_t id = 0xB0C5;
  uint16_t x_res = 0;
  uint16_t y_res = 0;
  uint16_t bpp = 8;
  uint16_t enable = 0;
  uint16_t bank = 0;
  uint16_t virtual_width = 0;
  uint16_t virtual_height = 0;
  uint16_t x_offset = 0;
  uint16_t y_offset = 0;

  [[nodiscard]] bool enabled() const { return (enable & kVbeEnabled) != 0; }
  [[nodiscard]] bool linear() const { return enabled() && bpp >= 8; }
  [[nodiscard]] bool dac_8bit() const { return (enable & kVbe8BitDac) != 0; }
  // From one line to the next; with 4 bits per pixel, in each plane.
  [[nodiscard]] size_t PitchBytes() const { return LineBytes(virtual_width); }
  // Bytes of `width` pixels; with 4 bits per pixel, in each plane.
  [[nodiscard]] size_t LineBytes(size_t width) const {
    return bpp == 4 ? (width + 7) / 8 : width * ((bpp + 7u) / 8);
  }
  // Where the visible part begins; with 4 bits per pixel, in each plane, to eight pixels.
  [[nodiscard]] size_t StartOffset() const {
    return y_offset * PitchBytes() + (bpp == 4 ? x_offset / 8u : LineBytes(x_offset));
  }
};

class Vbe {
 public:
  // What the device has to do after a write.
  enum class Effect : uint8_t { kNone, kChanged, kClearMemory };

  explicit Vbe(size_t memory_bytes) : memory_bytes_(memory_bytes) {}

  [[nodiscard]] const VbeRegisters& registers() const { return registers_; }
  void Reset() { registers_ = {}; }
  void set_index(uint16_t index) { registers_.index = index; }

  [[nodiscard]] uint16_t Read(uint16_t index) const;
  Effect Write(uint16_t index, uint16_t value);

  void Save(StateWriter& writer) const;
  // The registers as read; the reader fails unless a device could have saved them.
  [[nodiscard]] VbeRegisters Read(StateReader& reader) const;
  void Assign(const VbeRegisters& registers) { registers_ = registers; }

 private:
  template <typename Archive, typename R>
  static void Visit(Archive& archive, R& registers);

  [[nodiscard]] size_t PlaneBytes(const VbeRegisters& mode) const {
    return mode.bpp == 4 ? memory_bytes_ / 4 : memory_bytes_;
  }
  [[nodiscard]] bool Fits(const VbeRegisters& mode) const;
  [[nodiscard]] Effect WriteEnable(uint16_t value);
  [[nodiscard]] Effect WriteVirtualWidth(uint16_t value);
  // Makes `field` hold `value` if the mode stays a valid one.
  [[nodiscard]] Effect Change(uint16_t VbeRegisters::*field, uint16_t value);
  [[nodiscard]] Effect Refuse(uint16_t index, uint16_t value);

  size_t memory_bytes_;
  VbeRegisters registers_;
  LogLimiter refusals_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_VBE_H_
