// SPDX-License-Identifier: Apache-2.0
// Firmware that the user brings (--firmware): the ROM at the top of the address space with its last
// 128 KiB, or all of a smaller one, below 1 MiB too, where the host bridge's PAM registers decide
// between it and the RAM behind it; and fw_cfg, by which it learns what the machine is made of.
#ifndef VERBATIM_MACHINE_EXTERNAL_FIRMWARE_H_
#define VERBATIM_MACHINE_EXTERNAL_FIRMWARE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "devices/debug_ports.h"
#include "devices/fw_cfg.h"
#include "devices/port_bus.h"
#include "firmware/bios/drive.h"
#include "firmware/boot_files.h"
#include "machine/chipset.h"
#include "machine/config.h"
#include "machine/display.h"
#include "memory/physical_memory.h"

namespace verbatim {

class ExternalFirmware {
 public:
  static constexpr uint64_t kMinRomBytes = 64 << 10;
  static constexpr uint64_t kMaxRomBytes = 8 << 20;
  static constexpr uint64_t kMaxVgaBiosBytes = 64 << 10;
  static constexpr uint64_t kMaxOptionRomBytes = 64 << 10;

  // Reads the files; the VGA BIOS becomes the card's expansion ROM. `memory`, `dma` and `chipset`
  // must outlive the firmware, and so does `config.firmware_log`. Fails with the file's name and
  // what was expected of it.
  [[nodiscard]] static Result<std::unique_ptr<ExternalFirmware>> Open(const MachineConfig& config,
                                                                      PhysicalMemory& memory,
                                                                      DmaMemory& dma,
                                                                      const Chipset& chipset,
                                                                      Display& display);
  // The kernel that the option ROM of the configuration boots; once, before the machine runs.
  [[nodiscard]] Status AddKernel(const FirmwareConfig& config, const BootFiles& files,
                                 uint64_t ram_bytes);
  // The drives in the order in which they are to be booted, behind the kernel if there is one;
  // once, before the machine runs.
  void SetBootOrder(std::span<BiosDrive* const> drives);

  void Attach(PortBus& bus);
  [[nodiscard]] std::vector<Device*> devices() { return {&fw_cfg_}; }

 private:
  ExternalFirmware(const MachineConfig& config, DmaMemory& dma);
  static void MapRom(std::span<const uint8_t> rom, PhysicalMemory& memory);
  void AddSmbios(const MachineConfig& config);
  void FillItems(const MachineConfig& config, const Chipset& chipset);

  FwCfg fw_cfg_;
  bool has_kernel_ = false;
  std::unique_ptr<DebugConsolePort> log_port_;  // null: nobody listens
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_EXTERNAL_FIRMWARE_H_
