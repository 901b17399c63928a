// SPDX-License-Identifier: Apache-2.0
// The keyboard controller and the keyboard behind it.
#include "devices/i8042.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>

#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

using testing::Test;
using Bytes = std::vector<uint8_t>;

class I8042Test : public Test {
 protected:
  I8042Test() { controller_.Attach(*bus_); }

  void Data(unsigned value) { bus_->WritePort(0x60, 1, value); }
  void Command(unsigned value) { bus_->WritePort(0x64, 1, value); }
  uint8_t Status() { return static_cast<uint8_t>(bus_->ReadPort(0x64, 1)); }
  uint8_t Read() { return static_cast<uint8_t>(bus_->ReadPort(0x60, 1)); }
  uint8_t Ask(unsigned command) {
    Command(command);
    return Read();
  }
  Bytes ReadAll() {
    Bytes bytes;
    while ((Status() & 0x01) != 0) bytes.push_back(Read());
    return bytes;
  }
  Bytes Answer(unsigned keyboard_command) {
    Data(keyboard_command);
    return ReadAll();
  }
  bool Type(std::initializer_list<uint8_t> codes) {
    return controller_.Type(std::span(codes.begin(), codes.size()));
  }
  void SetMode(unsigned mode) {
    Command(0x60);
    Data(mode);
  }

  FakeClock clock_;
  FakeIrqLine irq1_;
  FakeIrqLine irq12_;
  FakeA20 a20_;
  FakeReset reset_;
  I8042 controller_{irq1_, irq12_, a20_, reset_};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

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
  EXPECT_TRUE(Type({0x1C}));  // A down
  EXPECT_TRUE(irq1_.high);
  EXPECT_EQ(Status() & 0x21, 0x01);
  EXPECT_EQ(Read(), 0x1E);
  EXPECT_FALSE(irq1_.high);
  EXPECT_TRUE(Type({0xF0, 0x1C}));
  EXPECT_EQ(ReadAll(), Bytes{0x9E});
  EXPECT_TRUE(Type({0xE0, 0xF0, 0x75}));  // up arrow released
  EXPECT_EQ(ReadAll(), (Bytes{0xE0, 0xC8}));
}

TEST_F(I8042Test, WithoutTranslationSet2ArrivesAsItIs) {
  SetMode(0x01);
  EXPECT_TRUE(Type({0xF0, 0x1C}));
  EXPECT_EQ(ReadAll(), (Bytes{0xF0, 0x1C}));
}

TEST_F(I8042Test, EveryByteMakesItsOwnEdge) {
  EXPECT_TRUE(Type({0xE0, 0x75}));
  EXPECT_EQ(irq1_.rises, 1u);
  EXPECT_EQ(Read(), 0xE0);
  EXPECT_EQ(irq1_.rises, 2u);
  EXPECT_TRUE(irq1_.high);
  EXPECT_EQ(Read(), 0x48);
  EXPECT_FALSE(irq1_.high);
}

TEST_F(I8042Test, InterruptsFollowTheCommandByte) {
  SetMode(0x40);
  EXPECT_TRUE(Type({0x1C}));
  EXPECT_FALSE(irq1_.high);
  // The command byte is set while the scan code still waits in the output buffer.
  SetMode(0x41);
  EXPECT_TRUE(irq1_.high);
}

TEST_F(I8042Test, ADisabledKeyboardKeepsItsBytes) {
  Command(0xAD);
  EXPECT_TRUE(Type({0x1C}));
  EXPECT_EQ(Status() & 0x01, 0x00);
  Command(0xAE);
  EXPECT_EQ(ReadAll(), Bytes{0x1E});
}

TEST_F(I8042Test, WritingToTheKeyboardEnablesIt) {
  Command(0xAD);
  EXPECT_EQ(Answer(0xEE), Bytes{0xEE});
  EXPECT_EQ(Ask(0x20) & 0x10, 0);
}

TEST_F(I8042Test, KeyboardAnswersResetIdentifyAndEcho) {
  EXPECT_EQ(Answer(0xFF), (Bytes{0xFA, 0xAA}));
  EXPECT_EQ(Answer(0xF2), (Bytes{0xFA, 0xAB, 0x41}));  // 83h, translated
  SetMode(0x05);
  EXPECT_EQ(Answer(0xF2), (Bytes{0xFA, 0xAB, 0x83}));
  EXPECT_EQ(Answer(0xEE), Bytes{0xEE});
}

TEST_F(I8042Test, KeyboardTakesLedsAndTypematic) {
  EXPECT_EQ(Answer(0xED), Bytes{0xFA});
  EXPECT_EQ(Answer(0x05), Bytes{0xFA});
  EXPECT_EQ(controller_.keyboard().leds(), 0x05);
  EXPECT_EQ(Answer(0xF3), Bytes{0xFA});
  EXPECT_EQ(Answer(0x20), Bytes{0xFA});
}

