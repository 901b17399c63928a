// SPDX-License-Identifier: Apache-2.0
// The formats of diskettes, by the size of their images (IBM PS/2 and PC BIOS Interface Technical
// Reference, int 13h functions 08h and 17h; the media state bytes of its section on the data area).
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_DISKETTE_FORMAT_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_DISKETTE_FORMAT_H_

#include <cstdint>
#include <optional>

#include "firmware/bios/disk/geometry.h"

namespace verbatim {

// Drive types of function 08h and of CMOS byte 10h.
inline constexpr uint8_t kDrive360K = 1;
inline constexpr uint8_t kDrive1200K = 2;
inline constexpr uint8_t kDrive720K = 3;
inline constexpr uint8_t kDrive1440K = 4;
inline constexpr uint8_t kDrive2880K = 6;

struct DisketteFormat {
  DiskGeometry geometry;
  uint8_t drive_type = kDrive1440K;
  uint64_t blank_bytes = 0;  // of the format, behind the image's end
};

// The format whose disks have exactly `bytes`.
[[nodiscard]] std::optional<DisketteFormat> DisketteFormatOfSize(uint64_t bytes);

// For an image of any size: the format of its size; else what its boot sector says; else the
// smallest of 1.44 and 2.88 MB that holds it, the rest of which is blank unless the boot sector
// says that the image should be longer: then it was cut off, and the rest is missing.
[[nodiscard]] DisketteFormat FindDisketteFormat(BootSector sector, uint64_t bytes);

// The media state byte (40:90h): data rate, "established", and the kind of medium in the drive.
[[nodiscard]] uint8_t MediaState(const DisketteFormat& format);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_DISKETTE_FORMAT_H_
