// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/extensions.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <string_view>

#include "base/bits.h"
#include "firmware/bios/disk/parameter_tables.h"
#include "firmware/bios/disk/transfer.h"

namespace verbatim {
namespace {

constexpr uint16_t kAskKey = 0x55AA;
constexpr uint16_t kAnswerKey = 0xAA55;
constexpr uint8_t kVersion = 0x30;
// Packets, locking and ejecting, parameters, 64-bit addresses.
constexpr uint16_t kInterfaces = 0x000F;

// The address packet at DS:SI.
constexpr uint8_t kPacketBytes = 16;
constexpr uint8_t kLongPacketBytes = 24;
constexpr uint16_t kFlatAddress = 0xFFFF;  // segment and offset: a 64-bit address follows

struct Packet {
  BlockRange range;
  LinearAddress buffer;
};

std::optional<Packet> ReadPacket(BiosCall& call, bool has_buffer) {
  const LinearAddress at = call.At(kDs, call.regs.si());
  std::array<uint8_t, kLongPacketBytes> bytes{};
  call.ReadBytes(at, std::span(bytes).first(kPacketBytes));
  if (bytes[0] < kPacketBytes) return {};
  Packet packet;
  packet.range.count = LoadLittle<uint16_t>(&bytes[2]);
  const FarPointer pointer{LoadLittle<uint16_t>(&bytes[4]), LoadLittle<uint16_t>(&bytes[6])};
  packet.range.first = LoadLittle<uint64_t>(&bytes[8]);
  packet.buffer = pointer.Linear();
  if (has_buffer && pointer == FarPointer{kFlatAddress, kFlatAddress} &&
      bytes[0] >= kLongPacketBytes) {
    call.ReadBytes(at, bytes);
    const auto flat = LoadLittle<uint64_t>(&bytes[16]);
    // Real mode has no way to memory above 4 GiB.
    if (flat > UINT32_MAX) return {};
    packet.buffer = {static_cast<uint32_t>(flat)};
  }
  return packet;
}

DiskReply Installed(BiosCall& call) {
  if (call.regs.bx() != kAskKey) return DiskReply::Of(DiskStatus::kBadCommand);
  call.regs.set_bx(kAnswerKey);
  call.regs.set_cx(kInterfaces);
  return DiskReply::GoodWith(kVersion);
}

DiskReply Transfer(BiosCall& call, const MappedDrive& drive, uint8_t function) {
  const std::optional<Packet> packet = ReadPacket(call, function != 0x44);
  if (!packet) return DiskReply::Of(DiskStatus::kBadCommand);
  if (drive.kind == BiosDriveKind::kCdrom && drive.bytes == 0) {
    return DiskReply::Of(DiskStatus::kNoMedia);
  }
  const TransferResult result =
      function == 0x42   ? ReadBlocks(call, drive, packet->range, packet->buffer)
      : function == 0x43 ? WriteBlocks(call, drive, packet->range, packet->buffer)
                         : VerifyBlocks(drive, packet->range);
  if (result.status != DiskStatus::kGood) {
    call.Write(call.At(kDs, call.regs.si() + 2u), static_cast<uint16_t>(result.done));
  }
  return DiskReply::Of(result.status);
}

DiskReply Seek(BiosCall& call, const MappedDrive& drive) {
  const std::optional<Packet> packet = ReadPacket(call, false);
  if (!packet) return DiskReply::Of(DiskStatus::kBadCommand);
  const bool there = packet->range.first < drive.blocks();
  return DiskReply::Of(there ? DiskStatus::kGood : DiskStatus::kSectorNotFound);
}

// The result buffer of function 48h: three versions, each longer.
constexpr uint16_t kParameterBytes1 = 0x1A;
constexpr uint16_t kParameterBytes2 = 0x1E;
constexpr uint16_t kParameterBytes3 = 0x42;
constexpr uint16_t kPathOffset = 30;
constexpr uint8_t kPathBytes = 36;
constexpr uint16_t kPathKey = 0xBEDD;
constexpr uint16_t kDmaBoundaryHandled = 1u << 0;
constexpr uint16_t kGeometryValid = 1u << 1;
constexpr uint16_t kRemovable = 1u << 2;
constexpr uint16_t kLockable = 1u << 5;

void PutText(uint8_t* to, std::string_view text) { std::memcpy(to, text.data(), text.size()); }

void PutDevicePath(std::array<uint8_t, kParameterBytes3>& buffer, const AtaPlace& place,
                   bool packet) {
  StoreLittle(&buffer[kPathOffset], kPathKey);
  buffer[32] = kPathBytes;
  PutText(&buffer[36], "PCI ");
  PutText(&buffer[40], packet ? "ATAPI   " : "ATA     ");
  buffer[48] = place.pci_bus;
  buffer[49] = place.pci_device;
  buffer[50] = place.pci_function;
  buffer[51] = place.channel;
  buffer[56] = place.slave ? 1 : 0;
  const auto path = std::span(buffer).subspan(kPathOffset, kPathBytes - 1);
  buffer[65] = static_cast<uint8_t>(0 - std::accumulate(path.begin(), path.end(), 0u));
}

DiskReply Parameters(BiosCall& call, const MappedDrive& drive) {
  const LinearAddress at = call.At(kDs, call.regs.si());
  const auto room = call.Read<uint16_t>(at);
  if (room < kParameterBytes1) return DiskReply::Of(DiskStatus::kBadCommand);
  const bool disc = drive.kind == BiosDriveKind::kCdrom;
  const std::optional<AtaPlace> place = drive.emulated ? std::nullopt : drive.drive->place();

  std::array<uint8_t, kParameterBytes3> buffer{};
  uint16_t bytes = kParameterBytes1;
  StoreLittle(&buffer[2], disc ? static_cast<uint16_t>(kDmaBoundaryHandled | kRemovable | kLockable)
                               : static_cast<uint16_t>(kDmaBoundaryHandled | kGeometryValid));
  if (!disc) {
    const DiskGeometry geometry =
        drive.emulated ? drive.geometry : PhysicalGeometry(drive.blocks());
    StoreLittle(&buffer[4], geometry.cylinders);
    StoreLittle(&buffer[8], geometry.heads);
    StoreLittle(&buffer[12], geometry.sectors);
  }
  StoreLittle(&buffer[16], drive.blocks());
  StoreLittle(&buffer[24], static_cast<uint16_t>(drive.block_bytes()));
  if (room >= kParameterBytes2) {
    bytes = kParameterBytes2;
    StoreLittle(&buffer[26], UINT32_MAX);  // no extension
    if (place) {
      const FarPointer extension = WriteDeviceExtension(call, *place, disc);
      StoreLittle(&buffer[26], extension.offset);
      StoreLittle(&buffer[28], extension.segment);
    }
  }
  if (room >= kParameterBytes3 && place) {
    bytes = kParameterBytes3;
    PutDevicePath(buffer, *place, disc);
  }
  StoreLittle(&buffer[0], bytes);
  call.WriteBytes(at, std::span(buffer).first(bytes));
  return DiskReply::Good();
}

// The hardware configuration: neither prefetch, nor faster modes, nor DMA can be had.
DiskReply Configure(BiosCall& call) {
  switch (call.regs.al()) {
    case 0x01:
    case 0x03:
    case 0x04:
    case 0x06:
      call.regs.set_al(0);
      return DiskReply::Good();
    default:
      return DiskReply::Of(DiskStatus::kBadCommand);
  }
}

}  // namespace

DiskReply DiskExtensions::LockOrUnlock(BiosCall& call, const MappedDrive& drive) {
  uint8_t& locks = locks_[drive.number];
  const uint8_t action = call.regs.al();
  if (action > 2) return DiskReply::Of(DiskStatus::kBadCommand);
  call.regs.set_al(0);
  if (!drive.removable()) return DiskReply::Good();
  DiskStatus status = DiskStatus::kGood;
  if (action == 0) {
    if (locks == UINT8_MAX) {
      status = DiskStatus::kLockCountExceeded;
    } else {
      ++locks;
    }
  } else if (action == 1) {
    if (locks == 0) {
      status = DiskStatus::kNotLocked;
    } else {
      --locks;
    }
  }
  call.regs.set_al(locks != 0 ? 1 : 0);
  return DiskReply::Of(status);
}

DiskReply DiskExtensions::Eject(const MappedDrive& drive) const {
  if (!drive.removable()) return DiskReply::Of(DiskStatus::kNotRemovable);
  if (locks_[drive.number] != 0) return DiskReply::Of(DiskStatus::kLocked);
  return DiskReply::Of(DiskStatus::kEjectFailed);
}

DiskReply DiskExtensions::Function(BiosCall& call, const MappedDrive& drive) {
  const uint8_t function = call.regs.ah();
  switch (function) {
    case 0x41:
      return Installed(call);
    case 0x42:
    case 0x43:
    case 0x44:
      return Transfer(call, drive, function);
    case 0x45:
      return LockOrUnlock(call, drive);
    case 0x46:
      return Eject(drive);
    case 0x47:
      return Seek(call, drive);
    case 0x48:
      return Parameters(call, drive);
    case 0x49:  // the medium is the one of before
      return DiskReply::Good();
    case 0x4E:
      return Configure(call);
    default:
      return DiskReply::Of(DiskStatus::kBadCommand);
  }
}

}  // namespace verbatim
