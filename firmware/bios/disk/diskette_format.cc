// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/diskette_format.h"

#include <algorithm>

#include "devices/floppy_geometry.h"

namespace verbatim {
namespace {

constexpr uint32_t kMaxCylinders = 86;  // as far as heads of real drives go
constexpr uint32_t kMaxHeads = 2;
constexpr uint32_t kMaxSectors = 48;

uint8_t DriveTypeFor(const DiskGeometry& geometry) {
  if (geometry.sectors > 24) return kDrive2880K;
  if (geometry.sectors > 15) return kDrive1440K;
  if (geometry.sectors > 10) return kDrive1200K;
  return geometry.cylinders > 43 ? kDrive720K : kDrive360K;
}

std::optional<DisketteFormat> FormatOfBootSector(BootSector sector) {
  const auto block = ReadParameterBlock(sector);
  if (!block || block->heads > kMaxHeads || block->sectors > kMaxSectors) return {};
  const uint64_t track_pair = uint64_t{block->heads} * block->sectors;
  const uint64_t cylinders = (block->total_sectors + track_pair - 1) / track_pair;
  if (cylinders > kMaxCylinders) return {};
  DisketteFormat format{{static_cast<uint32_t>(cylinders), block->heads, block->sectors}};
  format.drive_type = DriveTypeFor(format.geometry);
  return format;
}

}  // namespace

std::optional<DisketteFormat> DisketteFormatOfSize(uint64_t bytes) {
  const std::optional<FloppyGeometry> known = FloppyGeometryOf(bytes);
  if (!known) return {};
  DisketteFormat format{{known->cylinders, known->heads, known->sectors}};
  format.drive_type = DriveTypeFor(format.geometry);
  return format;
}

DisketteFormat FindDisketteFormat(BootSector sector, uint64_t bytes) {
  if (const auto format = DisketteFormatOfSize(bytes)) return *format;
  if (const auto format = FormatOfBootSector(sector)) return *format;
  DisketteFormat format = {{80, 2, 18}, kDrive1440K};
  if (bytes > format.geometry.capacity() * kSectorBytes) format = {{80, 2, 36}, kDrive2880K};
  const uint64_t capacity = format.geometry.capacity() * kSectorBytes;
  format.blank_bytes = capacity - std::min(bytes, capacity);
  return format;
}

uint8_t MediaState(const DisketteFormat& format) {
  // Bits 7-6: 0 500 kbit/s, 1 300, 2 250, 3 1000; 4: established; 2-0: 3 360 KB in its own drive,
  // 5 1.2 MB, 7 anything else.
  switch (format.drive_type) {
    case kDrive360K:
      return 0x93;
    case kDrive1200K:
      return 0x15;
    case kDrive720K:
      return 0x97;
    case kDrive2880K:
      return 0xD7;
    default:
      return 0x17;
  }
}

}  // namespace verbatim
