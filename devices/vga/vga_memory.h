// SPDX-License-Identifier: Apache-2.0
// The window A0000h to BFFFFh into the video memory (PS/2 Technical Reference, "Display Memory
// Addressing" and "Graphics Controller Registers").
//
// The four planes are interleaved: byte p of the 32-bit word at index a is address a of plane p, so
// the latches are one word and each operation on all planes is one on a word. Chain 4 leaves the
// low two address bits of a plane zero, odd/even the lowest one, as the CRTC expects in doubleword
// and word mode. An enabled VBE mode of 8 bits and more replaces all of it by a linear bank of
// 64 KiB; one of 4 bits keeps the planes and uses the bank as their high address bits.
//
// Everything that the registers decide is decided in Configure; an access only picks its path.
// The page bit of the Miscellaneous Output Register has no effect.
#ifndef VERBATIM_DEVICES_VGA_VGA_MEMORY_H_
#define VERBATIM_DEVICES_VGA_VGA_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/address.h"
#include "devices/vga/dirty_pages.h"
#include "devices/vga/vbe.h"
#include "devices/vga/vga_registers.h"
#include "memory/mmio_handler.h"

namespace verbatim {

class VgaMemory final : public MmioHandler, public MmioRuns {
 public:
  static constexpr PhysicalAddress kWindow{0xA0000};
  static constexpr uint32_t kWindowBytes = 0x20000;
  static constexpr size_t kVgaBytes = 256u << 10;  // what the VGA itself reaches, all planes

  // `memory`: a power of two of at least kVgaBytes. Both outlive the window.
  VgaMemory(std::span<uint8_t> memory, DirtyPages& dirty);

  // To be called whenever a register that bears on memory changed.
  void Configure(const VgaRegisters& registers, const VbeRegisters& vbe);

  // `offset` is relative to A0000h. What the memory map leaves out reads as all ones.
  uint64_t ReadMmio(uint32_t offset, unsigned bytes) override;
  void WriteMmio(uint32_t offset, unsigned bytes, uint64_t value) override;

  [[nodiscard]] MmioRuns* runs() override { return this; }
  void ReadRun(uint32_t offset, std::span<uint8_t> to) override;
  void WriteRun(uint32_t offset, std::span<const uint8_t> from) override;
  void FillRun(uint32_t offset, unsigned bytes, uint32_t count, uint32_t value) override;
  void CopyRun(uint32_t from, uint32_t to, unsigned bytes, uint32_t count) override;

  [[nodiscard]] uint32_t latches() const { return latches_; }
  void set_latches(uint32_t latches) { latches_ = latches; }

 private:
  // How a guest's address becomes planes and an address in them.
  enum class Layout : uint8_t { kLinear, kChain4, kOddEven, kPlanar };
  // An access of the usual kind has a path of its own.
  enum class Path : uint8_t { kLinear, kChain4, kText, kPlanar, kAny };
  enum class Logic : uint8_t { kReplace, kAnd, kOr, kXor };

  struct Place {
    size_t word;      // index of the four planes' word
    uint32_t planes;  // FFh in each plane that takes part
  };

  [[nodiscard]] Place Locate(Layout layout, uint32_t at) const;
  [[nodiscard]] uint32_t LoadWord(size_t word) const;
  void StoreWord(size_t word, uint32_t value);
  void Put(size_t offset, unsigned bytes, uint64_t value);
  [[nodiscard]] uint64_t Get(size_t offset, unsigned bytes) const;

  void ConfigureWindow(const VgaRegisters& registers, const VbeRegisters& vbe);
  void ConfigureWrites(const VgaRegisters& registers);
  void ConfigureReads(const VgaRegisters& registers);

  [[nodiscard]] uint32_t Combine(uint8_t value) const;
  void Modify(size_t word, uint32_t planes, uint8_t value);
  void WriteByte(uint32_t at, uint8_t value);
  void WriteInside(uint32_t at, unsigned bytes, uint64_t value);
  [[nodiscard]] uint8_t ReadByte(uint32_t at);
  [[nodiscard]] uint64_t ReadInside(uint32_t at, unsigned bytes);

  std::span<uint8_t> memory_;
  DirtyPages& dirty_;
  uint32_t latches_ = 0;

  uint32_t window_first_ = 0;  // from A0000h
  uint32_t window_bytes_ = 0;
  size_t linear_base_ = 0;
  size_t plane_base_ = 0;
  size_t plane_mask_ = 0;
  uint32_t odd_even_mask_ = 0;   // takes A0 away
  unsigned odd_even_shift_ = 0;  // gives bit 16 instead

  Layout write_layout_ = Layout::kPlanar;
  Path write_path_ = Path::kAny;
  uint8_t write_mode_ = 0;
  Logic logic_ = Logic::kReplace;
  int rotate_ = 0;
  uint8_t bit_mask_ = 0;
  uint32_t planes_ = 0;           // Map Mask
  uint32_t set_reset_ = 0;        // Set/Reset
  uint32_t set_reset_on_ = 0;     // Enable Set/Reset
  uint32_t set_reset_value_ = 0;  // Set/Reset where it is enabled

  Layout read_layout_ = Layout::kPlanar;
  Path read_path_ = Path::kAny;
  bool compare_ = false;
  unsigned read_plane_ = 0;
  uint32_t compare_colour_ = 0;
  uint32_t compare_care_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_VGA_MEMORY_H_
