// SPDX-License-Identifier: Apache-2.0
#include "machine/boot_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace verbatim {
namespace {

enum CmosBootKind : uint8_t { kFloppy = 1, kDisk = 2, kCdrom = 3 };

}  // namespace

std::array<uint8_t, 3> BootKinds(const MachineConfig& config) {
  std::array<uint8_t, 3> kinds{};
  size_t count = 0;
  const auto add = [&](CmosBootKind kind) {
    if (std::ranges::find(kinds, kind) == kinds.end()) kinds[count++] = kind;
  };
  if (!config.floppies.empty()) add(kFloppy);
  for (const DiskConfig& disk : config.disks) add(disk.cdrom ? kCdrom : kDisk);
  for (const CmosBootKind kind : {kDisk, kCdrom, kFloppy}) add(kind);
  return kinds;
}

std::string BootOrderFile(std::span<BiosDrive* const> drives) {
  std::string lines;
  unsigned floppies = 0;
  for (const BiosDrive* drive : drives) {
    const std::optional<AtaPlace> place = drive->place();
    if (place) {
      lines += fmt::format("/pci@i0cf8/ide@{:x},{:x}/drive@{:x}/disk@{:x}\n", place->pci_device,
                           place->pci_function, place->channel, place->slave ? 1 : 0);
    } else if (drive->kind() == BiosDriveKind::kFloppy) {
      lines += fmt::format("/pci@i0cf8/isa@1/fdc@03f0/floppy@{:x}\n", floppies++);
    }
  }
  lines += '\0';
  return lines;
}

}  // namespace verbatim
