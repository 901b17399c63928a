// SPDX-License-Identifier: Apache-2.0
#include "firmware/guest_layout.h"

#include <algorithm>
#include <limits>

namespace verbatim {

const GuestLayout::Owned* GuestLayout::OwnerOf(const PhysicalRange& range) const {
  const auto owner =
      std::ranges::find_if(owned_, [&](const Owned& owned) { return owned.range.Overlaps(range); });
  return owner == owned_.end() ? nullptr : &*owner;
}

Result<std::span<uint8_t>> GuestLayout::Claim(std::string_view file, std::string_view what,
                                              const PhysicalRange& range) {
  // Nothing below may wrap: both terms are far under 2^63 once this holds.
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max() / 2;
  if (range.begin.value > kMax || range.bytes > kMax || range.end().value > ram_.size()) {
    return Fail("{}: {}: {:X}h bytes at {:X}h do not fit guest RAM, which ends at {:X}h", file,
                what, range.bytes, range.begin.value, ram_.size());
  }
  const bool usable = std::ranges::any_of(memory_map_, [&](const MemoryMapEntry& entry) {
    return entry.kind == MemoryKind::kUsable && entry.range.Contains(range);
  });
  if (!usable) {
    return Fail("{}: {}: {:X}h bytes at {:X}h touch a reserved area, expected usable memory", file,
                what, range.bytes, range.begin.value);
  }
  if (const Owned* owner = OwnerOf(range); owner != nullptr) {
    return Fail("{}: {}: {:X}h bytes at {:X}h overlap the {} at {:X}h-{:X}h", file, what,
                range.bytes, range.begin.value, owner->what, owner->range.begin.value,
                owner->range.end().value);
  }
  owned_.push_back({.range = range, .what = std::string(what)});
  return ram_.subspan(range.begin.value, range.bytes);
}

std::optional<PhysicalRange> GuestLayout::FindHighest(uint64_t bytes, PhysicalAddress limit) const {
  std::optional<PhysicalRange> best;
  for (const MemoryMapEntry& entry : memory_map_) {
    if (entry.kind != MemoryKind::kUsable) continue;
    uint64_t end = std::min({entry.range.end().value, limit.value, uint64_t{ram_.size()}});
    // Each step puts the candidate below the owner that was in its way, so this ends.
    while (end >= bytes && end - bytes >= entry.range.begin.value) {
      const uint64_t begin = (end - bytes) & ~uint64_t{kPageOffsetMask};
      if (begin < entry.range.begin.value) break;
      const PhysicalRange candidate{.begin = {begin}, .bytes = bytes};
      const Owned* owner = OwnerOf(candidate);
      if (owner == nullptr) {
        if (!best || best->begin < candidate.begin) best = candidate;
        break;
      }
      end = owner->range.begin.value;
    }
  }
  return best;
}

}  // namespace verbatim
