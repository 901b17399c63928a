// SPDX-License-Identifier: Apache-2.0
// The PCI interrupt routing table, $PIR (Microsoft, "PCI IRQ Routing Table Specification", 1.0):
// how the pins of the slots are wired to the router in the PIIX.
#ifndef VERBATIM_FIRMWARE_PIR_TABLE_H_
#define VERBATIM_FIRMWARE_PIR_TABLE_H_

#include <cstdint>
#include <vector>

#include "firmware/pci_config.h"

namespace verbatim {

// The lines that PCI interrupts may be led to: 3 to 7, 9 to 12, 14 and 15.
inline constexpr uint16_t kPirIrqs = 0xDEF8;

[[nodiscard]] constexpr PciPlace PirRouter() { return {0, 1 << 3}; }
// The entries of all slots, 16 bytes each.
[[nodiscard]] std::vector<uint8_t> PirSlots();
// The whole table; it stands at a multiple of 16 in the BIOS area.
[[nodiscard]] std::vector<uint8_t> BuildPirTable();

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_PIR_TABLE_H_
