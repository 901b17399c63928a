// SPDX-License-Identifier: Apache-2.0
#include "firmware/memory_map.h"

namespace verbatim {
namespace {

constexpr MemoryMapEntry Between(PhysicalAddress begin, PhysicalAddress end, MemoryKind kind) {
  return {.range = {.begin = begin, .bytes = end.value - begin.value}, .kind = kind};
}

}  // namespace

Result<std::vector<MemoryMapEntry>> BuildMemoryMap(uint64_t ram_bytes) {
  if (ram_bytes < kMinRamBytes || ram_bytes > kMaxRamBytes) {
    return Fail("guest memory size is {} KiB, expected {} KiB to {} KiB", ram_bytes >> 10,
                kMinRamBytes >> 10, kMaxRamBytes >> 10);
  }
  if (ram_bytes % kPageBytes != 0) {
    return Fail("guest memory size is {} bytes, expected a multiple of {}", ram_bytes, kPageBytes);
  }
  return std::vector<MemoryMapEntry>{
      Between({0}, kExtendedBiosDataArea, MemoryKind::kUsable),
      Between(kExtendedBiosDataArea, kAdapterArea, MemoryKind::kReserved),
      Between(kBiosArea, kHighMemory, MemoryKind::kReserved),
      Between(kHighMemory, {ram_bytes}, MemoryKind::kUsable),
  };
}

uint64_t UsableBytesFrom(std::span<const MemoryMapEntry> map, PhysicalAddress begin) {
  for (const MemoryMapEntry& entry : map) {
    if (entry.kind == MemoryKind::kUsable && entry.range.begin == begin) return entry.range.bytes;
  }
  return 0;
}

}  // namespace verbatim
