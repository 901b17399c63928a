// SPDX-License-Identifier: Apache-2.0
// Cylinders, heads and sectors of a disk, and the sector a command means (ATA/ATAPI-6, 6.2).
#ifndef VERBATIM_DEVICES_ATA_GEOMETRY_H_
#define VERBATIM_DEVICES_ATA_GEOMETRY_H_

#include <algorithm>
#include <cstdint>
#include <optional>

namespace verbatim {

struct AtaGeometry {
  static constexpr uint32_t kMaxCylinders = 65535;
  static constexpr uint32_t kDefaultMaxCylinders = 16383;  // more are not told by default (6.2.1)

  uint8_t heads = 16;
  uint8_t sectors = 63;  // per track
  uint16_t cylinders = 1;

  // As many cylinders of this shape as fit, at least one.
  [[nodiscard]] static AtaGeometry Of(uint64_t disk_sectors, uint8_t heads, uint8_t sectors,
                                      uint32_t max_cylinders) {
    const uint64_t fit = disk_sectors / (uint64_t{heads} * sectors);
    return {heads, sectors, static_cast<uint16_t>(std::clamp<uint64_t>(fit, 1, max_cylinders))};
  }
  [[nodiscard]] uint32_t capacity() const { return uint32_t{cylinders} * heads * sectors; }

  // Sectors count from 1. Nothing if the disk has no such cylinder, head or sector.
  [[nodiscard]] std::optional<uint64_t> ToSector(uint16_t cylinder, uint8_t head,
                                                 uint8_t sector) const {
    if (cylinder >= cylinders || head >= heads || sector == 0 || sector > sectors) return {};
    return (uint64_t{cylinder} * heads + head) * sectors + sector - 1;
  }
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_ATA_GEOMETRY_H_
