// SPDX-License-Identifier: Apache-2.0
// Int 13h functions 00h to 18h of fixed disks, by cylinder, head and sector (IBM PS/2 and PC BIOS
// Interface Technical Reference, int 13h, fixed disk).
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_FIXED_DISK_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_FIXED_DISK_H_

#include "firmware/bios/bios_call.h"
#include "firmware/bios/disk/disk_status.h"
#include "firmware/bios/disk/drive_map.h"

namespace verbatim {

// Registers CH, CL and DH as these functions use them; the cylinder's upper bits are in CL.
struct CylinderHeadSector {
  uint32_t cylinder;
  uint32_t head;
  uint32_t sector;
};
[[nodiscard]] CylinderHeadSector ReadAddress(const BiosRegisters& regs);

// The function in AH but 01h. `drive` is a fixed disk.
[[nodiscard]] DiskReply FixedDiskFunction(BiosCall& call, const DriveMap& drives,
                                          const MappedDrive& drive);
// The same for a number that no disk has.
[[nodiscard]] DiskReply MissingDiskFunction(BiosCall& call);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_FIXED_DISK_H_
