// SPDX-License-Identifier: Apache-2.0
// The keyboard controller: its commands, its buffer and its interrupts.
#include "base/log.h"
#include "tests/devices/i8042_fixture.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

class I8042Test : public I8042Fixture {};

TEST_F(I8042Test, SelfTestsPass) {
  EXPECT_EQ(Ask(0xAA), 0x55);
  EXPECT_EQ(Ask(0xAB), 0x00);
  EXPECT_EQ(Ask(0xA9), 0x00);
  EXPECT_EQ(Ask(0xA4), 0xF1);
  EXPECT_EQ(Status() & 0x04, 0x04);
}

TEST_F(I8042Test, StatusTellsCommandFromData) {
  Command(0xAE);
  EXPECT_EQ(Status() & 0x08, 0x08);
  Data(0xEE);
  EXPECT_EQ(Status() & 0x08, 0x00);
  EXPECT_EQ(Status() & 0x13, 0x11);  // output full, input never, not locked
}

TEST_F(I8042Test, CommandByteAndRamReadBack) {
  EXPECT_EQ(Ask(0x20), 0x65);
  SetMode(0x47);
  EXPECT_EQ(Ask(0x20), 0x47);
  Command(0x7F);
  Data(0xA5);
  EXPECT_EQ(Ask(0x3F), 0xA5);
}

TEST_F(I8042Test, EnableAndDisableCommandsChangeTheCommandByte) {
  Command(0xAD);
  Command(0xA8);
  EXPECT_EQ(Ask(0x20), 0x55);
  Command(0xAE);
  Command(0xA7);
  EXPECT_EQ(Ask(0x20), 0x65);
}

TEST_F(I8042Test, AScanCodeIsTranslatedAndRaisesIrq1) {
  EXPECT_TRUE(Press(Key::kA));
  EXPECT_TRUE(irq1_.high);
  EXPECT_EQ(Status() & 0x21, 0x01);
  EXPECT_EQ(Read(), 0x1E);
  EXPECT_FALSE(irq1_.high);
  EXPECT_EQ(Released(Key::kA), Bytes{0x9E});
  EXPECT_EQ(Pressed(Key::kUp), (Bytes{0xE0, 0x48}));
  EXPECT_EQ(Released(Key::kUp), (Bytes{0xE0, 0xC8}));
}

TEST_F(I8042Test, WithoutTranslationSet2ArrivesAsItIs) {
  SetMode(0x01);
  EXPECT_EQ(Pressed(Key::kA), Bytes{0x1C});
  EXPECT_EQ(Released(Key::kA), (Bytes{0xF0, 0x1C}));
}

TEST_F(I8042Test, EveryByteMakesItsOwnEdge) {
  EXPECT_TRUE(Press(Key::kUp));
  EXPECT_EQ(irq1_.rises, 1u);
  EXPECT_EQ(Read(), 0xE0);
  EXPECT_FALSE(irq1_.high);
  Wait(kByteNs);
  EXPECT_EQ(irq1_.rises, 2u);
  EXPECT_TRUE(irq1_.high);
  EXPECT_EQ(Read(), 0x48);
  Wait(kByteNs);
  EXPECT_FALSE(irq1_.high);
}