TEST_F(I8042Test, ACommandInPlaceOfAnArgumentIsACommand) {
  Answer(0xED);
  EXPECT_EQ(Answer(0xEE), Bytes{0xEE});
  EXPECT_EQ(Answer(0x02), Bytes{0xFE});
  EXPECT_EQ(controller_.keyboard().leds(), 0);
}

TEST_F(I8042Test, ScanCodeSetsOneAndTwo) {
  SetMode(0x05);  // no translation
  Answer(0xF0);
  EXPECT_EQ(Answer(0x00), (Bytes{0xFA, 0x02}));
  Answer(0xF0);
  EXPECT_EQ(Answer(0x01), Bytes{0xFA});
  EXPECT_TRUE(Type({0xE0, 0xF0, 0x75}));
  EXPECT_EQ(ReadAll(), (Bytes{0xE0, 0xC8}));
  Answer(0xF0);
  EXPECT_EQ(Answer(0x03), Bytes{0xFE});
}

TEST_F(I8042Test, DisabledScanningRefusesKeys) {
  EXPECT_EQ(Answer(0xF5), Bytes{0xFA});
  EXPECT_FALSE(Type({0x1C}));
  EXPECT_EQ(Answer(0xF4), Bytes{0xFA});
  EXPECT_TRUE(Type({0x1C}));
}

TEST_F(I8042Test, ResendRepeatsTheLastByte) {
  Answer(0xEE);
  EXPECT_EQ(Answer(0xFE), Bytes{0xEE});
}

TEST_F(I8042Test, UnknownKeyboardCommandsAreRefused) { EXPECT_EQ(Answer(0x42), Bytes{0xFE}); }

TEST_F(I8042Test, TypingIsAllOrNothing) {
  Command(0xAD);
  for (unsigned i = 0; i < Ps2Keyboard::kQueueBytes - 1; ++i) EXPECT_TRUE(Type({0x1C}));
  EXPECT_FALSE(Type({0xF0, 0x1C}));
  EXPECT_TRUE(Type({0x1C}));
}

TEST_F(I8042Test, TheAuxPortLoopsBackButHasNoDevice) {
  SetMode(0x47);
  Command(0xD3);
  Data(0x5A);
  EXPECT_EQ(Status() & 0x21, 0x21);
  EXPECT_TRUE(irq12_.high);
  EXPECT_FALSE(irq1_.high);
  EXPECT_EQ(Read(), 0x5A);
  EXPECT_FALSE(irq12_.high);
  Command(0xD4);
  Data(0xFF);
  EXPECT_EQ(Status() & 0x61, 0x61);  // time-out
  EXPECT_EQ(Read(), 0xFE);
  EXPECT_EQ(Status() & 0x61, 0x00);
}

TEST_F(I8042Test, AnAnswerReplacesAnUnreadAuxByteWithItsFlags) {
  SetMode(0x47);
  Command(0xD4);
  Data(0xFF);
  Command(0xAA);
  EXPECT_EQ(Status() & 0x61, 0x01);
  EXPECT_FALSE(irq12_.high);
  EXPECT_TRUE(irq1_.high);
  Command(0xAB);
  EXPECT_EQ(irq1_.rises, 2u);
  EXPECT_EQ(Read(), 0x00);
}

TEST_F(I8042Test, ACommandCancelsWhatTheKeyboardWasAboutToSend) {
  Command(0xAD);
  EXPECT_TRUE(Type({0x1C}));
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
  EXPECT_EQ(reset_.requests, 0u);
  Command(0xD1);
  Data(0xDE);
  EXPECT_TRUE(a20_.enabled);
  EXPECT_EQ(reset_.requests, 1u);
}

TEST_F(I8042Test, PulsingBit0Resets) {
  Command(0xFF);
  Command(0xFD);
  EXPECT_EQ(reset_.requests, 0u);
  Command(0xFE);
  EXPECT_EQ(reset_.requests, 1u);
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
  Type({0x1C});
  controller_.Reset();
  EXPECT_TRUE(a20_.enabled);
  EXPECT_EQ(ReadAll(), Bytes{});
  EXPECT_EQ(Ask(0x20), 0x65);
}

TEST_F(I8042Test, SavesAndLoadsBetweenTwoBytes) {
  EXPECT_TRUE(Type({0xE0, 0xF0, 0x75}));
  Command(0xD1);
  Data(0xDD);
  Command(0xD1);
  FakeA20 other_a20;
  I8042 other(irq1_, irq12_, other_a20, reset_);
  ExpectRoundTrip(controller_, other);
  EXPECT_FALSE(other_a20.enabled);
  EXPECT_EQ(other.ReadPort(0x60, 1), 0xE0u);
  EXPECT_EQ(other.ReadPort(0x60, 1), 0xC8u);
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
    switch (random() % 3) {
      case 0:
        bus_->ReadPort(port, bytes);
        break;
      case 1:
        bus_->WritePort(port, bytes, random());
        break;
      case 2:
        Type({static_cast<uint8_t>(random()), static_cast<uint8_t>(random())});
        break;
    }
  }
  SetLogLevel(LogLevel::kWarning);
}

}  // namespace
}  // namespace verbatim
