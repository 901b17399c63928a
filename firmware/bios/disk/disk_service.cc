// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/disk_service.h"

#include "firmware/bios/bios_data_area.h"
#include "firmware/bios/disk/diskette.h"
#include "firmware/bios/disk/fixed_disk.h"

namespace verbatim {
namespace {

constexpr uint8_t kGetStatus = 0x01;
constexpr uint8_t kFirstExtension = 0x41;
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

DiskReply DiskService::Function(BiosCall& call) {
  const uint8_t function = call.regs.ah();
  const uint8_t number = call.regs.dl();
  if (function == kGetStatus) return LastStatus(call);
  if (DiscEmulator::Serves(function)) return emulator_.Function(call);
  const MappedDrive* drive = drives_.Find(number);
  if (drive == nullptr) {
    return number < kFirstDisk ? MissingDisketteFunction(call, drives_) : MissingDiskFunction(call);
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
