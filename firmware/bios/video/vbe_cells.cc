// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/video/vbe_cells.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/bits.h"
#include "firmware/bios/video/default_palette.h"
#include "firmware/bios/video/vbe_modes.h"

namespace verbatim {
namespace {

constexpr LinearAddress kWindow{0xA0000};
constexpr unsigned kDots = 8;  // in a line of a character
constexpr unsigned kPlanarBits = 4;
constexpr uint8_t kAllPlanes = 0x0F;
constexpr uint8_t kXor = 0x80;  // bit of a colour, with planes
constexpr uint8_t kFontVector = 0x43;

using Pixel = std::array<uint8_t, 4>;

// The video memory as lines of bytes, in one plane or four.
class VbeScreen {
 public:
  explicit VbeScreen(VideoCall& call)
      : call_(call),
        bits_(call.vga.Vbe(kVbeBpp)),
        cell_bytes_(planar() ? 1 : kDots * ((bits_ + 7) / 8)),
        pitch_(size_t{call.vga.Vbe(kVbeVirtualWidth)} / kDots * cell_bytes_),
        banks_(call.vga.Vbe(kVbeVideoMemory64K)),
        old_bank_(call.vga.Vbe(kVbeBank)),
        bank_(old_bank_) {
    if (!planar()) return;
    // What programs may have left otherwise: bytes reach the planes as they are.
    call.vga.SetGraphics(kGfxEnableSetReset, 0);
    call.vga.SetGraphics(kGfxDataRotate, 0);
    call.vga.SetGraphics(kGfxMode, 0);
    call.vga.SetGraphics(kGfxBitMask, 0xFF);
  }
  ~VbeScreen() {
    SelectBank(old_bank_);
    if (!planar()) return;
    call_.vga.SetSequencer(kSeqMapMask, kAllPlanes);
    call_.vga.SetGraphics(kGfxReadMapSelect, 0);
  }
  VbeScreen(const VbeScreen&) = delete;
  VbeScreen& operator=(const VbeScreen&) = delete;

  [[nodiscard]] bool planar() const { return bits_ == kPlanarBits; }
  [[nodiscard]] unsigned planes() const { return planar() ? kPlanarBits : 1; }
  [[nodiscard]] size_t cell_bytes() const { return cell_bytes_; }
  // Where a cell's line lies.
  [[nodiscard]] size_t At(unsigned y, unsigned column) const {
    return y * pitch_ + column * cell_bytes_;
  }
  // Where a dot lies: the byte that has it in each plane, or its pixel.
  [[nodiscard]] size_t DotAt(unsigned x, unsigned y) const {
    return y * pitch_ + (planar() ? x / kDots : x * pixel_bytes());
  }
  [[nodiscard]] size_t pixel_bytes() const { return cell_bytes_ / kDots; }
  void SelectPlane(unsigned plane) {
    if (!planar()) return;
    call_.vga.SetGraphics(kGfxReadMapSelect, plane);
    call_.vga.SetSequencer(kSeqMapMask, 1u << plane);
  }
  void Read(size_t offset, std::span<uint8_t> to) {
    ForPieces(offset, to.size(), [&](LinearAddress at, size_t first, size_t bytes) {
      call_.bios.ReadBytes(at, to.subspan(first, bytes));
    });
  }
  void Write(size_t offset, std::span<const uint8_t> from) {
    ForPieces(offset, from.size(), [&](LinearAddress at, size_t first, size_t bytes) {
      call_.bios.WriteBytes(at, from.subspan(first, bytes));
    });
  }

