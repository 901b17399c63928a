// SPDX-License-Identifier: Apache-2.0
#include "devices/key_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace verbatim {
namespace {

using testing::HasSubstr;
using Events = std::vector<KeyEvent>;

Events Of(std::string_view text) {
  Result<Events> events = KeysOfText(text);
  if (!events) ADD_FAILURE() << events.error().message;
  return events.value_or(Events{});
}

std::string Complaint(std::string_view text) {
  const Result<Events> events = KeysOfText(text);
  return events ? "(none)" : events.error().message;
}

constexpr KeyEvent Down(Key key) { return {.key = key, .pressed = true}; }
constexpr KeyEvent Up(Key key) { return {.key = key, .pressed = false}; }

TEST(KeyText, CharactersAndNamesAreStrokes) {
  EXPECT_EQ(Of("l<ret>"), (Events{Down(Key::kL), Up(Key::kL), Down(Key::kEnter), Up(Key::kEnter)}));
  EXPECT_EQ(Of("<F2>"), Of("<f2>"));
  EXPECT_EQ(Of("\t\n<up>"), Of("<tab><enter><up>"));
  EXPECT_EQ(Of(""), Events{});
}

TEST(KeyText, ShiftIsHeldWhereTheCharacterNeedsIt) {
  const Events shifted_a = {Down(Key::kLeftShift), Down(Key::kA), Up(Key::kA), Up(Key::kLeftShift)};
  EXPECT_EQ(Of("A"), shifted_a);
  EXPECT_EQ(Of("<shift-a>"), shifted_a);
  EXPECT_EQ(Of("<A>"), shifted_a);
  EXPECT_EQ(Of("_"), Of("<shift-minus>"));
}

TEST(KeyText, ModifiersAreHeldInOrder) {
  EXPECT_EQ(Of("<ctrl-alt-delete>"),
            (Events{Down(Key::kLeftCtrl), Down(Key::kLeftAlt), Down(Key::kDelete), Up(Key::kDelete),
                    Up(Key::kLeftAlt), Up(Key::kLeftCtrl)}));
  EXPECT_EQ(Of("<alt_r-7>").front(), Down(Key::kRightAlt));
  EXPECT_EQ(Of("<ctrl>"), (Events{Down(Key::kLeftCtrl), Up(Key::kLeftCtrl)}));
  EXPECT_EQ(Of("<ctrl-->"), Of("<ctrl-minus>"));
}

TEST(KeyText, AngleBracketsCanBeTyped) {
  const Events less = {Down(Key::kLeftShift), Down(Key::kComma), Up(Key::kComma),
                       Up(Key::kLeftShift)};
  EXPECT_EQ(Of("<lt>"), less);
  EXPECT_EQ(Of(">"), Of("<shift-dot>"));
  EXPECT_EQ(Of("<>>"), Of(">"));
  EXPECT_EQ(Of("<ctrl->>"), Of("<ctrl-shift-dot>"));
}

TEST(KeyText, EveryPrintableCharacterHasItsOwnStroke) {
  std::vector<Events> seen;
  for (char character = ' '; character < 0x7F; ++character) {
    const Events events = KeysOfCharacter(character);
    ASSERT_FALSE(events.empty()) << character;
    EXPECT_EQ(std::ranges::find(seen, events), seen.end()) << character;
    seen.push_back(events);
  }
}

TEST(KeyText, ControlCharactersAreWhatATerminalMeans) {
  EXPECT_EQ(KeysOfCharacter('\r'), Of("<ret>"));
  EXPECT_EQ(KeysOfCharacter('\x7F'), Of("<backspace>"));
  EXPECT_EQ(KeysOfCharacter('\x1B'), Of("<esc>"));
  EXPECT_EQ(KeysOfCharacter('\x03'), Of("<ctrl-c>"));
  EXPECT_EQ(KeysOfCharacter('\x1C'), Of("<ctrl-backslash>"));
  EXPECT_EQ(KeysOfCharacter('\x1F'), Of("<ctrl-_>"));
  EXPECT_EQ(KeysOfCharacter('\0'), Of("<ctrl-@>"));
  EXPECT_EQ(KeysOfCharacter('\xE9'), Events{});
}

TEST(KeyText, SaysWhatItDoesNotUnderstand) {
  EXPECT_THAT(Complaint("a<foo>"), HasSubstr("'<foo>' is no key"));
  EXPECT_THAT(Complaint("<>"), HasSubstr("'<>' is no key"));
  EXPECT_THAT(Complaint("<ctrl-foo>"), HasSubstr("'<ctrl-foo>' is no key"));
  EXPECT_THAT(Complaint("<a-b>"), HasSubstr("'a' is no modifier"));
  EXPECT_THAT(Complaint("1 < 2"), HasSubstr("<lt>"));
  EXPECT_THAT(Complaint("caf\xC3\xA9"), HasSubstr("C3h"));
}

}  // namespace
}  // namespace verbatim
