// SPDX-License-Identifier: Apache-2.0
// Who answers at each page of the guest's physical address space, for reads and for writes.
//
// RAM fills the addresses from 0. Regions lie below it in the order in which they were made: where
// RAM does not answer, because it ends or because its decoding is off, the first region answers
// that is placed there, as a chipset decodes its own ranges before those of PCI functions. Where
// nothing is placed, reads are all ones and writes are lost, as on a bus that nobody decodes. What
// the processor decodes itself never reaches the bus: such a region lies above all, RAM included.
//
// Everything can change while the guest runs. The map only knows; who keeps consequences of it
// hears of changes from PhysicalMemory.
#ifndef VERBATIM_MEMORY_ADDRESS_MAP_H_
#define VERBATIM_MEMORY_ADDRESS_MAP_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.h"
#include "memory/mmio_handler.h"

namespace verbatim {

// What a physical page is, in the way that the windows need to know it.
enum class PageKind : uint8_t {
  kRam,        // may be mapped readable and writable
  kRom,        // has bytes that may be mapped readable; a write is lost or goes elsewhere
  kDevice,     // every access goes to a handler, or reads and writes go different ways
  kUnassigned  // reads all ones, ignores writes
};

// Names a region for ever.
using RegionId = uint8_t;

struct MemoryRegion {
  uint64_t start = 0;  // while it is placed
  uint64_t bytes = 0;
  uint64_t memfd_offset = 0;  // kRam, kRom
  PageKind kind = PageKind::kUnassigned;
  bool shared = false;             // kRam: a device writes to it behind the processor's back
  bool view = false;               // shared, and what it shows changes often
  bool above_ram = false;          // one region at most
  MmioHandler* handler = nullptr;  // kDevice
  bool placed = false;
};

// Pages, first to last, both included.
struct PageRange {
  uint32_t first = 0;
  uint32_t last = 0;
};

class AddressMap {
 public:
  // Nothing answers above 4 GiB.
  static constexpr uint64_t kDecodedBytes = uint64_t{1} << 32;

  explicit AddressMap(uint64_t ram_bytes);

  // `address` has passed the A20 gate.
  [[nodiscard]] const MemoryRegion& Reader(PhysicalAddress address) const {
    return At(reader_, address);
  }
  [[nodiscard]] const MemoryRegion& Writer(PhysicalAddress address) const {
    return At(writer_, address);
  }
  [[nodiscard]] const MemoryRegion& region(RegionId id) const { return regions_[id]; }
  // All pages are RAM for reads and writes.
  [[nodiscard]] bool IsAllRam(uint32_t first, uint64_t pages) const;

  // A region that is placed nowhere as yet. Sizes are multiples of a page, up to 4 GiB.
  [[nodiscard]] RegionId Add(MemoryRegion region);
  // These change the map; the pages that have another reader or writer than before are in the range
  // returned, and perhaps some between them that have not.
  [[nodiscard]] std::optional<PageRange> Place(RegionId id, PhysicalAddress start);
  [[nodiscard]] std::optional<PageRange> Remove(RegionId id);
  // Gives a region that is placed nowhere another extent and other contents.
  void Reshape(RegionId id, uint64_t bytes, uint64_t memfd_offset);
  // Whether RAM answers reads, and writes, of the range; it lies within RAM.
  [[nodiscard]] std::optional<PageRange> DecodeRam(PhysicalAddress start, uint64_t bytes,
                                                   bool reads, bool writes);

 private:
  static constexpr RegionId kUnassignedIndex = 0;  // as that of the region above RAM: there is none
  static constexpr RegionId kRamIndex = 1;
  static constexpr uint8_t kReads = 1;
  static constexpr uint8_t kWrites = 2;

  [[nodiscard]] const MemoryRegion& At(const std::vector<RegionId>& map,
                                       PhysicalAddress address) const {
    return regions_[address.value < kDecodedBytes ? map[address.value >> kPageShift]
                                                  : kUnassignedIndex];
  }
  [[nodiscard]] static bool Covers(const MemoryRegion& region, uint64_t address) {
    return region.placed && address >= region.start && address - region.start < region.bytes;
  }
  [[nodiscard]] RegionId Below(uint32_t page) const;
  [[nodiscard]] std::optional<PageRange> Update(uint64_t start, uint64_t bytes);

  std::vector<MemoryRegion> regions_;
  RegionId above_ram_ = kUnassignedIndex;
  std::vector<uint8_t> ram_decode_;  // for each page of RAM: kReads, kWrites
  // The region that answers, for each page below 4 GiB.
  std::vector<RegionId> reader_;
  std::vector<RegionId> writer_;
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_ADDRESS_MAP_H_