TEST_F(I8042Test, AByteCanBeReadAgainUntilTheNextOneHasCome) {
  EXPECT_TRUE(Press(Key::kUp));
  EXPECT_EQ(Read(), 0xE0);
  clock_.now_ns += 500'000;
  EXPECT_EQ(Status() & 0x01, 0x00);
  EXPECT_EQ(Read(), 0xE0);
  EXPECT_EQ(controller_.NextEventNs(), 660'000u);
  clock_.now_ns += 500'000;
  EXPECT_EQ(Read(), 0x48);
}

TEST_F(I8042Test, InterruptsFollowTheCommandByte) {
  SetMode(0x40);
  EXPECT_TRUE(Press(Key::kA));
  EXPECT_FALSE(irq1_.high);
  // The command byte is set while the scan code still waits in the output buffer.
  SetMode(0x41);
  EXPECT_TRUE(irq1_.high);
}

TEST_F(I8042Test, ADisabledKeyboardKeepsItsBytes) {
  Command(0xAD);
  EXPECT_TRUE(Press(Key::kA));
  EXPECT_EQ(Status() & 0x01, 0x00);
  Command(0xAE);
  EXPECT_EQ(ReadAll(), Bytes{0x1E});
}

TEST_F(I8042Test, ADisabledMouseKeepsItsBytes) {
  SetMode(0x47);
  EXPECT_EQ(MouseAnswer(0xF4), Bytes{0xFA});
  Command(0xA7);
  EXPECT_TRUE(controller_.MoveMouse({.dx = 1}));
  EXPECT_EQ(ReadAll(), Bytes{});
  Command(0xA8);
  EXPECT_EQ(ReadAll(), (Bytes{0x08, 0x01, 0x00}));
}

TEST_F(I8042Test, WritingToTheKeyboardEnablesIt) {
  Command(0xAD);
  EXPECT_EQ(Answer(0xEE), Bytes{0xEE});
  EXPECT_EQ(Ask(0x20) & 0x10, 0);
}

TEST_F(I8042Test, TheAuxPortLoopsBack) {
  SetMode(0x47);
  Command(0xD3);
  Data(0x5A);
  EXPECT_EQ(Status() & 0x21, 0x21);
  EXPECT_TRUE(irq12_.high);
  EXPECT_FALSE(irq1_.high);
  EXPECT_EQ(Read(), 0x5A);
  EXPECT_FALSE(irq12_.high);
}

TEST_F(I8042Test, TheMouseAnswersOnIrq12AndWritingToItEnablesIt) {
  SetMode(0x67);  // IRQ 12 on, interface off
  Command(0xD4);
  Data(0xF2);
  EXPECT_EQ(Status() & 0x21, 0x21);
  EXPECT_TRUE(irq12_.high);
  EXPECT_FALSE(irq1_.high);
  EXPECT_EQ(ReadAll(), (Bytes{0xFA, 0x00}));
  EXPECT_EQ(irq12_.rises, 2u);
  EXPECT_EQ(Ask(0x20) & 0x20, 0);
}

TEST_F(I8042Test, KeyboardAndMouseTakeTurnsByteForByte) {
  SetMode(0x47);
  EXPECT_EQ(MouseAnswer(0xF4), Bytes{0xFA});
  Command(0xAD);
  EXPECT_TRUE(Press(Key::kUp));
  EXPECT_TRUE(controller_.MoveMouse({.dx = 5}));
  EXPECT_EQ(Status() & 0x21, 0x21);  // alone on the wire
  Command(0xAE);
  EXPECT_EQ(ReadAll(), (Bytes{0x08, 0xE0, 0x48, 0x05, 0x00}));
}

TEST_F(I8042Test, AnAnswerReplacesAnUnreadAuxByteWithItsFlags) {
  SetMode(0x47);
  Command(0xD4);
  Data(0xFF);
  EXPECT_TRUE(irq12_.high);
  Command(0xAA);
  EXPECT_EQ(Status() & 0x21, 0x01);
  EXPECT_FALSE(irq12_.high);
  EXPECT_TRUE(irq1_.high);
  Command(0xAB);
  EXPECT_EQ(irq1_.rises, 2u);
  EXPECT_EQ(Read(), 0x00);
}

TEST_F(I8042Test, ACommandCancelsWhatTheKeyboardWasAboutToSend) {
  Command(0xAD);
  EXPECT_TRUE(Press(Key::kA));
  EXPECT_EQ(Answer(0xF4), Bytes{0xFA});
}

TEST_F(I8042Test, D2LooksLikeTheKeyboard) {
  Command(0xD2);
  Data(0x77);
  EXPECT_TRUE(irq1_.high);
  EXPECT_EQ(Read(), 0x77);
}

TEST_F(I8042Test, OutputPortGatesA20AndResets) {
  EXPECT_TRUE(a20_.enabled);
  EXPECT_EQ(Ask(0xD0) & 0x03, 0x03);
  Command(0xD1);
  Data(0xDD);
  EXPECT_FALSE(a20_.enabled);
  EXPECT_EQ(Ask(0xD0) & 0x03, 0x01);
  EXPECT_EQ(reset_.inits, 0u);
  Command(0xD1);
  Data(0xDE);
  EXPECT_TRUE(a20_.enabled);
  EXPECT_EQ(reset_.inits, 1u);
}

TEST_F(I8042Test, PulsingBit0Resets) {
  Command(0xFF);
  Command(0xFD);
  EXPECT_EQ(reset_.inits, 0u);
  Command(0xFE);
  EXPECT_EQ(reset_.inits, 1u);
}

TEST_F(I8042Test, AnEmptyOutputBufferKeepsItsLastByte) {
  EXPECT_EQ(Ask(0xAA), 0x55);
  EXPECT_EQ(Read(), 0x55);
}

TEST_F(I8042Test, UnknownCommandsAreReported) {
  testing::internal::CaptureStderr();
  Command(0xB7);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("B7h"), std::string::npos);
}

