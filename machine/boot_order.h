// SPDX-License-Identifier: Apache-2.0
// What is booted first, in the two ways that firmware is told: the kinds of drives in CMOS, and the
// drives themselves in the fw_cfg file "bootorder" (Open Firmware device paths, one a line).
#ifndef VERBATIM_MACHINE_BOOT_ORDER_H_
#define VERBATIM_MACHINE_BOOT_ORDER_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/bios/drive.h"
#include "machine/config.h"

namespace verbatim {

// The letters of the order, as MachineConfig has it or by default.
[[nodiscard]] std::string_view BootLetters(const MachineConfig& config);
// The drives in that order; those of kinds that it does not name are left out.
[[nodiscard]] std::vector<BiosDrive*> InBootOrder(std::span<BiosDrive* const> drives,
                                                  std::string_view letters);

// The kinds as CMOS codes them, each once, 0 behind the last.
[[nodiscard]] std::array<uint8_t, 3> BootKinds(const MachineConfig& config);

// Lines for the drives, in their order; ends in a zero byte.
[[nodiscard]] std::string BootOrderFile(std::span<BiosDrive* const> drives);

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_BOOT_ORDER_H_
