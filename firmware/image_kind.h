// SPDX-License-Identifier: Apache-2.0
// What a file is that somebody wants to run, by its contents: its name says nothing.
#ifndef VERBATIM_FIRMWARE_IMAGE_KIND_H_
#define VERBATIM_FIRMWARE_IMAGE_KIND_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace verbatim {

enum class ImageKind : uint8_t {
  kKernel,  // Linux bzImage, or multiboot-1
  kDisc,    // ISO 9660
  kFloppy,  // of the exact size of a format, with a boot sector
  kDisk,    // any other whole number of sectors
};

// So much of a file's beginning is looked at.
inline constexpr size_t kImageHeadBytes = 64 << 10;

// `head` holds the first kImageHeadBytes, or all if there are fewer. Errors say what was expected;
// they do not name the file.
[[nodiscard]] Result<ImageKind> RecogniseImage(std::span<const uint8_t> head, uint64_t size_bytes);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_IMAGE_KIND_H_
