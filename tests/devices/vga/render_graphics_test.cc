// SPDX-License-Identifier: Apache-2.0
// What graphics modes show: how each lays pixels into the planes, where the screen starts, splits
// and pans, and through which colours the pixels go.
#include <gtest/gtest.h>

#include "tests/devices/vga/vga_board.h"

namespace verbatim {
namespace {

class RenderGraphicsTest : public testing::Test {
 protected:
  // Whether the pixel has the colour of the DAC entry.
  static testing::AssertionResult Shows(const Image& image, unsigned x, unsigned y,
                                        unsigned entry) {
    if (image.At(x, y) == VgaBoard::ColourOf(entry)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << fmt::format("({}, {}) is {:06X}, not {:06X}", x, y,
                                                      image.At(x, y), VgaBoard::ColourOf(entry));
  }

  VgaBoard board_;
};

TEST_F(RenderGraphicsTest, Cga320By200HasFourPixelsInAByteAndOddLinesInTheSecondBank) {
  board_.SetMode(kCga320x200);
  board_.Poke(0xB8000, 0b00'01'10'11);
  board_.Poke(0xB8001, 0b11'00'00'01);
  board_.Poke(0xB8000 + 50, 0b11'00'00'00);  // line 0, pixel 200
  board_.Poke(0xBA000, 0b10'00'00'00);       // line 1
  board_.Poke(0xB8000 + 80, 0b01'00'00'00);  // line 2
  board_.Poke(0xBA000 + 99 * 80 + 79, 3);    // line 199, pixel 319
  const Image image = board_.Picture();
  ASSERT_EQ(image.size, (ImageSize{640, 400}));
  constexpr unsigned kColours[] = {0x00, 0x13, 0x15, 0x17};  // of the attribute palette
  constexpr unsigned kPixels[] = {0, 1, 2, 3, 3, 0, 0, 1};
  for (unsigned i = 0; i < std::size(kPixels); ++i) {
    for (const unsigned y : {0u, 1u}) {
      EXPECT_TRUE(Shows(image, 2 * i, y, kColours[kPixels[i]]));
      EXPECT_TRUE(Shows(image, 2 * i + 1, y, kColours[kPixels[i]]));
    }
  }
  EXPECT_TRUE(Shows(image, 400, 0, 0x17));
  EXPECT_TRUE(Shows(image, 0, 2, 0x15));
  EXPECT_TRUE(Shows(image, 0, 3, 0x15));
  EXPECT_TRUE(Shows(image, 0, 4, 0x13));
  EXPECT_TRUE(Shows(image, 639, 399, 0x17));
}

TEST_F(RenderGraphicsTest, Cga640By200HasEightPixelsInAByte) {
  board_.SetMode(kCga640x200);
  board_.Poke(0xB8000, 0b10100000);
  board_.Poke(0xBA000 + 79, 0b00000001);
  const Image image = board_.Picture();
  ASSERT_EQ(image.size, (ImageSize{640, 400}));
  EXPECT_TRUE(Shows(image, 0, 0, 0x17));
  EXPECT_TRUE(Shows(image, 1, 0, 0x00));
  EXPECT_TRUE(Shows(image, 2, 1, 0x17));
  EXPECT_TRUE(Shows(image, 639, 2, 0x17));
  EXPECT_TRUE(Shows(image, 0, 2, 0x00));
}

// As the Hercules card has it.
TEST_F(RenderGraphicsTest, RowScanBitsCanReplaceTwoAddressBits) {
  board_.SetMode(kCga640x200);
  board_.Crtc(kCrtcMaximumScanLine, 0x43);
  board_.Crtc(kCrtcModeControl, 0xC0);
  for (unsigned row = 0; row < 4; ++row) board_.Plane(0, row * 0x2000) = 0x80 >> row;
  const Image image = board_.Picture();
  for (unsigned y = 0; y < 4; ++y) {
    for (unsigned x = 0; x < 4; ++x) EXPECT_TRUE(Shows(image, x, y, x == y ? 0x17 : 0x00));
  }
}

TEST_F(RenderGraphicsTest, CountingByTwoShowsEachAddressTwice) {
  board_.SetMode(kUnchained320x240);
  board_.Plane(0, 0) = 0x11;
  board_.Plane(0, 1) = 0x22;
  board_.Crtc(kCrtcModeControl, 0xEB);
  const Image image = board_.Picture();
  for (unsigned x : {0u, 8u}) EXPECT_TRUE(Shows(image, x, 0, 0x11));
  for (unsigned x : {16u, 24u}) EXPECT_TRUE(Shows(image, x, 0, 0x22));
  board_.Crtc(kCrtcUnderlineLocation, 0x20);
  EXPECT_TRUE(Shows(board_.Picture(), 24, 0, 0x11));
  EXPECT_TRUE(Shows(board_.Picture(), 32, 0, 0x22));
}

TEST_F(RenderGraphicsTest, PlanesGiveSixteenColours) {
  board_.SetMode(kVga640x480);
  // Pixels 0 to 15 of line 479 in colours 0 to 15.
  const uint32_t address = 0xA0000 + 479 * 80;
  for (unsigned colour = 0; colour < 16; ++colour) {
    board_.Graphics(kGfxMode, 2);
    board_.Graphics(kGfxBitMask, 0x80 >> (colour & 7));
    board_.Peek(address + colour / 8);
    board_.Poke(address + colour / 8, colour);
  }
  const Image image = board_.Picture();
  ASSERT_EQ(image.size, (ImageSize{640, 480}));
  for (unsigned colour = 0; colour < 16; ++colour) {
    EXPECT_TRUE(Shows(image, colour, 479, kVga640x480.attribute[colour])) << colour;
  }
}

TEST_F(RenderGraphicsTest, Ega320By200DoublesDotsAndLines) {
  board_.SetMode(kEga320x200);
  board_.Poke(0xA0000 + 40, 0b01000000);
  const Image image = board_.Picture();
  ASSERT_EQ(image.size, (ImageSize{640, 400}));
  for (const unsigned y : {2u, 3u}) {
    EXPECT_TRUE(Shows(image, 1, y, 0x00));
    EXPECT_TRUE(Shows(image, 2, y, 0x17));
    EXPECT_TRUE(Shows(image, 3, y, 0x17));
    EXPECT_TRUE(Shows(image, 4, y, 0x00));
  }
  EXPECT_TRUE(Shows(image, 2, 1, 0x00));
  EXPECT_TRUE(Shows(image, 2, 4, 0x00));
}

TEST_F(RenderGraphicsTest, Mode13hHasAByteForEachPixel) {
  board_.SetMode(kVga320x200);
  board_.Poke(0xA0000, 0x44C3A281, 4);
  board_.Poke(0xA0000 + 199 * 320 + 319, 0xEE);
  const Image image = board_.Picture();
  ASSERT_EQ(image.size, (ImageSize{640, 400}));
  constexpr unsigned kPixels[] = {0x81, 0xA2, 0xC3, 0x44};
  for (unsigned i = 0; i < 8; ++i) {
    EXPECT_TRUE(Shows(image, i, 0, kPixels[i / 2]));
    EXPECT_TRUE(Shows(image, i, 1, kPixels[i / 2]));
    EXPECT_TRUE(Shows(image, i, 2, 0));
  }
  EXPECT_TRUE(Shows(image, 638, 398, 0xEE));
  EXPECT_TRUE(Shows(image, 639, 399, 0xEE));
}

TEST_F(RenderGraphicsTest, UnchainedModesHaveFourPixelsAtEachAddress) {
  board_.SetMode(kUnchained320x240);
  const uint32_t address = 0xA0000 + 239 * 80 + 79;
  for (unsigned plane = 0; plane < 4; ++plane) {
    board_.Sequencer(kSeqMapMask, 1u << plane);
    board_.Poke(address, 0x90 + plane);
  }
  const Image image = board_.Picture();
  ASSERT_EQ(image.size, (ImageSize{640, 480}));
  for (unsigned plane = 0; plane < 4; ++plane) {
    EXPECT_TRUE(Shows(image, 632 + 2 * plane, 479, 0x90 + plane));
  }
}

TEST_F(RenderGraphicsTest, StartAddressAndOffsetMoveThroughTheMemory) {
  board_.SetMode(kUnchained320x240);
  board_.Crtc(kCrtcOffset, 50);  // lines of 400 pixels
  board_.Crtc(kCrtcStartAddressHigh, 0x40);
  board_.Crtc(kCrtcStartAddressLow, 0x03);
  board_.Poke(0xA4003, 0x11);
  board_.Poke(0xA4003 + 100, 0x22);
  const Image image = board_.Picture();
  EXPECT_TRUE(Shows(image, 0, 0, 0x11));
  EXPECT_TRUE(Shows(image, 0, 2, 0x22));
}

TEST_F(RenderGraphicsTest, AddressesWrapAtTheEndOfThePlanes) {
  board_.SetMode(kUnchained320x240);
  board_.Crtc(kCrtcStartAddressHigh, 0xFF);
  board_.Crtc(kCrtcStartAddressLow, 0xFF);
  board_.Poke(0xAFFFF, 0x11);
  board_.Poke(0xA0000, 0x22);
  const Image image = board_.Picture();
  EXPECT_TRUE(Shows(image, 0, 0, 0x11));
  EXPECT_TRUE(Shows(image, 8, 0, 0x22));
}

// Line compare counts scan lines: the split begins below scan line 199.
TEST_F(RenderGraphicsTest, LineCompareSplitsTheScreen) {
  board_.SetMode(kUnchained320x240);
  board_.Crtc(kCrtcStartAddressHigh, 0x80);
  board_.Poke(0xA0000, 0x11);
  board_.Poke(0xA0001, 0x22);
  board_.Crtc(kCrtcLineCompare, 199);
  board_.Crtc(kCrtcOverflow, 0x3E & ~0x10);
  board_.Crtc(kCrtcMaximumScanLine, 0x01);
  const Image image = board_.Picture();
  EXPECT_TRUE(Shows(image, 0, 199, 0x00));
  EXPECT_TRUE(Shows(image, 0, 200, 0x11));
  EXPECT_TRUE(Shows(image, 0, 201, 0x11));
  EXPECT_TRUE(Shows(image, 0, 202, 0x00));
  // Panned by a pixel and an address: above always, below unless told not to.
  board_.Crtc(kCrtcPresetRowScan, 1 << 5);
  board_.Attribute(kAttrPelPanning, 2);
  board_.Poke(0xA8001, 0x33);
  EXPECT_TRUE(Shows(board_.Picture(), 0, 0, 0x33));
  EXPECT_TRUE(Shows(board_.Picture(), 0, 200, 0x22));
  board_.Attribute(kAttrModeControl, 0x61);
  EXPECT_TRUE(Shows(board_.Picture(), 0, 0, 0x33));
  EXPECT_TRUE(Shows(board_.Picture(), 0, 200, 0x11));
}

// Also in the middle of a doubled line: the row scan counter is cleared with the address.
TEST_F(RenderGraphicsTest, LineCompareStartsARowAnew) {
  board_.SetMode(kUnchained320x240);
  board_.Crtc(kCrtcStartAddressHigh, 0x80);
  board_.Poke(0xA0000, 0x11);
  board_.Crtc(kCrtcLineCompare, 200);
  board_.Crtc(kCrtcOverflow, 0x3E & ~0x10);
  board_.Crtc(kCrtcMaximumScanLine, 0x01);
  const Image image = board_.Picture();
  EXPECT_TRUE(Shows(image, 0, 200, 0x00));
  EXPECT_TRUE(Shows(image, 0, 201, 0x11));
  EXPECT_TRUE(Shows(image, 0, 202, 0x11));
  EXPECT_TRUE(Shows(image, 0, 203, 0x00));
}

TEST_F(RenderGraphicsTest, PelPanningShiftsByPixels) {
  board_.SetMode(kUnchained320x240);
  board_.memory[2] = 0x12;  // pixel 2
  board_.Attribute(kAttrPelPanning, 4);
  EXPECT_TRUE(Shows(board_.Picture(), 0, 0, 0x12));
  board_.SetMode(kVga640x480);
  std::ranges::fill(board_.memory, uint8_t{0});
  board_.Poke(0xA0000, 0b00010000);
  board_.Attribute(kAttrPelPanning, 3);
  const Image image = board_.Picture();
  EXPECT_TRUE(Shows(image, 0, 0, 0x3F));
  EXPECT_TRUE(Shows(image, 1, 0, 0x00));
}

TEST_F(RenderGraphicsTest, TheHalvedLineClockShowsEachLineTwice) {
  board_.SetMode(kVga640x480);
  board_.Crtc(kCrtcModeControl, 0xE7);
  board_.Poke(0xA0000 + 80, 0x80);
  const Image image = board_.Picture();
  ASSERT_EQ(image.size, (ImageSize{640, 960}));
  EXPECT_TRUE(Shows(image, 0, 1, 0x00));
  EXPECT_TRUE(Shows(image, 0, 2, 0x3F));
  EXPECT_TRUE(Shows(image, 0, 3, 0x3F));
  EXPECT_TRUE(Shows(image, 0, 4, 0x00));
}

TEST_F(RenderGraphicsTest, ColoursGoThroughPlaneEnablePaletteColourSelectAndMask) {
  board_.SetMode(kVga640x480);
  board_.Poke(0xA0000, 0x80);  // colour 15
  const auto shows = [this](unsigned entry) { return Shows(board_.Picture(), 0, 0, entry); };
  EXPECT_TRUE(shows(0x3F));
  board_.Attribute(kAttrColourPlaneEnable, 0x05);
  EXPECT_TRUE(shows(0x05));
  board_.Attribute(5, 0x2A);
  EXPECT_TRUE(shows(0x2A));
  board_.Attribute(kAttrColourSelect, 0x0B);
  EXPECT_TRUE(shows(0xAA));
  board_.Attribute(kAttrModeControl, 0x81);  // bits 4 and 5 also come from Colour Select
  EXPECT_TRUE(shows(0xBA));
  board_.Out(0x3C6, 0x1F);
  EXPECT_TRUE(shows(0x1A));
}

TEST_F(RenderGraphicsTest, VbeModesHaveTheirDepthsColours) {
  board_.SetMode(kText80x25);
  const auto pixel = [this](unsigned bpp, uint32_t value) {
    board_.SetVbeMode(320, 200, bpp);
    const size_t bytes = (bpp + 7) / 8;
    std::memcpy(&board_.memory[(199 * 320 + 319) * bytes], &value, bytes);
    const Image image = board_.Picture();
    EXPECT_EQ(image.size, (ImageSize{320, 200}));
    EXPECT_EQ(image.At(318, 199), 0u);
    return image.At(319, 199);
  };
  EXPECT_EQ(pixel(8, 0xAB), VgaBoard::ColourOf(0xAB));
  EXPECT_EQ(pixel(15, 0b0'10000'00001'11111), 0x8408FFu);
  EXPECT_EQ(pixel(16, 0b10000'000001'11111), 0x8404FFu);
  EXPECT_EQ(pixel(24, 0x00123456), 0x123456u);
  EXPECT_EQ(pixel(32, 0xFF123456), 0x123456u);
}

TEST_F(RenderGraphicsTest, VbeShowsItsPartOfTheVirtualScreen) {
  board_.SetMode(kText80x25);
  board_.SetVbeMode(320, 200, 32);
  board_.Vbe(kVbeVirtualWidth, 400);
  board_.Vbe(kVbeXOffset, 7);
  board_.Vbe(kVbeYOffset, 11);
  StoreLittle(&board_.memory[(size_t{12} * 400 + 9) * 4], 0x00ABCDEFu);
  EXPECT_EQ(board_.Picture().At(2, 1), 0xABCDEFu);
}

TEST_F(RenderGraphicsTest, VbeWithFourBitsUsesPlanesAndPalette) {
  board_.SetMode(kVga640x480);
  board_.SetVbeMode(800, 600, 4);
  const uint32_t address = 599 * 100 + 99;
  board_.Poke(0xA0000 + address, 0x01);
  const Image image = board_.Picture();
  ASSERT_EQ(image.size, (ImageSize{800, 600}));
  EXPECT_TRUE(Shows(image, 799, 599, 0x3F));
  EXPECT_TRUE(Shows(image, 798, 599, 0x00));
}

TEST_F(RenderGraphicsTest, TheDacHasEightBitsWhereVbeSaysSo) {
  board_.SetMode(kText80x25);
  board_.SetVbeMode(320, 200, 8, kVbe8BitDac);
  board_.Dac(0, 0x12, 0x80, 0xFF);
  EXPECT_EQ(board_.Picture().At(0, 0), 0x1280FFu);
  board_.Vbe(kVbeEnable, kVbeEnabled);
  EXPECT_EQ(board_.Picture().At(0, 0), 0x4900FFu);
}

TEST_F(RenderGraphicsTest, VbeScreensCanBeBlankedThroughTheVga) {
  board_.SetMode(kText80x25);
  board_.SetVbeMode(320, 200, 32);
  std::ranges::fill(board_.memory, uint8_t{0x55});
  EXPECT_EQ(board_.Picture().At(0, 0), 0x555555u);
  board_.In(0x3DA);
  board_.Out(0x3C0, 0);
  EXPECT_EQ(board_.Picture().At(0, 0), 0u);
}

}  // namespace
}  // namespace verbatim
