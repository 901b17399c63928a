// SPDX-License-Identifier: Apache-2.0
// Loads a Linux bzImage by the boot protocol of boot loaders ("The Linux/x86 Boot Protocol"): its
// setup code runs in real mode and asks the BIOS for all that it wants to know. Kernels that are no
// Linux (network boot loaders, memory disks) have nothing else.
#ifndef VERBATIM_FIRMWARE_BZIMAGE_H_
#define VERBATIM_FIRMWARE_BZIMAGE_H_

#include <cstdint>
#include <span>

#include "base/result.h"
#include "firmware/boot_files.h"
#include "firmware/boot_state.h"

namespace verbatim {

// Writes setup code, kernel, initrd and command line to `ram`, which starts at physical address 0.
// After a failure the contents of usable RAM are unspecified.
[[nodiscard]] Result<BootState> LoadBzImage(std::span<uint8_t> ram, const BootFiles& files,
                                            const BootEnvironment& environment);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BZIMAGE_H_
