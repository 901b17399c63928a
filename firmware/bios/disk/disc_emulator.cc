// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/disc_emulator.h"

#include <algorithm>
#include <array>

#include "base/bits.h"
#include "firmware/bios/boot/boot_entry.h"
#include "firmware/bios/disk/parameter_tables.h"
#include "firmware/bios/disk/transfer.h"

namespace verbatim {
namespace {

// The specification packet at DS:SI (section 3.1).
constexpr uint8_t kSpecificationBytes = 0x13;
constexpr uint8_t kMediaMask = 0x0F;
// The number that means whatever is emulated.
constexpr uint8_t kAnyEmulation = 0x7F;
constexpr uint8_t kQueryOnly = 0x01;

// The command packet of function 4Dh (section 3.4).
constexpr uint8_t kCommandBytes = 8;

}  // namespace

void DiscEmulator::Renew(PhysicalMemory& memory, const std::optional<DiscEmulation>& emulation) {
  drives_.Renew(first_disk_, emulation);
  WriteDriveTables(memory, drives_);
}

void DiscEmulator::PowerOn(PhysicalMemory& memory) {
  first_disk_ = nullptr;
  booted_.reset();
  Renew(memory, {});
}

void DiscEmulator::SetFirstDisk(PhysicalMemory& memory, const BiosDrive& disk) {
  first_disk_ = &disk;
  booted_.reset();
  Renew(memory, {});
}

Result<uint8_t> DiscEmulator::Begin(PhysicalMemory& memory, BiosDrive& disc,
                                    const DiscBootEntry& entry) {
  const Result<std::optional<DiscEmulation>> emulation = EmulationOf(disc, entry);
  if (!emulation) return std::unexpected(emulation.error());
  Renew(memory, *emulation);
  const MappedDrive* drive = *emulation ? drives_.Emulated() : drives_.Find(disc);
  if (drive == nullptr) return Fail("has no number left");
  booted_ = Booted{&disc, entry, drive->number};
  return drive->number;
}

// The disc that a call is about: that of the number, the one that stands for the number, or the
// first one.
BiosDrive* DiscEmulator::DiscOf(uint8_t number) const {
  const MappedDrive* drive = drives_.Find(number);
  if (drive != nullptr && drive->drive->kind() == BiosDriveKind::kCdrom) return drive->drive;
  if (booted_) return booted_->disc;
  const MappedDrive* first = drives_.Find(kFirstDisc);
  return first == nullptr ? nullptr : first->drive;
}

void DiscEmulator::WriteSpecification(BiosCall& call) const {
  std::array<uint8_t, kSpecificationBytes> packet{};
  packet[0] = kSpecificationBytes;
  const std::optional<AtaPlace> place = booted_->disc->place();
  packet[1] = static_cast<uint8_t>(booted_->entry.media);
  packet[2] = booted_->number;
  packet[3] = place ? place->channel : 0;
  StoreLittle(&packet[4], booted_->entry.block);
  packet[8] = place && place->slave ? 1 : 0;
  StoreLittle(&packet[12], booted_->entry.load_segment);
  StoreLittle(&packet[14], booted_->entry.sectors);
  if (const MappedDrive* drive = drives_.Emulated()) {
    const uint32_t last = drive->geometry.cylinders - 1;
    packet[16] = static_cast<uint8_t>(last);
    packet[17] = static_cast<uint8_t>((last >> 2 & 0xC0) | drive->geometry.sectors);
    packet[18] = static_cast<uint8_t>(drive->geometry.heads - 1);
  }
  call.WriteBytes(call.At(kDs, call.regs.si()), packet);
}

DiskReply DiscEmulator::Initiate(BiosCall& call, bool boot) {
  BiosDrive* disc = DiscOf(call.regs.dl());
  std::array<uint8_t, kSpecificationBytes> packet{};
  call.ReadBytes(call.At(kDs, call.regs.si()), packet);
  const uint8_t media = packet[1] & kMediaMask;
  if (disc == nullptr || packet[0] < kSpecificationBytes ||
      media > static_cast<uint8_t>(DiscBootMedia::kDisk)) {
    return DiskReply::Of(DiskStatus::kBadCommand);
  }
  const DiscBootEntry entry{static_cast<DiscBootMedia>(media), LoadLittle<uint16_t>(&packet[12]),
                            LoadLittle<uint16_t>(&packet[14]), LoadLittle<uint32_t>(&packet[4])};
  if (boot && !LoadBootImage(call, *disc, entry)) return DiskReply::Of(DiskStatus::kBadData);
  const Result<uint8_t> number = Begin(call.mmu().memory(), *disc, entry);
  if (!number) return DiskReply::Of(DiskStatus::kBadCommand);
  if (boot) EnterBootSector(call, entry.Entry(), *number);
  return DiskReply::Good();
}

DiskReply DiscEmulator::Terminate(BiosCall& call) {
  const uint8_t number = call.regs.dl();
  if (!booted_ || (number != kAnyEmulation && number != booted_->number)) {
    return DiskReply::Of(DiskStatus::kBadCommand);
  }
  WriteSpecification(call);
  if (call.regs.al() != kQueryOnly && !call.faulted()) {
    booted_.reset();
    Renew(call.mmu().memory(), {});
  }
  return DiskReply::Good();
}

DiskReply DiscEmulator::ReturnCatalog(BiosCall& call) const {
  std::array<uint8_t, kCommandBytes> packet{};
  call.ReadBytes(call.At(kDs, call.regs.si()), packet);
  BiosDrive* disc = DiscOf(call.regs.dl());
  if (disc == nullptr || packet[0] < kCommandBytes) {
    return DiskReply::Of(DiskStatus::kBadCommand);
  }
  const Result<uint32_t> catalog = FindBootCatalog(*disc);
  const MappedDrive* drive = drives_.Find(*disc);
  if (!catalog || drive == nullptr) return DiskReply::Of(DiskStatus::kBadData);
  const FarPointer buffer{LoadLittle<uint16_t>(&packet[2]), LoadLittle<uint16_t>(&packet[4])};
  const uint64_t first = uint64_t{*catalog} + LoadLittle<uint16_t>(&packet[6]);
  return DiskReply::Of(ReadBlocks(call, *drive, {first, packet[1]}, buffer.Linear()).status);
}

DiskReply DiscEmulator::Function(BiosCall& call) {
  switch (call.regs.ah()) {
    case 0x4A:
      return Initiate(call, false);
    case 0x4B:
      return Terminate(call);
    case 0x4C:
      return Initiate(call, true);
    default:
      return ReturnCatalog(call);
  }
}

}  // namespace verbatim
