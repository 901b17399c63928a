// SPDX-License-Identifier: Apache-2.0
// A drive as the virtual BIOS sees it: whole, synchronous, by byte offset. The machine makes one of
// each disk, disc and floppy disk that it has.
#ifndef VERBATIM_FIRMWARE_BIOS_DRIVE_H_
#define VERBATIM_FIRMWARE_BIOS_DRIVE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "storage/block_backend.h"

namespace verbatim {

enum class BiosDriveKind : uint8_t { kDisk, kCdrom, kFloppy };

// Where a drive hangs: what int 13h tells systems that want to drive it themselves.
struct AtaPlace {
  uint16_t command_port = 0;
  uint16_t control_port = 0;
  uint8_t irq = 0;
  uint8_t channel = 0;
  bool slave = false;
  // The controller on the PCI bus.
  uint8_t pci_bus = 0;
  uint8_t pci_device = 0;
  uint8_t pci_function = 0;
};

class BiosDrive {
 public:
  virtual ~BiosDrive() = default;

  [[nodiscard]] virtual BiosDriveKind kind() const = 0;
  // For messages: the image's path.
  [[nodiscard]] virtual const std::string& name() const = 0;
  // 0: no medium.
  [[nodiscard]] virtual uint64_t size_bytes() const = 0;
  [[nodiscard]] virtual bool read_only() const = 0;
  [[nodiscard]] virtual std::optional<AtaPlace> place() const { return {}; }

  // Another number whenever another medium was put in.
  [[nodiscard]] virtual unsigned medium() const { return 0; }

  // Return when it is done. Ranges that do not lie within the drive are refused.
  [[nodiscard]] virtual BlockStatus Read(uint64_t offset, std::span<uint8_t> to) = 0;
  [[nodiscard]] virtual BlockStatus Write(uint64_t offset, std::span<const uint8_t> from) = 0;
  [[nodiscard]] virtual BlockStatus Flush() = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_DRIVE_H_
