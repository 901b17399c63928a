// SPDX-License-Identifier: Apache-2.0
#include "devices/vga/png.h"

#include <png.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/file.h"

namespace verbatim {

Result<std::vector<uint8_t>> EncodePng(const Image& image) {
  if (image.pixels.empty()) return Fail("there is no picture to write");
  std::vector<uint8_t> rgb;
  rgb.reserve(image.pixels.size() * 3);
  for (const uint32_t pixel : image.pixels) {
    for (const unsigned shift : {16u, 8u, 0u}) rgb.push_back(static_cast<uint8_t>(pixel >> shift));
  }
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = image.size.width;
  header.height = image.size.height;
  header.format = PNG_FORMAT_RGB;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::vector<uint8_t> encoded(bytes);
  if (png_image_write_to_memory(&header, encoded.data(), &bytes, 0, rgb.data(), 0, nullptr) == 0) {
    return Fail("the picture cannot be made a PNG: {}", &header.message[0]);
  }
  encoded.resize(bytes);
  return encoded;
}

// Not libpng's own way to write files: it removes what it could not write, be it a device.
Status WritePng(const Image& image, const std::string& path) {
  const Result<std::vector<uint8_t>> encoded = EncodePng(image);
  if (!encoded) return Fail("{}: {}", path, encoded.error().message);
  const Result<FileDescriptor> file = OpenForWriting(path);
  if (!file) return std::unexpected(file.error());
  if (const Status written = WriteAll(file->get(), *encoded); !written) {
    return Fail("{}: cannot be written: {}", path, written.error().message);
  }
  return {};
}

}  // namespace verbatim
