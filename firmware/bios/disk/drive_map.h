// SPDX-License-Identifier: Apache-2.0
// Which drive has which number in int 13h: diskettes from 00h, fixed disks from 80h, discs from
// E0h, each in the order of the user. A disc may stand for a diskette or a disk (El Torito 1.0,
// section 2.3); it then takes the first number, and the others move up.
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_DRIVE_MAP_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_DRIVE_MAP_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "firmware/bios/disk/geometry.h"
#include "firmware/bios/drive.h"

namespace verbatim {

inline constexpr uint8_t kFirstDisk = 0x80;
inline constexpr uint8_t kFirstDisc = 0xE0;
inline constexpr uint32_t kDiscBlockBytes = 2048;
// The data area has room for the state of two.
inline constexpr size_t kMaxDiskettes = 2;

// A part of a drive's medium under a number of int 13h.
struct MappedDrive {
  uint8_t number = 0;
  BiosDriveKind kind = BiosDriveKind::kDisk;  // as the guest sees it
  BiosDrive* drive = nullptr;
  DiskGeometry geometry{};
  uint64_t first_byte = 0;  // on the medium
  uint64_t bytes = 0;
  uint64_t blank_bytes = 0;   // that follow: sectors of the format that the image does not have
  uint8_t diskette_type = 0;  // as function 08h tells it
  bool emulated = false;
  unsigned medium = 0;   // BiosDrive::medium when it was looked at
  bool changed = false;  // since the caller was told

  [[nodiscard]] uint32_t block_bytes() const {
    return kind == BiosDriveKind::kCdrom ? kDiscBlockBytes : static_cast<uint32_t>(kSectorBytes);
  }
  [[nodiscard]] uint64_t blocks() const { return (bytes + blank_bytes) / block_bytes(); }
  [[nodiscard]] bool read_only() const { return emulated || drive->read_only(); }
  [[nodiscard]] bool removable() const { return kind != BiosDriveKind::kDisk; }
};

// The part of a disc that stands for a diskette or a fixed disk.
struct DiscEmulation {
  BiosDrive* disc = nullptr;
  BiosDriveKind kind = BiosDriveKind::kFloppy;
  DiskGeometry geometry{};
  uint64_t first_byte = 0;
  uint64_t bytes = 0;
  uint8_t diskette_type = 0;
};

class DriveMap {
 public:
  explicit DriveMap(std::vector<BiosDrive*> drives) : media_(std::move(drives)) {}

  // Numbers the drives and reads their geometry. `first_disk`, if any, comes before other disks.
  void Renew(const BiosDrive* first_disk, const std::optional<DiscEmulation>& emulation);

  // Looks at media that were changed since.
  void Refresh();
  // The caller knows now that the medium is another.
  void ForgetChange(uint8_t number);

  [[nodiscard]] const MappedDrive* Find(uint8_t number) const;
  // A drive itself, not what it emulates.
  [[nodiscard]] const MappedDrive* Find(const BiosDrive& drive) const;
  [[nodiscard]] const MappedDrive* Emulated() const;
  [[nodiscard]] size_t Count(BiosDriveKind kind) const;
  [[nodiscard]] std::span<const MappedDrive> all() const { return mapped_; }
  [[nodiscard]] const std::vector<BiosDrive*>& media() const { return media_; }

 private:
  void Add(MappedDrive drive);
  void AddMedium(BiosDrive& drive);
  [[nodiscard]] static MappedDrive Look(BiosDrive& drive);

  const std::vector<BiosDrive*> media_;
  std::vector<MappedDrive> mapped_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_DRIVE_MAP_H_
