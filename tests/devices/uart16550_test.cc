// SPDX-License-Identifier: Apache-2.0
// The rules of the PC16550D data sheet, on COM1.
#include "devices/uart16550.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

enum Register : uint16_t { kData, kIer, kIirFcr, kLcr, kMcr, kLsr, kMsr, kScratch };

class Uart16550Test : public testing::Test {
 protected:
  Uart16550Test() {
    uart_.Attach(*bus_);
    Out(kMcr, 0x08);  // OUT2 connects the interrupt
  }
  void Out(Register reg, unsigned value) {
    bus_->WritePort(static_cast<uint16_t>(0x3F8 + reg), 1, value);
  }
  uint8_t In(Register reg) {
    return static_cast<uint8_t>(bus_->ReadPort(static_cast<uint16_t>(0x3F8 + reg), 1));
  }
  void Receive(std::string_view text) {
    uart_.Receive({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }
  void SetDivisor(uint16_t divisor) {
    const uint8_t lcr = In(kLcr);
    Out(kLcr, lcr | 0x80);
    Out(kData, divisor & 0xFF);
    Out(kIer, divisor >> 8);
    Out(kLcr, lcr);
  }

  FakeClock clock_;
  FakeIrqLine irq_;
  FakeByteSink sink_;
  unsigned empty_calls_ = 0;
  Uart16550 uart_{
      clock_, irq_, sink_, {.name = "com1", .on_receiver_empty = [this] { ++empty_calls_; }}};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(Uart16550Test, TransmitsToTheSink) {
  for (const char c : std::string("hello")) Out(kData, static_cast<uint8_t>(c));
  EXPECT_EQ(sink_.text, "hello");
  EXPECT_EQ(In(kLsr), 0x60);  // THRE, TEMT
}

TEST_F(Uart16550Test, DivisorLatchHidesDataAndInterruptEnable) {
  Out(kLcr, 0x83);
  Out(kData, 0x34);
  Out(kIer, 0x12);
  EXPECT_EQ(In(kData), 0x34);
  EXPECT_EQ(In(kIer), 0x12);
  Out(kLcr, 0x03);
  EXPECT_EQ(In(kIer), 0x00);
  EXPECT_EQ(sink_.text, "");
}

TEST_F(Uart16550Test, RegistersKeepOnlyTheirDefinedBits) {
  Out(kIer, 0xFF);
  EXPECT_EQ(In(kIer), 0x0F);
  Out(kMcr, 0xFF);
  EXPECT_EQ(In(kMcr), 0x1F);
  Out(kScratch, 0xA5);
  EXPECT_EQ(In(kScratch), 0xA5);
}

TEST_F(Uart16550Test, ThreInterruptOnEnableAndWithdrawnByReadingIir) {
  Out(kIer, 0x02);
  EXPECT_TRUE(irq_.high);
  EXPECT_EQ(In(kIirFcr), 0x02);
  EXPECT_FALSE(irq_.high);
  EXPECT_EQ(In(kIirFcr), 0x01);
  Out(kIer, 0x02);  // already enabled: no new interrupt
  EXPECT_FALSE(irq_.high);
  Out(kIer, 0x00);
  Out(kIer, 0x02);
  EXPECT_TRUE(irq_.high);
}

TEST_F(Uart16550Test, WritingThrWithdrawsAndRearmsTheThreInterrupt) {
  Out(kIer, 0x02);
  EXPECT_EQ(irq_.rises, 1u);
  Out(kData, 'a');
  EXPECT_TRUE(irq_.high);
  EXPECT_EQ(irq_.rises, 2u);  // a new edge for the edge-triggered PIC
  In(kIirFcr);
  Out(kData, 'b');
  EXPECT_EQ(irq_.rises, 3u);
  EXPECT_EQ(In(kIirFcr), 0x02);
}

TEST_F(Uart16550Test, ReadingIirDoesNotWithdrawThreWhenAnotherSourceIsReported) {
  Out(kIer, 0x03);
  Receive("x");
  EXPECT_EQ(In(kIirFcr), 0x04);
  EXPECT_EQ(In(kData), 'x');
  EXPECT_EQ(In(kIirFcr), 0x02);
}

TEST_F(Uart16550Test, InterruptSourcesHaveTheirPriorities) {
  Out(kIer, 0x0F);
  uart_.SetModemInputs(Uart16550::kDsr);
  Receive("a");
  Receive("b");                  // overrun
  EXPECT_EQ(In(kIirFcr), 0x06);  // line status
  EXPECT_EQ(In(kLsr), 0x63);
  EXPECT_EQ(In(kIirFcr), 0x04);  // received data
  EXPECT_EQ(In(kData), 'b');
  EXPECT_EQ(In(kIirFcr), 0x02);  // THR empty
  EXPECT_EQ(In(kIirFcr), 0x00);  // modem status
  EXPECT_EQ(In(kMsr) & 0x0F, 0x09);
  EXPECT_EQ(In(kIirFcr), 0x01);
  EXPECT_FALSE(irq_.high);
}

TEST_F(Uart16550Test, FifoModeIsReportedInIir) {
  EXPECT_EQ(In(kIirFcr), 0x01);
  Out(kIirFcr, 0x01);
  EXPECT_EQ(In(kIirFcr), 0xC1);
}

TEST_F(Uart16550Test, DataInterruptFollowsTheTriggerLevel) {
  static constexpr struct {
    uint8_t fcr;
    unsigned level;
  } kCases[] = {{0x01, 1}, {0x41, 4}, {0x81, 8}, {0xC1, 14}};
  Out(kIer, 0x01);
  for (const auto& [fcr, level] : kCases) {
    Out(kIirFcr, fcr | 0x02u);
    Receive(std::string(level - 1, 'x'));
    EXPECT_FALSE(irq_.high) << level;
    Receive("y");
    EXPECT_TRUE(irq_.high) << level;
    EXPECT_EQ(In(kIirFcr), 0xC4);
    In(kData);
    EXPECT_FALSE(irq_.high) << level;
  }
}

TEST_F(Uart16550Test, CharacterTimeoutAfterFourCharacterTimes) {
  Out(kLcr, 0x03);  // 8N1: 10 bits
  SetDivisor(12);   // 9600 baud
  Out(kIirFcr, 0xC1);
  Out(kIer, 0x01);
  clock_.now_ns = 1'000'000;
  Receive("abc");
  EXPECT_EQ(uart_.NextEventNs(), 1'000'000u + 4 * 10 * kNsPerSecond / 9600 - 2);
  RunTo(clock_, uart_, *uart_.NextEventNs() - 1);
  EXPECT_FALSE(irq_.high);
  RunTo(clock_, uart_, clock_.now_ns + 1);
  EXPECT_TRUE(irq_.high);
  EXPECT_EQ(In(kIirFcr), 0xCC);
  EXPECT_EQ(uart_.NextEventNs(), std::nullopt);
  // A read restarts the timer.
  EXPECT_EQ(In(kData), 'a');
  EXPECT_FALSE(irq_.high);
  EXPECT_EQ(In(kIirFcr), 0xC1);
  EXPECT_GT(uart_.NextEventNs(), clock_.now_ns);
}

TEST_F(Uart16550Test, NoTimeoutWithoutFifosOrWithoutData) {
  Out(kIer, 0x01);
  Receive("a");
  EXPECT_EQ(uart_.NextEventNs(), std::nullopt);
  Out(kIirFcr, 0xC1);
  EXPECT_EQ(uart_.NextEventNs(), std::nullopt);
}

TEST_F(Uart16550Test, ReceiveRoomGivesBackPressure) {
  EXPECT_EQ(uart_.ReceiveRoom(), 1u);
  Out(kIirFcr, 0x01);
  empty_calls_ = 0;
  EXPECT_EQ(uart_.ReceiveRoom(), 16u);
  Receive("0123456789");
  EXPECT_EQ(uart_.ReceiveRoom(), 6u);
  Receive("ABCDEF");
  EXPECT_EQ(uart_.ReceiveRoom(), 0u);
  std::string text;
  while ((In(kLsr) & 0x01) != 0) text += static_cast<char>(In(kData));
  EXPECT_EQ(text, "0123456789ABCDEF");
  EXPECT_EQ(empty_calls_, 1u);
}

TEST_F(Uart16550Test, TellsWheneverTheReceiverBecomesFree) {
  Out(kIirFcr, 0x01);
  empty_calls_ = 0;
  Receive("0123456789ABCDEF");
  In(kData);
  EXPECT_EQ(empty_calls_, 0u);
  Out(kIirFcr, 0x03);  // receiver reset
  EXPECT_EQ(empty_calls_, 1u);
  Out(kMcr, 0x18);
  EXPECT_EQ(empty_calls_, 1u);
  Out(kMcr, 0x08);  // loopback ends
  EXPECT_EQ(empty_calls_, 2u);
  uart_.Reset();
  EXPECT_EQ(empty_calls_, 3u);
}

TEST_F(Uart16550Test, AForcedOverrunKeepsTheFifoAndSetsOe) {
  Out(kIirFcr, 0x01);
  Receive("0123456789ABCDEFxyz");
  EXPECT_EQ(In(kLsr), 0x63);
  EXPECT_EQ(In(kLsr), 0x61);  // cleared by reading
  EXPECT_EQ(In(kData), '0');
}

TEST_F(Uart16550Test, WithoutFifosAnOverrunReplacesTheByte) {
  Receive("ab");
  EXPECT_EQ(In(kLsr), 0x63);
  EXPECT_EQ(In(kData), 'b');
}

TEST_F(Uart16550Test, BreakIsReportedWithItsByteAtTheHeadOfTheFifo) {
  Out(kIirFcr, 0x01);
  Out(kIer, 0x04);
  Receive("a");
  uart_.ReceiveBreak();
  EXPECT_FALSE(irq_.high);
  EXPECT_EQ(In(kLsr), 0xE1);  // an error somewhere in the FIFO
  In(kData);
  EXPECT_TRUE(irq_.high);
  EXPECT_EQ(In(kIirFcr), 0xC6);
  EXPECT_EQ(In(kLsr), 0xF1);
  EXPECT_EQ(In(kLsr), 0x61);
  EXPECT_FALSE(irq_.high);
  EXPECT_EQ(In(kData), 0);
}

TEST_F(Uart16550Test, ResettingOrTogglingTheFifoClearsIt) {
  Out(kIirFcr, 0x01);
  Receive("abc");
  Out(kIirFcr, 0x03);
  EXPECT_EQ(In(kLsr), 0x60);
  Receive("abc");
  Out(kIirFcr, 0x00);
  EXPECT_EQ(In(kLsr), 0x60);
  EXPECT_EQ(In(kIirFcr), 0x01);
}

TEST_F(Uart16550Test, LoopbackConnectsTransmitterToReceiver) {
  Out(kMcr, 0x10);
  EXPECT_EQ(uart_.ReceiveRoom(), 0u);
  Receive("lost");
  Out(kData, 0x5A);
  EXPECT_EQ(sink_.text, "");
  EXPECT_EQ(In(kLsr), 0x61);
  EXPECT_EQ(In(kData), 0x5A);
}

TEST_F(Uart16550Test, LoopbackConnectsModemOutputsToInputs) {
  Out(kMcr, 0x10);
  In(kMsr);
  static constexpr struct {
    uint8_t output;
    uint8_t input;
  } kWires[] = {{0x02, 0x10}, {0x01, 0x20}, {0x04, 0x40}, {0x08, 0x80}};
  for (const auto& [output, input] : kWires) {
    Out(kMcr, 0x10u | output);
    EXPECT_EQ(In(kMsr) & 0xF0, input);
    Out(kMcr, 0x10);
    In(kMsr);
  }
}

TEST_F(Uart16550Test, LoopbackAndOut2CutTheInterruptOff) {
  Out(kIer, 0x02);
  EXPECT_TRUE(irq_.high);
  Out(kMcr, 0x00);
  EXPECT_FALSE(irq_.high);
  Out(kMcr, 0x18);
  EXPECT_FALSE(irq_.high);
  EXPECT_EQ(In(kIirFcr), 0x02);  // the chip's own view still works
}

TEST_F(Uart16550Test, TeriReportsOnlyTheEndOfARing) {
  EXPECT_EQ(In(kMsr), 0xB0);
  uart_.SetModemInputs(0xF0);
  EXPECT_EQ(In(kMsr), 0xF0);
  uart_.SetModemInputs(0xB0);
  EXPECT_EQ(In(kMsr), 0xB4);
  EXPECT_EQ(In(kMsr), 0xB0);
}

TEST_F(Uart16550Test, WideAccessesAreSplit) {
  Out(kScratch, 0x77);
  EXPECT_EQ(bus_->ReadPort(0x3FC, 4), 0x77B06008u);
}

TEST_F(Uart16550Test, ResetClearsControlButNotScratch) {
  Out(kIer, 0x02);
  Out(kScratch, 0x12);
  uart_.Reset();
  EXPECT_FALSE(irq_.high);
  EXPECT_EQ(In(kIer), 0);
  EXPECT_EQ(In(kMcr), 0);
  EXPECT_EQ(In(kScratch), 0x12);
}

TEST_F(Uart16550Test, SavesAndLoadsWithBytesInTheFifo) {
  Out(kIirFcr, 0xC1);
  Out(kIer, 0x03);
  clock_.now_ns = 5000;
  Receive("abcdef");
  In(kData);
  FakeIrqLine other_irq;
  Uart16550 other(clock_, other_irq, sink_, {.name = "com1", .on_receiver_empty = {}});
  ExpectRoundTrip(uart_, other);
  EXPECT_EQ(other.NextEventNs(), uart_.NextEventNs());
  EXPECT_EQ(other.ReadPort(0x3F8, 1), 'b');
  ExpectCorruptionHandled(clock_, uart_);
}

TEST_F(Uart16550Test, NoSequenceOfAccessesBreaksIt) {
  Random random(16550);
  for (int i = 0; i < 200000; ++i) {
    const auto port = static_cast<uint16_t>(0x3F8 + random() % 8);
    const unsigned bytes = 1u << random() % 3;
    switch (random() % 4) {
      case 0:
        bus_->ReadPort(port, bytes);
        break;
      case 1:
        bus_->WritePort(port, bytes, random());
        break;
      case 2:
        Receive(std::string(random() % 20, 'x'));
        break;
      case 3:
        RunTo(clock_, uart_, clock_.now_ns + random() % 10'000'000);
        break;
    }
    ASSERT_LE(uart_.ReceiveRoom(), 16u);
  }
}

}  // namespace
}  // namespace verbatim
