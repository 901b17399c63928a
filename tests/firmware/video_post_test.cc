// SPDX-License-Identifier: Apache-2.0
// What the video firmware leaves behind, seen on the screen of a VGA.
#include "firmware/video_post.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "devices/port_bus.h"
#include "devices/vga/renderer.h"
#include "devices/vga/text_screen.h"
#include "devices/vga/vga.h"
#include "firmware/fonts.h"
#include "tests/devices/fakes.h"

namespace verbatim {
namespace {

constexpr unsigned kCellWidth = 9;
constexpr unsigned kCellHeight = 16;
constexpr uint32_t kGrey = 0xAAAAAA;

class VideoPostTest : public testing::Test {
 protected:
  VideoPostTest() {
    vga_.Attach(bus_);
    memory_->AddDevice(VgaMemory::kWindow, VgaMemory::kWindowBytes, &vga_.window());
  }
  void Put(unsigned column, unsigned row, uint16_t cell) {
    memory_->Write(PhysicalAddress{0xB8000 + 2 * (row * 80 + column)}, &cell, sizeof cell);
  }
  FakeClock clock_;
  std::vector<uint8_t> video_memory_ = std::vector<uint8_t>(1u << 20, 0xEE);
  PortBus bus_;
  Vga vga_{clock_, video_memory_};
  std::unique_ptr<PhysicalMemory> memory_ = PhysicalMemory::Create(4 << 20).value();
};

TEST_F(VideoPostTest, TheScreenIsEmptyTextInTheUsualColours) {
  VideoPost(bus_, *memory_).SetTextMode();
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
}

TEST_F(VideoPostTest, EveryCharacterHasItsShape) {
  VideoPost(bus_, *memory_).SetTextMode();
  for (unsigned character = 0; character < 256; ++character) {
    Put(character % 64, 1 + character / 64, static_cast<uint16_t>(0x0700 | character));
  }
  Image image;
  Render(vga_.Display(), image);
  EXPECT_EQ(image.size, (ImageSize{720, 400}));
  for (unsigned character = 0; character < 256; ++character) {
    for (unsigned y = 0; y < kCellHeight; ++y) {
      uint8_t dots = 0;
      for (unsigned x = 0; x < 8; ++x) {
        const uint32_t pixel =
            image.At(character % 64 * kCellWidth + x, (1 + character / 64) * kCellHeight + y);
        dots = static_cast<uint8_t>(dots << 1 | (pixel == kGrey ? 1 : 0));
      }
      ASSERT_EQ(dots, kFont8x16[character * kCellHeight + y]) << character << " row " << y;
    }
  }
}

// Frames meet their neighbours: what leaves a cell on one side enters the next on the other.
TEST(FontsTest, FramesAreConnected) {
  const auto check = [](const auto& font, unsigned rows) {
    const auto row = [&](unsigned character, unsigned y) { return font[character * rows + y]; };
    for (const unsigned upright : {0xB3u, 0xBAu, 0xDBu}) {
      for (unsigned y = 0; y < rows; ++y) EXPECT_EQ(row(upright, y), row(upright, 0)) << rows;
      EXPECT_NE(row(upright, 0), 0);
    }
    for (const unsigned corner : {0xBFu, 0xDAu, 0xC2u}) {
      EXPECT_EQ(row(corner, rows - 1), row(0xB3, 0)) << rows;
      EXPECT_EQ(row(corner, 0), 0) << rows;
    }
    unsigned flat = 0;
    while (row(0xC4, flat) == 0) ++flat;
    EXPECT_EQ(row(0xC4, flat), 0xFF) << rows;
    EXPECT_NE(row(0xC3, flat) & 0x01, 0) << rows;
    EXPECT_NE(row(0xB4, flat) & 0x80, 0) << rows;
  };
  check(kFont8x16, 16);
  check(kFont8x14, 14);
  check(kFont8x8, 8);
}

TEST(FontsTest, OnlySpacesAreEmptyAndNoTwoLettersAreAlike) {
  const auto check = [](const auto& font, unsigned rows) {
    const auto glyph = [&](unsigned character) {
      return std::string(font.begin() + character * rows, font.begin() + (character + 1) * rows);
    };
    for (unsigned character = 0; character < 256; ++character) {
      const bool space = character == 0 || character == 0x20 || character == 0xFF;
      EXPECT_EQ(glyph(character) == std::string(rows, '\0'), space) << character;
    }
    for (unsigned a = 0x21; a < 0x7F; ++a) {
      for (unsigned b = a + 1; b < 0x7F; ++b) EXPECT_NE(glyph(a), glyph(b)) << a << ' ' << b;
    }
  };
  check(kFont8x16, 16);
  check(kFont8x14, 14);
  check(kFont8x8, 8);
}

}  // namespace
}  // namespace verbatim
