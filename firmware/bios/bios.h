// SPDX-License-Identifier: Apache-2.0
// The virtual BIOS. Its ROM (rom.asm) holds the entry points of the interrupts; what they do is C++
// here. The ROM calls it by an undefined instruction, 0F 0B, and a byte that names the service: the
// number of the interrupt, or one of Service. Such an instruction is a call only where it lies in
// the BIOS area of physical memory or in the video ROM; anywhere else it is #UD.
//
// One file for each service: what an interrupt does is in the file of that name.
#ifndef VERBATIM_FIRMWARE_BIOS_BIOS_H_
#define VERBATIM_FIRMWARE_BIOS_BIOS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/log.h"
#include "devices/device.h"
#include "firmware/acpi_tables.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/boot/boot_service.h"
#include "firmware/bios/disk/disk_service.h"
#include "firmware/bios/drive.h"
#include "firmware/bios/keyboard/keyboard.h"
#include "firmware/bios/pci/pci_bios.h"
#include "firmware/bios/ports/printer.h"
#include "firmware/bios/ports/serial.h"
#include "firmware/bios/system/system.h"
#include "firmware/bios/time/clock.h"
#include "firmware/bios/video/video.h"
#include "firmware/memory_map.h"
#include "vcpu/cpu_model.h"
#include "vcpu/firmware_trap.h"
#include "vcpu/port_io.h"

namespace verbatim {

// What the BIOS works on. All outlive it.
struct BiosMachine {
  Mmu& mmu;
  PortIo& ports;
  const Clock& clock;
  std::vector<MemoryMapEntry> memory_map;
  std::vector<BiosDrive*> drives;  // in the order of the user
  BootOrder boot_order{};
  uint16_t power_port = 0x604;  // the ACPI PM1 control register
  CpuidResult processor{};      // leaf 1
  std::optional<ApicConfig> apic = std::nullopt;
  uint8_t sci_irq = 9;
};

// After a call, for --trace bios: the service and the registers before and after.
using BiosObserver =
    std::function<void(uint8_t service, const CpuState& before, const BiosCall& after)>;

class Bios final : public FirmwareTrap {
 public:
  enum Service : uint8_t {
    kPost = 0xE0,
    kKeyAction = 0xE1,
    kMouse = 0xE2,
    kKeyCommand = 0xE3,
    kPortStep = 0xE4,
    kPortEnd = 0xE5,
    kWaited = 0xE6,
    kApm = 0xE7,
    kBoot = 0xE8,
    kProtectedMode = 0xE9,
    kSerialPoll = 0xEA,
    kPrinterPoll = 0xEB,
    kPciProtected = 0xEC,
    kDirectory = 0xED,
  };

  explicit Bios(BiosMachine machine);
  Bios(const Bios&) = delete;
  Bios& operator=(const Bios&) = delete;

  // Writes the ROM and the tables to physical memory; to be called whenever memory was cleared.
  void InstallRom();
  // Sets up vectors, data area and chips, as the code at the reset vector has it done.
  void PowerOnSelfTest();
  void SetObserver(BiosObserver observer) { observer_ = std::move(observer); }

  [[nodiscard]] Faultable<TrapOutcome> OnUndefined(CpuState& state) override;

 private:
  void Dispatch(uint8_t service, BiosCall& call);
  void Restart(BiosCall& call);
  void InstallTables();

  BiosMachine machine_;
  ClockService clock_;
  DiskService disks_;
  BootService boot_;
  KeyboardService keyboard_;
  VideoService video_;
  SerialService serial_;
  PrinterService printer_;
  SystemService system_;
  PciBios pci_;
  bool self_tested_ = false;
  BiosObserver observer_;
  LogLimiter unknown_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_BIOS_H_
