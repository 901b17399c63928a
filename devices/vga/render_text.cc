// SPDX-License-Identifier: Apache-2.0
// Text: each character's row of dots from its font, in the colours of its attribute.
#include <vector>

#include "devices/vga/crtc_scan.h"
#include "devices/vga/palette.h"
#include "devices/vga/render_modes.h"
#include "devices/vga/text_cells.h"

namespace verbatim {
namespace {

constexpr unsigned kFontPlaneShift = 16;
constexpr unsigned kBytesOfGlyph = 32;
constexpr uint8_t kAttributeFontA = 0x08;
constexpr uint8_t kAttributeBlink = 0x80;
constexpr unsigned kUnderlineForeground = 1;  // of its low three bits

// Maps 0 to 3 are 16 KiB apart, 4 to 7 8 KiB above these.
unsigned FontAddress(unsigned low_bits, unsigned high_bit) {
  return low_bits * 0x4000 + high_bit * 0x2000;
}

class TextRow {
 public:
  explicit TextRow(const DisplayState& state)
      : state_(state), vga_(state.vga), addresses_(vga_), width_(vga_.CellWidth()) {
    const unsigned select = vga_.sequencer[kSeqCharacterMapSelect];
    font_a_ = FontAddress(Bits(select, 2, 2), Bits(select, 5, 1));
    font_b_ = FontAddress(Bits(select, 0, 2), Bits(select, 4, 1));
    const uint8_t mode = vga_.attribute[kAttrModeControl];
    line_graphics_ = (mode & kAttrModeLineGraphics) != 0;
    blink_ = (mode & kAttrModeBlink) != 0;
    underline_row_ = vga_.crtc[kCrtcUnderlineLocation] & 0x1F;
    cursor_ = CursorShape(vga_);
    cursor_counter_ = CursorCounter(vga_);
    // One character more than is shown, for panning.
    values_.resize(size_t{vga_.DisplayedCharacters() + 1} * width_);
  }

  // The pixel values of a scan line.
  [[nodiscard]] const std::vector<uint8_t>& Values(const ScanLine& line) {
    const bool cursor_row =
        state_.CursorPhase() && line.row >= cursor_.first && line.row <= cursor_.last;
    uint8_t* to = values_.data();
    for (unsigned i = 0; i <= vga_.DisplayedCharacters(); ++i, to += width_) {
      const unsigned counter = addresses_.Counter(line, i);
      const TextCell cell = CellAt(state_, addresses_.Memory(counter, line.row));
      Draw(cell, line.row, cursor_row && counter == cursor_counter_, to);
    }
    return values_;
  }
  [[nodiscard]] unsigned Panning(const ScanLine& line) const { return addresses_.PelPanning(line); }

 private:
  // The dots of one row of the character, the leftmost in bit 8.
  [[nodiscard]] unsigned Dots(TextCell cell, unsigned row) const {
    const unsigned font = (cell.attribute & kAttributeFontA) != 0 ? font_a_ : font_b_;
    const unsigned address = font + cell.character * kBytesOfGlyph + row;
    const unsigned glyph = PlanesAt(state_, address) >> kFontPlaneShift & 0xFF;
    // The ninth dot is background, but for the line graphics C0h to DFh.
    const bool repeats = line_graphics_ && (cell.character & 0xE0) == 0xC0;
    return glyph << 1 | (repeats ? glyph & 1 : 0);
  }

  void Draw(TextCell cell, unsigned row, bool cursor, uint8_t* to) const {
    unsigned dots = Dots(cell, row);
    unsigned background = cell.attribute >> 4;
    if (blink_) {
      background &= 7;
      if ((cell.attribute & kAttributeBlink) != 0 && !state_.CharacterPhase()) dots = 0;
    }
    const bool underlined = (cell.attribute & 7) == kUnderlineForeground && row == underline_row_;
    if (cursor || underlined) dots = 0x1FF;
    for (unsigned i = 0; i < width_; ++i) {
      to[i] = static_cast<uint8_t>(Bit(dots, 8 - i) ? cell.Foreground() : background);
    }
  }

  const DisplayState& state_;
  const VgaRegisters& vga_;
  CrtcAddresses addresses_;
  unsigned width_;
  unsigned font_a_ = 0;
  unsigned font_b_ = 0;
  bool line_graphics_ = false;
  bool blink_ = false;
  unsigned underline_row_ = 0;
  CursorRows cursor_{1, 0};
  unsigned cursor_counter_ = 0;
  std::vector<uint8_t> values_;
};

}  // namespace

void RenderText(const DisplayState& state, unsigned first, unsigned end, Image& image) {
  const std::array<uint32_t, 16> colours = AttributeColours(state);
  TextRow text(state);
  CrtcScan scan(state.vga);
  for (unsigned y = 0; y < end; ++y) {
    const ScanLine line = scan.Next();
    if (y < first) continue;
    Colour(text.Values(line), text.Panning(line), DotScale(state.vga), colours, image.Row(y));
  }
}

}  // namespace verbatim
