// SPDX-License-Identifier: Apache-2.0
// Characters and dots in graphics modes. A mode is planes of lines of bytes: one plane but for
// planar modes, lines in two banks for those of the CGA.
#include <algorithm>
#include <array>
#include <vector>

#include "base/bits.h"
#include "firmware/bios/video/cells.h"
#include "firmware/bios/video/video_window.h"

namespace verbatim {
namespace {

constexpr unsigned kDots = 8;  // in a line of a character
constexpr unsigned kCharacters = 256;
constexpr unsigned kCgaLineBytes = 80;
constexpr uint32_t kCgaBank = 0x2000;
constexpr unsigned kCgaHeight = 8;
constexpr unsigned kCgaFirstHalf = 128;  // characters of int 43h; the others are those of int 1Fh
constexpr uint8_t kXor = 0x80;           // bit of a colour
constexpr uint8_t kAllPlanes = 0x0F;
constexpr uint8_t kFunctionXor = 0x18;
constexpr uint8_t kFontVector = 0x43;
constexpr uint8_t kUpperFontVector = 0x1F;

using GlyphLine = std::array<uint8_t, kDots>;

class GraphicsMemory {
 public:
  GraphicsMemory(VideoCall& call, const VideoMode& mode)
      : call_(call), mode_(mode), window_(call, mode) {
    switch (mode.model) {
      case MemoryModel::kCga4:
        pitch_ = kCgaLineBytes;
        cell_bytes_ = 2;
        break;
      case MemoryModel::kCga2:
        pitch_ = kCgaLineBytes;
        break;
      case MemoryModel::kLinear:
        pitch_ = call.columns() * kDots;
        cell_bytes_ = kDots;
        break;
      default:
        pitch_ = call.columns();
        break;
    }
    if (!planar()) return;
    // What programs may have left otherwise: bytes reach the planes as they are.
    call.vga.SetGraphics(kGfxEnableSetReset, 0);
    call.vga.SetGraphics(kGfxDataRotate, 0);
    call.vga.SetGraphics(kGfxMode, 0);
    call.vga.SetGraphics(kGfxBitMask, 0xFF);
  }
  ~GraphicsMemory() {
    if (!planar()) return;
    call_.vga.SetSequencer(kSeqMapMask, kAllPlanes);
    call_.vga.SetGraphics(kGfxReadMapSelect, 0);
  }
  GraphicsMemory(const GraphicsMemory&) = delete;
  GraphicsMemory& operator=(const GraphicsMemory&) = delete;

  [[nodiscard]] bool planar() const { return mode_.model == MemoryModel::kPlanar; }
  [[nodiscard]] unsigned banks() const { return mode_.IsCga() ? 2 : 1; }
  [[nodiscard]] unsigned planes() const { return planar() ? 4 : 1; }
  [[nodiscard]] unsigned pitch() const { return pitch_; }
  [[nodiscard]] unsigned cell_bytes() const { return cell_bytes_; }
  [[nodiscard]] unsigned height() { return mode_.IsCga() ? kCgaHeight : call_.character_height(); }
  [[nodiscard]] VideoWindow& window() { return window_; }

  [[nodiscard]] uint32_t Line(unsigned page, unsigned y) {
    const uint32_t start = planar() ? call_.PageOffset(page) : 0;
    return start + y % banks() * kCgaBank + y / banks() * pitch_;
  }
  void SelectPlane(unsigned plane) {
    if (!planar()) return;
    call_.vga.SetGraphics(kGfxReadMapSelect, plane);
    call_.vga.SetSequencer(kSeqMapMask, 1u << plane);
  }

