// SPDX-License-Identifier: Apache-2.0
// The ACPI tables: RSDP, RSDT, FADT, FACS, DSDT and, on a machine with an APIC or an HPET,
// MADT and HPET. ACPI 2.0, chapter 5, with an RSDP of revision 0 (no XSDT), so that systems of
// ACPI 1.0 find them too. They stand in the BIOS area F0000h-FFFFFh, which the memory map reserves
// and the host bridge write-protects; the FACS alone, which the system writes to (5.2.9), stands in
// the extended BIOS data area, RAM that is reserved too.
#ifndef VERBATIM_FIRMWARE_ACPI_TABLES_H_
#define VERBATIM_FIRMWARE_ACPI_TABLES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace verbatim {

struct ApicConfig {
  uint32_t local_apic_address = 0xFEE00000;
  uint8_t local_apic_id = 0;
  uint32_t io_apic_address = 0xFEC00000;
  uint8_t io_apic_id = 1;
};

// IA-PC HPET Specification 1.0a, 3.2.4.
struct HpetConfig {
  uint32_t address = 0xFED00000;
  uint32_t id = 0;  // the low half of its capabilities
};

// Where the machine has its fixed power-management hardware (ACPI 2.0, 4.7).
struct AcpiConfig {
  uint16_t pm1a_event_port = 0x600;
  uint16_t pm1a_control_port = 0x604;
  uint16_t pm_timer_port = 0x608;
  bool pm_timer_is_32_bit = false;  // TMR_VAL_EXT; else 24 bits
  uint16_t smi_command_port = 0xB2;
  uint8_t acpi_enable_value = 0xF1;
  uint8_t acpi_disable_value = 0xF0;
  uint8_t sci_irq = 9;
  uint16_t reset_port = 0xCF9;
  uint8_t reset_value = 6;
  std::optional<ApicConfig> apic = std::nullopt;
  std::optional<HpetConfig> hpet = std::nullopt;
};

// SLP_TYP for soft off, as \_S5 in the DSDT says.
inline constexpr uint8_t kSoftOffSleepType = 0;

// The IRQ line of a PCI interrupt pin (0 = INTA), as _PRT in the DSDT says.
[[nodiscard]] constexpr uint8_t PciInterruptLine(unsigned slot, unsigned pin) {
  return ((slot + pin + 3) & 2) == 0 ? 10 : 11;
}

// All tables but the RSDP, before anybody has decided where they will lie.
struct AcpiImage {
  static constexpr uint32_t kFacs = 0;  // offset of the FACS, which comes first
  static constexpr uint32_t kFacsBytes = 64;

  struct Pointer {
    uint32_t offset;  // in `tables`, where the pointer is; it holds an offset in `tables`
    uint8_t bytes;    // 4 or 8
  };
  struct Table {
    uint32_t start;
    uint32_t bytes;
  };
  std::vector<uint8_t> tables;
  std::vector<Pointer> pointers;
  std::vector<Table> checked;  // those with a checksum that the pointers change
  uint32_t rsdt = 0;           // its offset
};

inline constexpr uint32_t kAcpiImageAlignment = 64;
inline constexpr uint32_t kTableChecksum = 9;  // offset in a table
inline constexpr uint32_t kRsdpBytes = 20;
inline constexpr uint32_t kRsdpAlignment = 16;
inline constexpr uint32_t kRsdpChecksum = 8;
inline constexpr uint32_t kRsdpPointer = 16;

// Its size does not depend on the configuration, but for APIC and HPET.
[[nodiscard]] AcpiImage BuildAcpiImage(const AcpiConfig& config);
[[nodiscard]] std::array<uint8_t, kRsdpBytes> BuildRsdp(uint32_t rsdt);

// Where WriteAcpiTables puts the FACS; the rest of the extended BIOS data area is that of the BIOS.
inline constexpr PhysicalAddress kFacsAddress{0x9FF00};

// Writes the tables to `ram`, which starts at physical address 0; the result is where the RSDP is.
[[nodiscard]] Result<PhysicalAddress> WriteAcpiTables(std::span<uint8_t> ram,
                                                      const AcpiConfig& config);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_ACPI_TABLES_H_
