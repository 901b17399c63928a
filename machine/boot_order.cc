// SPDX-License-Identifier: Apache-2.0
#include "machine/boot_order.h"

#include <fmt/format.h>

#include <optional>

namespace verbatim {
namespace {

enum CmosBootKind : uint8_t { kFloppy = 1, kDisk = 2, kCdrom = 3 };

char LetterOf(BiosDriveKind kind) {
  switch (kind) {
    case BiosDriveKind::kFloppy:
      return 'a';
    case BiosDriveKind::kDisk:
      return 'c';
    case BiosDriveKind::kCdrom:
      break;
  }
  return 'd';
}

}  // namespace

std::string_view BootLetters(const MachineConfig& config) {
  return config.boot_order ? std::string_view(*config.boot_order) : kDefaultBootOrder;
}

std::vector<BiosDrive*> InBootOrder(std::span<BiosDrive* const> drives, std::string_view letters) {
  std::vector<BiosDrive*> ordered;
  for (const char letter : letters) {
    for (BiosDrive* drive : drives) {
      if (LetterOf(drive->kind()) == letter) ordered.push_back(drive);
    }
  }
  return ordered;
}

std::array<uint8_t, 3> BootKinds(const MachineConfig& config) {
  std::array<uint8_t, 3> kinds{};
  size_t count = 0;
  for (const char letter : BootLetters(config)) {
    if (letter == 'n' || count == kinds.size()) continue;
    kinds[count++] = letter == 'a' ? kFloppy : letter == 'c' ? kDisk : kCdrom;
  }
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