  // The bytes of eight dots in a plane.
  [[nodiscard]] GlyphLine Encode(uint8_t dots, unsigned plane, uint8_t foreground,
                                 uint8_t background) const {
    GlyphLine bytes{};
    switch (mode_.model) {
      case MemoryModel::kCga4:
        for (unsigned i = 0; i < kDots; ++i) {
          if (!Bit(unsigned{dots}, 7 - i)) continue;
          bytes[i / 4] |= static_cast<uint8_t>((foreground & 3) << (6 - i % 4 * 2));
        }
        break;
      case MemoryModel::kLinear:
        for (unsigned i = 0; i < kDots; ++i) {
          bytes[i] = Bit(unsigned{dots}, 7 - i) ? foreground : background;
        }
        break;
      default:
        if (Bit(foreground & unsigned{mode_.planes}, plane)) bytes[0] = dots;
        break;
    }
    return bytes;
  }
  // Which of eight dots are not of colour 0.
  [[nodiscard]] uint8_t Decode(const GlyphLine& bytes) const {
    if (mode_.model == MemoryModel::kCga2 || planar()) return bytes[0];
    uint8_t dots = 0;
    for (unsigned i = 0; i < kDots; ++i) {
      const bool linear = mode_.model == MemoryModel::kLinear;
      const unsigned dot = linear ? bytes[i] : bytes[i / 4] >> (6 - i % 4 * 2) & 3u;
      if (dot != 0) dots |= static_cast<uint8_t>(0x80u >> i);
    }
    return dots;
  }

