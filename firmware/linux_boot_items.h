// SPDX-License-Identifier: Apache-2.0
// A Linux bzImage taken apart for firmware of others, whose option ROM for it (linuxboot of QEMU)
// asks the configuration device for the pieces and their places and enters the setup code. They are
// the pieces that LoadBzImage puts into RAM.
#ifndef VERBATIM_FIRMWARE_LINUX_BOOT_ITEMS_H_
#define VERBATIM_FIRMWARE_LINUX_BOOT_ITEMS_H_

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "firmware/boot_files.h"

namespace verbatim {

struct LinuxBootItems {
  struct Piece {
    PhysicalAddress address;
    std::vector<uint8_t> bytes;
  };
  Piece setup;         // the real-mode part, its header filled in
  Piece kernel;        // the protected-mode part
  Piece command_line;  // ends in a zero byte
  Piece initrd;        // empty if there is none
};

// For a machine with `ram_bytes` of RAM, the top of which is left to the firmware.
[[nodiscard]] Result<LinuxBootItems> MakeLinuxBootItems(const BootFiles& files, uint64_t ram_bytes);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_LINUX_BOOT_ITEMS_H_
