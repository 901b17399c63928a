// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "devices/key_text.h"

namespace verbatim {
namespace {

std::vector<KeyEvent> Decoded(TerminalKeys& keys, std::string_view bytes) {
  return keys.Decode({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}
// What the bytes of a terminal mean, as --send writes it.
void ExpectKeys(std::string_view bytes, std::string_view text) {
  TerminalKeys keys;
  EXPECT_EQ(Decoded(keys, bytes), KeysOfText(text).value()) << text;
  EXPECT_FALSE(keys.pending()) << text;
  EXPECT_EQ(keys.dropped(), 0u) << text;
}

TEST(TerminalKeysTest, CharactersAndControlCharacters) {
  ExpectKeys("Az0~", "Az0~");
  ExpectKeys("\r\t\x7F", "<ret><tab><backspace>");
  ExpectKeys("\x03\x1A", "<ctrl-c><ctrl-z>");
}

TEST(TerminalKeysTest, SequencesOfXtermAndOfTheLinuxConsole) {
  ExpectKeys("\x1B[A\x1BOB\x1B[H\x1B[4~", "<up><down><home><end>");
  ExpectKeys("\x1BOP\x1B[15~\x1B[24~\x1B[[A\x1B[[E", "<f1><f5><f12><f1><f5>");
  ExpectKeys("\x1B[2~\x1B[3~\x1B[5~\x1B[6~", "<insert><delete><pgup><pgdn>");
  ExpectKeys("\x1B[1;5C\x1B[3;2~\x1B[1;3P\x1B[Z", "<ctrl-right><shift-delete><alt-f1><shift-tab>");
  ExpectKeys("\x1Bx", "<alt-x>");
}

TEST(TerminalKeysTest, ASequenceMayComeInPieces) {
  TerminalKeys keys;
  EXPECT_TRUE(Decoded(keys, "\x1B").empty());
  EXPECT_TRUE(keys.pending());
  EXPECT_TRUE(Decoded(keys, "[1").empty());
  EXPECT_EQ(Decoded(keys, "5~a"), KeysOfText("<f5>a").value());
}

TEST(TerminalKeysTest, EscAloneIsTheKeyAfterATime) {
  TerminalKeys keys;
  EXPECT_TRUE(Decoded(keys, "\x1B").empty());
  EXPECT_EQ(keys.Flush(), KeysOfText("<esc>").value());
  EXPECT_FALSE(keys.pending());
  EXPECT_EQ(Decoded(keys, "\x1B\x1B[A"), KeysOfText("<esc><up>").value());
}

TEST(TerminalKeysTest, WhatIsNoKeyIsDroppedAndCounted) {
  TerminalKeys keys;
  EXPECT_TRUE(Decoded(keys, "\xC3\xA4").empty());
  EXPECT_EQ(keys.dropped(), 2u);
  EXPECT_TRUE(Decoded(keys, "\x1B[99~").empty());
  EXPECT_TRUE(Decoded(keys, "\x1B[1;2;3;4;5;6;7;").empty());
  EXPECT_FALSE(keys.pending());
  EXPECT_GT(keys.dropped(), 2u);
  EXPECT_EQ(Decoded(keys, "k"), KeysOfText("k").value());
}

}  // namespace
}  // namespace verbatim
