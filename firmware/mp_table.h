// SPDX-License-Identifier: Apache-2.0
// The tables by which systems without ACPI find the APICs of a machine (Intel, "MultiProcessor
// Specification", 1.4, chapter 4): the floating pointer structure and, behind it, the
// configuration table. One processor, in virtual wire mode, with the wiring that the MADT tells of.
#ifndef VERBATIM_FIRMWARE_MP_TABLE_H_
#define VERBATIM_FIRMWARE_MP_TABLE_H_

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "firmware/acpi_tables.h"

namespace verbatim {

struct MpConfig {
  ApicConfig apic{};
  uint8_t sci_irq = 9;
  uint32_t processor_signature = 0;  // CPUID leaf 1, EAX and EDX
  uint32_t processor_features = 0;
};

// For that place, a multiple of 16 in the BIOS area.
[[nodiscard]] std::vector<uint8_t> BuildMpTables(PhysicalAddress at, const MpConfig& config);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_MP_TABLE_H_