 private:
  VideoCall& call_;
  const VideoMode& mode_;
  VideoWindow window_;
  unsigned pitch_ = 0;
  unsigned cell_bytes_ = 1;
};

// Lines of the character, from the font that the guest has named.
void ReadFont(VideoCall& call, const VideoMode& mode, unsigned character, std::span<uint8_t> to,
              unsigned height) {
  const bool upper = mode.IsCga() && character >= kCgaFirstHalf;
  const FarPointer font = call.ReadPointer(bda::Vector(upper ? kUpperFontVector : kFontVector));
  if (upper) character -= kCgaFirstHalf;
  call.bios.ReadBytes(font.Linear() + character * height, to);
}

}  // namespace

void ScrollGraphics(VideoCall& call, const VideoMode& mode, unsigned page,
                    const CellRectangle& area, unsigned lines, bool down, uint8_t fill) {
  GraphicsMemory memory(call, mode);
  const unsigned height = memory.height();
  const unsigned banks = memory.banks();
  const unsigned width =
      (area.bottom_right.column - area.top_left.column + 1) * memory.cell_bytes();
  const unsigned total = (area.bottom_right.row - area.top_left.row + 1) * height;
  const unsigned moved = lines * height;
  for (unsigned plane = 0; plane < memory.planes(); ++plane) {
    memory.SelectPlane(plane);
    uint8_t blank = fill;
    if (memory.planar()) blank = Bit(unsigned{fill}, plane) ? 0xFF : 0;
    const std::vector<uint8_t> blanks(width, blank);
    for (unsigned bank = 0; bank < banks; ++bank) {
      const uint32_t first = memory.Line(page, area.top_left.row * height + bank) +
                             area.top_left.column * memory.cell_bytes();
      memory.window().MoveLines(
          {.first = first, .pitch = memory.pitch(), .bytes = width, .lines = total / banks},
          moved / banks, down);
      const unsigned free_line = down ? 0 : (total - moved) / banks;
      for (unsigned line = 0; line < moved / banks; ++line) {
        memory.window().Write(first + (free_line + line) * memory.pitch(), blanks);
      }
    }
  }
}

void WriteGlyphs(VideoCall& call, const VideoMode& mode, unsigned page, CellPosition at,
                 uint8_t character, CellColour colour, unsigned count) {
  GraphicsMemory memory(call, mode);
  const unsigned height = memory.height();
  std::array<uint8_t, VideoCall::kMaxCharacterHeight> glyph{};
  ReadFont(call, mode, character, std::span(glyph).first(height), height);

  const unsigned columns = call.columns();
  const uint8_t foreground = colour.foreground.value_or(0);
  const bool combine = mode.model != MemoryModel::kLinear && (foreground & kXor) != 0;
  while (count != 0 && at.row < call.rows()) {
    // As many as go on the rest of this row.
    const unsigned piece = std::min(count, columns - std::min(at.column, columns - 1));
    std::vector<uint8_t> bytes(size_t{piece} * memory.cell_bytes());
    for (unsigned plane = 0; plane < memory.planes(); ++plane) {
      memory.SelectPlane(plane);
      for (unsigned line = 0; line < height; ++line) {
        const uint32_t offset =
            memory.Line(page, at.row * height + line) + at.column * memory.cell_bytes();
        const GlyphLine dots = memory.Encode(glyph[line], plane, foreground, colour.background);
        if (combine) {
          memory.window().Read(offset, bytes);
        } else {
          std::ranges::fill(bytes, uint8_t{0});
        }
        for (size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= dots[i % memory.cell_bytes()];
        memory.window().Write(offset, bytes);
      }
    }
    count -= piece;
    at = {.row = at.row + 1, .column = 0};
  }
}

uint8_t ReadGlyph(VideoCall& call, const VideoMode& mode, unsigned page, CellPosition at) {
  GraphicsMemory memory(call, mode);
  const unsigned height = memory.height();
  std::array<uint8_t, VideoCall::kMaxCharacterHeight> shape{};
  for (unsigned plane = 0; plane < memory.planes(); ++plane) {
    memory.SelectPlane(plane);
    for (unsigned line = 0; line < height; ++line) {
      GlyphLine bytes{};
      memory.window().Read(
          memory.Line(page, at.row * height + line) + at.column * memory.cell_bytes(),
          std::span(bytes).first(memory.cell_bytes()));
      shape[line] |= memory.Decode(bytes);
    }
  }
  std::array<uint8_t, VideoCall::kMaxCharacterHeight> glyph{};
  for (unsigned character = 0; character < kCharacters; ++character) {
    ReadFont(call, mode, character, std::span(glyph).first(height), height);
    if (glyph == shape) return static_cast<uint8_t>(character);
  }
  return 0;
}

void WriteDot(VideoCall& call, const VideoMode& mode, unsigned page, unsigned x, unsigned y,
              uint8_t colour) {
  GraphicsMemory memory(call, mode);
  const unsigned dots_in_byte = kDots / memory.cell_bytes();
  const uint32_t offset = memory.Line(page, y) + x / dots_in_byte;
  const unsigned dot = x % dots_in_byte;
  if (mode.model == MemoryModel::kLinear) {
    memory.window().SetByte(offset, colour);
    return;
  }
  const bool combine = (colour & kXor) != 0;
  if (!memory.planar()) {
    const unsigned bits = kDots / dots_in_byte;
    const unsigned shift = kDots - bits * (dot + 1);
    const unsigned mask = (1u << bits) - 1;
    const uint8_t old = memory.window().Byte(offset);
    const unsigned kept = combine ? old : old & ~(mask << shift);
    memory.window().SetByte(offset, static_cast<uint8_t>(kept ^ (colour & mask) << shift));
    return;
  }
  // The latches keep the other dots; the colour comes from Set/Reset.
  call.vga.SetSequencer(kSeqMapMask, combine ? colour & mode.planes : kAllPlanes);
  call.vga.SetGraphics(kGfxSetReset, colour & mode.planes);
  call.vga.SetGraphics(kGfxEnableSetReset, kAllPlanes);
  call.vga.SetGraphics(kGfxDataRotate, combine ? kFunctionXor : 0);
  call.vga.SetGraphics(kGfxBitMask, 0x80u >> dot);
  static_cast<void>(memory.window().Byte(offset));
  memory.window().SetByte(offset, 0);
  call.vga.SetGraphics(kGfxSetReset, 0);
  call.vga.SetGraphics(kGfxEnableSetReset, 0);
  call.vga.SetGraphics(kGfxDataRotate, 0);
  call.vga.SetGraphics(kGfxBitMask, 0xFF);
}

uint8_t ReadDot(VideoCall& call, const VideoMode& mode, unsigned page, unsigned x, unsigned y) {
  GraphicsMemory memory(call, mode);
  const unsigned dots_in_byte = kDots / memory.cell_bytes();
  const uint32_t offset = memory.Line(page, y) + x / dots_in_byte;
  const unsigned bits = kDots / dots_in_byte;
  const unsigned shift = kDots - bits * (x % dots_in_byte + 1);
  unsigned colour = 0;
  for (unsigned plane = 0; plane < memory.planes(); ++plane) {
    memory.SelectPlane(plane);
    const unsigned value = memory.window().Byte(offset) >> shift & ((1u << bits) - 1);
    colour |= value << plane;
  }
  return static_cast<uint8_t>(colour & (memory.planar() ? mode.planes : 0xFFu));
}

}  // namespace verbatim
