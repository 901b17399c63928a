// SPDX-License-Identifier: Apache-2.0
// The 512 bytes by which drives introduce themselves: IDENTIFY DEVICE and IDENTIFY PACKET DEVICE
// (ATA/ATAPI-6, 8.15 and 8.16).
#ifndef VERBATIM_DEVICES_ATA_IDENTIFY_H_
#define VERBATIM_DEVICES_ATA_IDENTIFY_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "devices/ata_geometry.h"

namespace verbatim {

// What SET FEATURES 03h chose: the mode in the low three bits, as the drive reports it.
struct AtaTransferMode {
  uint8_t multiword = 2;  // 0-2; 0xFF: none
  uint8_t ultra = 0xFF;   // 0-5; 0xFF: none
  static constexpr uint8_t kNone = 0xFF;

  // The argument of SET FEATURES 03h (8.46.3). False if the drive has no such mode.
  [[nodiscard]] bool Set(uint8_t argument);
};

struct DiskIdentity {
  uint64_t sectors = 0;
  std::string_view serial;
  AtaGeometry default_geometry;
  AtaGeometry geometry;  // in use
  uint8_t multiple = 0;  // sectors per block, 0: not set
  uint8_t max_multiple = 0;
  bool write_cache = true;
  bool look_ahead = true;
  AtaTransferMode mode;
};

[[nodiscard]] std::vector<uint8_t> IdentifyDisk(const DiskIdentity& disk);
[[nodiscard]] std::vector<uint8_t> IdentifyCdrom(std::string_view serial,
                                                 const AtaTransferMode& mode);

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_ATA_IDENTIFY_H_
