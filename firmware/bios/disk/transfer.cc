// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/transfer.h"

#include <algorithm>
#include <span>
#include <vector>

namespace verbatim {
namespace {

// At a time; a count of the guest never decides how much memory is taken.
constexpr uint32_t kPieceBytes = 64 << 10;

bool Contains(const MappedDrive& drive, BlockRange range) {
  return range.count <= drive.blocks() && range.first <= drive.blocks() - range.count;
}

// One read within the drive; what the format has beyond the image is blank.
BlockStatus ReadRaw(const MappedDrive& drive, uint64_t offset, std::span<uint8_t> to) {
  const uint64_t stored = offset < drive.bytes ? drive.bytes - offset : 0;
  const auto real = static_cast<size_t>(std::min<uint64_t>(stored, to.size()));
  std::ranges::fill(to.subspan(real), uint8_t{0});
  if (real == 0) return BlockStatus::kDone;
  return drive.drive->Read(drive.first_byte + offset, to.first(real));
}

BlockStatus WriteRaw(const MappedDrive& drive, uint64_t offset, std::span<const uint8_t> from) {
  if (offset + from.size() > drive.bytes) return BlockStatus::kError;
  return drive.drive->Write(drive.first_byte + offset, from);
}

// A diskette has no cache that a system would flush: what a call has written is on the medium when
// it returns, the part before a bad sector too.
TransferResult OnMedium(const MappedDrive& drive, TransferResult written) {
  if (drive.kind != BiosDriveKind::kFloppy || written.done == 0) return written;
  if (drive.drive->Flush() == BlockStatus::kDone) return written;
  return {DiskStatus::kWriteFault, 0};
}

// Does `piece(block, bytes)` for as many blocks at a time as fit; of a piece that fails, one by
// one.
template <typename Piece>
TransferResult ForEachPiece(const MappedDrive& drive, BlockRange range, DiskStatus failure,
                            Piece piece) {
  if (!Contains(drive, range)) return {DiskStatus::kSectorNotFound, 0};
  std::vector<uint8_t> buffer(
      std::min<uint64_t>(uint64_t{range.count} * drive.block_bytes(), kPieceBytes));
  uint32_t done = 0;
  uint32_t at_once = kPieceBytes / drive.block_bytes();
  while (done < range.count) {
    const uint32_t count = std::min(range.count - done, at_once);
    const std::span bytes(buffer.data(), size_t{count} * drive.block_bytes());
    if (piece((range.first + done) * drive.block_bytes(), done * drive.block_bytes(), bytes)) {
      done += count;
    } else if (count > 1) {
      at_once = 1;
    } else {
      return {failure, done};
    }
  }
  return {DiskStatus::kGood, done};
}

}  // namespace

TransferResult ReadBlocks(BiosCall& call, const MappedDrive& drive, BlockRange range,
                          LinearAddress to) {
  return ForEachPiece(drive, range, DiskStatus::kBadData,
                      [&](uint64_t offset, uint32_t done, std::span<uint8_t> bytes) {
                        if (ReadRaw(drive, offset, bytes) != BlockStatus::kDone) return false;
                        call.WriteBytes(to + done, bytes);
                        return true;
                      });
}

TransferResult WriteBlocks(BiosCall& call, const MappedDrive& drive, BlockRange range,
                           LinearAddress from) {
  if (drive.read_only()) return {DiskStatus::kWriteProtected, 0};
  const TransferResult written =
      ForEachPiece(drive, range, DiskStatus::kWriteFault,
                   [&](uint64_t offset, uint32_t done, std::span<uint8_t> bytes) {
                     call.ReadBytes(from + done, bytes);
                     // After a fault the whole call comes again; zeros are not to be written.
                     if (call.faulted()) return true;
                     return WriteRaw(drive, offset, bytes) == BlockStatus::kDone;
                   });
  return call.faulted() ? written : OnMedium(drive, written);
}

TransferResult VerifyBlocks(const MappedDrive& drive, BlockRange range) {
  return ForEachPiece(drive, range, DiskStatus::kBadData,
                      [&](uint64_t offset, uint32_t /*done*/, std::span<uint8_t> bytes) {
                        return ReadRaw(drive, offset, bytes) == BlockStatus::kDone;
                      });
}

TransferResult FillBlocks(const MappedDrive& drive, BlockRange range, uint8_t value) {
  if (drive.read_only()) return {DiskStatus::kWriteProtected, 0};
  return OnMedium(drive,
                  ForEachPiece(drive, range, DiskStatus::kWriteFault,
                               [&](uint64_t offset, uint32_t /*done*/, std::span<uint8_t> bytes) {
                                 std::ranges::fill(bytes, value);
                                 return WriteRaw(drive, offset, bytes) == BlockStatus::kDone;
                               }));
}

}  // namespace verbatim
