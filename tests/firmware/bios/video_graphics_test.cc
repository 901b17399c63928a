// SPDX-License-Identifier: Apache-2.0
// Int 10h in graphics modes: dots and characters in each kind of memory, as the picture has them.
#include "firmware/fonts.h"
#include "tests/firmware/bios/video_fixture.h"

namespace verbatim {
namespace {

constexpr uint32_t kWhite = 0xFFFFFF;
constexpr uint32_t kBlack = 0x000000;
constexpr uint32_t kGreen = 0x00AA00;

struct ModeOfTest {
  uint8_t number;
  ImageSize size;  // of the picture
  unsigned columns;
  unsigned rows;
  unsigned height;  // of a character
  uint8_t colour;   // one, and what it looks like
  uint32_t shown;
};

void PrintTo(const ModeOfTest& mode, std::ostream* out) { *out << "mode " << int{mode.number}; }

class VideoGraphicsTest : public VideoTest, public ::testing::WithParamInterface<ModeOfTest> {
 protected:
  VideoGraphicsTest() { SetMode(GetParam().number); }

  uint32_t Dot(unsigned x, unsigned y) {
    const ModeOfTest& mode = GetParam();
    const Image image = Picture();
    return image.At(x * mode.size.width / (mode.columns * 8),
                    y * mode.size.height / (mode.rows * mode.height));
  }
  void WriteDot(unsigned x, unsigned y, uint8_t colour) {
    Int10({.ax = static_cast<uint16_t>(0x0C00 | colour),
           .cx = static_cast<uint16_t>(x),
           .dx = static_cast<uint16_t>(y)});
  }
  uint8_t ReadDot(unsigned x, unsigned y) {
    Int10({.ax = 0x0D00, .cx = static_cast<uint16_t>(x), .dx = static_cast<uint16_t>(y)});
    return regs().al();
  }
  // The dots of a cell that are not black, as the font has them.
  bool Shows(uint8_t character, unsigned row, unsigned column) {
    const ModeOfTest& mode = GetParam();
    const Image image = Picture();
    const unsigned scale_x = mode.size.width / (mode.columns * 8);
    const unsigned scale_y = mode.size.height / (mode.rows * mode.height);
    for (unsigned y = 0; y < mode.height; ++y) {
      const uint8_t dots = FontRow(character, y);
      for (unsigned x = 0; x < 8; ++x) {
        const uint32_t pixel =
            image.At((column * 8 + x) * scale_x, (row * mode.height + y) * scale_y);
        if ((pixel != kBlack) != ((dots >> (7 - x) & 1) != 0)) return false;
      }
    }
    return true;
  }

