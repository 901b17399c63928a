// SPDX-License-Identifier: Apache-2.0
// What text modes show: glyphs, attributes, fonts, cursor, scrolling; and the text itself.
#include <gtest/gtest.h>

#include "devices/vga/text_screen.h"
#include "tests/devices/vga/vga_board.h"

namespace verbatim {
namespace {

constexpr uint8_t kWhiteOnBlue = 0x1F;

class RenderTextTest : public testing::Test {
 protected:
  // The DAC entries of the attribute's two colours in the standard palette.
  static constexpr unsigned kBlack = 0x00;
  static constexpr unsigned kBlue = 0x01;
  static constexpr unsigned kGrey = 0x07;
  static constexpr unsigned kWhite = 0x3F;

  // The pixels from (x, y) to the right, X for those of DAC entry `entry`.
  std::string Dots(const Image& image, unsigned x, unsigned y, unsigned count, unsigned entry) {
    std::string dots;
    for (unsigned i = 0; i < count; ++i) {
      dots += image.At(x + i, y) == VgaBoard::ColourOf(entry) ? 'X' : '.';
    }
    return dots;
  }
  // What a frame count of `frame` shows.
  Image PictureAt(uint64_t frame) {
    DisplayState state = board_.vga.Display();
    state.frame = frame;
    Image image;
    Render(state, image);
    return image;
  }

