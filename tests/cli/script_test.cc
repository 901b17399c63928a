// SPDX-License-Identifier: Apache-2.0
// Scripts: steps in order, keys to where text was found.
#include "cli/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/serial_keys.h"
#include "devices/key_text.h"

namespace verbatim {
namespace {

using Kind = ScriptStep::Kind;

ScriptStep Send(const std::string& keys) {
  return {.kind = Kind::kSend, .text = keys, .keys = KeysOfText(keys).value()};
}

void Say(Script& script, std::string_view bytes) {
  script.text().AddSerial({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

TEST(ScriptTest, StepsWaitForEachOther) {
  Script script({{Kind::kExpect, "login: "},
                 Send("root<ret>"),
                 {Kind::kExpect, "# "},
                 Send("x"),
                 {Kind::kExitOn, "bye"}},
                KeyTarget::kKeyboard);
  Say(script, "bye # ");
  EXPECT_FALSE(script.Next().has_value());
  EXPECT_EQ(script.Waiting()->text, "login: ");
  Say(script, "login: # by");
  const auto root = script.Next();
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(SerialBytesOf(root->keys), "root\r");
  EXPECT_EQ(root->target, KeyTarget::kSerial);
  EXPECT_EQ(SerialBytesOf(script.Next().value().keys), "x");
  EXPECT_FALSE(script.Next().has_value());
  Say(script, "e");
  EXPECT_TRUE(script.Next().value().exit);
  EXPECT_EQ(script.Waiting(), nullptr);
}

TEST(ScriptTest, KeysGoToTheGivenTargetUntilTextWasFound) {
  Script script(
      {Send("a"), {Kind::kExpect, "serial"}, Send("b"), {Kind::kExpect, "screen"}, Send("c")},
      KeyTarget::kKeyboard);
  EXPECT_EQ(script.Next().value().target, KeyTarget::kKeyboard);
  Say(script, "serial");
  EXPECT_EQ(script.Next().value().target, KeyTarget::kSerial);
  script.text().SetScreen({"the screen"});
  EXPECT_EQ(script.Next().value().target, KeyTarget::kKeyboard);
}

TEST(SerialKeysTest, KeysBecomeWhatATerminalSends) {
  const auto bytes = [](std::string_view keys) { return SerialBytesOf(KeysOfText(keys).value()); };
  EXPECT_EQ(bytes("ls -l | wc<ret>"), "ls -l | wc\r");
  EXPECT_EQ(bytes("A{\"~<lt>>"), "A{\"~<>");
  EXPECT_EQ(bytes("<ctrl-c><ctrl-a>"), "\x03\x01");
  EXPECT_EQ(bytes("<alt-x><esc><tab><backspace>"), "\x1Bx\x1B\t\x7F");
  EXPECT_EQ(bytes("<up><f1><f12><delete>"), "\x1B[A\x1BOP\x1B[24~\x1B[3~");
  EXPECT_EQ(bytes("<caps_lock><print>"), "");
}

TEST(ScriptTest, MediaChangeInTheirTurn) {
  Script script({{Kind::kExpect, "disk 2"},
                 {.kind = Kind::kChange, .text = "d", .slot = MediaSlot::kCdrom},
                 Send("<ret>")},
                KeyTarget::kSerial);
  EXPECT_FALSE(script.Next().has_value());
  Say(script, "insert disk 2");
  EXPECT_EQ(script.Next().value().change, MediaSlot::kCdrom);
  EXPECT_EQ(SerialBytesOf(script.Next().value().keys), "\r");
}

}  // namespace
}  // namespace verbatim
