// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/default_palette.h"

#include <algorithm>

#include "base/bits.h"

namespace verbatim {
namespace {

using Colour = std::array<uint8_t, 3>;

constexpr uint8_t kTwoThirds = 0x2A;
constexpr uint8_t kOneThird = 0x15;
constexpr uint8_t kFull = 0x3F;

// The values of 40 rotate every 64 entries.
constexpr unsigned kRepeats = 64;

// Bits 2 to 0 of a palette register are two thirds of red, green and blue, bits 5 to 3 one third.
Colour EgaColour(unsigned value) {
  Colour colour{};
  for (unsigned i = 0; i < colour.size(); ++i) {
    colour[i] = static_cast<uint8_t>((Bit(value, 2 - i) ? kTwoThirds : 0) +
                                     (Bit(value, 5 - i) ? kOneThird : 0));
  }
  return colour;
}

// On a CGA bit 4 is intensity; colour 6 is brown and not dark yellow.
Colour CgaColour(unsigned value) {
  const uint8_t light = Bit(value, 4) ? kOneThird : 0;
  Colour colour{};
  for (unsigned i = 0; i < colour.size(); ++i) {
    colour[i] = static_cast<uint8_t>((Bit(value, 2 - i) ? kTwoThirds : 0) + light);
  }
  constexpr unsigned kBrown = 6;
  if ((value & 0x17) == kBrown) colour[1] = kOneThird;
  return colour;
}

// Bit 3: there is video; bit 4: intensified.
Colour MonoColour(unsigned value) {
  constexpr uint8_t kLevels[] = {0, kTwoThirds, 0, kFull};
  const uint8_t level = kLevels[value >> 3 & 3];
  return {level, level, level};
}

constexpr uint8_t kGreys[] = {0x00, 0x05, 0x08, 0x0B, 0x0E, 0x11, 0x14, 0x18,
                              0x1C, 0x20, 0x24, 0x28, 0x2D, 0x32, 0x38, 0x3F};

// From the least to the most of a component, in three intensities of three saturations each.
constexpr unsigned kLevels = 5;
constexpr uint8_t kRings[9][kLevels] = {
    {0x00, 0x10, 0x1F, 0x2F, 0x3F}, {0x1F, 0x27, 0x2F, 0x37, 0x3F}, {0x2D, 0x31, 0x36, 0x3A, 0x3F},
    {0x00, 0x07, 0x0E, 0x15, 0x1C}, {0x0E, 0x11, 0x15, 0x18, 0x1C}, {0x14, 0x16, 0x18, 0x1A, 0x1C},
    {0x00, 0x04, 0x08, 0x0C, 0x10}, {0x08, 0x0A, 0x0C, 0x0E, 0x10}, {0x0B, 0x0C, 0x0D, 0x0F, 0x10}};
constexpr unsigned kHues = 24;
constexpr unsigned kGreysAt = 16;
constexpr unsigned kRingsAt = 32;

// Round the circle of hues from blue by red, yellow, green: a component rises in four steps, stays,
// and falls; each begins a third of the circle after the one before.
uint8_t RingLevel(const uint8_t (&levels)[kLevels], unsigned hue) {
  hue %= kHues;
  if (hue <= 4) return levels[hue];
  if (hue <= 12) return levels[4];
  if (hue <= 16) return levels[16 - hue];
  return levels[0];
}

Colour VgaColour(unsigned value) {
  if (value < kGreysAt) return CgaColour((value & 7) | (value & 8) << 1);
  if (value < kRingsAt) {
    const uint8_t level = kGreys[value - kGreysAt];
    return {level, level, level};
  }
  const unsigned ring = (value - kRingsAt) / kHues;
  if (ring >= std::size(kRings)) return {};
  const unsigned hue = (value - kRingsAt) % kHues;
  return {RingLevel(kRings[ring], hue), RingLevel(kRings[ring], hue + 16),
          RingLevel(kRings[ring], hue + 8)};
}

}  // namespace

DacEntries DefaultDac(DacSet set) {
  DacEntries entries{};
  for (unsigned i = 0; i < 256; ++i) {
    Colour colour{};
    switch (set) {
      case DacSet::kMono:
        colour = MonoColour(i % kRepeats);
        break;
      case DacSet::kCga:
        colour = CgaColour(i % kRepeats);
        break;
      case DacSet::kEga:
        colour = EgaColour(i % kRepeats);
        break;
      case DacSet::kVga:
        colour = VgaColour(i);
        break;
    }
    std::ranges::copy(colour, entries.begin() + i * colour.size());
  }
  return entries;
}

uint8_t GreyOf(unsigned red, unsigned green, unsigned blue) {
  const unsigned grey = (77 * red + 151 * green + 28 * blue + 128) / 256;
  return static_cast<uint8_t>(std::min<unsigned>(grey, kFull));
}

}  // namespace verbatim
