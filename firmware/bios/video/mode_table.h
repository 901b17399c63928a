// SPDX-License-Identifier: Apache-2.0
// The modes of the VGA BIOS: what each is, and the register values that make it (IBM PS/2 and PC
// BIOS Interface Technical Reference, int 10h function 00h; video parameter table of the save
// pointer). Mode numbers are those of AL in function 00h.
#ifndef VERBATIM_FIRMWARE_BIOS_VIDEO_MODE_TABLE_H_
#define VERBATIM_FIRMWARE_BIOS_VIDEO_MODE_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/address.h"

namespace verbatim {

// An entry of the video parameter table, as it stands in the ROM.
struct VideoParameters {
  uint8_t columns;
  uint8_t rows_less_1;
  uint8_t character_height;
  std::array<uint8_t, 2> page_bytes;
  std::array<uint8_t, 4> sequencer;  // registers 1 to 4
  uint8_t misc_output;
  std::array<uint8_t, 25> crtc;
  std::array<uint8_t, 20> attribute;  // all but Colour Select
  std::array<uint8_t, 9> graphics;
};
inline constexpr size_t kVideoParameterBytes = 64;
static_assert(sizeof(VideoParameters) == kVideoParameterBytes);

inline constexpr size_t kVideoParameterCount = 29;
extern const std::array<VideoParameters, kVideoParameterCount> kVideoParameters;

enum class MemoryModel : uint8_t {
  kText,
  kCga4,    // two bits per pixel, two banks of lines
  kCga2,    // one bit
  kPlanar,  // a bit in each plane
  kLinear,  // a byte per pixel
};

// The colours that the DAC gets.
enum class DacSet : uint8_t { kMono, kCga, kEga, kVga };

struct VideoMode {
  uint8_t number;
  MemoryModel model;
  uint8_t planes;  // those a colour reaches, as in Map Mask
  DacSet dac;
  uint8_t parameters;  // index into the table
  LinearAddress memory;
  uint32_t memory_bytes;  // what a page is addressed in; a power of two

  [[nodiscard]] bool IsText() const { return model == MemoryModel::kText; }
  [[nodiscard]] bool IsCga() const {
    return model == MemoryModel::kCga4 || model == MemoryModel::kCga2;
  }
};

// nullptr: there is no such mode.
[[nodiscard]] const VideoMode* FindVideoMode(uint8_t number);

// Scan lines that text modes can have, as bits 7 and 4 of 40:89 choose them.
enum class TextLines : uint8_t { k350, k400, k200 };

// The entry of the table for a mode.
[[nodiscard]] size_t ParametersOf(const VideoMode& mode, TextLines lines);

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_VIDEO_MODE_TABLE_H_
