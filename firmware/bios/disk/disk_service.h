// SPDX-License-Identifier: Apache-2.0
// Int 13h: finds the drive of a call and gives it to the functions of its kind; the status of the
// last call. The groups of functions are in files of their own.
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_DISK_SERVICE_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_DISK_SERVICE_H_

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/disk/disc_emulator.h"
#include "firmware/bios/disk/disk_status.h"
#include "firmware/bios/disk/drive_map.h"
#include "firmware/bios/disk/el_torito.h"
#include "firmware/bios/disk/extensions.h"
#include "memory/physical_memory.h"

namespace verbatim {

class DiskService {
 public:
  explicit DiskService(std::vector<BiosDrive*> drives) : drives_(std::move(drives)) {}

  // Numbers the drives anew and describes them in the data areas.
  void PowerOn(PhysicalMemory& memory);
  void Call(BiosCall& call);
  // For booting; they return the number of the drive then. The disk becomes the first one; a disc
  // stands for what its boot catalogue says.
  uint8_t MakeFirst(PhysicalMemory& memory, const BiosDrive& disk);
  [[nodiscard]] Result<uint8_t> StartDisc(PhysicalMemory& memory, BiosDrive& disc,
                                          const DiscBootEntry& entry);
  // IRQ 6, and IRQ 14 or 15: programs that drive a controller themselves wait for what the BIOS
  // notes in the data area.
  void DisketteInterrupt(BiosCall& call);
  void DiskInterrupt(BiosCall& call);

  [[nodiscard]] DriveMap& drives() { return drives_; }

 private:
  [[nodiscard]] DiskReply Function(BiosCall& call);
  [[nodiscard]] DiskReply LastStatus(BiosCall& call) const;
  // Whether that is all that the call learns.
  [[nodiscard]] bool TellsOfChange(uint8_t function, const MappedDrive& drive);

  DriveMap drives_;
  DiskExtensions extensions_;
  DiscEmulator emulator_{drives_};
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_DISK_SERVICE_H_
