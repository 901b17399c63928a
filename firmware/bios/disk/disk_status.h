// SPDX-License-Identifier: Apache-2.0
// What int 13h returns in AH and leaves in the data area (IBM PS/2 and PC BIOS Interface Technical
// Reference, int 13h; Phoenix Enhanced Disk Drive Specification 3.0, appendix).
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_DISK_STATUS_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_DISK_STATUS_H_

#include <cstdint>

namespace verbatim {

enum class DiskStatus : uint8_t {
  kGood = 0x00,
  kBadCommand = 0x01,
  kNoAddressMark = 0x02,
  kWriteProtected = 0x03,
  kSectorNotFound = 0x04,
  kMediaChanged = 0x06,
  kNoSuchDrive = 0x07,
  kDmaBoundary = 0x09,
  kUnsupportedTrack = 0x0C,
  kBadData = 0x10,
  kNoMedia = 0x31,
  kSeekFailed = 0x40,
  kTimeout = 0x80,
  kNotReady = 0xAA,
  kNotLocked = 0xB0,
  kLocked = 0xB1,
  kNotRemovable = 0xB2,
  kLockCountExceeded = 0xB4,
  kEjectFailed = 0xB5,
  kWriteFault = 0xCC,
};

// How a function of int 13h ends.
struct DiskReply {
  uint8_t ah = 0;
  bool failed = false;
  uint8_t recorded = 0;  // for function 01h

  // Most return their status.
  [[nodiscard]] static DiskReply Of(DiskStatus status) {
    return {static_cast<uint8_t>(status), status != DiskStatus::kGood,
            static_cast<uint8_t>(status)};
  }
  [[nodiscard]] static DiskReply Good() { return {}; }
  // Some tell something else in AH.
  [[nodiscard]] static DiskReply GoodWith(uint8_t ah) { return {.ah = ah}; }
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_DISK_STATUS_H_
