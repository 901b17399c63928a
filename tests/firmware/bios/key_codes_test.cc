// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/keyboard/key_codes.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace verbatim {
namespace {

// The characters of a US keyboard by rows, from the key with the first scan code on.
struct Row {
  uint8_t first;
  std::string_view normal;
  std::string_view shift;
};
constexpr Row kRows[] = {{0x02, "1234567890-=", "!@#$%^&*()_+"},
                         {0x10, "qwertyuiop[]", "QWERTYUIOP{}"},
                         {0x1E, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
                         {0x2B, "\\zxcvbnm,./", "|ZXCVBNM<>?"},
                         {0x56, "\\", "|"}};

TEST(KeyCodesTest, CharacterKeysHoldScanCodeAndCharacter) {
  for (const Row& row : kRows) {
    for (size_t i = 0; i < row.normal.size(); ++i) {
      const auto make = static_cast<uint8_t>(row.first + i);
      const KeyCodes codes = CodesOfKey(make, false);
      EXPECT_EQ(codes.normal, make << 8 | row.normal[i]) << row.normal[i];
      EXPECT_EQ(codes.shift, make << 8 | row.shift[i]) << row.shift[i];
    }
  }
}

TEST(KeyCodesTest, LettersAreControlCharactersWithCtrlAndObeyCapsLock) {
  const KeyCodes c = CodesOfKey(0x2E, false);
  EXPECT_EQ(c.ctrl, 0x2E03);
  EXPECT_EQ(c.alt, 0x2E00);
  EXPECT_TRUE(c.alpha);
  EXPECT_FALSE(CodesOfKey(0x02, false).alpha);
}

TEST(KeyCodesTest, FunctionKeysHaveRowsOfCodes) {
  const KeyCodes f1 = CodesOfKey(0x3B, false);
  EXPECT_EQ(f1.normal, 0x3B00);
  EXPECT_EQ(f1.shift, 0x5400);
  EXPECT_EQ(f1.ctrl, 0x5E00);
  EXPECT_EQ(f1.alt, 0x6800);
  const KeyCodes f10 = CodesOfKey(0x44, false);
  EXPECT_EQ(f10.normal, 0x4400);
  EXPECT_EQ(f10.shift, 0x5D00);
  EXPECT_EQ(f10.ctrl, 0x6700);
  EXPECT_EQ(f10.alt, 0x7100);
  EXPECT_EQ(CodesOfKey(0x57, false).normal, 0x8500);
  EXPECT_EQ(CodesOfKey(0x58, false).alt, 0x8C00);
}

TEST(KeyCodesTest, AltWithDigitsGoesOnBehindTheFunctionKeys) {
  EXPECT_EQ(CodesOfKey(0x02, false).alt, 0x7800);
  EXPECT_EQ(CodesOfKey(0x0D, false).alt, 0x8300);
}

TEST(KeyCodesTest, GreyKeysCarryTheirMark) {
  for (const int make : {0x47, 0x48, 0x49, 0x4B, 0x4D, 0x4F, 0x50, 0x51, 0x52, 0x53}) {
    const KeyCodes codes = CodesOfKey(static_cast<uint8_t>(make), true);
    EXPECT_EQ(codes.normal, make << 8 | kGreyMark);
    EXPECT_EQ(codes.ctrl & 0xFF, kGreyMark);
    // Alt: the number row's codes go on at 97h.
    EXPECT_EQ(codes.alt, (make + 0x50) << 8);
  }
}

TEST(KeyCodesTest, NoTwoKeysHaveTheSameCode) {
  std::multiset<uint16_t> seen;
  for (const bool extended : {false, true}) {
    for (unsigned make = 0; make < 0x80; ++make) {
      const KeyCodes codes = CodesOfKey(static_cast<uint8_t>(make), extended);
      for (const uint16_t code : std::set{codes.normal, codes.shift, codes.ctrl, codes.alt}) {
        if (code == 0) continue;
        EXPECT_EQ(seen.count(code), 0u) << std::hex << code;
        seen.insert(code);
      }
    }
  }
  EXPECT_GT(seen.size(), 250u);
}

}  // namespace
}  // namespace verbatim
