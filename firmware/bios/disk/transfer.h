// SPDX-License-Identifier: Apache-2.0
// Blocks between a drive and the caller's memory. A transfer ends at the first block that fails;
// what went before counts. Ranges are checked against the drive first.
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_TRANSFER_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_TRANSFER_H_

#include <cstdint>

#include "base/address.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/disk/disk_status.h"
#include "firmware/bios/disk/drive_map.h"

namespace verbatim {

struct BlockRange {
  uint64_t first = 0;
  uint32_t count = 0;
};

struct TransferResult {
  DiskStatus status = DiskStatus::kGood;
  uint32_t done = 0;  // blocks
};

[[nodiscard]] TransferResult ReadBlocks(BiosCall& call, const MappedDrive& drive, BlockRange range,
                                        LinearAddress to);
[[nodiscard]] TransferResult WriteBlocks(BiosCall& call, const MappedDrive& drive, BlockRange range,
                                         LinearAddress from);
// Reads without a place for the data.
[[nodiscard]] TransferResult VerifyBlocks(const MappedDrive& drive, BlockRange range);
// Writes the same byte everywhere.
[[nodiscard]] TransferResult FillBlocks(const MappedDrive& drive, BlockRange range, uint8_t value);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_TRANSFER_H_
