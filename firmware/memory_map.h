// SPDX-License-Identifier: Apache-2.0
// The guest's physical memory map as firmware reports it (ACPI 2.0, 14.1 "INT 15h, E820h").
// RAM is contiguous from 0 to its size; of it the last KiB below 640 KiB (the extended BIOS data
// area) and the BIOS area F0000h-FFFFFh, where the ACPI tables live, are reserved, and the adapter
// area A0000h-EFFFFh is a hole that no entry describes.
#ifndef VERBATIM_FIRMWARE_MEMORY_MAP_H_
#define VERBATIM_FIRMWARE_MEMORY_MAP_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace verbatim {

inline constexpr PhysicalAddress kExtendedBiosDataArea{0x9FC00};
inline constexpr PhysicalAddress kAdapterArea{0xA0000};
inline constexpr PhysicalAddress kBiosArea{0xF0000};
inline constexpr PhysicalAddress kHighMemory{0x100000};

inline constexpr uint64_t kMinRamBytes = 2ull << 20;
// The PCI hole starts here at the latest.
inline constexpr uint64_t kMaxRamBytes = 3584ull << 20;

struct PhysicalRange {
  PhysicalAddress begin;
  uint64_t bytes = 0;

  [[nodiscard]] constexpr PhysicalAddress end() const { return begin + bytes; }
  [[nodiscard]] constexpr bool Contains(const PhysicalRange& other) const {
    return begin <= other.begin && other.end() <= end();
  }
  [[nodiscard]] constexpr bool Overlaps(const PhysicalRange& other) const {
    return begin < other.end() && other.begin < end();
  }
  friend constexpr bool operator==(const PhysicalRange&, const PhysicalRange&) = default;
};

// The values are those of the E820h interface.
enum class MemoryKind : uint32_t { kUsable = 1, kReserved = 2 };

struct MemoryMapEntry {
  PhysicalRange range;
  MemoryKind kind = MemoryKind::kReserved;

  friend constexpr bool operator==(const MemoryMapEntry&, const MemoryMapEntry&) = default;
};

// Ascending, disjoint entries for `ram_bytes` of RAM, which must be a multiple of the page size
// within [kMinRamBytes, kMaxRamBytes].
[[nodiscard]] Result<std::vector<MemoryMapEntry>> BuildMemoryMap(uint64_t ram_bytes);

// Bytes of usable memory that start exactly at `begin`, 0 if none do.
[[nodiscard]] uint64_t UsableBytesFrom(std::span<const MemoryMapEntry> map, PhysicalAddress begin);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_MEMORY_MAP_H_
