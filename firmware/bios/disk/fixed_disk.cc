// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/fixed_disk.h"

#include <algorithm>

#include "firmware/bios/disk/transfer.h"

namespace verbatim {
namespace {

// The AT's BIOS moves the buffer's address into the segment as far as it goes and transfers what
// then lies within 64 KiB: 128 sectors, or 127 if a rest of the offset remains.
constexpr uint32_t kTransferWindow = 64 << 10;
constexpr uint8_t kTypeDisk = 3;

DiskReply Transfer(BiosCall& call, const MappedDrive& drive, uint8_t function) {
  BiosRegisters& regs = call.regs;
  const uint32_t count = regs.al();
  regs.set_al(0);
  if (count == 0) return DiskReply::Of(DiskStatus::kBadCommand);
  const LinearAddress buffer = call.At(kEs, regs.bx());
  if (function != 0x04 && (regs.bx() & 0xFu) + count * kSectorBytes > kTransferWindow) {
    return DiskReply::Of(DiskStatus::kDmaBoundary);
  }
  const CylinderHeadSector at = ReadAddress(regs);
  const auto first = drive.geometry.ToSector(at.cylinder, at.head, at.sector);
  if (!first || *first >= drive.blocks()) return DiskReply::Of(DiskStatus::kSectorNotFound);
  // A transfer that runs off the disk's end brings what there is.
  const auto fits = static_cast<uint32_t>(std::min<uint64_t>(count, drive.blocks() - *first));
  const BlockRange range{*first, fits};
  TransferResult result = function == 0x02   ? ReadBlocks(call, drive, range, buffer)
                          : function == 0x03 ? WriteBlocks(call, drive, range, buffer)
                                             : VerifyBlocks(drive, range);
  if (result.status == DiskStatus::kGood && fits != count) {
    result.status = DiskStatus::kSectorNotFound;
  }
  regs.set_al(static_cast<uint8_t>(result.done));
  return DiskReply::Of(result.status);
}

DiskReply FormatTrack(BiosCall& call, const MappedDrive& drive) {
  const CylinderHeadSector at = ReadAddress(call.regs);
  const auto first = drive.geometry.ToSector(at.cylinder, at.head, 1);
  if (!first) return DiskReply::Of(DiskStatus::kSectorNotFound);
  return DiskReply::Of(FillBlocks(drive, {*first, drive.geometry.sectors}, 0).status);
}

DiskReply Seek(BiosCall& call, const MappedDrive& drive) {
  const CylinderHeadSector at = ReadAddress(call.regs);
  const bool there = drive.geometry.ToSector(at.cylinder, at.head, 1).has_value();
  return DiskReply::Of(there ? DiskStatus::kGood : DiskStatus::kSeekFailed);
}

DiskReply Parameters(BiosCall& call, const DriveMap& drives, const MappedDrive& drive) {
  BiosRegisters& regs = call.regs;
  const uint32_t last = drive.geometry.cylinders - 1;
  regs.set_al(0);
  regs.set_ch(static_cast<uint8_t>(last));
  regs.set_cl(static_cast<uint8_t>((last >> 2 & 0xC0) | drive.geometry.sectors));
  regs.set_dh(static_cast<uint8_t>(drive.geometry.heads - 1));
  regs.set_dl(static_cast<uint8_t>(drives.Count(BiosDriveKind::kDisk)));
  return DiskReply::Good();
}

DiskReply Type(BiosCall& call, const MappedDrive& drive) {
  // As many as the other functions reach.
  const auto sectors = static_cast<uint32_t>(std::min(drive.blocks(), drive.geometry.capacity()));
  call.regs.set_cx(static_cast<uint16_t>(sectors >> 16));
  call.regs.set_dx(static_cast<uint16_t>(sectors));
  return DiskReply::GoodWith(kTypeDisk);
}

// A reset of the disk system is all that int 13h has by which a system can make sure of what it
// wrote.
DiskReply Reset(const MappedDrive& drive) {
  return DiskReply::Of(drive.drive->Flush() == BlockStatus::kDone ? DiskStatus::kGood
                                                                  : DiskStatus::kWriteFault);
}

}  // namespace

CylinderHeadSector ReadAddress(const BiosRegisters& regs) {
  return {static_cast<uint32_t>(regs.ch() | (regs.cl() & 0xC0) << 2), regs.dh(), regs.cl() & 0x3Fu};
}

DiskReply FixedDiskFunction(BiosCall& call, const DriveMap& drives, const MappedDrive& drive) {
  const uint8_t function = call.regs.ah();
  switch (function) {
    case 0x00:  // of the disk system
    case 0x0D:
      return Reset(drive);
    case 0x09:  // take over the drive parameters
    case 0x10:  // ready?
    case 0x11:  // recalibrate
    case 0x14:  // diagnose the controller
      return DiskReply::Good();
    case 0x02:
    case 0x03:
    case 0x04:
      return Transfer(call, drive, function);
    case 0x05:
      return FormatTrack(call, drive);
    case 0x08:
      return Parameters(call, drives, drive);
    case 0x0C:
      return Seek(call, drive);
    case 0x15:
      return Type(call, drive);
    default:  // 16h to 18h are for diskettes
      return DiskReply::Of(DiskStatus::kBadCommand);
  }
}

DiskReply MissingDiskFunction(BiosCall& call) {
  BiosRegisters& regs = call.regs;
  switch (regs.ah()) {
    case 0x08:
      regs.set_al(0);
      regs.set_cx(0);
      regs.set_dx(0);
      return DiskReply::Of(DiskStatus::kNoSuchDrive);
    case 0x15:
      regs.set_cx(0);
      regs.set_dx(0);
      return DiskReply::GoodWith(0);
    default:
      return DiskReply::Of(DiskStatus::kBadCommand);
  }
}

}  // namespace verbatim