  // A line of a character in the plane that is selected.
  [[nodiscard]] std::vector<uint8_t> Encode(uint8_t dots, unsigned plane, uint8_t foreground,
                                            uint8_t background) const {
    if (planar()) return {Bit(unsigned{foreground}, plane) ? dots : uint8_t{0}};
    const Pixel on = PixelOf(foreground);
    const Pixel off = PixelOf(background);
    std::vector<uint8_t> line;
    for (unsigned i = 0; i < kDots; ++i) {
      const Pixel& pixel = Bit(unsigned{dots}, 7 - i) ? on : off;
      line.insert(line.end(), pixel.begin(), pixel.begin() + static_cast<ptrdiff_t>(pixel_bytes()));
    }
    return line;
  }
  // Which of the eight dots of a line are not black.
  [[nodiscard]] uint8_t Decode(std::span<const uint8_t> line) const {
    if (planar()) return line[0];
    uint8_t dots = 0;
    for (unsigned i = 0; i < kDots; ++i) {
      const auto pixel = line.subspan(i * pixel_bytes(), pixel_bytes());
      const bool black = std::ranges::all_of(pixel, [](uint8_t byte) { return byte == 0; });
      if (!black) dots |= static_cast<uint8_t>(0x80u >> i);
    }
    return dots;
  }
  [[nodiscard]] Pixel PixelOf(uint8_t colour) const {
    constexpr unsigned kLevels = 63;  // of the DAC
    if (bits_ <= 8) return {colour};
    static const DacEntries palette = DefaultDac(DacSet::kVga);
    const PixelFormat format = PixelFormatOf(bits_);
    const PixelField fields[] = {format.red, format.green, format.blue};
    uint32_t value = 0;
    for (size_t i = 0; i < std::size(fields); ++i) {
      const unsigned most = (1u << fields[i].bits) - 1;
      value |= palette[colour * 3u + i] * most / kLevels << fields[i].position;
    }
    Pixel pixel{};
    StoreLittle(pixel.data(), value);
    return pixel;
  }

 private:
  void SelectBank(size_t bank) {
    if (bank == bank_) return;
    call_.vga.SetVbe(kVbeBank, static_cast<unsigned>(bank));
    bank_ = bank;
  }
  // What would lie beyond the memory is left out.
  template <typename Access>
  void ForPieces(size_t offset, size_t bytes, Access access) {
    for (size_t done = 0; done < bytes;) {
      const size_t at = offset + done;
      if (at / kVbeBankBytes >= banks_) return;
      SelectBank(at / kVbeBankBytes);
      const size_t in_bank = at % kVbeBankBytes;
      const size_t piece = std::min(bytes - done, kVbeBankBytes - in_bank);
      access(kWindow + static_cast<uint32_t>(in_bank), done, piece);
      done += piece;
    }
  }