TEST_F(I8042Test, ResetRestoresA20AndTheCommandByte) {
  Command(0xD1);
  Data(0xDD);
  SetMode(0x00);
  EXPECT_TRUE(Press(Key::kA));
  controller_.Reset();
  EXPECT_TRUE(a20_.enabled);
  EXPECT_EQ(ReadAll(), Bytes{});
  EXPECT_EQ(Ask(0x20), 0x65);
}

TEST_F(I8042Test, SavesAndLoadsBetweenTwoBytes) {
  EXPECT_TRUE(Press(Key::kUp));
  EXPECT_TRUE(Release(Key::kUp));
  Command(0xD1);
  Data(0xDD);
  Command(0xD1);
  FakeA20 other_a20;
  I8042 other(clock_, irq1_, irq12_, other_a20, reset_);
  ExpectRoundTrip(controller_, other);
  EXPECT_FALSE(other_a20.enabled);
  for (const unsigned byte : {0xE0u, 0x48u, 0xE0u, 0xC8u}) {
    RunTo(clock_, other, clock_.now_ns + kByteNs);
    EXPECT_EQ(other.ReadPort(0x60, 1), byte);
  }
  other.WritePort(0x60, 1, 0xDF);  // the argument of D1h
  EXPECT_TRUE(other_a20.enabled);
  ExpectCorruptionHandled(clock_, controller_);
}

TEST_F(I8042Test, NoSequenceOfAccessesBreaksIt) {
  SetLogLevel(LogLevel::kError);
  Random random(8042);
  for (int i = 0; i < 200000; ++i) {
    const auto port = static_cast<uint16_t>(random() % 2 != 0 ? 0x60 : 0x64);
    const unsigned bytes = 1u << random() % 3;
    switch (random() % 4) {
      case 0:
        bus_->ReadPort(port, bytes);
        break;
      case 1:
        bus_->WritePort(port, bytes, random());
        break;
      case 2:
        // What is refused is refused.
        (void)controller_.PressKey(
            {.key = static_cast<Key>(random() % kKeyCount), .pressed = random() % 2 != 0});
        (void)controller_.MoveMouse({.dx = static_cast<int>(random()),
                                     .dy = static_cast<int>(random()),
                                     .wheel = static_cast<int>(random()),
                                     .buttons = static_cast<uint8_t>(random())});
        break;
      case 3:
        Wait(random() % 300'000'000);
        break;
    }
  }
  SetLogLevel(LogLevel::kWarning);
}

}  // namespace
}  // namespace verbatim
