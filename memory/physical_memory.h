// SPDX-License-Identifier: Apache-2.0
// The guest's physical address space: RAM (one memfd), ROM and device regions, the A20 gate, and
// the set of pages that hold translated code.
//
// Layout: RAM fills physical addresses from 0 to ram_bytes(), except where a region is laid over it
// (the VGA hole, ROMs, devices). What is neither RAM nor a region reads as all ones and ignores
// writes, as an undecoded PC bus does.
//
// Invariants: every access is checked against the layout here; no address a guest can form reaches
// host memory outside the memfd. Used by the vCPU thread only.
#ifndef VERBATIM_MEMORY_PHYSICAL_MEMORY_H_
#define VERBATIM_MEMORY_PHYSICAL_MEMORY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/file.h"
#include "base/result.h"
#include "memory/mmio_handler.h"

namespace verbatim {

// Told when bytes of a page that holds translated code are written by anything: a store, a device's
// DMA, a C++ helper. Called before the bytes change.
class CodeWriteObserver {
 public:
  virtual ~CodeWriteObserver() = default;
  virtual void OnCodeWrite(PhysicalAddress address, uint32_t bytes) = 0;
};

// What a physical page is, in the way that the windows need to know it.
enum class PageKind : uint8_t {
  kRam,        // may be mapped readable and writable
  kRom,        // RAM-backed, may be mapped readable; writes are ignored
  kDevice,     // every access goes to a handler
  kUnassigned  // reads all ones, ignores writes
};

class PhysicalMemory {
 public:
  static constexpr uint64_t kMinBytes = 4ull << 20;
  static constexpr uint64_t kMaxBytes = 3584ull << 20;   // below the PCI hole at E0000000h
  static constexpr uint64_t kRomCapacity = 64ull << 20;  // all ROM contents together

  // `ram_bytes`: a multiple of 4 KiB within [kMinBytes, kMaxBytes].
  [[nodiscard]] static Result<std::unique_ptr<PhysicalMemory>> Create(uint64_t ram_bytes);
  ~PhysicalMemory();
  PhysicalMemory(const PhysicalMemory&) = delete;
  PhysicalMemory& operator=(const PhysicalMemory&) = delete;

  [[nodiscard]] uint64_t ram_bytes() const { return ram_bytes_; }
  [[nodiscard]] int memfd() const { return memfd_.get(); }
  // All RAM, as the host sees it, holes included: the loaders and DMA use it.
  [[nodiscard]] std::span<uint8_t> ram() { return {ram_, ram_bytes_}; }

  // Lays regions over the address space below 4 GiB; both bounds page-aligned, no overlap with
  // earlier regions (CHECKed: the machine's wiring decides it, not the guest). `handler` outlives
  // the memory. A hole reads all ones and ignores writes even where RAM would lie. ROM contents are
  // copied.
  void AddDevice(PhysicalAddress start, uint64_t bytes, MmioHandler* handler);
  void AddRom(PhysicalAddress start, std::span<const uint8_t> contents);
  void AddHole(PhysicalAddress start, uint64_t bytes);

  // The kind of the page, after the A20 gate.
  [[nodiscard]] PageKind KindOf(PhysicalAddress address) const { return Decode(address).kind; }
  // Where RAM or ROM bytes of this page lie in the memfd; only for kRam and kRom.
  [[nodiscard]] uint64_t MemfdOffset(PhysicalAddress address) const {
    const Region& region = Decode(address);
    return region.memfd_offset + (ApplyA20(address).value - region.start);
  }
  // Whether `pages` pages from this one on are all RAM without translated code, and follow each
  // other in the memfd. May say no although they do.
  [[nodiscard]] bool IsPlainRam(PhysicalAddress start, uint64_t pages) const;
  // Host pointer to RAM or ROM, nullptr for device and unassigned pages. Valid to the page's end.
  // Who writes through it must have asked IsCodePage() first.
  [[nodiscard]] uint8_t* HostPointerTo(PhysicalAddress address) {
    const Region& region = Decode(address);
    if (region.kind != PageKind::kRam && region.kind != PageKind::kRom) return nullptr;
    return ram_ + region.memfd_offset + (ApplyA20(address).value - region.start);
  }

  // Accesses of any length; they may cross pages and regions. Devices get naturally aligned pieces
  // of 1, 2 or 4 (8) bytes. Writes tell the observer of code pages before they change anything.
  void Read(PhysicalAddress address, void* to, uint64_t bytes);
  void Write(PhysicalAddress address, const void* from, uint64_t bytes);

  // Pages that hold translated code. Writes to them by C++ code are reported to the observer;
  // windows must not map them writable.
  void SetCodeWriteObserver(CodeWriteObserver* observer) { observer_ = observer; }
  // For who writes RAM through HostPointerTo: reports bytes of one code page that are to change.
  void NotifyCodeWrite(PhysicalAddress address, uint32_t bytes) {
    if (observer_ != nullptr) observer_->OnCodeWrite(ApplyA20(address), bytes);
  }
  void MarkCodePage(PhysicalAddress page, bool is_code);
  [[nodiscard]] bool IsCodePage(PhysicalAddress address) const {
    const uint64_t gated = ApplyA20(address).value;
    if (gated >= kDecodedBytes) return false;
    const uint64_t page = gated >> kPageShift;
    return ((code_pages_[page / 64] >> (page % 64)) & 1) != 0;
  }

  // The A20 gate: when closed, bit 20 of every physical address is forced to zero. Returns true if
  // the state changed (the caller then drops every window and TLB).
  bool SetA20(bool open);
  [[nodiscard]] bool a20() const { return a20_; }
  [[nodiscard]] PhysicalAddress ApplyA20(PhysicalAddress address) const {
    return {address.value & a20_mask_};
  }

 private:
  // Nothing answers above 4 GiB.
  static constexpr uint64_t kDecodedBytes = uint64_t{1} << 32;

  struct Region {
    uint64_t start = 0;
    uint64_t bytes = 0;
    uint64_t memfd_offset = 0;  // RAM, ROM
    PageKind kind = PageKind::kUnassigned;
    MmioHandler* handler = nullptr;  // devices
  };
  // The first two entries of regions_.
  static constexpr uint8_t kUnassignedIndex = 0;
  static constexpr uint8_t kRamIndex = 1;

  PhysicalMemory() = default;
  [[nodiscard]] const Region& Decode(PhysicalAddress address) const {
    const uint64_t gated = ApplyA20(address).value;
    return regions_[gated < kDecodedBytes ? page_map_[gated >> kPageShift] : kUnassignedIndex];
  }
  void AddRegion(const Region& region);
  void ReadPage(PhysicalAddress gated, uint8_t* to, uint32_t bytes);
  void WritePage(PhysicalAddress gated, const uint8_t* from, uint32_t bytes);

  FileDescriptor memfd_;
  uint8_t* ram_ = nullptr;  // the whole memfd: RAM, then ROM contents
  uint64_t ram_bytes_ = 0;
  uint64_t rom_bytes_ = 0;
  std::vector<Region> regions_;
  std::vector<uint8_t> page_map_;     // index into regions_ for each page below 4 GiB
  std::vector<uint64_t> code_pages_;  // one bit for each page below 4 GiB
  CodeWriteObserver* observer_ = nullptr;
  uint64_t a20_mask_ = ~uint64_t{0};
  bool a20_ = true;
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_PHYSICAL_MEMORY_H_
