// SPDX-License-Identifier: Apache-2.0
// The guest's physical address space: RAM (one memfd), ROM, video memory and device regions, the
// A20 gate, and the set of pages that hold translated code.
//
// Layout: RAM fills physical addresses from 0 to ram_bytes(), except where it is not decoded (the
// VGA hole, ROMs, parts of the BIOS area). What lies there, and above, is the affair of AddressMap.
//
// Invariants: every access is checked against the layout here; no address a guest can form reaches
// host memory outside the memfd. Used by the vCPU thread only.
#ifndef VERBATIM_MEMORY_PHYSICAL_MEMORY_H_
#define VERBATIM_MEMORY_PHYSICAL_MEMORY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/file.h"
#include "base/result.h"
#include "memory/address_map.h"
#include "memory/mmio_handler.h"

namespace verbatim {

// Told when bytes of a page that holds translated code are written by anything: a store, a device's
// DMA, a C++ helper. Called before the bytes change.
class CodeWriteObserver {
 public:
  virtual ~CodeWriteObserver() = default;
  virtual void OnCodeWrite(PhysicalAddress address, uint32_t bytes) = 0;
};

// Told when other memory answers at some pages than before. Called after the change; what was made
// of these pages (translations, mappings, code) must be gone when it returns. The bytes may be
// those that answered before.
class MemoryMapObserver {
 public:
  virtual ~MemoryMapObserver() = default;
  virtual void OnMapChange(PhysicalAddress start, uint64_t bytes) = 0;
  // The same for views, which come and go often where a device is. Of these pages windows show none
  // but those of the view, which lie from `memfd_page` on; they must show none when it goes.
  virtual void OnViewShown(PhysicalAddress start, uint64_t bytes) { OnMapChange(start, bytes); }
  // Called before it goes.
  virtual void OnViewHiding(PhysicalAddress start, uint64_t bytes,
                            [[maybe_unused]] uint64_t memfd_page) {
    OnMapChange(start, bytes);
  }
};

// Told of each access to a device, after it. The address is behind the A20 gate.
class DeviceAccessObserver {
 public:
  virtual ~DeviceAccessObserver() = default;
  virtual void OnDeviceAccess(PhysicalAddress address, unsigned bytes, bool write,
                              uint64_t value) = 0;
};

class PhysicalMemory {
 public:
  static constexpr uint64_t kMinBytes = 4ull << 20;
  static constexpr uint64_t kMaxBytes = 3584ull << 20;  // below the PCI hole at E0000000h
  // All ROM contents and video memory together.
  static constexpr uint64_t kContentsCapacity = 128ull << 20;

  // `ram_bytes`: a multiple of 4 KiB within [kMinBytes, kMaxBytes].
  [[nodiscard]] static Result<std::unique_ptr<PhysicalMemory>> Create(uint64_t ram_bytes);
  ~PhysicalMemory();
  PhysicalMemory(const PhysicalMemory&) = delete;
  PhysicalMemory& operator=(const PhysicalMemory&) = delete;

  [[nodiscard]] uint64_t ram_bytes() const { return ram_bytes_; }
  [[nodiscard]] int memfd() const { return memfd_.get(); }
  // All RAM, as the host sees it, holes included: the loaders and DMA use it.
  [[nodiscard]] std::span<uint8_t> ram() { return {ram_, ram_bytes_}; }

  // What there is besides RAM. Regions are made by the machine's wiring, not by the guest (so sizes
  // are CHECKed: multiples of a page), lie nowhere at first, and keep their contents wherever they
  // are placed. Of two at one address the one made first answers.
  [[nodiscard]] RegionId MakeDevice(uint64_t bytes, MmioHandler* handler);  // outlives the memory
  // Registers of the processor: where they are placed nothing else answers, not even RAM. One such
  // region at most.
  [[nodiscard]] RegionId MakeProcessorRegisters(uint64_t bytes, MmioHandler* handler);
  [[nodiscard]] RegionId MakeRom(std::span<const uint8_t> contents);  // copied
  // Like RAM to the processor; a device may change it at any time through ContentsOf(), as a
  // display adapter does with its own memory. Code in it is never taken to be unchanged.
  [[nodiscard]] RegionId MakeVideoMemory(uint64_t bytes);
  // A part of video memory that is shown at a second place for a while, where else a device is: of
  // the two the one made first answers. At first it shows nothing.
  [[nodiscard]] RegionId MakeView();
  void ShowView(RegionId view, PhysicalAddress start, RegionId of, uint64_t offset, uint64_t bytes);
  void HideView(RegionId view);  // nothing happens if it shows nothing
  // Of a ROM or video memory.
  [[nodiscard]] std::span<uint8_t> ContentsOf(RegionId id);

  // The run-time layout; the guest may decide it, and change it while it runs. Where RAM is decoded
  // a region is hidden. `start` is a page below 4 GiB, by as much as the region is long.
  void Place(RegionId id, PhysicalAddress start);
  void Remove(RegionId id);  // nothing happens if it lies nowhere
  // Whether reads and writes of a range within RAM go to the RAM (at first they do), or each to the
  // region there, or nowhere: the read and write enable of a PAM register.
  void DecodeRam(PhysicalAddress start, uint64_t bytes, bool reads, bool writes);
  void SetMapObserver(MemoryMapObserver* observer) { map_observer_ = observer; }