  VideoCall& call_;
  const unsigned bits_;
  const size_t cell_bytes_;
  const size_t pitch_;
  const size_t banks_;
  const size_t old_bank_;
  size_t bank_;
};

}  // namespace

void ScrollVbe(VideoCall& call, const CellRectangle& area, unsigned lines, bool down,
               uint8_t fill) {
  VbeScreen screen(call);
  const unsigned height = call.character_height();
  const unsigned columns = area.bottom_right.column - area.top_left.column + 1;
  const unsigned total = (area.bottom_right.row - area.top_left.row + 1) * height;
  const unsigned freed = lines * height;
  const unsigned moved = total - freed;
  const unsigned top = area.top_left.row * height;
  const size_t width = columns * screen.cell_bytes();
  const auto line = [&](unsigned y) { return screen.At(top + y, area.top_left.column); };

  std::vector<uint8_t> kept(moved * width);
  std::vector<uint8_t> blanks;
  for (unsigned plane = 0; plane < screen.planes(); ++plane) {
    screen.SelectPlane(plane);
    // All are read first, so that the window need not go to and fro.
    for (unsigned y = 0; y < moved; ++y) {
      screen.Read(line(down ? y : y + freed), std::span(kept).subspan(y * width, width));
    }
    for (unsigned y = 0; y < moved; ++y) {
      screen.Write(line(down ? y + freed : y), std::span(kept).subspan(y * width, width));
    }
    const std::vector<uint8_t> blank = screen.Encode(0xFF, plane, fill, fill);
    blanks.clear();
    for (unsigned i = 0; i < columns; ++i) blanks.insert(blanks.end(), blank.begin(), blank.end());
    for (unsigned y = 0; y < freed; ++y) screen.Write(line(down ? y : moved + y), blanks);
  }
}

void WriteVbeGlyphs(VideoCall& call, CellPosition at, uint8_t character, CellColour colour,
                    unsigned count) {
  VbeScreen screen(call);
  const unsigned height = call.character_height();
  std::array<uint8_t, VideoCall::kMaxCharacterHeight> glyph{};
  const FarPointer font = call.ReadPointer(bda::Vector(kFontVector));
  call.bios.ReadBytes(font.Linear() + character * height, std::span(glyph).first(height));

  const uint8_t foreground = colour.foreground.value_or(0);
  const bool combine = screen.planar() && (foreground & kXor) != 0;
  const unsigned columns = call.columns();
  for (; count != 0 && at.row < call.rows(); at = {.row = at.row + 1, .column = 0}) {
    // As many as go on the rest of this row.
    const unsigned piece = std::min(count, columns - std::min(at.column, columns - 1));
    std::vector<uint8_t> bytes(piece * screen.cell_bytes());
    for (unsigned plane = 0; plane < screen.planes(); ++plane) {
      screen.SelectPlane(plane);
      for (unsigned y = 0; y < height; ++y) {
        const size_t offset = screen.At(at.row * height + y, at.column);
        const std::vector<uint8_t> dots =
            screen.Encode(glyph[y], plane, foreground, colour.background);
        if (combine) {
          screen.Read(offset, bytes);
        } else {
          std::ranges::fill(bytes, uint8_t{0});
        }
        for (size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= dots[i % dots.size()];
        screen.Write(offset, bytes);
      }
    }
    count -= piece;
  }
}

uint8_t ReadVbeGlyph(VideoCall& call, CellPosition at) {
  constexpr unsigned kCharacters = 256;
  VbeScreen screen(call);
  const unsigned height = call.character_height();
  std::array<uint8_t, VideoCall::kMaxCharacterHeight> shape{};
  std::vector<uint8_t> line(screen.cell_bytes());
  for (unsigned plane = 0; plane < screen.planes(); ++plane) {
    screen.SelectPlane(plane);
    for (unsigned y = 0; y < height; ++y) {
      screen.Read(screen.At(at.row * height + y, at.column), line);
      shape[y] |= screen.Decode(line);
    }
  }
  const FarPointer font = call.ReadPointer(bda::Vector(kFontVector));
  std::array<uint8_t, VideoCall::kMaxCharacterHeight> glyph{};
  for (unsigned character = 0; character < kCharacters; ++character) {
    call.bios.ReadBytes(font.Linear() + character * height, std::span(glyph).first(height));
    if (glyph == shape) return static_cast<uint8_t>(character);
  }
  return 0;
}

void WriteVbeDot(VideoCall& call, unsigned x, unsigned y, uint8_t colour) {
  VbeScreen screen(call);
  const size_t at = screen.DotAt(x, y);
  if (!screen.planar()) {
    const Pixel pixel = screen.PixelOf(colour);
    screen.Write(at, std::span(pixel).first(screen.pixel_bytes()));
    return;
  }
  const auto dot = static_cast<uint8_t>(0x80u >> x % kDots);
  for (unsigned plane = 0; plane < screen.planes(); ++plane) {
    screen.SelectPlane(plane);
    std::array<uint8_t, 1> byte{};
    screen.Read(at, byte);
    if ((colour & kXor) == 0) byte[0] &= static_cast<uint8_t>(~dot);
    if (Bit(unsigned{colour}, plane)) byte[0] ^= dot;
    screen.Write(at, byte);
  }
}

uint8_t ReadVbeDot(VideoCall& call, unsigned x, unsigned y) {
  constexpr unsigned kColours = 256;
  VbeScreen screen(call);
  const size_t at = screen.DotAt(x, y);
  unsigned colour = 0;
  if (screen.planar()) {
    for (unsigned plane = 0; plane < screen.planes(); ++plane) {
      screen.SelectPlane(plane);
      std::array<uint8_t, 1> byte{};
      screen.Read(at, byte);
      colour |= (Bit(unsigned{byte[0]}, 7 - x % kDots) ? 1u : 0u) << plane;
    }
    return static_cast<uint8_t>(colour);
  }
  Pixel pixel{};
  screen.Read(at, std::span(pixel).first(screen.pixel_bytes()));
  if (screen.pixel_bytes() == 1) return pixel[0];
  while (colour < kColours && screen.PixelOf(static_cast<uint8_t>(colour)) != pixel) ++colour;
  return static_cast<uint8_t>(colour % kColours);
}

}  // namespace verbatim
