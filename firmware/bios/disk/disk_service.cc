// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/disk_service.h"

#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/disk/diskette.h"
#include "firmware/bios/disk/fixed_disk.h"

namespace verbatim {
namespace {

constexpr uint8_t kGetStatus = 0x01;
constexpr uint8_t kFirstExtension = 0x41;
constexpr uint8_t kFirstTransfer = 0x02;
constexpr uint8_t kLastTransfer = 0x05;
constexpr uint8_t kDisketteChange = 0x16;
constexpr uint8_t kDiscChange = 0x49;
constexpr uint8_t kDisketteInterrupted = 0x80;
constexpr uint8_t kDiskInterrupted = 0xFF;

LinearAddress StatusByte(uint8_t number) {
  return number < kFirstDisk ? bda::kFloppyStatus : bda::kDiskStatus;
}

}  // namespace

void DiskService::PowerOn(PhysicalMemory& memory) {
  emulator_.PowerOn(memory);
  extensions_.PowerOn();
}

uint8_t DiskService::MakeFirst(PhysicalMemory& memory, const BiosDrive& disk) {
  emulator_.SetFirstDisk(memory, disk);
  const MappedDrive* drive = drives_.Find(disk);
  return drive == nullptr ? kFirstDisk : drive->number;
}

Result<uint8_t> DiskService::StartDisc(PhysicalMemory& memory, BiosDrive& disc,
                                       const DiscBootEntry& entry) {
  return emulator_.Begin(memory, disc, entry);
}

DiskReply DiskService::LastStatus(BiosCall& call) const {
  const auto status = call.Read<uint8_t>(StatusByte(call.regs.dl()));
  call.regs.set_al(status);
  DiskReply reply = DiskReply::Of(static_cast<DiskStatus>(status));
  reply.recorded = 0;
  return reply;
}

// The first access to a diskette that was changed fails, as drives with a change line make it;
// until then function 16h tells. Of a disc only function 49h tells, once: its drive takes the
// change as read when it is accessed.
bool DiskService::TellsOfChange(uint8_t function, const MappedDrive& drive) {
  if (!drive.changed || drive.emulated) return false;
  if (drive.kind == BiosDriveKind::kFloppy) {
    const bool transfer = function >= kFirstTransfer && function <= kLastTransfer;
    if (transfer) drives_.ForgetChange(drive.number);
    return transfer || function == kDisketteChange;
  }
  if (function != kDiscChange) return false;
  drives_.ForgetChange(drive.number);
  return true;
}

DiskReply DiskService::Function(BiosCall& call) {
  const uint8_t function = call.regs.ah();
  const uint8_t number = call.regs.dl();
  if (function == kGetStatus) return LastStatus(call);
  drives_.Refresh();
  if (DiscEmulator::Serves(function)) return emulator_.Function(call);
  const MappedDrive* drive = drives_.Find(number);
  if (drive == nullptr) {
    return number < kFirstDisk ? MissingDisketteFunction(call, drives_) : MissingDiskFunction(call);
  }
  if (TellsOfChange(function, *drive)) {
    if (function >= kFirstTransfer && function <= kLastTransfer) call.regs.set_al(0);
    return DiskReply::Of(DiskStatus::kMediaChanged);
  }
  if (drive->kind == BiosDriveKind::kFloppy) return DisketteFunction(call, drives_, *drive);
  if (function >= kFirstExtension) return extensions_.Function(call, *drive);
  if (drive->kind == BiosDriveKind::kDisk) return FixedDiskFunction(call, drives_, *drive);
  return DiskReply::Of(DiskStatus::kBadCommand);
}

void DiskService::Call(BiosCall& call) {
  const LinearAddress status = StatusByte(call.regs.dl());
  const DiskReply reply = Function(call);
  call.regs.set_ah(reply.ah);
  call.Write(status, reply.recorded);
  call.SetCarry(reply.failed);
}

void DiskService::DisketteInterrupt(BiosCall& call) {
  const auto state = call.Read<uint8_t>(bda::kFloppyCalibrated);
  call.Write(bda::kFloppyCalibrated, static_cast<uint8_t>(state | kDisketteInterrupted));
}

void DiskService::DiskInterrupt(BiosCall& call) {
  call.Write(bda::kDiskInterrupt, kDiskInterrupted);
}

}  // namespace verbatim