  VgaBoard board_;
};

TEST_F(RenderTextTest, PictureHasOnePixelForEachDotAndScanLine) {
  const auto size_of = [this](const VgaMode& mode) {
    board_.SetMode(mode);
    return board_.Picture().size;
  };
  EXPECT_EQ(size_of(kText80x25), (ImageSize{720, 400}));
  EXPECT_EQ(size_of(kText40x25), (ImageSize{720, 400}));
  VgaMode mode = kText80x25;
  mode.sequencer[kSeqClockingMode] = 1;
  EXPECT_EQ(size_of(mode), (ImageSize{640, 400}));
  mode.crtc[kCrtcHorizontalDisplayEnd] = 131;
  mode.crtc[kCrtcOffset] = 66;
  EXPECT_EQ(size_of(mode), (ImageSize{1056, 400}));
}

TEST_F(RenderTextTest, GlyphIsDrawnInTheColoursOfItsAttribute) {
  board_.SetMode(kText80x25);
  board_.Glyph('A', 3, 0b01100101);
  board_.PutText(2, 1, "A", kWhiteOnBlue);
  const Image image = board_.Picture();
  EXPECT_EQ(Dots(image, 18, 19, 9, kWhite), ".XX..X.X.");
  EXPECT_EQ(Dots(image, 18, 19, 9, kBlue), "X..XX.X.X");
  EXPECT_EQ(Dots(image, 18, 20, 9, kBlue), "XXXXXXXXX");
  EXPECT_EQ(image.At(17, 19), VgaBoard::ColourOf(kBlack));
  EXPECT_EQ(image.At(27, 19), VgaBoard::ColourOf(kBlack));
}

TEST_F(RenderTextTest, NinthDotRepeatsTheEighthInLineGraphicsOnly) {
  board_.SetMode(kText80x25);
  for (const uint8_t character : std::to_array<uint8_t>({0xBF, 0xC0, 0xDF, 0xE0}))
    board_.Glyph(character, 0, 0xFF);
  board_.PutText(0, 0, "\xBF\xC0\xDF\xE0", 0x07);
  EXPECT_EQ(Dots(board_.Picture(), 0, 0, 36, kGrey), "XXXXXXXX.XXXXXXXXXXXXXXXXXXXXXXXXXX.");
  board_.Attribute(kAttrModeControl, 0x08);  // line graphics off
  EXPECT_EQ(Dots(board_.Picture(), 9, 0, 9, kGrey), "XXXXXXXX.");
}

TEST_F(RenderTextTest, FortyColumnsHaveDotsOfTwiceTheWidth) {
  board_.SetMode(kText40x25);
  board_.Glyph('A', 0, 0b10100000);
  board_.PutText(1, 0, "A", 0x07, 40);
  EXPECT_EQ(Dots(board_.Picture(), 16, 0, 10, kGrey), "..XX..XX..");
}

TEST_F(RenderTextTest, Attribute3ChoosesBetweenTwoFonts) {
  board_.SetMode(kText80x25);
  board_.Glyph('A', 0, 0x0F, 0x4000);  // map 1
  board_.Glyph('A', 0, 0xF0, 0xA000);  // map 6
  board_.Sequencer(kSeqCharacterMapSelect, 0x20 | 2 << 2 | 1);
  board_.PutText(0, 0, "A", 0x07);
  board_.PutText(1, 0, "A", 0x0F);
  const Image image = board_.Picture();
  EXPECT_EQ(Dots(image, 0, 0, 8, kGrey), "....XXXX");
  EXPECT_EQ(Dots(image, 9, 0, 8, kWhite), "XXXX....");
}

TEST_F(RenderTextTest, BlinkingCharactersComeAndGoEverySixteenFrames) {
  board_.SetMode(kText80x25);
  board_.Crtc(kCrtcCursorStart, kCursorOff);
  board_.Glyph('A', 0, 0xFF);
  board_.PutText(0, 0, "A", 0x97);
  EXPECT_EQ(Dots(PictureAt(15), 0, 0, 9, kGrey), "XXXXXXXX.");
  EXPECT_EQ(Dots(PictureAt(16), 0, 0, 9, kBlue), "XXXXXXXXX");
  EXPECT_EQ(Dots(PictureAt(32), 0, 0, 9, kGrey), "XXXXXXXX.");
}

TEST_F(RenderTextTest, WithoutBlinkingBit7MakesTheBackgroundBright) {
  board_.SetMode(kText80x25);
  board_.Attribute(kAttrModeControl, 0x04);
  board_.Glyph('A', 0, 0xF0);
  board_.PutText(0, 0, "A", 0xF0);
  for (const uint64_t frame : {0, 16}) {
    EXPECT_EQ(Dots(PictureAt(frame), 0, 0, 9, kWhite), "....XXXXX");
  }
}

TEST_F(RenderTextTest, ForegroundXx001IsUnderlinedWhereTheCrtcSays) {
  board_.SetMode(kText80x25);
  board_.Crtc(kCrtcUnderlineLocation, 12);
  board_.PutText(0, 0, "A", 0x01);
  board_.PutText(1, 0, "A", 0x07);
  const Image image = board_.Picture();
  EXPECT_EQ(Dots(image, 0, 12, 18, kBlue), "XXXXXXXXX.........");
  EXPECT_EQ(Dots(image, 0, 11, 9, kBlue), ".........");
}

TEST_F(RenderTextTest, CursorHasShapePlaceSkewAndBlinks) {
  board_.SetMode(kText80x25);
  board_.PutText(0, 0, "    ", 0x07);
  board_.Crtc(kCrtcCursorStart, 13);
  board_.Crtc(kCrtcCursorEnd, 14);
  board_.Crtc(kCrtcCursorLocationLow, 1);
  const Image image = PictureAt(0);
  EXPECT_EQ(Dots(image, 0, 12, 27, kGrey), "...........................");
  EXPECT_EQ(Dots(image, 0, 13, 27, kGrey), ".........XXXXXXXXX.........");
  EXPECT_EQ(Dots(image, 0, 14, 27, kGrey), ".........XXXXXXXXX.........");
  EXPECT_EQ(Dots(image, 0, 15, 27, kGrey), "...........................");
  EXPECT_EQ(Dots(PictureAt(7), 9, 13, 1, kGrey), "X");
  EXPECT_EQ(Dots(PictureAt(8), 9, 13, 1, kGrey), ".");
  EXPECT_EQ(Dots(PictureAt(16), 9, 13, 1, kGrey), "X");
  board_.Crtc(kCrtcCursorEnd, 14 | 1 << 5);
  EXPECT_EQ(Dots(PictureAt(0), 0, 13, 27, kGrey), "..................XXXXXXXXX");
  board_.Crtc(kCrtcCursorEnd, 12);  // ends before it starts
  EXPECT_EQ(Dots(PictureAt(0), 0, 13, 27, kGrey), "...........................");
  board_.Crtc(kCrtcCursorEnd, 14);
  board_.Crtc(kCrtcCursorStart, 13 | kCursorOff);
  EXPECT_EQ(Dots(PictureAt(0), 0, 13, 27, kGrey), "...........................");
}

TEST_F(RenderTextTest, EightLineFontsGiveFiftyRows) {
  board_.SetMode(kText80x25);
  board_.Crtc(kCrtcMaximumScanLine, 0x47);
  board_.Glyph('A', 7, 0x80);
  board_.PutText(0, 49, "A", 0x07);
  EXPECT_EQ(Dots(board_.Picture(), 0, 399, 3, kGrey), "X..");
  EXPECT_EQ(ReadTextScreen(board_.vga.Display())->rows, 50u);
}

TEST_F(RenderTextTest, PanningMovesTheScreenLeftAndUpByDots) {
  board_.SetMode(kText80x25);
  board_.Glyph('A', 2, 0b10000001);
  board_.PutText(0, 0, "AA", 0x07);
  EXPECT_EQ(Dots(board_.Picture(), 0, 2, 12, kGrey), "X......X.X..");  // 8: not at all
  board_.Attribute(kAttrPelPanning, 0);
  EXPECT_EQ(Dots(board_.Picture(), 0, 2, 12, kGrey), "......X.X...");
  board_.Attribute(kAttrPelPanning, 6);
  EXPECT_EQ(Dots(board_.Picture(), 0, 2, 12, kGrey), "X.X......X..");
  board_.Attribute(kAttrPelPanning, 8);
  board_.Crtc(kCrtcPresetRowScan, 2);
  EXPECT_EQ(Dots(board_.Picture(), 0, 0, 12, kGrey), "X......X.X..");
  board_.Crtc(kCrtcPresetRowScan, 1 << 5);  // byte panning: a character
  EXPECT_EQ(Dots(board_.Picture(), 0, 2, 12, kGrey), "X......X....");
}

TEST_F(RenderTextTest, BlankScreensAreBlack) {
  board_.SetMode(kText80x25);
  board_.PutText(0, 0, "A", kWhiteOnBlue);
  const auto is_black = [this] {
    const Image image = board_.Picture();
    EXPECT_EQ(image.size, (ImageSize{720, 400}));
    return std::ranges::all_of(image.pixels, [](uint32_t pixel) { return pixel == 0; });
  };
  EXPECT_FALSE(is_black());
  board_.Sequencer(kSeqClockingMode, kClockScreenOff);
  EXPECT_TRUE(is_black());
  EXPECT_FALSE(ReadTextScreen(board_.vga.Display()).has_value());
  board_.Sequencer(kSeqClockingMode, 0);
  board_.In(0x3DA);
  board_.Out(0x3C0, 0x00);  // the palette is the processor's
  EXPECT_TRUE(is_black());
  board_.Out(0x3C0, 0x00);
  board_.Out(0x3C0, 0x20);
  EXPECT_FALSE(is_black());
  board_.Crtc(kCrtcModeControl, 0x23);  // no sync
  EXPECT_TRUE(is_black());
}

TEST_F(RenderTextTest, TextIsReadAsUtf8FromCodePage437) {
  board_.SetMode(kText80x25);
  board_.PutText(0, 0, "C:\\>dir", 0x07);
  board_.PutText(3, 24, "\xC9\xCD\xBB \x01\x80\xE1\xF1\xFE\x7F", 0x1E);
  board_.Crtc(kCrtcCursorLocationLow, 7);
  const std::optional<TextScreen> screen = ReadTextScreen(board_.vga.Display());
  ASSERT_TRUE(screen.has_value());
  EXPECT_EQ(screen->columns, 80u);
  EXPECT_EQ(screen->rows, 25u);
  const std::vector<std::string> rows = screen->Utf8Rows();
  EXPECT_EQ(rows[0], "C:\\>dir");
  EXPECT_EQ(rows[1], "");
  EXPECT_EQ(rows[24], "   ╔═╗ ☺Çß±■⌂");
  EXPECT_EQ(screen->At(3, 24), (TextCell{0xC9, 0x1E}));
  EXPECT_EQ(screen->cursor, (TextScreen::Position{7, 0}));
  EXPECT_EQ(screen->colours[15], VgaBoard::ColourOf(kWhite));
  EXPECT_TRUE(screen->bit7_blinks);
}

TEST_F(RenderTextTest, TextFollowsStartAddressOffsetAndSplit) {
  board_.SetMode(kText80x25);
  board_.PutText(0, 0, "status", 0x07);
  board_.PutText(0, 30, "page two", 0x07);
  board_.Crtc(kCrtcStartAddressHigh, (30 * 80) >> 8);
  board_.Crtc(kCrtcStartAddressLow, (30 * 80) & 0xFF);
  EXPECT_EQ(ReadTextScreen(board_.vga.Display())->Utf8Rows()[0], "page two");
  // The last row shows the start of memory.
  board_.Crtc(kCrtcLineCompare, (24 * 16 - 1) & 0xFF);
  board_.Crtc(kCrtcOverflow, 0x1F);
  board_.Crtc(kCrtcMaximumScanLine, 0x0F);
  const std::vector<std::string> rows = ReadTextScreen(board_.vga.Display())->Utf8Rows();
  ASSERT_EQ(rows.size(), 25u);
  EXPECT_EQ(rows[0], "page two");
  EXPECT_EQ(rows[24], "status");
}

TEST_F(RenderTextTest, WordModeBringsATopAddressBitDown) {
  board_.SetMode(kText80x25);
  board_.Plane(0, 0x0001) = 'A';
  board_.Plane(0, 0x4001) = 'B';
  board_.Crtc(kCrtcStartAddressHigh, 0x80);
  EXPECT_EQ(ReadTextScreen(board_.vga.Display())->At(0, 0).character, 'A');
  board_.Crtc(kCrtcModeControl, 0x83);  // bit 13, for planes of 16 KiB
  board_.Crtc(kCrtcStartAddressHigh, 0x20);
  EXPECT_EQ(ReadTextScreen(board_.vga.Display())->At(0, 0).character, 'B');
}

TEST_F(RenderTextTest, GraphicsHaveNoText) {
  board_.SetMode(kVga320x200);
  EXPECT_FALSE(ReadTextScreen(board_.vga.Display()).has_value());
}

}  // namespace
}  // namespace verbatim
