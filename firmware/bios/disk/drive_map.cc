// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/drive_map.h"

#include <algorithm>
#include <array>

#include "firmware/bios/disk/diskette_format.h"

namespace verbatim {
namespace {

constexpr size_t kMaxOfKind = 16;  // numbers E0h to EFh

uint8_t FirstNumber(BiosDriveKind kind) {
  switch (kind) {
    case BiosDriveKind::kFloppy:
      return 0;
    case BiosDriveKind::kDisk:
      return kFirstDisk;
    case BiosDriveKind::kCdrom:
      break;
  }
  return kFirstDisc;
}

// A sector that cannot be read tells nothing.
std::array<uint8_t, kSectorBytes> FirstSector(BiosDrive& drive) {
  std::array<uint8_t, kSectorBytes> sector{};
  if (drive.Read(0, sector) != BlockStatus::kDone) sector.fill(0);
  return sector;
}

}  // namespace

void DriveMap::Renew(const BiosDrive* first_disk, const std::optional<DiscEmulation>& emulation) {
  mapped_.clear();
  if (emulation) {
    Add({.kind = emulation->kind,
         .drive = emulation->disc,
         .geometry = emulation->geometry,
         .first_byte = emulation->first_byte,
         .bytes = emulation->bytes,
         .diskette_type = emulation->diskette_type,
         .emulated = true});
  }
  for (BiosDrive* drive : media_) {
    if (drive == first_disk) AddMedium(*drive);
  }
  for (BiosDrive* drive : media_) {
    if (drive != first_disk) AddMedium(*drive);
  }
}

void DriveMap::Refresh() {
  for (MappedDrive& mapped : mapped_) {
    if (mapped.emulated || mapped.medium == mapped.drive->medium()) continue;
    const uint8_t number = mapped.number;
    mapped = Look(*mapped.drive);
    mapped.number = number;
    mapped.changed = true;
  }
}

void DriveMap::ForgetChange(uint8_t number) {
  for (MappedDrive& mapped : mapped_) {
    if (mapped.number == number) mapped.changed = false;
  }
}

void DriveMap::AddMedium(BiosDrive& drive) { Add(Look(drive)); }

MappedDrive DriveMap::Look(BiosDrive& drive) {
  MappedDrive mapped{
      .kind = drive.kind(), .drive = &drive, .bytes = drive.size_bytes(), .medium = drive.medium()};
  const std::array<uint8_t, kSectorBytes> sector = FirstSector(drive);
  if (mapped.kind == BiosDriveKind::kDisk) {
    mapped.geometry = FixedDiskGeometry(sector, mapped.blocks());
  } else if (mapped.kind == BiosDriveKind::kFloppy) {
    const DisketteFormat format = FindDisketteFormat(sector, mapped.bytes);
    mapped.geometry = format.geometry;
    mapped.diskette_type = format.drive_type;
    mapped.blank_bytes = format.blank_bytes;
  }
  return mapped;
}

void DriveMap::Add(MappedDrive drive) {
  const size_t count = Count(drive.kind);
  const size_t most = drive.kind == BiosDriveKind::kFloppy ? kMaxDiskettes : kMaxOfKind;
  if (count == most) return;
  drive.number = static_cast<uint8_t>(FirstNumber(drive.kind) + count);
  mapped_.push_back(drive);
}

const MappedDrive* DriveMap::Find(uint8_t number) const {
  const auto found = std::ranges::find(mapped_, number, &MappedDrive::number);
  return found == mapped_.end() ? nullptr : &*found;
}

const MappedDrive* DriveMap::Find(const BiosDrive& drive) const {
  const auto found = std::ranges::find_if(mapped_, [&](const MappedDrive& mapped) {
    return mapped.drive == &drive && !mapped.emulated;
  });
  return found == mapped_.end() ? nullptr : &*found;
}

const MappedDrive* DriveMap::Emulated() const {
  const auto found = std::ranges::find(mapped_, true, &MappedDrive::emulated);
  return found == mapped_.end() ? nullptr : &*found;
}

size_t DriveMap::Count(BiosDriveKind kind) const {
  return static_cast<size_t>(std::ranges::count(mapped_, kind, &MappedDrive::kind));
}

}  // namespace verbatim
