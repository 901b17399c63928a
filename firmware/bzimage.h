// SPDX-License-Identifier: Apache-2.0
// Loads a Linux bzImage by the 32-bit boot protocol ("The Linux/x86 Boot Protocol", section "32-bit
// Boot Protocol"; zero page layout in "The kernel's boot parameters"): no real-mode code runs, the
// zero page says what it would have found out.
#ifndef VERBATIM_FIRMWARE_BZIMAGE_H_
#define VERBATIM_FIRMWARE_BZIMAGE_H_

#include <cstdint>
#include <span>

#include "base/result.h"
#include "firmware/boot_files.h"
#include "firmware/boot_state.h"

namespace verbatim {

// Writes kernel, initrd, command line and zero page to `ram`, which starts at physical address 0.
// After a failure the contents of usable RAM are unspecified.
[[nodiscard]] Result<BootState> LoadBzImage(std::span<uint8_t> ram, const BootFiles& files,
                                            const BootEnvironment& environment);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BZIMAGE_H_
