// SPDX-License-Identifier: Apache-2.0
// Int 13h functions of diskettes (IBM PS/2 and PC BIOS Interface Technical Reference, int 13h,
// diskette). The image is read directly: motors, head positions and the controller stay as they
// are.
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_DISKETTE_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_DISKETTE_H_

#include "firmware/bios/bios_call.h"
#include "firmware/bios/disk/disk_status.h"
#include "firmware/bios/disk/drive_map.h"

namespace verbatim {

// The function in AH but 01h.
[[nodiscard]] DiskReply DisketteFunction(BiosCall& call, const DriveMap& drives,
                                         const MappedDrive& drive);
// The same for a number that no diskette drive has.
[[nodiscard]] DiskReply MissingDisketteFunction(BiosCall& call, const DriveMap& drives);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_DISKETTE_H_