 private:
  static uint8_t FontRow(uint8_t character, unsigned y) {
    switch (GetParam().height) {
      case 8:
        return kFont8x8[character * 8u + y];
      case 14:
        return kFont8x14[character * 14u + y];
      default:
        return kFont8x16[character * 16u + y];
    }
  }
};

TEST_P(VideoGraphicsTest, TheScreenIsBlackAndOfItsSize) {
  const ModeOfTest& mode = GetParam();
  const Image image = Picture();
  EXPECT_EQ(image.size, mode.size);
  EXPECT_EQ(image.At(0, 0), kBlack);
  EXPECT_EQ(image.At(mode.size.width - 1, mode.size.height - 1), kBlack);
  EXPECT_EQ(Peek<uint16_t>(0x44A), mode.columns);
  EXPECT_EQ(Peek<uint8_t>(0x484), mode.rows - 1);
  EXPECT_EQ(Peek<uint16_t>(0x485), mode.height);
}

TEST_P(VideoGraphicsTest, ADotIsOneDot) {
  const ModeOfTest& mode = GetParam();
  const unsigned x = mode.columns * 8 - 3;
  const unsigned y = mode.rows * mode.height - 2;
  WriteDot(x, y, mode.colour);
  EXPECT_EQ(Dot(x, y), mode.shown);
  EXPECT_EQ(Dot(x - 1, y), kBlack);
  EXPECT_EQ(Dot(x + 1, y), kBlack);
  EXPECT_EQ(Dot(x, y - 1), kBlack);
  EXPECT_EQ(Dot(x, y + 1), kBlack);
  EXPECT_EQ(ReadDot(x, y), mode.colour);
  EXPECT_EQ(ReadDot(x - 1, y), 0);
}

TEST_P(VideoGraphicsTest, Bit7OfAColourCombinesByExclusiveOr) {
  if (GetParam().number == 0x13) {  // a byte per pixel has no such bit
    WriteDot(9, 9, 0x81);
    WriteDot(9, 9, 0x82);
    EXPECT_EQ(ReadDot(9, 9), 0x82);
    return;
  }
  WriteDot(9, 9, GetParam().colour);
  WriteDot(9, 9, static_cast<uint8_t>(0x80 | GetParam().colour));
  EXPECT_EQ(ReadDot(9, 9), 0);
  WriteDot(9, 9, static_cast<uint8_t>(0x80 | GetParam().colour));
  EXPECT_EQ(ReadDot(9, 9), GetParam().colour);
}

TEST_P(VideoGraphicsTest, CharactersAreDrawnAndRecognised) {
  SetCursor(3, 5);
  Int10({.ax = 0x0900 | 'R', .bx = GetParam().colour, .cx = 2});
  EXPECT_TRUE(Shows('R', 3, 5));
  EXPECT_TRUE(Shows('R', 3, 6));
  EXPECT_TRUE(Shows(' ', 3, 7));
  EXPECT_TRUE(Shows(' ', 2, 5));
  Int10({.ax = 0x0800});
  EXPECT_EQ(regs().al(), 'R');
  SetCursor(3, 7);
  Int10({.ax = 0x0800});
  EXPECT_NE(regs().al(), 'R');
}

TEST_P(VideoGraphicsTest, UpperCharactersComeFromTheirVector) {
  SetCursor(0, 0);
  Int10({.ax = 0x0900 | 0xDB, .bx = GetParam().colour, .cx = 1});
  EXPECT_TRUE(Shows(0xDB, 0, 0));
}

TEST_P(VideoGraphicsTest, TeletypeScrollsThePicture) {
  const uint8_t last = static_cast<uint8_t>(GetParam().rows - 1);
  SetCursor(last, 0);
  Teletype("Up\r\n", GetParam().colour);
  EXPECT_TRUE(Shows('U', last - 1u, 0));
  EXPECT_TRUE(Shows('p', last - 1u, 1));
  EXPECT_TRUE(Shows(' ', last, 0));
}

TEST_P(VideoGraphicsTest, AWindowScrollsDown) {
  SetCursor(2, 4);
  Int10({.ax = 0x0900 | 'Q', .bx = GetParam().colour, .cx = 3});
  Int10({.ax = 0x0701, .bx = 0x0000, .cx = 0x0205, .dx = 0x0305});
  EXPECT_TRUE(Shows('Q', 2, 4));
  EXPECT_TRUE(Shows(' ', 2, 5));
  EXPECT_TRUE(Shows('Q', 2, 6));
  EXPECT_TRUE(Shows(' ', 3, 4));
  EXPECT_TRUE(Shows('Q', 3, 5));
}

INSTANTIATE_TEST_SUITE_P(Modes, VideoGraphicsTest,
                         ::testing::Values(ModeOfTest{0x04, {640, 400}, 40, 25, 8, 3, 0xFFFFFF},
                                           ModeOfTest{0x05, {640, 400}, 40, 25, 8, 1, 0x55FFFF},
                                           ModeOfTest{0x06, {640, 400}, 80, 25, 8, 1, kWhite},
                                           ModeOfTest{0x0D, {640, 400}, 40, 25, 8, 2, kGreen},
                                           ModeOfTest{0x0E, {640, 400}, 80, 25, 8, 15, kWhite},
                                           ModeOfTest{0x0F, {640, 350}, 80, 25, 14, 1, 0xAAAAAA},
                                           ModeOfTest{0x10, {640, 350}, 80, 25, 14, 2, kGreen},
                                           ModeOfTest{0x11, {640, 480}, 80, 30, 16, 1, kWhite},
                                           ModeOfTest{0x12, {640, 480}, 80, 30, 16, 15, kWhite},
                                           ModeOfTest{0x13, {640, 400}, 40, 25, 8, 2, kGreen}),
                         [](const auto& mode) { return std::to_string(mode.param.number); });

using VideoColoursTest = VideoTest;

TEST_F(VideoColoursTest, ScrollingFillsWithAColour) {
  SetMode(0x12);
  Int10({.ax = 0x0600, .bx = 0x0200, .cx = 0x0000, .dx = 0x1D4F});
  EXPECT_EQ(Picture().At(639, 479), kGreen);
  SetMode(0x13);
  Int10({.ax = 0x0600, .bx = 0x0200, .cx = 0x0000, .dx = 0x1827});
  EXPECT_EQ(Picture().At(319, 399), kGreen);
}

TEST_F(VideoColoursTest, CharactersInAByteAPixelHaveABackground) {
  SetMode(0x13);
  Int10({.ax = 0x0900 | ' ', .bx = 0x0F02, .cx = 1});
  EXPECT_EQ(Picture().At(0, 0), kWhite);
}

TEST_F(VideoColoursTest, ThePaletteOfAByteAPixelIsThatOfTheVga) {
  SetMode(0x13);
  using Level = std::array<uint8_t, 3>;
  EXPECT_EQ(Dac(1), (Level{0, 0, 42}));
  EXPECT_EQ(Dac(6), (Level{42, 21, 0}));
  EXPECT_EQ(Dac(17), (Level{5, 5, 5}));
  EXPECT_EQ(Dac(31), (Level{63, 63, 63}));
  EXPECT_EQ(Dac(32), (Level{0, 0, 63}));
  EXPECT_EQ(Dac(40), (Level{63, 0, 0}));
  EXPECT_EQ(Dac(44), (Level{63, 63, 0}));
  EXPECT_EQ(Dac(48), (Level{0, 63, 0}));
  EXPECT_EQ(Dac(55), (Level{0, 16, 63}));
  EXPECT_EQ(Dac(247), (Level{11, 12, 16}));
  EXPECT_EQ(Dac(248), (Level{0, 0, 0}));
}

TEST_F(VideoColoursTest, PagesOfPlanarModesAreApart) {
  SetMode(0x0D);
  Int10({.ax = 0x0C0F, .bx = 0x0100, .cx = 0, .dx = 0});
  EXPECT_EQ(Picture().At(0, 0), kBlack);
  Int10({.ax = 0x0501});
  EXPECT_EQ(Picture().At(0, 0), kWhite);
}

TEST_F(VideoColoursTest, FunctionBChoosesTheColoursOfTheCga) {
  SetMode(0x04);
  Int10({.ax = 0x0B00, .bx = 0x0001});
  EXPECT_EQ(Picture().At(0, 0), 0x0000AAu);
  Int10({.ax = 0x0C01, .cx = 0, .dx = 0});
  EXPECT_EQ(Picture().At(0, 0), 0x00AAAAu);  // palette 1, intensity has gone
  Int10({.ax = 0x0B00, .bx = 0x0100});
  EXPECT_EQ(Picture().At(0, 0), kGreen);
}

}  // namespace
}  // namespace verbatim
