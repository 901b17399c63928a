// SPDX-License-Identifier: Apache-2.0
// Cylinders, heads and sectors as int 13h counts them. A fixed disk is told in a shape that fits
// the calls (1024 cylinders, 255 heads, 63 sectors): that of the systems already on it if its
// partition table or boot sector tells one, else LBA-assisted translation (Phoenix Enhanced Disk
// Drive Specification 3.0, section 5).
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_GEOMETRY_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_GEOMETRY_H_

#include <cstdint>
#include <optional>
#include <span>

#include "storage/block_backend.h"

namespace verbatim {

struct DiskGeometry {
  uint32_t cylinders = 1;
  uint32_t heads = 1;
  uint32_t sectors = 1;  // per track; they count from 1

  [[nodiscard]] uint64_t capacity() const { return uint64_t{cylinders} * heads * sectors; }
  // Nothing if there is no such cylinder, head or sector.
  [[nodiscard]] std::optional<uint64_t> ToSector(uint32_t cylinder, uint32_t head,
                                                 uint32_t sector) const {
    if (cylinder >= cylinders || head >= heads || sector == 0 || sector > sectors) return {};
    return (uint64_t{cylinder} * heads + head) * sectors + sector - 1;
  }
  friend bool operator==(const DiskGeometry&, const DiskGeometry&) = default;
};

using BootSector = std::span<const uint8_t, kSectorBytes>;

inline constexpr uint16_t kBootSignature = 0xAA55;
[[nodiscard]] bool HasBootSignature(BootSector sector);

// The translation that a disk of so many sectors gets if nothing on it asks for another one.
[[nodiscard]] DiskGeometry LbaAssistedGeometry(uint64_t disk_sectors);

// The shape in which every address of the partition table means the sector that it says, and
// whether there is one: an empty table fits any, a contradictory one none.
[[nodiscard]] std::optional<DiskGeometry> PartitionedGeometry(BootSector sector,
                                                              uint64_t disk_sectors);

// Of a boot sector with a BIOS parameter block of a FAT file system that fits on the disk.
struct ParameterBlock {
  uint32_t heads = 0;
  uint32_t sectors = 0;        // per track
  uint64_t total_sectors = 0;  // of the file system
};
[[nodiscard]] std::optional<ParameterBlock> ReadParameterBlock(BootSector sector);

// All of the above: the geometry of a fixed disk.
[[nodiscard]] DiskGeometry FixedDiskGeometry(BootSector sector, uint64_t disk_sectors);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_GEOMETRY_H_
