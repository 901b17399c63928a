// SPDX-License-Identifier: Apache-2.0
// A disc that stands for a diskette or a fixed disk, or has booted without that: int 13h functions
// 4Ah to 4Dh (El Torito 1.0, sections 3.0 and 4.0). Renews the numbers of the drives when that
// changes.
#ifndef VERBATIM_FIRMWARE_BIOS_DISK_DISC_EMULATOR_H_
#define VERBATIM_FIRMWARE_BIOS_DISK_DISC_EMULATOR_H_

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/disk/disk_status.h"
#include "firmware/bios/disk/drive_map.h"
#include "firmware/bios/disk/el_torito.h"
#include "memory/physical_memory.h"

namespace verbatim {

class DiscEmulator {
 public:
  explicit DiscEmulator(DriveMap& drives) : drives_(drives) {}

  [[nodiscard]] static bool Serves(uint8_t function) {
    return function >= 0x4A && function <= 0x4D;
  }

  // Every drive is itself, disks in their order.
  void PowerOn(PhysicalMemory& memory);
  void SetFirstDisk(PhysicalMemory& memory, const BiosDrive& disk);
  // Returns the number of what the disc stands for, or of the disc.
  [[nodiscard]] Result<uint8_t> Begin(PhysicalMemory& memory, BiosDrive& disc,
                                      const DiscBootEntry& entry);
  [[nodiscard]] DiskReply Function(BiosCall& call);

 private:
  struct Booted {
    BiosDrive* disc;
    DiscBootEntry entry;
    uint8_t number;
  };

  void Renew(PhysicalMemory& memory, const std::optional<DiscEmulation>& emulation);
  [[nodiscard]] BiosDrive* DiscOf(uint8_t number) const;
  [[nodiscard]] DiskReply Initiate(BiosCall& call, bool boot);
  [[nodiscard]] DiskReply Terminate(BiosCall& call);
  [[nodiscard]] DiskReply ReturnCatalog(BiosCall& call) const;
  void WriteSpecification(BiosCall& call) const;

  DriveMap& drives_;
  const BiosDrive* first_disk_ = nullptr;
  std::optional<Booted> booted_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DISK_DISC_EMULATOR_H_
