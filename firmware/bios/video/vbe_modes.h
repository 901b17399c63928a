// SPDX-License-Identifier: Apache-2.0
// The modes that VBE numbers, as adapters with the Bochs display interface number them: those of
// the VESA standard from 100h on, and more from 140h on.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_VBE_MODES_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_VBE_MODES_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace verbatim {

struct VbeMode {
  uint16_t number;
  uint16_t width;
  uint16_t height;
  uint8_t bits;  // per pixel; 4: in planes

  [[nodiscard]] bool planar() const { return bits == 4; }
  // With planes, of each.
  [[nodiscard]] uint32_t LineBytes() const {
    return planar() ? (width + 7u) / 8 : width * ((bits + 7u) / 8);
  }
  [[nodiscard]] size_t MemoryBytes() const {
    return size_t{LineBytes()} * height * (planar() ? 4 : 1);
  }
};

[[nodiscard]] std::span<const VbeMode> VbeModes();
// nullptr: there is none.
[[nodiscard]] const VbeMode* FindVbeMode(uint16_t number);
[[nodiscard]] const VbeMode* FindVbeMode(unsigned width, unsigned height, unsigned bits);

// Where the components of a pixel lie: 15, 16, 24 and 32 bits; nothing for others.
struct PixelField {
  uint8_t bits = 0;
  uint8_t position = 0;
};
struct PixelFormat {
  PixelField red;
  PixelField green;
  PixelField blue;
  PixelField reserved;
};
[[nodiscard]] PixelFormat PixelFormatOf(unsigned bits);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_VBE_MODES_H_
