// SPDX-License-Identifier: Apache-2.0
// Text is found once, on the serial line and on a screen that scrolls and changes.
#include "cli/guest_text.h"

#include <gtest/gtest.h>

namespace verbatim {
namespace {

constexpr size_t kColumns = 20;

class GuestTextTest : public testing::Test {
 protected:
  void Serial(std::string_view bytes) {
    text_.AddSerial({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  }
  void Screen(std::vector<std::string> rows) {
    rows.resize(4);
    for (std::string& row : rows) row.resize(kColumns, ' ');
    text_.SetScreen(std::move(rows));
  }
  bool Finds(std::string_view wanted) { return text_.Find(wanted).has_value(); }
  GuestText text_;
};

TEST_F(GuestTextTest, SerialTextIsReadUpToWhatWasFound) {
  Serial("boot\r\nlogin: root\r\nlog");
  EXPECT_EQ(text_.Find("login: "), TextSource::kSerial);
  EXPECT_FALSE(Finds("boot"));
  EXPECT_FALSE(Finds("login: "));
  EXPECT_TRUE(Finds("root"));
  Serial("in: ");
  EXPECT_TRUE(Finds("login: "));
}

TEST_F(GuestTextTest, SerialTextThatNobodyWantsIsForgotten) {
  Serial("first");
  Serial(std::string(GuestText::kMaxSerialBytes - 2, '.'));
  EXPECT_FALSE(Finds("first"));
  EXPECT_TRUE(Finds("st"));
}

TEST_F(GuestTextTest, ScreenTextIsReadUpToWhatWasFound) {
  Screen({"C:\\>", "one two"});
  EXPECT_EQ(text_.Find("one "), TextSource::kScreen);
  EXPECT_FALSE(Finds("C:\\>"));
  EXPECT_TRUE(Finds("two"));
  EXPECT_FALSE(Finds("two"));
}

TEST_F(GuestTextTest, TheEndOfARowCountsAsSpacesAndRowsAreNotJoined) {
  Screen({"login:", "abc", "def"});
  EXPECT_TRUE(Finds("login: "));
  EXPECT_FALSE(Finds("abcdef"));
}

TEST_F(GuestTextTest, APromptIsFoundAgainBehindTheCommandTypedAtIt) {
  Screen({"C:\\>"});
  EXPECT_TRUE(Finds("C:\\>"));
  Screen({"C:\\>di"});
  EXPECT_FALSE(Finds("C:\\>"));
  Screen({"C:\\>dir", "1 file", "C:\\>"});
  EXPECT_TRUE(Finds("C:\\>"));
  EXPECT_FALSE(Finds("C:\\>"));
}

TEST_F(GuestTextTest, WhatWasReadStaysReadWhenItScrolls) {
  Screen({"a", "b", "C:\\>"});
  EXPECT_TRUE(Finds("C:\\>"));
  Screen({"b", "C:\\>dir", "file", ""});
  EXPECT_FALSE(Finds("C:\\>"));
  Screen({"C:\\>dir", "file", "more", "C:\\>"});
  EXPECT_TRUE(Finds("C:\\>"));
  EXPECT_FALSE(Finds("file"));
}

TEST_F(GuestTextTest, AScreenThatWasClearedIsNew) {
  Screen({"title", "menu: "});
  EXPECT_TRUE(Finds("menu: "));
  Screen({});
  Screen({"menu: "});
  EXPECT_TRUE(Finds("menu: "));
}

TEST_F(GuestTextTest, TextOnBothCountsOnce) {
  Serial("login: ");
  Screen({"login: "});
  EXPECT_EQ(text_.Find("login: "), TextSource::kSerial);
  EXPECT_FALSE(Finds("login: "));
}

TEST_F(GuestTextTest, AGraphicsScreenHasNoText) {
  Screen({"text"});
  text_.SetScreen({});
  EXPECT_FALSE(Finds("text"));
}

}  // namespace
}  // namespace verbatim
