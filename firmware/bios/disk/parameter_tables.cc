// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/parameter_tables.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "base/bits.h"
#include "devices/ata_geometry.h"
#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/disk/diskette_format.h"
#include "firmware/bios/rom.h"

namespace verbatim {
namespace {

constexpr size_t kTableBytes = 16;
// Where IBM's PS/2 BIOSes have them.
constexpr uint16_t kDiskTables = 0x3D;
constexpr uint16_t kExtension = 0x200;
constexpr uint8_t kDiskVectors[] = {0x41, 0x46};
constexpr uint8_t kDisketteVector = 0x40;  // int 13h of diskettes, behind a disk's BIOS
constexpr uint8_t kInt13 = 0x13;

constexpr uint8_t kTranslated = 0xA0;
constexpr uint16_t kNoPrecompensation = 0xFFFF;
constexpr uint8_t kNoRetries = 0xC0;
constexpr uint8_t kMoreThan8Heads = 0x08;
constexpr uint8_t kDiskettesPresent = 0x01;  // equipment word; bits 7-6: their number less 1
// 40:8Fh, four bits a drive: type determined, several data rates, 80 tracks.
constexpr uint8_t kDisketteKnown = 0x07;
constexpr uint8_t kDisketteKnown40 = 0x04;

constexpr uint8_t kExtensionRevision = 0x11;
constexpr uint8_t kDeviceLba = 0x40;
constexpr uint8_t kDeviceAlways = 0xA0;
constexpr uint8_t kDeviceSlave = 0x10;
constexpr uint8_t kVendorByte = 0xCB;
constexpr uint16_t kOptionGeometryTranslated = 1u << 3;
constexpr uint16_t kOptionLba = 1u << 4;
constexpr uint16_t kOptionRemovable = 1u << 5;
constexpr uint16_t kOptionPacket = 1u << 6;
constexpr uint16_t kOptionAssistedTranslation = 1u << 9;

uint8_t Checksum(std::span<const uint8_t> bytes) {
  return static_cast<uint8_t>(0 - std::accumulate(bytes.begin(), bytes.end(), 0u));
}

std::array<uint8_t, kTableBytes> DiskTable(const MappedDrive& drive) {
  const DiskGeometry& logical = drive.geometry;
  const DiskGeometry physical = PhysicalGeometry(drive.blocks());
  std::array<uint8_t, kTableBytes> table{};
  StoreLittle(&table[0], static_cast<uint16_t>(logical.cylinders));
  table[2] = static_cast<uint8_t>(logical.heads);
  StoreLittle(&table[5], kNoPrecompensation);
  table[8] = static_cast<uint8_t>(kNoRetries | (physical.heads > 8 ? kMoreThan8Heads : 0));
  StoreLittle(&table[12], static_cast<uint16_t>(logical.cylinders));
  table[14] = static_cast<uint8_t>(logical.sectors);
  if (logical != physical) {
    table[3] = kTranslated;
    table[4] = static_cast<uint8_t>(physical.sectors);
    StoreLittle(&table[9], static_cast<uint16_t>(physical.cylinders));
    table[11] = static_cast<uint8_t>(physical.heads);
    StoreLittle(&table[12], static_cast<uint16_t>(physical.cylinders));
    table[15] = Checksum(std::span(table).first(15));
  }
  return table;
}

template <typename T>
void Put(PhysicalMemory& memory, LinearAddress at, T value) {
  memory.Write({at.value}, &value, sizeof value);
}

void PutVector(PhysicalMemory& memory, uint8_t number, FarPointer target) {
  Put(memory, bda::Vector(number), target.offset);
  Put(memory, bda::Vector(number) + 2, target.segment);
}

void WriteDisketteState(PhysicalMemory& memory, const DriveMap& drives) {
  uint16_t equipment = 0;
  memory.Read({bda::kEquipment.value}, &equipment, sizeof equipment);
  equipment = static_cast<uint16_t>(equipment & ~0x00C1u);
  const size_t count = drives.Count(BiosDriveKind::kFloppy);
  if (count != 0) {
    equipment = static_cast<uint16_t>(equipment | kDiskettesPresent | (count - 1) << 6);
  }
  Put(memory, bda::kEquipment, equipment);
  uint8_t known = 0;
  for (const MappedDrive& drive : drives.all()) {
    if (drive.kind != BiosDriveKind::kFloppy) continue;
    const uint8_t nibble = drive.diskette_type == kDrive360K ? kDisketteKnown40 : kDisketteKnown;
    known = static_cast<uint8_t>(known | nibble << (4 * drive.number));
    Put(memory, bda::kFloppyMedia + drive.number,
        MediaState({drive.geometry, drive.diskette_type}));
  }
  Put(memory, bda::kFloppyInfo, known);
}

}  // namespace

DiskGeometry PhysicalGeometry(uint64_t disk_sectors) {
  const AtaGeometry ata = AtaGeometry::Of(disk_sectors, 16, 63, AtaGeometry::kDefaultMaxCylinders);
  return {ata.cylinders, ata.heads, ata.sectors};
}

void WriteDriveTables(PhysicalMemory& memory, const DriveMap& drives) {
  Put(memory, bda::kDiskCount, static_cast<uint8_t>(drives.Count(BiosDriveKind::kDisk)));
  WriteDisketteState(memory, drives);
  PutVector(memory, kDisketteVector, {RomVector(kInt13), kRomSegment});
  for (size_t i = 0; i < std::size(kDiskVectors); ++i) {
    const auto offset = static_cast<uint16_t>(kDiskTables + i * kTableBytes);
    std::array<uint8_t, kTableBytes> table{};
    const auto drive = std::ranges::find(drives.all(), kFirstDisk + i, &MappedDrive::number);
    if (drive != drives.all().end()) table = DiskTable(*drive);
    memory.Write({bda::kExtendedAreaSegment * 16u + offset}, table.data(), table.size());
    PutVector(memory, kDiskVectors[i], {offset, bda::kExtendedAreaSegment});
  }
}

FarPointer WriteDeviceExtension(BiosCall& call, const AtaPlace& place, bool packet) {
  std::array<uint8_t, kTableBytes> table{};
  StoreLittle(&table[0], place.command_port);
  StoreLittle(&table[2], place.control_port);
  table[4] = static_cast<uint8_t>(kDeviceAlways | kDeviceLba | (place.slave ? kDeviceSlave : 0));
  table[5] = kVendorByte;
  table[6] = place.irq;
  table[7] = 1;  // sectors a block
  const uint16_t options =
      packet ? kOptionLba | kOptionRemovable | kOptionPacket
             : kOptionLba | kOptionGeometryTranslated | kOptionAssistedTranslation;
  StoreLittle(&table[10], options);
  table[14] = kExtensionRevision;
  table[15] = Checksum(std::span(table).first(15));
  // Memory managers move the area.
  const FarPointer at{kExtension, call.Read<uint16_t>(bda::kExtendedArea)};
  call.WriteBytes(at.Linear(), table);
  return at;
}

}  // namespace verbatim
