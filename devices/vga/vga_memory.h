// SPDX-License-Identifier: Apache-2.0
// The window A0000h to BFFFFh into the video memory (PS/2 Technical Reference, "Display Memory
// Addressing" and "Graphics Controller Registers").
//
// The bytes of the four planes at one address are a 32-bit word (plane_order.h), so each operation
// on all planes is one on a word. Chain 4 leaves the low two address bits of a plane zero, odd/even
// the lowest one, as the CRTC expects in doubleword and word mode. An enabled VBE mode of 8 bits
// and more replaces all of it by a linear bank of 64 KiB; one of 4 bits keeps the planes and uses
// the bank as their high address bits.
//
// Where the registers make the window plain bytes (banks, and chain 4 with nothing between the
// processor and the memory) it may be mapped into the guest: plain() says what to map. So that it
// makes no difference whether it is, reads of plain bytes leave the latches alone.
//
// Everything that the registers decide is decided in Configure; an access only picks its path.
// The page bit of the Miscellaneous Output Register has no effect.
#ifndef VERBATIM_DEVICES_VGA_VGA_MEMORY_H_
#define VERBATIM_DEVICES_VGA_VGA_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/address.h"
#include "devices/vga/dirty_pages.h"
#include "devices/vga/vbe.h"
#include "devices/vga/vga_registers.h"
#include "memory/mmio_handler.h"

namespace verbatim {

// A part of the window that is bytes of the memory, one for one.
struct PlainWindow {
  uint32_t first = 0;  // from A0000h
  uint32_t bytes = 0;
  size_t offset = 0;  // in the memory

  friend bool operator==(const PlainWindow&, const PlainWindow&) = default;
};

// Who can map it. Nothing has to be mapped; accesses that reach the handler do the same.
class PlainWindowObserver {
 public:
  virtual ~PlainWindowObserver() = default;
  // The guest has done so much to plain bytes that mapping them pays. Called in the middle of an
  // access, once until they change.
  virtual void WantsMapping() = 0;
  // Other bytes are plain now, or none: what was mapped must be gone when this returns.
  virtual void PlainWindowChanged() = 0;
};

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

  // Outlives the window. Without one nothing is ever mapped.
  void SetObserver(PlainWindowObserver* observer) { observer_ = observer; }
  [[nodiscard]] const std::optional<PlainWindow>& plain() const { return plain_; }

  [[nodiscard]] uint32_t latches() const { return latches_; }
  void set_latches(uint32_t latches) { latches_ = latches; }

 private:
  // How a guest's address becomes planes and an address in them.
  enum class Layout : uint8_t { kLinear, kChain4, kOddEven, kPlanar };
  // In units of 2 ns: about what mapping, withdrawing and a few faults cost, so that a guest that
  // changes registers all the time at most doubles its cost.
  static constexpr uint32_t kMappingCost = 32768;
  static constexpr uint32_t kAccessCost = 16;

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
  [[nodiscard]] std::optional<PlainWindow> FindPlain(bool graphics) const;
  void SetPlain(const std::optional<PlainWindow>& plain);
  // Counts what the guest has paid for the handler's services while the window was plain.
  void Spend(uint32_t cost) {
    if (!plain_ || until_mapped_ == 0) return;
    until_mapped_ -= std::min(cost, until_mapped_);
    if (until_mapped_ == 0 && observer_ != nullptr) observer_->WantsMapping();
  }

  [[nodiscard]] uint32_t Combine(uint8_t value) const;
  void Modify(size_t word, uint32_t planes, uint8_t value);
  void Write(uint32_t offset, unsigned bytes, uint64_t value);
  [[nodiscard]] uint64_t Read(uint32_t offset, unsigned bytes);
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
  bool is_plain_ = false;  // the bytes of chain 4
  bool compare_ = false;
  unsigned read_plane_ = 0;
  uint32_t compare_colour_ = 0;
  uint32_t compare_care_ = 0;

  PlainWindowObserver* observer_ = nullptr;
  std::optional<PlainWindow> plain_;
  uint32_t until_mapped_ = 0;  // what may still be spent; 0: asked for
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_VGA_MEMORY_H_
