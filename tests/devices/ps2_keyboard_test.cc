// SPDX-License-Identifier: Apache-2.0
// The keyboard as its driver sees it, through the controller.
#include <set>

#include "tests/devices/i8042_fixture.h"

namespace verbatim {
namespace {

class Ps2KeyboardTest : public I8042Fixture {
 protected:
  void SelectSet(unsigned set) {
    SetMode(0x05);  // no translation
    EXPECT_EQ(Answer(0xF0), Bytes{0xFA});
    EXPECT_EQ(Answer(set), Bytes{0xFA});
  }
};

TEST_F(Ps2KeyboardTest, AnswersResetIdentifyAndEcho) {
  EXPECT_EQ(Answer(0xFF), (Bytes{0xFA, 0xAA}));
  EXPECT_EQ(Answer(0xF2), (Bytes{0xFA, 0xAB, 0x41}));  // 83h, translated
  SetMode(0x05);
  EXPECT_EQ(Answer(0xF2), (Bytes{0xFA, 0xAB, 0x83}));
  EXPECT_EQ(Answer(0xEE), Bytes{0xEE});
}

TEST_F(Ps2KeyboardTest, TakesLeds) {
  EXPECT_EQ(Answer(0xED), Bytes{0xFA});
  EXPECT_EQ(Answer(0x05), Bytes{0xFA});
  EXPECT_EQ(controller_.keyboard().leds(), 0x05);
}

TEST_F(Ps2KeyboardTest, ACommandInPlaceOfAnArgumentIsACommand) {
  Answer(0xED);
  EXPECT_EQ(Answer(0xEE), Bytes{0xEE});
  EXPECT_EQ(Answer(0x02), Bytes{0xFE});
  EXPECT_EQ(controller_.keyboard().leds(), 0);
}

TEST_F(Ps2KeyboardTest, DisabledScanningRefusesKeys) {
  EXPECT_EQ(Answer(0xF5), Bytes{0xFA});
  EXPECT_FALSE(Press(Key::kA));
  EXPECT_EQ(Answer(0xF4), Bytes{0xFA});
  EXPECT_TRUE(Press(Key::kA));
}

TEST_F(Ps2KeyboardTest, ResendRepeatsTheLastByte) {
  Answer(0xEE);
  EXPECT_EQ(Answer(0xFE), Bytes{0xEE});
}

TEST_F(Ps2KeyboardTest, UnknownCommandsAreRefused) { EXPECT_EQ(Answer(0x42), Bytes{0xFE}); }

TEST_F(Ps2KeyboardTest, AKeyIsTakenWholeOrNotAtAll) {
  Command(0xAD);
  // Sixteen keys of one byte and seven of two fill the queue but for two bytes.
  for (unsigned i = 0; i < 16; ++i) {
    EXPECT_TRUE(Press(static_cast<Key>(static_cast<unsigned>(Key::kQ) + i)));
  }
  for (const Key key :
       {Key::kUp, Key::kDown, Key::kLeft, Key::kRight, Key::kHome, Key::kEnd, Key::kInsert}) {
    EXPECT_TRUE(Press(key));
  }
  EXPECT_FALSE(Release(Key::kUp));  // three bytes
  EXPECT_TRUE(Release(Key::kQ));
  EXPECT_FALSE(Press(Key::k1));
  Command(0xAE);
  const Bytes all = ReadAll();
  EXPECT_EQ(all.size(), 16u + 14 + 1);  // F0h is translated away
  EXPECT_EQ(all.back(), 0x90);
}

TEST_F(Ps2KeyboardTest, AKeyThatIsDownOrUpAlreadySaysNothing) {
  EXPECT_EQ(Released(Key::kA), Bytes{});
  EXPECT_EQ(Pressed(Key::kA), Bytes{0x1E});
  EXPECT_EQ(Pressed(Key::kA), Bytes{});
}

TEST_F(Ps2KeyboardTest, HasThreeScanCodeSets) {
  SelectSet(1);
  EXPECT_EQ(Pressed(Key::kUp), (Bytes{0xE0, 0x48}));
  EXPECT_EQ(Released(Key::kUp), (Bytes{0xE0, 0xC8}));
  SelectSet(2);
  EXPECT_EQ(Pressed(Key::kUp), (Bytes{0xE0, 0x75}));
  EXPECT_EQ(Released(Key::kUp), (Bytes{0xE0, 0xF0, 0x75}));
  SelectSet(3);
  EXPECT_EQ(Pressed(Key::kUp), Bytes{0x63});
  EXPECT_EQ(Released(Key::kUp), Bytes{});  // typematic only
  EXPECT_EQ(Pressed(Key::kLeftShift), Bytes{0x12});
  EXPECT_EQ(Released(Key::kLeftShift), (Bytes{0xF0, 0x12}));
  EXPECT_EQ(Answer(0xF0), Bytes{0xFA});
  EXPECT_EQ(Answer(0x00), (Bytes{0xFA, 0x03}));
  EXPECT_EQ(Answer(0xF0), Bytes{0xFA});
  EXPECT_EQ(Answer(0x04), Bytes{0xFE});
  EXPECT_EQ(Answer(0xF6), Bytes{0xFA});
  EXPECT_EQ(Answer(0xF0), Bytes{0xFA});
  EXPECT_EQ(Answer(0x00), (Bytes{0xFA, 0x02}));
}

TEST_F(Ps2KeyboardTest, NoTwoKeysSendTheSame) {
  for (const unsigned set : {1u, 2u, 3u}) {
    SelectSet(set);
    std::set<Bytes> seen;
    for (unsigned i = 0; i < kKeyCount; ++i) {
      const Key key = static_cast<Key>(i);
      const Bytes codes = Pressed(key);
      EXPECT_FALSE(codes.empty()) << i;
      EXPECT_TRUE(seen.insert(codes).second) << "set " << set << ", key " << i;
      Released(key);
    }
  }
}

TEST_F(Ps2KeyboardTest, Set3KeysTakeTheTypesThatTheyAreGiven) {
  SelectSet(3);
  EXPECT_EQ(Answer(0xF8), Bytes{0xFA});  // all: make and break
  Pressed(Key::kA);
  EXPECT_EQ(Released(Key::kA), (Bytes{0xF0, 0x1C}));
  EXPECT_EQ(Answer(0xFD), Bytes{0xFA});  // make only, for A and B
  EXPECT_EQ(Answer(0x1C), Bytes{0xFA});
  EXPECT_EQ(Answer(0x32), Bytes{0xFA});
  EXPECT_EQ(Answer(0x02), Bytes{0xFE});  // no key: ends the list
  Pressed(Key::kB);
  EXPECT_EQ(Released(Key::kB), Bytes{});
  Pressed(Key::kC);
  EXPECT_EQ(Released(Key::kC), (Bytes{0xF0, 0x21}));
  EXPECT_EQ(Answer(0xF6), Bytes{0xFA});  // defaults
  SelectSet(3);
  Pressed(Key::kC);
  EXPECT_EQ(Released(Key::kC), Bytes{});
}

TEST_F(Ps2KeyboardTest, AHeldKeyRepeatsAtTheRateThatTheGuestSet) {
  SetMode(0x45);
  EXPECT_EQ(Answer(0xF3), Bytes{0xFA});
  EXPECT_EQ(Answer(0x00), Bytes{0xFA});  // 250 ms, 30 a second
  EXPECT_TRUE(Press(Key::kA));
  EXPECT_EQ(Read(), 0x1E);
  Wait(249'000'000);
  EXPECT_EQ(Status() & 0x01, 0x00);
  Wait(1'000'000);
  EXPECT_EQ(Read(), 0x1E);
  unsigned repeats = 0;
  for (unsigned ms = 0; ms < 1000; ++ms) {
    Wait(1'000'000);
    if ((Status() & 0x01) != 0) {
      EXPECT_EQ(Read(), 0x1E);
      ++repeats;
    }
  }
  EXPECT_EQ(repeats, 29u);  // every 33.36 ms
  EXPECT_EQ(Released(Key::kA), Bytes{0x9E});
  EXPECT_EQ(controller_.NextEventNs(), std::nullopt);
}

TEST_F(Ps2KeyboardTest, OnlyTheLastKeyRepeatsAndPauseNever) {
  Pressed(Key::kA);
  Pressed(Key::kB);
  Wait(600'000'000);
  EXPECT_EQ(Read(), 0x30);
  Released(Key::kB);
  Pressed(Key::kPause);
  Wait(2'000'000'000);
  EXPECT_EQ(ReadAll(), Bytes{});
}

TEST_F(Ps2KeyboardTest, TimeThatWasMissedMakesOneRepetition) {
  Pressed(Key::kA);
  clock_.now_ns += 10'000'000'000;
  controller_.AdvanceTo(clock_.now_ns);
  EXPECT_EQ(Read(), 0x1E);
  Wait(kByteNs);
  EXPECT_EQ(Status() & 0x01, 0x00);
}

TEST_F(Ps2KeyboardTest, GreyKeysHideShiftAndNumLock) {
  SetMode(0x05);
  Pressed(Key::kLeftShift);
  EXPECT_EQ(Pressed(Key::kUp), (Bytes{0xE0, 0xF0, 0x12, 0xE0, 0x75}));
  EXPECT_EQ(Released(Key::kUp), (Bytes{0xE0, 0xF0, 0x75, 0xE0, 0x12}));
  EXPECT_EQ(Pressed(Key::kKeypadSlash), (Bytes{0xE0, 0xF0, 0x12, 0xE0, 0x4A}));
  Released(Key::kKeypadSlash);
  Answer(0xED);
  Answer(0x02);
  EXPECT_EQ(Pressed(Key::kUp), (Bytes{0xE0, 0x75}));
  Released(Key::kUp);
  Released(Key::kLeftShift);
  EXPECT_EQ(Pressed(Key::kUp), (Bytes{0xE0, 0x12, 0xE0, 0x75}));
  EXPECT_EQ(Released(Key::kUp), (Bytes{0xE0, 0xF0, 0x75, 0xE0, 0xF0, 0x12}));
  EXPECT_EQ(Pressed(Key::kKeypad8), Bytes{0x75});
}

TEST_F(Ps2KeyboardTest, PrintScreenAndPauseDependOnWhatIsHeld) {
  SetMode(0x05);
  EXPECT_EQ(Pressed(Key::kPrintScreen), (Bytes{0xE0, 0x12, 0xE0, 0x7C}));
  EXPECT_EQ(Released(Key::kPrintScreen), (Bytes{0xE0, 0xF0, 0x7C, 0xE0, 0xF0, 0x12}));
  EXPECT_EQ(Pressed(Key::kPause), (Bytes{0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77}));
  EXPECT_EQ(Released(Key::kPause), Bytes{});
  Pressed(Key::kRightCtrl);
  EXPECT_EQ(Pressed(Key::kPrintScreen), (Bytes{0xE0, 0x7C}));
  EXPECT_EQ(Released(Key::kPrintScreen), (Bytes{0xE0, 0xF0, 0x7C}));
  EXPECT_EQ(Pressed(Key::kPause), (Bytes{0xE0, 0x7E, 0xE0, 0xF0, 0x7E}));
  Released(Key::kRightCtrl);
  Pressed(Key::kLeftAlt);
  EXPECT_EQ(Pressed(Key::kPrintScreen), Bytes{0x84});
  EXPECT_EQ(Released(Key::kPrintScreen), (Bytes{0xF0, 0x84}));
}

TEST_F(Ps2KeyboardTest, KeysAreStillHeldAfterAReset) {
  SetMode(0x05);
  Pressed(Key::kA);
  Answer(0xFF);
  EXPECT_EQ(Released(Key::kA), (Bytes{0xF0, 0x1C}));
}

}  // namespace
}  // namespace verbatim
