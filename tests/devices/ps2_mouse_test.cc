// SPDX-License-Identifier: Apache-2.0
// The mouse as its driver sees it, through the controller.
#include "tests/devices/i8042_fixture.h"

namespace verbatim {
namespace {

class Ps2MouseTest : public I8042Fixture {
 protected:
  Ps2MouseTest() { SetMode(0x47); }

  // Commands that are each answered with FAh.
  void Tell(std::initializer_list<unsigned> commands) {
    for (const unsigned command : commands) EXPECT_EQ(MouseAnswer(command), Bytes{0xFA});
  }
  bool Move(const MouseEvent& event) { return controller_.MoveMouse(event); }
  Bytes Moved(const MouseEvent& event) {
    EXPECT_TRUE(Move(event));
    Bytes packet = ReadAll();
    Wait(10'000'000);  // at 100 reports a second
    return packet;
  }
  void Knock(std::initializer_list<unsigned> rates) {
    for (const unsigned rate : rates) Tell({0xF3, rate});
  }
};

TEST_F(Ps2MouseTest, ResetGivesTheDefaults) {
  Tell({0xF4, 0xE7, 0xE8, 3, 0xF3, 40});
  EXPECT_EQ(MouseAnswer(0xE9), (Bytes{0xFA, 0x30, 3, 40}));
  EXPECT_EQ(MouseAnswer(0xFF), (Bytes{0xFA, 0xAA, 0x00}));
  EXPECT_EQ(MouseAnswer(0xE9), (Bytes{0xFA, 0x00, 2, 100}));
}

TEST_F(Ps2MouseTest, SetDefaultsKeepsTheKnock) {
  Knock({200, 100, 80});
  Tell({0xF4, 0xF6});
  EXPECT_EQ(MouseAnswer(0xE9), (Bytes{0xFA, 0x00, 2, 100}));
  EXPECT_EQ(MouseAnswer(0xF2), (Bytes{0xFA, 0x03}));
}

TEST_F(Ps2MouseTest, ReportsNothingBeforeItIsEnabled) {
  EXPECT_EQ(Moved({.dx = 1, .buttons = 1}), Bytes{});
  EXPECT_EQ(MouseAnswer(0xF4), (Bytes{0xFA, 9, 0, 0}));  // the button is still held
  Wait(10'000'000);
  EXPECT_EQ(Moved({}), (Bytes{8, 0, 0}));
  EXPECT_EQ(Moved({.dx = 1}), (Bytes{8, 1, 0}));
  Tell({0xF5});
  EXPECT_EQ(Moved({.dx = 1}), Bytes{});
}

TEST_F(Ps2MouseTest, PacketsHaveSignsAndUpwardsIsPositive) {
  Tell({0xF4});
  EXPECT_EQ(Moved({.dx = 3, .dy = -2}), (Bytes{0x08, 3, 2}));
  EXPECT_EQ(Moved({.dx = -3, .dy = 2}), (Bytes{0x38, 0xFD, 0xFE}));
  EXPECT_EQ(Moved({.buttons = MouseEvent::kRightButton}), (Bytes{0x0A, 0, 0}));
  EXPECT_EQ(Moved({.buttons = MouseEvent::kMiddleButton}), (Bytes{0x0C, 0, 0}));
  EXPECT_EQ(Moved({.wheel = 1, .buttons = MouseEvent::kMiddleButton}), Bytes{});
}

TEST_F(Ps2MouseTest, LongWaysTakeSeveralPackets) {
  Tell({0xF4});
  EXPECT_EQ(Moved({.dx = 300, .dy = 600}), (Bytes{0x28, 0xFF, 0x01}));
  EXPECT_EQ(ReadAll(), (Bytes{0x28, 45, 0x01}));
  Wait(10'000'000);
  EXPECT_EQ(ReadAll(), (Bytes{0x28, 0, 0xA6}));
  Wait(10'000'000);
  EXPECT_EQ(ReadAll(), Bytes{});
}

TEST_F(Ps2MouseTest, ReportsAtItsSampleRate) {
  Tell({0xF3, 10, 0xF4});
  EXPECT_TRUE(Move({.dx = 1}));
  EXPECT_EQ(ReadAll(), (Bytes{8, 1, 0}));
  EXPECT_TRUE(Move({.dx = 1}));
  EXPECT_TRUE(Move({.dx = 1}));
  Wait(80'000'000);
  EXPECT_EQ(ReadAll(), Bytes{});
  Wait(20'000'000);
  EXPECT_EQ(ReadAll(), (Bytes{8, 2, 0}));
}

TEST_F(Ps2MouseTest, AClickIsNotLostBetweenTwoReports) {
  Tell({0xF4});
  EXPECT_TRUE(Move({.buttons = 1}));  // reported at once
  EXPECT_TRUE(Move({.buttons = 0}));
  EXPECT_FALSE(Move({.buttons = 1}));
  EXPECT_TRUE(Move({.dx = 1, .buttons = 0}));
  EXPECT_EQ(ReadAll(), (Bytes{9, 0, 0}));
  Wait(10'000'000);
  EXPECT_EQ(ReadAll(), (Bytes{8, 1, 0}));
  EXPECT_TRUE(Move({.buttons = 1}));
}

TEST_F(Ps2MouseTest, TheKnockUnlocksTheWheelAndThenFiveButtons) {
  EXPECT_EQ(MouseAnswer(0xF2), (Bytes{0xFA, 0x00}));
  Knock({200, 200, 80});  // too early
  EXPECT_EQ(MouseAnswer(0xF2), (Bytes{0xFA, 0x00}));
  Knock({200, 100, 80});
  EXPECT_EQ(MouseAnswer(0xF2), (Bytes{0xFA, 0x03}));
  Tell({0xF3, 100, 0xF4});
  EXPECT_EQ(Moved({.wheel = 1}), (Bytes{8, 0, 0, 1}));
  EXPECT_EQ(Moved({.wheel = -1}), (Bytes{8, 0, 0, 0xFF}));
  EXPECT_EQ(Moved({.wheel = 9}), (Bytes{8, 0, 0, 7}));
  EXPECT_EQ(ReadAll(), (Bytes{8, 0, 0, 2}));
  EXPECT_EQ(Moved({.buttons = MouseEvent::kFourthButton}), Bytes{});
  Knock({200, 200, 80});
  EXPECT_EQ(MouseAnswer(0xF2), (Bytes{0xFA, 0x04}));
  EXPECT_EQ(Moved({.wheel = -1, .buttons = MouseEvent::kFourthButton}), (Bytes{8, 0, 0, 0x1F}));
  EXPECT_EQ(Moved({.buttons = MouseEvent::kFifthButton}), (Bytes{8, 0, 0, 0x20}));
  EXPECT_EQ(MouseAnswer(0xFF), (Bytes{0xFA, 0xAA, 0x00}));
}

TEST_F(Ps2MouseTest, RemoteModeReportsWhenAsked) {
  Tell({0xF0, 0xF4});
  EXPECT_EQ(MouseAnswer(0xE9), (Bytes{0xFA, 0x60, 2, 100}));
  EXPECT_EQ(Moved({.dx = 5}), Bytes{});
  EXPECT_EQ(MouseAnswer(0xEB), (Bytes{0xFA, 8, 5, 0}));
  EXPECT_EQ(MouseAnswer(0xEB), (Bytes{0xFA, 8, 0, 0}));
  Tell({0xEA});
  EXPECT_EQ(Moved({.dx = 5}), (Bytes{8, 5, 0}));
}

TEST_F(Ps2MouseTest, WrapModeEchoesAllButItsEndAndReset) {
  Tell({0xF4, 0xEE});
  EXPECT_EQ(MouseAnswer(0xF4), Bytes{0xF4});
  EXPECT_EQ(MouseAnswer(0xFE), Bytes{0xFE});
  EXPECT_EQ(MouseAnswer(0x12), Bytes{0x12});
  EXPECT_EQ(Moved({.dx = 5}), Bytes{});
  Tell({0xEC});
  EXPECT_EQ(Moved({.dx = 5}), (Bytes{8, 5, 0}));
  Tell({0xEE});
  EXPECT_EQ(MouseAnswer(0xFF), (Bytes{0xFA, 0xAA, 0x00}));
}

TEST_F(Ps2MouseTest, ScalingStretchesReportsInStreamModeOnly) {
  Tell({0xE7, 0xF4});
  const uint8_t stretched[] = {1, 1, 3, 6, 9, 12, 14};
  for (int count = 1; count <= 7; ++count) {
    EXPECT_EQ(Moved({.dx = count}), (Bytes{8, stretched[count - 1], 0}));
  }
  EXPECT_EQ(Moved({.dx = -4}), (Bytes{0x18, 0xFA, 0}));
  EXPECT_EQ(Moved({.dx = 128}), (Bytes{8, 254, 0}));
  EXPECT_EQ(ReadAll(), (Bytes{8, 1, 0}));
  Tell({0xF0});
  Moved({.dx = 5});
  EXPECT_EQ(MouseAnswer(0xEB), (Bytes{0xFA, 8, 5, 0}));
  Tell({0xEA, 0xE6});
  EXPECT_EQ(Moved({.dx = 5}), (Bytes{8, 5, 0}));
}

TEST_F(Ps2MouseTest, BadArgumentsAreRefusedOnceAndThenAnError) {
  Tell({0xF3});
  EXPECT_EQ(MouseAnswer(50), Bytes{0xFE});
  EXPECT_EQ(MouseAnswer(51), Bytes{0xFC});
  Tell({0xE8});
  EXPECT_EQ(MouseAnswer(4), Bytes{0xFE});
  Tell({1});
  EXPECT_EQ(MouseAnswer(0xE9), (Bytes{0xFA, 0x00, 1, 100}));
  EXPECT_EQ(MouseAnswer(0x42), Bytes{0xFE});
}

TEST_F(Ps2MouseTest, ResendGivesTheWholeLastAnswer) {
  Tell({0xF4});
  Moved({.dx = 7});
  EXPECT_EQ(MouseAnswer(0xFE), (Bytes{8, 7, 0}));
  EXPECT_EQ(MouseAnswer(0xE9), (Bytes{0xFA, 0x20, 2, 100}));
  EXPECT_EQ(MouseAnswer(0xFE), (Bytes{0xFA, 0x20, 2, 100}));
}

TEST_F(Ps2MouseTest, ACommandCutsAPacketShort) {
  Tell({0xF4});
  EXPECT_TRUE(Move({.dx = 1}));
  EXPECT_EQ(Read(), 8);
  EXPECT_EQ(MouseAnswer(0xF2), (Bytes{0xFA, 0x00}));
}

TEST_F(Ps2MouseTest, SavesAndLoadsAmidAPacket) {
  Knock({200, 100, 80});
  Tell({0xF4});
  EXPECT_TRUE(Move({.dx = 1, .dy = 3, .wheel = 2, .buttons = 5}));
  EXPECT_TRUE(Move({.dx = -9, .dy = 4, .wheel = -2, .buttons = 5}));
  EXPECT_EQ(Read(), 0x2D);
  I8042 other(clock_, irq1_, irq12_, a20_, reset_);
  ExpectRoundTrip(controller_, other);
  for (const unsigned byte : {0x01u, 0xFDu, 0x02u, 0x3Du, 0xF7u, 0xFCu, 0xFEu}) {
    RunTo(clock_, other, clock_.now_ns + 20'000'000);
    EXPECT_EQ(other.ReadPort(0x60, 1), byte);
  }
  ExpectCorruptionHandled(clock_, controller_);
}

}  // namespace
}  // namespace verbatim
