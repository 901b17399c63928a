// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/diskette.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/bits.h"
#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/disk/diskette_format.h"
#include "firmware/bios/disk/fixed_disk.h"
#include "firmware/bios/disk/transfer.h"

namespace verbatim {
namespace {

constexpr uint32_t kDmaPageBytes = 64 << 10;

// The parameter table that int 1Eh points to; guests make their own.
constexpr uint8_t kParameterVector = 0x1E;
constexpr uint32_t kFillerOffset = 8;

constexpr uint8_t kTypeWithoutChangeLine = 1;
constexpr uint8_t kTypeWithChangeLine = 2;
// Sector size code 2: 512 bytes.
constexpr uint8_t kSizeCode = 2;
constexpr size_t kAddressFieldBytes = 4;

FarPointer ParameterTable(BiosCall& call) {
  const LinearAddress vector = bda::Vector(kParameterVector);
  return {call.Read<uint16_t>(vector), call.Read<uint16_t>(vector + 2)};
}

// The 8237 counts within 64 KiB of physical memory.
bool CrossesDmaPage(LinearAddress buffer, uint32_t bytes) {
  return buffer.value % kDmaPageBytes + bytes > kDmaPageBytes;
}

DiskReply Transfer(BiosCall& call, const MappedDrive& drive, uint8_t function) {
  BiosRegisters& regs = call.regs;
  const uint32_t count = regs.al();
  regs.set_al(0);
  if (count == 0) return DiskReply::Of(DiskStatus::kBadCommand);
  const LinearAddress buffer = call.At(kEs, regs.bx());
  if (function != 0x04 && CrossesDmaPage(buffer, count * kSectorBytes)) {
    return DiskReply::Of(DiskStatus::kDmaBoundary);
  }
  const DiskGeometry& geometry = drive.geometry;
  if (regs.ch() >= geometry.cylinders) return DiskReply::Of(DiskStatus::kSeekFailed);
  const auto first = geometry.ToSector(regs.ch(), regs.dh(), regs.cl());
  if (!first) return DiskReply::Of(DiskStatus::kSectorNotFound);
  // The controller of the AT went from the first side on to the second and stopped there. Later
  // BIOSes seek and go on, and boot sectors have come to rely on it.
  const uint64_t end = std::min(geometry.capacity(), drive.blocks());
  const auto fits =
      static_cast<uint32_t>(std::min<uint64_t>(count, end > *first ? end - *first : 0));
  const BlockRange range{*first, fits};
  TransferResult result = {DiskStatus::kGood, 0};
  if (fits != 0) {
    result = function == 0x02   ? ReadBlocks(call, drive, range, buffer)
             : function == 0x03 ? WriteBlocks(call, drive, range, buffer)
                                : VerifyBlocks(drive, range);
  }
  if (result.status == DiskStatus::kGood && fits != count) {
    result.status = DiskStatus::kSectorNotFound;
  }
  regs.set_al(static_cast<uint8_t>(result.done));
  return DiskReply::Of(result.status);
}

// ES:BX holds cylinder, head, sector and size code of each sector that the track is to have. The
// image has room only for those that it has already.
DiskReply FormatTrack(BiosCall& call, const MappedDrive& drive) {
  const BiosRegisters& regs = call.regs;
  const DiskGeometry& geometry = drive.geometry;
  const auto first = geometry.ToSector(regs.ch(), regs.dh(), 1);
  if (!first) return DiskReply::Of(DiskStatus::kSeekFailed);
  std::vector<uint8_t> fields(geometry.sectors * kAddressFieldBytes);
  call.ReadBytes(call.At(kEs, regs.bx()), fields);
  std::vector<bool> seen(geometry.sectors);
  for (size_t i = 0; i < geometry.sectors; ++i) {
    const uint8_t* field = &fields[i * kAddressFieldBytes];
    if (field[0] != regs.ch() || field[1] != regs.dh() || field[2] == 0 ||
        field[2] > geometry.sectors || field[3] != kSizeCode || seen[field[2] - 1u]) {
      return DiskReply::Of(DiskStatus::kUnsupportedTrack);
    }
    seen[field[2] - 1u] = true;
  }
  const auto filler = call.Read<uint8_t>(ParameterTable(call).Linear() + kFillerOffset);
  if (call.faulted()) return DiskReply::Good();
  return DiskReply::Of(FillBlocks(drive, {*first, geometry.sectors}, filler).status);
}

void ReturnParameterTable(BiosCall& call) {
  const FarPointer table = ParameterTable(call);
  call.SetSegment(kEs, table.segment);
  call.regs.set_di(table.offset);
}

DiskReply Parameters(BiosCall& call, const DriveMap& drives, const MappedDrive& drive) {
  BiosRegisters& regs = call.regs;
  const uint32_t last = drive.geometry.cylinders - 1;
  regs.set_al(0);
  regs.set_bx(drive.diskette_type);
  regs.set_ch(static_cast<uint8_t>(last));
  regs.set_cl(static_cast<uint8_t>((last >> 2 & 0xC0) | drive.geometry.sectors));
  regs.set_dh(static_cast<uint8_t>(drive.geometry.heads - 1));
  regs.set_dl(static_cast<uint8_t>(drives.Count(BiosDriveKind::kFloppy)));
  ReturnParameterTable(call);
  return DiskReply::Good();
}

// Function 17h: 1 a 360 KB disk in its own drive, 2 one in a 1.2 MB drive, 3 a 1.2 MB disk, 4 a
// 720 KB disk.
DiskReply SetDriveType(const BiosCall& call, const MappedDrive& drive) {
  const uint64_t bytes = drive.geometry.capacity() * kSectorBytes;
  const uint8_t type = call.regs.al();
  const bool fits = ((type == 1 || type == 2) && drive.diskette_type == kDrive360K) ||
                    (type == 3 && drive.diskette_type == kDrive1200K) ||
                    (type == 4 && bytes == 720u << 10);
  return DiskReply::Of(fits ? DiskStatus::kGood : DiskStatus::kUnsupportedTrack);
}

// Function 18h: the last cylinder in CH and CL, sectors a track in CL.
DiskReply SetMediaType(BiosCall& call, const MappedDrive& drive) {
  const CylinderHeadSector last = ReadAddress(call.regs);
  if (last.cylinder + 1 != drive.geometry.cylinders || last.sector != drive.geometry.sectors) {
    return DiskReply::Of(DiskStatus::kUnsupportedTrack);
  }
  ReturnParameterTable(call);
  return DiskReply::Good();
}

}  // namespace

DiskReply DisketteFunction(BiosCall& call, const DriveMap& drives, const MappedDrive& drive) {
  const uint8_t function = call.regs.ah();
  // No medium: what needs one finds nothing turning.
  const bool empty = drive.bytes == 0;
  switch (function) {
    case 0x00:
      return DiskReply::Good();
    case 0x02:
    case 0x03:
    case 0x04:
      if (empty) return DiskReply::Of(DiskStatus::kTimeout);
      return Transfer(call, drive, function);
    case 0x05:
      if (empty) return DiskReply::Of(DiskStatus::kTimeout);
      return FormatTrack(call, drive);
    case 0x08:
      return Parameters(call, drives, drive);
    case 0x15:
      return DiskReply::GoodWith(drive.diskette_type == kDrive360K ? kTypeWithoutChangeLine
                                                                   : kTypeWithChangeLine);
    case 0x16:
      return DiskReply::Of(empty ? DiskStatus::kTimeout : DiskStatus::kGood);
    case 0x17:
      return SetDriveType(call, drive);
    case 0x18:
      return SetMediaType(call, drive);
    default:
      return DiskReply::Of(DiskStatus::kBadCommand);
  }
}

DiskReply MissingDisketteFunction(BiosCall& call, const DriveMap& drives) {
  BiosRegisters& regs = call.regs;
  switch (regs.ah()) {
    case 0x00:
      return DiskReply::Good();
    case 0x02:
    case 0x03:
    case 0x04:
      regs.set_al(0);
      return DiskReply::Of(DiskStatus::kTimeout);
    case 0x08:
      regs.set_ax(0);
      regs.set_bx(0);
      regs.set_cx(0);
      regs.set_dx(static_cast<uint8_t>(drives.Count(BiosDriveKind::kFloppy)));
      regs.set_di(0);
      call.SetSegment(kEs, 0);
      return DiskReply::Good();
    case 0x15:
      return DiskReply::GoodWith(0);
    case 0x05:
    case 0x16:
    case 0x17:
    case 0x18:
      return DiskReply::Of(DiskStatus::kTimeout);
    default:
      return DiskReply::Of(DiskStatus::kBadCommand);
  }
}

}  // namespace verbatim
