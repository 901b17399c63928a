// SPDX-License-Identifier: Apache-2.0
// Pictures as PNG files (RFC 2083), through libpng.
#ifndef VERBATIM_DEVICES_VGA_PNG_H_
#define VERBATIM_DEVICES_VGA_PNG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "devices/vga/image.h"

namespace verbatim {

// The bytes of such a file. The picture must not be empty.
[[nodiscard]] Result<std::vector<uint8_t>> EncodePng(const Image& image);

// Creates or replaces the file. The picture must not be empty.
[[nodiscard]] Status WritePng(const Image& image, const std::string& path);

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_PNG_H_
