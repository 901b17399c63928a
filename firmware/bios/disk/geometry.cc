// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/geometry.h"

#include <algorithm>
#include <vector>

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr size_t kSignatureOffset = 510;
constexpr uint32_t kMaxCylinders = 1024;
constexpr uint32_t kMaxHeads = 255;  // 256 make DOS stumble
constexpr uint32_t kMaxSectors = 63;

// The partition table (EDD 3.0, section 5; the layout is IBM's).
constexpr size_t kTableOffset = 446;
constexpr size_t kEntryBytes = 16;
constexpr size_t kEntries = 4;
constexpr uint8_t kActive = 0x80;
constexpr uint8_t kProtective = 0xEE;  // of a GUID partition table: its addresses mean nothing
// Stands for all that lies behind it.
constexpr uint32_t kLastCylinder = kMaxCylinders - 1;

struct Point {
  uint32_t cylinder;
  uint32_t head;
  uint32_t sector;
  uint64_t lba;
};

Point ReadPoint(const uint8_t* chs, uint64_t lba) {
  return {static_cast<uint32_t>(chs[2] | (chs[1] & 0xC0) << 2), chs[0], chs[1] & 0x3Fu, lba};
}

// Empty: the table says nothing about geometry, or is none.
std::vector<Point> PartitionPoints(BootSector sector, uint64_t disk_sectors) {
  std::vector<Point> points;
  if (!HasBootSignature(sector)) return points;
  for (size_t i = 0; i < kEntries; ++i) {
    const uint8_t* entry = &sector[kTableOffset + i * kEntryBytes];
    if ((entry[0] & ~kActive) != 0) return {};
    const auto first = LoadLittle<uint32_t>(entry + 8);
    const auto count = LoadLittle<uint32_t>(entry + 12);
    if (entry[4] == 0 || entry[4] == kProtective || count == 0) continue;
    if (uint64_t{first} + count > disk_sectors) return {};
    for (const Point& point :
         {ReadPoint(entry + 1, first), ReadPoint(entry + 5, uint64_t{first} + count - 1)}) {
      if (point.cylinder < kLastCylinder && point.sector != 0) points.push_back(point);
    }
  }
  return points;
}

bool Fits(const DiskGeometry& geometry, const std::vector<Point>& points) {
  // Without an end of the disk: that a partition lies behind it was checked by its sectors.
  const DiskGeometry endless{kMaxCylinders, geometry.heads, geometry.sectors};
  return std::ranges::all_of(points, [&](const Point& point) {
    return endless.ToSector(point.cylinder, point.head, point.sector) == point.lba;
  });
}

DiskGeometry Shape(uint64_t disk_sectors, uint32_t heads, uint32_t sectors) {
  const uint64_t cylinders = disk_sectors / (uint64_t{heads} * sectors);
  return {static_cast<uint32_t>(std::clamp<uint64_t>(cylinders, 1, kMaxCylinders)), heads, sectors};
}

}  // namespace

bool HasBootSignature(BootSector sector) {
  return LoadLittle<uint16_t>(&sector[kSignatureOffset]) == kBootSignature;
}

DiskGeometry LbaAssistedGeometry(uint64_t disk_sectors) {
  uint32_t heads = 16;
  while (heads < kMaxHeads && disk_sectors > uint64_t{kMaxCylinders} * heads * kMaxSectors) {
    heads = std::min(heads * 2, kMaxHeads);
  }
  return Shape(disk_sectors, heads, kMaxSectors);
}

std::optional<DiskGeometry> PartitionedGeometry(BootSector sector, uint64_t disk_sectors) {
  const std::vector<Point> points = PartitionPoints(sector, disk_sectors);
  if (points.empty()) return {};
  const DiskGeometry usual = LbaAssistedGeometry(disk_sectors);
  if (Fits(usual, points)) return usual;
  // Partitions end where cylinders do, mostly.
  DiskGeometry ends = Shape(disk_sectors, 1, 1);
  for (const Point& point : points) {
    ends = Shape(disk_sectors, std::max(ends.heads, point.head + 1),
                 std::max(ends.sectors, point.sector));
  }
  if (Fits(ends, points)) return ends;
  std::optional<DiskGeometry> found;
  for (uint32_t heads = 1; heads <= kMaxHeads + 1; ++heads) {
    for (uint32_t sectors = 1; sectors <= kMaxSectors; ++sectors) {
      const DiskGeometry candidate = Shape(disk_sectors, heads, sectors);
      if (!Fits(candidate, points)) continue;
      if (found) return {};
      found = candidate;
    }
  }
  return found;
}

// Microsoft FAT32 File System Specification 1.03, "Boot Sector and BPB Structure".
std::optional<ParameterBlock> ReadParameterBlock(BootSector sector) {
  const bool jump = sector[0] == 0xE9 || (sector[0] == 0xEB && sector[2] == 0x90);
  const uint8_t cluster = sector[13];
  const uint8_t fats = sector[16];
  const uint8_t media = sector[21];
  if (!jump || LoadLittle<uint16_t>(&sector[11]) != kSectorBytes || cluster == 0 ||
      (cluster & (cluster - 1)) != 0 || LoadLittle<uint16_t>(&sector[14]) == 0 || fats == 0 ||
      fats > 2 || (media != 0xF0 && media < 0xF8)) {
    return {};
  }
  ParameterBlock block;
  block.sectors = LoadLittle<uint16_t>(&sector[24]);
  block.heads = LoadLittle<uint16_t>(&sector[26]);
  block.total_sectors = LoadLittle<uint16_t>(&sector[19]);
  if (block.total_sectors == 0) block.total_sectors = LoadLittle<uint32_t>(&sector[32]);
  if (block.sectors == 0 || block.sectors > kMaxSectors || block.heads == 0 ||
      block.heads > kMaxHeads || block.total_sectors == 0) {
    return {};
  }
  return block;
}

DiskGeometry FixedDiskGeometry(BootSector sector, uint64_t disk_sectors) {
  if (const auto partitioned = PartitionedGeometry(sector, disk_sectors)) return *partitioned;
  // A file system that fills the disk, without partitions: its boot sector counts as it says.
  const auto block = ReadParameterBlock(sector);
  if (block && block->total_sectors <= disk_sectors) {
    return Shape(disk_sectors, block->heads, block->sectors);
  }
  return LbaAssistedGeometry(disk_sectors);
}

}  // namespace verbatim