  // Fixed wiring: a region in its place, with the RAM behind it not decoded; a hole without region.
  RegionId AddDevice(PhysicalAddress start, uint64_t bytes, MmioHandler* handler);
  RegionId AddRom(PhysicalAddress start, std::span<const uint8_t> contents);
  void AddHole(PhysicalAddress start, uint64_t bytes);

  // The kind of the page, after the A20 gate.
  [[nodiscard]] PageKind KindOf(PhysicalAddress address) const {
    const MemoryRegion& reader = Decode(address);
    const MemoryRegion& writer = map_.Writer(ApplyA20(address));
    if (&reader == &writer) [[likely]]
      return reader.kind;
    return HasBytes(reader) ? PageKind::kRom : PageKind::kDevice;
  }
  // A page whose bytes a device may change without notice.
  [[nodiscard]] bool IsShared(PhysicalAddress address) const { return Decode(address).shared; }
  [[nodiscard]] bool IsView(PhysicalAddress address) const { return Decode(address).view; }
  // Where the bytes of this page lie in the memfd; only for kRam and kRom.
  [[nodiscard]] uint64_t MemfdOffset(PhysicalAddress address) const {
    const MemoryRegion& region = Decode(address);
    return region.memfd_offset + (ApplyA20(address).value - region.start);
  }
  // Offsets in the memfd are below this for ever.
  [[nodiscard]] uint64_t memfd_bytes() const { return ram_bytes_ + kContentsCapacity; }
  // Whether `pages` pages from this one on are all RAM without translated code, and follow each
  // other in the memfd. May say no although they do.
  [[nodiscard]] bool IsPlainRam(PhysicalAddress start, uint64_t pages) const;
  // Host pointer to what reads of the page see, nullptr where that is no memory. Valid to the
  // page's end, until the map changes. Who writes through it must have asked IsCodePage(), and
  // KindOf() for kRam, first.
  [[nodiscard]] uint8_t* HostPointerTo(PhysicalAddress address) {
    const MemoryRegion& region = Decode(address);
    return HasBytes(region) ? BytesAt(region, ApplyA20(address)) : nullptr;
  }

  // The device that answers reads, or writes, of the page, and where the address lies in it.
  struct Device {
    MmioHandler* handler = nullptr;  // none
    uint32_t offset = 0;
  };
  [[nodiscard]] Device DeviceAt(PhysicalAddress address, bool write) const {
    if (device_observer_ != nullptr) return {};
    const PhysicalAddress gated = ApplyA20(address);
    const MemoryRegion& region = write ? map_.Writer(gated) : map_.Reader(gated);
    if (region.kind != PageKind::kDevice) return {};
    return {region.handler, static_cast<uint32_t>(gated.value - region.start)};
  }

  // A device that answers reads and writes of the page and takes runs of accesses.
  struct DeviceRuns {
    MmioRuns* runs = nullptr;  // none
    uint32_t offset = 0;       // of the address
  };
  [[nodiscard]] DeviceRuns RunsAt(PhysicalAddress address) const {
    const MemoryRegion& region = Decode(address);
    if (region.handler == nullptr || device_observer_ != nullptr) return {};
    if (&region != &map_.Writer(ApplyA20(address))) return {};
    return {region.handler->runs(), static_cast<uint32_t>(ApplyA20(address).value - region.start)};
  }

  // Accesses of any length; they may cross pages and regions. Devices get naturally aligned pieces
  // of 1, 2 or 4 (8) bytes. Writes tell the observer of code pages before they change anything.
  void Read(PhysicalAddress address, void* to, uint64_t bytes);
  void Write(PhysicalAddress address, const void* from, uint64_t bytes);

  // From then on every access to a device goes through Read and Write: there are no DeviceAt and
  // no RunsAt. Before the guest runs.
  void SetDeviceAccessObserver(DeviceAccessObserver* observer) { device_observer_ = observer; }

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
    if (gated >= AddressMap::kDecodedBytes) return false;
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
  explicit PhysicalMemory(uint64_t ram_bytes) : ram_bytes_(ram_bytes), map_(ram_bytes) {}
  [[nodiscard]] static bool HasBytes(const MemoryRegion& region) {
    return region.kind == PageKind::kRam || region.kind == PageKind::kRom;
  }
  [[nodiscard]] uint8_t* BytesAt(const MemoryRegion& region, PhysicalAddress gated) {
    return ram_ + region.memfd_offset + (gated.value - region.start);
  }
  // What reads of the address see.
  [[nodiscard]] const MemoryRegion& Decode(PhysicalAddress address) const {
    return map_.Reader(ApplyA20(address));
  }
  [[nodiscard]] uint64_t TakeContents(uint64_t bytes);
  void HideRam(PhysicalAddress start, uint64_t bytes);
  void Changed(const std::optional<PageRange>& range);
  void ReadPage(PhysicalAddress gated, uint8_t* to, uint32_t bytes);
  void WritePage(PhysicalAddress gated, const uint8_t* from, uint32_t bytes);

  FileDescriptor memfd_;
  uint8_t* ram_ = nullptr;  // the whole memfd: RAM, then the contents of regions
  uint64_t ram_bytes_ = 0;
  uint64_t contents_bytes_ = 0;  // in use behind RAM
  AddressMap map_;
  std::vector<uint64_t> code_pages_;  // one bit for each page below 4 GiB
  CodeWriteObserver* observer_ = nullptr;
  MemoryMapObserver* map_observer_ = nullptr;
  DeviceAccessObserver* device_observer_ = nullptr;
  uint64_t a20_mask_ = ~uint64_t{0};
  bool a20_ = true;
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_PHYSICAL_MEMORY_H_
