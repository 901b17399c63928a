// SPDX-License-Identifier: Apache-2.0
// Int 13h functions 41h to 49h and 4Eh: fixed disks and discs by block number (Phoenix Enhanced
// Disk Drive Specification 3.0, section 4).
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_EXTENSIONS_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_EXTENSIONS_H_

#include <array>
#include <cstdint>

#include "firmware/bios/bios_call.h"
#include "firmware/bios/disk/disk_status.h"
#include "firmware/bios/disk/drive_map.h"

namespace verbatim {

class DiskExtensions {
 public:
  void PowerOn() { locks_.fill(0); }
  // `drive` is a fixed disk or a disc.
  [[nodiscard]] DiskReply Function(BiosCall& call, const MappedDrive& drive);

 private:
  [[nodiscard]] DiskReply LockOrUnlock(BiosCall& call, const MappedDrive& drive);
  [[nodiscard]] DiskReply Eject(const MappedDrive& drive) const;

  std::array<uint8_t, 256> locks_{};  // by drive number: how often a removable medium was locked
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_EXTENSIONS_H_
