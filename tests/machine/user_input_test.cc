// SPDX-License-Identifier: Apache-2.0
// How fast and in what order a user's keys and movements reach the keyboard controller.
#include "machine/user_input.h"

#include "devices/key_text.h"
#include "tests/devices/i8042_fixture.h"

namespace verbatim {
namespace {

class UserInputTest : public I8042Fixture {
 protected:
  void Put(std::string_view text) {
    const std::vector<KeyEvent> events = KeysOfText(text).value();
    EXPECT_EQ(input_.PutKeys(events), events.size());
  }
  // As the machine: served when something is due.
  Bytes ReadFor(uint64_t ns) {
    Bytes bytes;
    for (const uint64_t end = clock_.now_ns + ns; clock_.now_ns < end;) {
      if (input_.NextEventNs().value_or(end) <= clock_.now_ns) input_.Service(clock_.now_ns);
      if ((Status() & 0x01) != 0) bytes.push_back(Read());
      Wait(kByteNs);
    }
    return bytes;
  }

  UserInput input_{controller_};
};

TEST_F(UserInputTest, KeysArriveInOrderAtATypistsPace) {
  Put("ab");
  EXPECT_EQ(ReadFor(5'000'000), Bytes{0x1E});
  EXPECT_EQ(ReadFor(10'000'000), Bytes{0x9E});
  EXPECT_EQ(ReadFor(30'000'000), (Bytes{0x30, 0xB0}));
  EXPECT_EQ(input_.NextEventNs(), std::nullopt);
}

TEST_F(UserInputTest, KeysThatTheGuestDoesNotWantYetWait) {
  Answer(0xF5);
  Put("a");
  EXPECT_EQ(ReadFor(50'000'000), Bytes{});
  EXPECT_EQ(input_.KeyRoom(), UserInput::kMaxKeys - 2);
  EXPECT_GT(input_.NextEventNs(), clock_.now_ns - 10'000'000);
  Answer(0xF4);
  EXPECT_EQ(ReadFor(50'000'000), (Bytes{0x1E, 0x9E}));
}

TEST_F(UserInputTest, TakesNoMoreKeysThanItHasRoomFor) {
  const std::vector<KeyEvent> many(UserInput::kMaxKeys + 1);
  EXPECT_EQ(input_.PutKeys(many), UserInput::kMaxKeys);
  EXPECT_EQ(input_.KeyRoom(), 0u);
  EXPECT_EQ(input_.PutKeys(many), 0u);
}

TEST_F(UserInputTest, MovementsAddUpAndClicksStayApart) {
  SetMode(0x47);
  MouseAnswer(0xF4);
  EXPECT_TRUE(input_.PutMouse({.dx = 1}));
  EXPECT_TRUE(input_.PutMouse({.dx = 2, .dy = 1}));
  EXPECT_TRUE(input_.PutMouse({.buttons = 1}));
  EXPECT_TRUE(input_.PutMouse({}));
  EXPECT_TRUE(input_.PutMouse({.buttons = 2}));
  EXPECT_EQ(ReadFor(100'000'000), (Bytes{0x28, 3, 0xFF, 0x09, 0, 0, 0x08, 0, 0, 0x0A, 0, 0}));
  EXPECT_EQ(input_.NextEventNs(), std::nullopt);
}

TEST_F(UserInputTest, AMouseThatNobodyReadsForgetsClicksAtLast) {
  SetMode(0x47);
  MouseAnswer(0xF4);
  Command(0xA7);
  unsigned forgotten = 0;
  for (unsigned i = 0; i < 2 * UserInput::kMaxMouseEvents; ++i) {
    if (!input_.PutMouse({.dx = 1, .buttons = static_cast<uint8_t>(i % 2)})) ++forgotten;
    input_.Service(clock_.now_ns);
  }
  EXPECT_GT(forgotten, 0u);
}

}  // namespace
}  // namespace verbatim
