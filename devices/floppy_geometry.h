// SPDX-License-Identifier: Apache-2.0
// The formats of floppy disks for PCs, all with sectors of 512 bytes in MFM, and the drives that
// take them. A raw image says by its size which it is.
#ifndef VERBATIM_DEVICES_FLOPPY_GEOMETRY_H_
#define VERBATIM_DEVICES_FLOPPY_GEOMETRY_H_

#include <cstdint>
#include <optional>

namespace verbatim {

// As in the CMOS memory, byte 10h.
enum class FloppyDriveType : uint8_t {
  kNone = 0,
  k360K = 1,
  k1200K = 2,
  k720K = 3,
  k1440K = 4,
  k2880K = 5,
};

// As in the configuration control register.
enum class FloppyRate : uint8_t { k500 = 0, k300 = 1, k250 = 2, k1000 = 3 };

struct FloppyGeometry {
  uint8_t cylinders;
  uint8_t heads;
  uint8_t sectors;  // of a track
  FloppyDriveType drive;
  FloppyRate rate;

  [[nodiscard]] constexpr uint32_t TotalSectors() const {
    return uint32_t{cylinders} * heads * sectors;
  }
  [[nodiscard]] constexpr uint64_t SizeBytes() const { return uint64_t{TotalSectors()} * 512; }
};

inline constexpr FloppyGeometry kFloppyGeometries[] = {
    {40, 1, 8, FloppyDriveType::k360K, FloppyRate::k250},     // 160 KiB
    {40, 1, 9, FloppyDriveType::k360K, FloppyRate::k250},     // 180 KiB
    {40, 2, 8, FloppyDriveType::k360K, FloppyRate::k250},     // 320 KiB
    {40, 2, 9, FloppyDriveType::k360K, FloppyRate::k250},     // 360 KiB
    {80, 2, 9, FloppyDriveType::k720K, FloppyRate::k250},     // 720 KiB
    {80, 2, 15, FloppyDriveType::k1200K, FloppyRate::k500},   // 1.2 MB
    {80, 2, 18, FloppyDriveType::k1440K, FloppyRate::k500},   // 1.44 MB
    {80, 2, 21, FloppyDriveType::k1440K, FloppyRate::k500},   // 1.68 MB
    {82, 2, 21, FloppyDriveType::k1440K, FloppyRate::k500},   // 1.72 MB
    {80, 2, 36, FloppyDriveType::k2880K, FloppyRate::k1000},  // 2.88 MB
};

// The format whose disks have exactly that size.
[[nodiscard]] constexpr std::optional<FloppyGeometry> FloppyGeometryOf(uint64_t size_bytes) {
  for (const FloppyGeometry& geometry : kFloppyGeometries) {
    if (geometry.SizeBytes() == size_bytes) return geometry;
  }
  return std::nullopt;
}

// The rate at which a track of so many sectors is recorded, in the drive made for it.
[[nodiscard]] constexpr FloppyRate FloppyRateOf(unsigned sectors) {
  if (sectors > 24) return FloppyRate::k1000;
  return sectors > 10 ? FloppyRate::k500 : FloppyRate::k250;
}

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_FLOPPY_GEOMETRY_H_
