// SPDX-License-Identifier: Apache-2.0
// Int 10h in text modes: cursor, pages, scrolling, characters, teletype, strings.
#include <algorithm>

#include "firmware/bios/bios_data_area.h"
#include "tests/firmware/bios/video_fixture.h"

namespace verbatim {
namespace {

using VideoTextTest = VideoTest;

TEST_F(VideoTextTest, PowerOnShowsAnEmptyTextScreenInTheUsualColours) {
  const std::optional<TextScreen> screen = ReadTextScreen(vga_.Display());
  ASSERT_TRUE(screen.has_value());
  EXPECT_EQ(screen->columns, 80u);
  EXPECT_EQ(screen->rows, 25u);
  EXPECT_EQ(screen->cursor, (TextScreen::Position{0, 0}));
  EXPECT_TRUE(std::ranges::all_of(screen->cells, [](TextCell cell) {
    return cell == TextCell{' ', 0x07};
  }));
  const std::array<uint32_t, 16> colours = {
      0x000000, 0x0000AA, 0x00AA00, 0x00AAAA, 0xAA0000, 0xAA00AA, 0xAA5500, 0xAAAAAA,
      0x555555, 0x5555FF, 0x55FF55, 0x55FFFF, 0xFF5555, 0xFF55FF, 0xFFFF55, 0xFFFFFF};
  EXPECT_EQ(screen->colours, colours);
  EXPECT_EQ(Picture().size, (ImageSize{720, 400}));
}

TEST_F(VideoTextTest, PowerOnDescribesTheScreenInTheDataArea) {
  EXPECT_EQ(Peek<uint8_t>(0x449), 3);
  EXPECT_EQ(Peek<uint16_t>(0x44A), 80);
  EXPECT_EQ(Peek<uint16_t>(0x44C), 0x1000);
  EXPECT_EQ(Peek<uint16_t>(0x460), 0x0607);
  EXPECT_EQ(Peek<uint16_t>(0x463), 0x3D4);
  EXPECT_EQ(Peek<uint8_t>(0x465), 0x29);
  EXPECT_EQ(Peek<uint8_t>(0x484), 24);
  EXPECT_EQ(Peek<uint16_t>(0x485), 16);
  EXPECT_EQ(Peek<uint8_t>(0x487), 0x60);
  EXPECT_EQ(Peek<uint16_t>(0x410) & 0x30, 0x20);
}

TEST_F(VideoTextTest, FunctionFTellsModeColumnsAndPage) {
  Int10({.ax = 0x0F00});
  EXPECT_EQ(regs().ax(), 0x5003);
  EXPECT_EQ(regs().bh(), 0);
  SetMode(0x81);
  Int10({.ax = 0x0502});
  Int10({.ax = 0x0F00});
  EXPECT_EQ(regs().ax(), 0x2881);
  EXPECT_EQ(regs().bh(), 2);
}

TEST_F(VideoTextTest, AModeSetClearsTheScreenUnlessBit7IsSet) {
  Teletype("abc");
  SetMode(0x83);
  EXPECT_EQ(Row(0), "abc");
  SetMode(0x03);
  EXPECT_EQ(Row(0), "");
}

TEST_F(VideoTextTest, AnUnknownModeChangesNothing) {
  Teletype("abc");
  SetMode(0x55);
  EXPECT_EQ(regs().al(), 0x55);
  EXPECT_EQ(Peek<uint8_t>(0x449), 3);
  EXPECT_EQ(Row(0), "abc");
}

TEST_F(VideoTextTest, TheCursorGoesWhereItIsSet) {
  SetCursor(12, 34);
  EXPECT_EQ(Cursor(), 12 << 8 | 34);
  EXPECT_EQ(ReadTextScreen(vga_.Display())->cursor, (TextScreen::Position{34, 12}));
}

TEST_F(VideoTextTest, EachPageHasACursor) {
  SetCursor(1, 2, 0);
  SetCursor(3, 4, 7);
  EXPECT_EQ(Cursor(0), 0x0102);
  EXPECT_EQ(Cursor(7), 0x0304);
  EXPECT_EQ(Crtc(0x0E) << 8 | Crtc(0x0F), 80 + 2);  // page 7 is not shown
}

TEST_F(VideoTextTest, SelectingAPageShowsItsTextAndCursor) {
  SetCursor(0, 0, 1);
  Int10({.ax = 0x0A00 | 'X', .bx = 0x0100, .cx = 3});
  Int10({.ax = 0x0501});
  EXPECT_EQ(Row(0), "XXX");
  EXPECT_EQ(Peek<uint8_t>(0x462), 1);
  EXPECT_EQ(Peek<uint16_t>(0x44E), 0x1000);
  EXPECT_EQ(Crtc(0x0C) << 8 | Crtc(0x0D), 0x800);
  EXPECT_EQ(Crtc(0x0E) << 8 | Crtc(0x0F), 0x800);
}

TEST_F(VideoTextTest, TheCursorShapeOfSmallCellsIsMadeFitUnlessThatIsOff) {
  const auto lines_after = [this](uint16_t shape) {
    Int10({.ax = 0x0100, .cx = shape});
    return Crtc(0x0A) << 8 | Crtc(0x0B);
  };
  EXPECT_EQ(lines_after(0x0607), 0x0D0E);  // an underline
  EXPECT_EQ(lines_after(0x0007), 0x000F);  // a block
  EXPECT_EQ(lines_after(0x0407), 0x080F);  // half of one
  EXPECT_EQ(lines_after(0x0D0E), 0x0D0E);  // for this cell already
  EXPECT_EQ(lines_after(0x2000), 0x2000);  // hidden
  Int10({.ax = 0x1201, .bx = 0x0034});
  EXPECT_EQ(regs().al(), 0x12);
  EXPECT_EQ(lines_after(0x0607), 0x0607);
  Int10({.ax = 0x0300});
  EXPECT_EQ(regs().cx(), 0x0607);
}

TEST_F(VideoTextTest, CharactersAreWrittenWithAndWithoutAttribute) {
  SetCursor(2, 5);
  Int10({.ax = 0x0900 | 'a', .bx = 0x001E, .cx = 4});
  Int10({.ax = 0x0A00 | 'b', .bx = 0x0070, .cx = 2});
  EXPECT_EQ(Row(2), "     bbaa");
  EXPECT_EQ(AttributeAt(2, 5), 0x1E);
  EXPECT_EQ(AttributeAt(2, 8), 0x1E);
  EXPECT_EQ(AttributeAt(2, 9), 0x07);
  EXPECT_EQ(Cursor(), 0x0205);
  Int10({.ax = 0x0800});
  EXPECT_EQ(regs().ax(), 0x1E00 | 'b');
}

TEST_F(VideoTextTest, ACountBeyondTheWindowWrapsInIt) {
  Poke<uint8_t>(0xC0100, 0xA5);
  SetCursor(24, 79);
  Int10({.ax = 0x0900 | 'z', .bx = 0x0007, .cx = 0xFFFF});
  EXPECT_EQ(Peek<uint8_t>(0xB8000), 'z');
  EXPECT_EQ(Peek<uint8_t>(0xBFFFE), 'z');
  EXPECT_EQ(Peek<uint8_t>(0xC0100), 0xA5);
}

class VideoScrollTest : public VideoTest {
 protected:
  VideoScrollTest() {
    for (unsigned row = 0; row < 25; ++row) {
      for (unsigned column = 0; column < 80; ++column) {
        Poke(0xB8000 + (row * 80 + column) * 2, static_cast<uint16_t>(0x0700 | ('A' + row)));
      }
    }
  }
  void Scroll(uint8_t function, uint8_t lines, uint16_t from, uint16_t to, uint8_t fill = 0x17) {
    Int10({.ax = static_cast<uint16_t>(function << 8 | lines),
           .bx = static_cast<uint16_t>(fill << 8),
           .cx = from,
           .dx = to});
  }
};

TEST_F(VideoScrollTest, TheWholeScreenScrollsUp) {
  Scroll(0x06, 2, 0x0000, 0x184F);
  EXPECT_EQ(Row(0), std::string(80, 'C'));
  EXPECT_EQ(Row(22), std::string(80, 'Y'));
  EXPECT_EQ(Row(23), "");
  EXPECT_EQ(AttributeAt(23, 0), 0x17);
  EXPECT_EQ(AttributeAt(24, 79), 0x17);
}

TEST_F(VideoScrollTest, AWindowScrollsDown) {
  Scroll(0x07, 1, 0x0203, 0x0405);
  EXPECT_EQ(Row(1), std::string(80, 'B'));
  EXPECT_EQ(Row(2), "CCC   " + std::string(74, 'C'));
  EXPECT_EQ(Row(3), "DDDCCC" + std::string(74, 'D'));
  EXPECT_EQ(Row(4), "EEEDDD" + std::string(74, 'E'));
  EXPECT_EQ(Row(5), std::string(80, 'F'));
  EXPECT_EQ(AttributeAt(2, 3), 0x17);
  EXPECT_EQ(AttributeAt(2, 6), 0x07);
}

TEST_F(VideoScrollTest, NoLinesOrTooManyClear) {
  Scroll(0x06, 0, 0x0000, 0x004F);
  EXPECT_EQ(Row(0), "");
  EXPECT_EQ(Row(1), std::string(80, 'B'));
  Scroll(0x07, 200, 0x1800, 0x184F);
  EXPECT_EQ(Row(24), "");
}

TEST_F(VideoScrollTest, CornersOutsideTheScreenAreBroughtInside) {
  Scroll(0x06, 1, 0x1700, 0xFFFF);
  EXPECT_EQ(Row(22), std::string(80, 'W'));
  EXPECT_EQ(Row(23), std::string(80, 'Y'));
  EXPECT_EQ(Row(24), "");
  Scroll(0x06, 0, 0x0510, 0x0205);  // the wrong way round
  EXPECT_EQ(Row(2), std::string(80, 'C'));
}

TEST_F(VideoTextTest, TeletypeObeysControlCharacters) {
  Teletype("one\r\ntwo\bO\rT\a!");
  EXPECT_EQ(Row(0), "one");
  EXPECT_EQ(Row(1), "T!O");
  EXPECT_EQ(Cursor(), 0x0102);
  SetCursor(5, 0);
  Teletype("\b");
  EXPECT_EQ(Cursor(), 0x0500);
}

TEST_F(VideoTextTest, TeletypeKeepsAttributesAndWrapsAtTheEndOfTheLine) {
  Poke<uint8_t>(0xB8000 + 79 * 2 + 1, 0x4E);
  SetCursor(0, 79);
  Teletype("xy");
  EXPECT_EQ(AttributeAt(0, 79), 0x4E);
  EXPECT_EQ(Row(1), "y");
  EXPECT_EQ(Cursor(), 0x0101);
}

TEST_F(VideoTextTest, TeletypeScrollsWithTheAttributeOfTheLastLine) {
  Teletype("first\r\nsecond");
  Poke<uint8_t>(0xB8000 + 24 * 160 + 1, 0x2F);
  SetCursor(24, 79);
  Teletype("e");
  EXPECT_EQ(Row(0), "second");
  EXPECT_EQ(Row(23), std::string(79, ' ') + "e");
  EXPECT_EQ(AttributeAt(24, 40), 0x2F);
  EXPECT_EQ(Cursor(), 0x1800);
}

TEST_F(VideoTextTest, StringsCarryOneAttributeOrEachItsOwn) {
  const std::array<uint8_t, 4> text = {'a', '\n', 'b', 'c'};
  PutString(text);
  Int10({.ax = 0x1300, .bx = 0x001F, .cx = 4, .dx = 0x0A03});
  EXPECT_EQ(Row(10), "   a");
  EXPECT_EQ(Row(11), "    bc");
  EXPECT_EQ(AttributeAt(11, 5), 0x1F);
  EXPECT_EQ(Cursor(), 0);  // AL bit 0 is clear

  const std::array<uint8_t, 4> coloured = {'x', 0x12, 'y', 0x34};
  PutString(coloured);
  Int10({.ax = 0x1303, .cx = 2, .dx = 0x0C00});
  EXPECT_EQ(Row(12), "xy");
  EXPECT_EQ(AttributeAt(12, 0), 0x12);
  EXPECT_EQ(AttributeAt(12, 1), 0x34);
  EXPECT_EQ(Cursor(), 0x0C02);
}

TEST_F(VideoTextTest, AMonochromeModeLiesAtB0000) {
  SetMode(0x07);
  Teletype("mono");
  EXPECT_EQ(Peek<uint8_t>(0xB0000), 'm');
  EXPECT_EQ(Peek<uint16_t>(0x463), 0x3B4);
  EXPECT_EQ(Peek<uint16_t>(0x410) & 0x30, 0x30);
  EXPECT_EQ(Row(0), "mono");
}

// Whatever a guest writes there, nothing outside the window and the data area changes.
TEST_F(VideoTextTest, ADataAreaOfNonsenseIsHarmless) {
  uint32_t seed = 12345;
  const auto random = [&seed] {
    seed = seed * 1664525 + 1013904223;
    return seed >> 16;
  };
  Poke<uint32_t>(0xC0200, 0xA5A5A5A5);
  for (unsigned round = 0; round < 300; ++round) {
    for (uint32_t at = 0x449; at <= 0x48A; ++at) {
      if (at < 0x467 || at >= 0x484) Poke(at, static_cast<uint8_t>(random()));
    }
    constexpr uint8_t kModes[] = {0x03, 0x04, 0x06, 0x07, 0x0D, 0x12, 0x13, 0xFF};
    Poke(0x449, kModes[random() % 8]);
    constexpr uint8_t kFunctions[] = {0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09,
                                      0x0A, 0x0C, 0x0D, 0x0E, 0x0F, 0x11, 0x1A, 0x1B};
    const uint8_t function = kFunctions[random() % 16];
    Int10({.ax = static_cast<uint16_t>(function << 8 | (random() & 0xFF)),
           .bx = static_cast<uint16_t>(random()),
           .cx = static_cast<uint16_t>(random()),
           .dx = static_cast<uint16_t>(random())});
    ASSERT_EQ(Peek<uint32_t>(0xC0200), 0xA5A5A5A5) << "round " << round;
    ASSERT_EQ(Peek<uint32_t>(0x9FFFC), 0u) << "round " << round;
  }
}

}  // namespace
}  // namespace verbatim
