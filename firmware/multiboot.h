// SPDX-License-Identifier: Apache-2.0
// Loads a multiboot-1 kernel: Multiboot Specification 0.6.96, 3.2 "Machine state" and 3.3 "Boot
// information format". The initrd, if any, becomes module 1.
#ifndef VERBATIM_FIRMWARE_MULTIBOOT_H_
#define VERBATIM_FIRMWARE_MULTIBOOT_H_

#include <cstdint>
#include <span>

#include "base/result.h"
#include "firmware/boot_files.h"
#include "firmware/boot_state.h"

namespace verbatim {

// Writes kernel, module and boot information to `ram`, which starts at physical address 0. After a
// failure the contents of usable RAM are unspecified.
[[nodiscard]] Result<BootState> LoadMultiboot(std::span<uint8_t> ram, const BootFiles& files,
                                              const BootEnvironment& environment);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_MULTIBOOT_H_
