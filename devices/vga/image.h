// SPDX-License-Identifier: Apache-2.0
// A picture in memory.
#ifndef VERBATIM_DEVICES_VGA_IMAGE_H_
#define VERBATIM_DEVICES_VGA_IMAGE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace verbatim {

struct ImageSize {
  unsigned width = 0;
  unsigned height = 0;
  friend bool operator==(ImageSize, ImageSize) = default;
};

struct Image {
  ImageSize size;
  std::vector<uint32_t> pixels;  // 00RRGGBBh, row by row

  void Resize(ImageSize to) {
    size = to;
    pixels.assign(size_t{to.width} * to.height, 0);
  }
  [[nodiscard]] std::span<uint32_t> Row(unsigned y) {
    return std::span(pixels).subspan(size_t{y} * size.width, size.width);
  }
  [[nodiscard]] uint32_t At(unsigned x, unsigned y) const {
    return pixels[size_t{y} * size.width + x];
  }
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_IMAGE_H_
