// SPDX-License-Identifier: Apache-2.0
// A bootable disc as small as they come: boot record, catalogue, boot image.
#ifndef VERBATIM_TESTS_FIRMWARE_BIOS_DISK_SYNTHETIC_DISC_H_
#define VERBATIM_TESTS_FIRMWARE_BIOS_DISK_SYNTHETIC_DISC_H_

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bits.h"
#include "firmware/bios/disk/el_torito.h"
#include "tests/firmware/bios/disk/disk_fixture.h"

namespace verbatim::test {

inline constexpr uint32_t kDiscSectors = 8000;  // of 512 bytes
inline constexpr uint32_t kCatalogBlock = 19;
inline constexpr uint32_t kImageBlock = 20;
inline constexpr uint32_t kImageSector = kImageBlock * 4;

[[nodiscard]] inline uint8_t* CatalogEntry(MemoryDrive& disc, size_t index) {
  return &disc.data[kCatalogBlock * 2048 + index * 32];
}

// Makes the words of the validation entry add up to zero.
inline void Validate(MemoryDrive& disc) {
  uint8_t* entry = CatalogEntry(disc, 0);
  StoreLittle<uint16_t>(entry + 28, 0);
  uint16_t sum = 0;
  for (size_t i = 0; i < 32; i += 2) {
    sum = static_cast<uint16_t>(sum + LoadLittle<uint16_t>(entry + i));
  }
  StoreLittle(entry + 28, static_cast<uint16_t>(0 - sum));
}

inline void PutEntry(MemoryDrive& disc, size_t index, const DiscBootEntry& boot) {
  uint8_t* entry = CatalogEntry(disc, index);
  entry[0] = 0x88;
  entry[1] = static_cast<uint8_t>(boot.media);
  StoreLittle(entry + 2, boot.load_segment);
  StoreLittle(entry + 6, boot.sectors);
  StoreLittle(entry + 8, boot.block);
}

// With a pattern everywhere else.
inline void MakeBootable(MemoryDrive& disc, DiscBootMedia media) {
  disc.FillWithPattern();
  constexpr std::string_view kRecord{"\0CD001\1EL TORITO SPECIFICATION", 30};
  std::memcpy(&disc.data[17 * 2048], kRecord.data(), kRecord.size());
  StoreLittle(&disc.data[17 * 2048 + 0x47], kCatalogBlock);
  std::memset(CatalogEntry(disc, 0), 0, 2048);
  *CatalogEntry(disc, 0) = 1;
  StoreLittle<uint16_t>(CatalogEntry(disc, 0) + 30, 0xAA55);
  Validate(disc);
  PutEntry(disc, 1, {.media = media, .sectors = 4, .block = kImageBlock});
}

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_FIRMWARE_BIOS_DISK_SYNTHETIC_DISC_H_
