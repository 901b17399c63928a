// SPDX-License-Identifier: Apache-2.0
// What the fonts must have, whoever drew them.
#include "firmware/fonts.h"

#include <gtest/gtest.h>

#include <string>

namespace verbatim {
namespace {

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
