// SPDX-License-Identifier: Apache-2.0
// The one entry to the kernel loaders: recognises what a file is and loads it.
#ifndef VERBATIM_FIRMWARE_LOADER_H_
#define VERBATIM_FIRMWARE_LOADER_H_

#include <cstdint>
#include <span>

#include "base/result.h"
#include "firmware/boot_files.h"
#include "firmware/boot_state.h"

namespace verbatim {

enum class ImageKind { kBzImage, kMultiboot };

// By its signature alone; what follows may still be malformed.
[[nodiscard]] Result<ImageKind> RecogniseImage(const InputFile& file);

// Loads files.kernel and what belongs to it into `ram`, which starts at physical address 0. Writes
// nothing outside usable memory of the map. After a failure the contents of usable memory are
// unspecified.
[[nodiscard]] Result<BootState> LoadGuest(std::span<uint8_t> ram, const BootFiles& files,
                                          const BootEnvironment& environment);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_LOADER_H_
