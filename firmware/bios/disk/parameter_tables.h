// SPDX-License-Identifier: Apache-2.0
// What of the drives lies in guest memory: counts and states in the data area, the fixed disk
// parameter tables that int 41h and 46h point to (EDD 3.0, section 5.4, "translated" form where the
// drive's own shape differs), and the device parameter table extension of function 48h (EDD 3.0,
// section 4.9). The tables are in the extended data area.
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_PARAMETER_TABLES_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_PARAMETER_TABLES_H_

#include "firmware/bios/bios_call.h"
#include "firmware/bios/disk/drive_map.h"
#include "memory/physical_memory.h"

namespace verbatim {

// The shape that the drive itself tells (ATA: words 1, 3 and 6 of its identification).
[[nodiscard]] DiskGeometry PhysicalGeometry(uint64_t disk_sectors);

void WriteDriveTables(PhysicalMemory& memory, const DriveMap& drives);

// Writes the extension of `place` to guest memory and tells where.
FarPointer WriteDeviceExtension(BiosCall& call, const AtaPlace& place, bool packet);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_PARAMETER_TABLES_H_
