// SPDX-License-Identifier: Apache-2.0
#include "memory/address_map.h"

#include <algorithm>

#include "base/check.h"

namespace verbatim {

AddressMap::AddressMap(uint64_t ram_bytes)
    : regions_{{.bytes = kDecodedBytes, .kind = PageKind::kUnassigned, .placed = true},
               {.bytes = ram_bytes, .kind = PageKind::kRam, .placed = true}},
      ram_decode_(ram_bytes >> kPageShift, kReads | kWrites),
      reader_(kDecodedBytes >> kPageShift, kUnassignedIndex) {
  std::fill_n(reader_.begin(), ram_bytes >> kPageShift, kRamIndex);
  writer_ = reader_;
}

bool AddressMap::IsAllRam(uint32_t first, uint64_t pages) const {
  if (first + pages > ram_decode_.size()) return false;
  if (above_ram_ != kUnassignedIndex) {
    const MemoryRegion& above = regions_[above_ram_];
    const uint64_t start = uint64_t{first} << kPageShift;
    const uint64_t end = start + (pages << kPageShift);
    if (above.placed && above.start < end && above.start + above.bytes > start) return false;
  }
  const auto* const decode = ram_decode_.data() + first;
  return std::all_of(decode, decode + pages,
                     [](uint8_t enabled) { return enabled == (kReads | kWrites); });
}

RegionId AddressMap::Add(MemoryRegion region) {
  CHECK(region.bytes != 0 && region.bytes % kPageBytes == 0 && region.bytes <= kDecodedBytes);
  CHECK(regions_.size() <= UINT8_MAX);
  CHECK(!region.above_ram || above_ram_ == kUnassignedIndex);
  region.placed = false;
  regions_.push_back(region);
  const auto id = static_cast<RegionId>(regions_.size() - 1);
  if (region.above_ram) above_ram_ = id;
  return id;
}

std::optional<PageRange> AddressMap::Place(RegionId id, PhysicalAddress start) {
  MemoryRegion& region = regions_[id];
  CHECK(id > kRamIndex && !region.placed);
  CHECK(start.value % kPageBytes == 0 && start.value <= kDecodedBytes - region.bytes);
  region.start = start.value;
  region.placed = true;
  return Update(region.start, region.bytes);
}

std::optional<PageRange> AddressMap::Remove(RegionId id) {
  MemoryRegion& region = regions_[id];
  CHECK(id > kRamIndex && region.placed);
  region.placed = false;
  return Update(region.start, region.bytes);
}

void AddressMap::Reshape(RegionId id, uint64_t bytes, uint64_t memfd_offset) {
  MemoryRegion& region = regions_[id];
  CHECK(id > kRamIndex && !region.placed);
  CHECK(bytes != 0 && bytes % kPageBytes == 0 && memfd_offset % kPageBytes == 0);
  region.bytes = bytes;
  region.memfd_offset = memfd_offset;
}

std::optional<PageRange> AddressMap::DecodeRam(PhysicalAddress start, uint64_t bytes, bool reads,
                                               bool writes) {
  CHECK(start.value % kPageBytes == 0 && bytes % kPageBytes == 0 && bytes != 0);
  CHECK((start.value + bytes) >> kPageShift <= ram_decode_.size());
  const auto decode = static_cast<uint8_t>((reads ? kReads : 0) | (writes ? kWrites : 0));
  std::fill_n(ram_decode_.begin() + static_cast<ptrdiff_t>(start.value >> kPageShift),
              bytes >> kPageShift, decode);
  return Update(start.value, bytes);
}

RegionId AddressMap::Below(uint32_t page) const {
  const uint64_t address = uint64_t{page} << kPageShift;
  for (size_t id = kRamIndex + 1; id < regions_.size(); ++id) {
    if (Covers(regions_[id], address)) return static_cast<RegionId>(id);
  }
  return kUnassignedIndex;
}

std::optional<PageRange> AddressMap::Update(uint64_t start, uint64_t bytes) {
  std::optional<PageRange> changed;
  const auto end = static_cast<uint32_t>((start + bytes) >> kPageShift);
  for (auto page = static_cast<uint32_t>(start >> kPageShift); page < end; ++page) {
    const bool covered = above_ram_ != kUnassignedIndex &&
                         Covers(regions_[above_ram_], uint64_t{page} << kPageShift);
    const RegionId below = covered ? above_ram_ : Below(page);
    const uint8_t decode = !covered && page < ram_decode_.size() ? ram_decode_[page] : 0;
    const RegionId reader = (decode & kReads) != 0 ? kRamIndex : below;
    const RegionId writer = (decode & kWrites) != 0 ? kRamIndex : below;
    if (reader == reader_[page] && writer == writer_[page]) continue;
    reader_[page] = reader;
    writer_[page] = writer;
    if (!changed) changed = PageRange{.first = page};
    changed->last = page;
  }
  return changed;
}

}  // namespace verbatim
