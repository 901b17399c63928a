// SPDX-License-Identifier: Apache-2.0
// Bootable discs: the boot record and its catalogue (El Torito Bootable CD-ROM Format Specification
// 1.0, sections 2.0 to 2.5). Whatever a disc says is checked; what is wrong is told in words.
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_EL_TORITO_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_EL_TORITO_H_

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/disk/drive_map.h"
#include "firmware/bios/drive.h"

namespace verbatim {

// Figure 4, byte 1.
enum class DiscBootMedia : uint8_t {
  kNone = 0,  // no emulation: the image is a program
  kDiskette1200K = 1,
  kDiskette1440K = 2,
  kDiskette2880K = 3,
  kDisk = 4,
};

struct DiscBootEntry {
  DiscBootMedia media = DiscBootMedia::kNone;
  uint16_t load_segment = 0;  // 0: 7C0h
  uint16_t sectors = 0;       // of 512 bytes, to load
  uint32_t block = 0;         // of 2048 bytes, where the image begins

  [[nodiscard]] uint64_t first_byte() const { return uint64_t{block} * kDiscBlockBytes; }
  // Where its code is entered.
  [[nodiscard]] FarPointer Entry() const;
};

// The block of the boot catalogue.
[[nodiscard]] Result<uint32_t> FindBootCatalog(BiosDrive& disc);
// The entry for PCs: the default one, or else the first bootable one of a section.
[[nodiscard]] Result<DiscBootEntry> ReadBootEntry(BiosDrive& disc);
// What the disc shall stand for; nothing without emulation.
[[nodiscard]] Result<std::optional<DiscEmulation>> EmulationOf(BiosDrive& disc,
                                                               const DiscBootEntry& entry);
// Brings what the entry says into memory.
[[nodiscard]] Status LoadBootImage(BiosCall& call, BiosDrive& disc, const DiscBootEntry& entry);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_EL_TORITO_H_
