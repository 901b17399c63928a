// SPDX-License-Identifier: Apache-2.0
// Graphics through the planes: what the shift registers of the graphics controller make of the four
// bytes at an address.
#include <array>
#include <vector>

#include "devices/vga/crtc_scan.h"
#include "devices/vga/palette.h"
#include "devices/vga/render_modes.h"

namespace verbatim {
namespace {

constexpr unsigned kDotsOfCharacter = 8;

// Byte i of the entry is bit 7 - i of the index.
constexpr std::array<uint64_t, 256> kSpread = [] {
  std::array<uint64_t, 256> spread{};
  for (unsigned value = 0; value < 256; ++value) {
    for (unsigned i = 0; i < 8; ++i) {
      spread[value] |= uint64_t{value >> (7 - i) & 1} << (8 * i);
    }
  }
  return spread;
}();

// Eight pixels, one bit from each plane.
void ShiftPlanes(uint32_t planes, uint8_t* to) {
  StoreLittle(to, kSpread[planes & 0xFF] | kSpread[planes >> 8 & 0xFF] << 1 |
                      kSpread[planes >> 16 & 0xFF] << 2 | kSpread[planes >> 24] << 3);
}

// Eight pixels: two bits from plane 0 below two from plane 2, then the same of planes 1 and 3.
void ShiftInterleaved(uint32_t planes, uint8_t* to) {
  for (unsigned i = 0; i < kDotsOfCharacter; ++i) {
    const unsigned low = planes >> (i < 4 ? 0 : 8);
    const unsigned high = low >> 16;
    const unsigned shift = 6 - 2 * (i & 3);
    to[i] = static_cast<uint8_t>((low >> shift & 3) | (high >> shift & 3) << 2);
  }
}

void Shift256(uint32_t planes, uint8_t* to) { StoreLittle(to, planes); }

struct Shifter {
  void (*shift)(uint32_t planes, uint8_t* to);
  unsigned pixels;      // of a character
  unsigned pixel_dots;  // before the dot clock is halved
};

Shifter ShifterOf(const VgaRegisters& registers) {
  const uint8_t mode = registers.graphics[kGfxMode];
  if ((mode & kGfxModeShift256) != 0) return {Shift256, 4, 2};
  if ((mode & kGfxModeShiftInterleaved) != 0) return {ShiftInterleaved, 8, 1};
  return {ShiftPlanes, 8, 1};
}

}  // namespace

void RenderGraphics(const DisplayState& state, unsigned first, unsigned end, Image& image) {
  const VgaRegisters& vga = state.vga;
  const Shifter shifter = ShifterOf(vga);
  std::array<uint32_t, 256> colours = DacColours(state);
  if (shifter.pixel_dots == 1) std::ranges::copy(AttributeColours(state), colours.begin());
  // One character more than is shown, for panning.
  const unsigned characters = vga.DisplayedCharacters() + 1;
  std::vector<uint8_t> values(size_t{characters} * shifter.pixels);
  const CrtcAddresses addresses(vga);
  CrtcScan scan(vga);
  for (unsigned y = 0; y < end; ++y) {
    const ScanLine line = scan.Next();
    if (y < first) continue;
    for (unsigned i = 0; i < characters; ++i) {
      const unsigned address = addresses.Memory(addresses.Counter(line, i), line.row);
      shifter.shift(PlanesAt(state, address), &values[size_t{i} * shifter.pixels]);
    }
    Colour(values, addresses.PelPanning(line) / shifter.pixel_dots,
           shifter.pixel_dots * DotScale(vga), colours, image.Row(y));
  }
}

void RenderVbePlanes(const DisplayState& state, unsigned first, unsigned end, Image& image) {
  const std::array<uint32_t, 16> colours = AttributeColours(state);
  const size_t line_bytes = state.vbe.LineBytes(state.vbe.x_res);
  std::vector<uint8_t> values(line_bytes * kDotsOfCharacter);
  for (unsigned y = first; y < end; ++y) {
    const size_t start = state.vbe.StartOffset() + y * state.vbe.PitchBytes();
    for (size_t i = 0; i < line_bytes; ++i) {
      ShiftPlanes(PlanesAt(state, start + i), &values[i * kDotsOfCharacter]);
    }
    Colour(values, 0, 1, colours, image.Row(y));
  }
}

}  // namespace verbatim
