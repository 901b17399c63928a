// SPDX-License-Identifier: Apache-2.0
// The rules of the 8259A data sheet, on the pair of a PC.
#include <gtest/gtest.h>

#include <memory>

#include "devices/i8259_pair.h"
#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

class CountingObserver final : public InterruptObserver {
 public:
  void InterruptRaised() override { ++raised; }
  unsigned raised = 0;
};

class I8259 : public testing::Test {
 protected:
  I8259() {
    pic_.Attach(*bus_);
    Initialise(0x01);
  }

  void Out(uint16_t port, uint8_t value) { bus_->WritePort(port, 1, value); }
  uint8_t In(uint16_t port) { return static_cast<uint8_t>(bus_->ReadPort(port, 1)); }
  void Initialise(uint8_t master_icw4) {
    Out(0x20, 0x11), Out(0x21, 0x20), Out(0x21, 0x04), Out(0x21, master_icw4);
    Out(0xA0, 0x11), Out(0xA1, 0x28), Out(0xA1, 0x02), Out(0xA1, 0x01);
  }
  void Raise(unsigned irq) { pic_.Line(irq).SetLevel(true); }
  void Lower(unsigned irq) { pic_.Line(irq).SetLevel(false); }
  void Pulse(unsigned irq) { Lower(irq), Raise(irq); }
  uint8_t MasterIsr() {
    Out(0x20, 0x0B);
    return In(0x20);
  }
  uint8_t MasterIrr() {
    Out(0x20, 0x0A);
    return In(0x20);
  }

  FakeClock clock_;
  CountingObserver observer_;
  I8259Pair pic_{observer_};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(I8259, RisingEdgeRequestsAndAcknowledgeYieldsTheVector) {
  EXPECT_FALSE(pic_.InterruptRequested());
  Raise(4);
  EXPECT_TRUE(pic_.InterruptRequested());
  EXPECT_EQ(observer_.raised, 1u);
  EXPECT_EQ(pic_.Acknowledge(), 0x24);
  EXPECT_FALSE(pic_.InterruptRequested());
  EXPECT_EQ(MasterIsr(), 0x10);
  EXPECT_EQ(MasterIrr(), 0x00);
}

TEST_F(I8259, EdgeModeNeedsANewEdgeAfterEoi) {
  Raise(4);
  pic_.Acknowledge();
  Out(0x20, 0x20);
  EXPECT_FALSE(pic_.InterruptRequested());
  Pulse(4);
  EXPECT_TRUE(pic_.InterruptRequested());
}

TEST_F(I8259, AnEdgeDuringServiceWaitsForEoi) {
  Raise(4);
  pic_.Acknowledge();
  Pulse(4);
  EXPECT_FALSE(pic_.InterruptRequested());
  EXPECT_EQ(MasterIrr(), 0x10);
  Out(0x20, 0x20);
  EXPECT_TRUE(pic_.InterruptRequested());
  EXPECT_EQ(observer_.raised, 2u);
}

TEST_F(I8259, ALineThatFallsBeforeAcknowledgeYieldsSpuriousIrq7) {
  Raise(4);
  Lower(4);
  EXPECT_FALSE(pic_.InterruptRequested());
  EXPECT_EQ(pic_.Acknowledge(), 0x27);
  EXPECT_EQ(MasterIsr(), 0x00);
}

TEST_F(I8259, ASlaveLineThatFallsBeforeAcknowledgeWithdrawsTheCascadedRequest) {
  Raise(10);
  EXPECT_TRUE(pic_.InterruptRequested());
  Lower(10);
  EXPECT_FALSE(pic_.InterruptRequested());
  EXPECT_EQ(pic_.Acknowledge(), 0x27);
}

TEST_F(I8259, SlaveRequestsGoThroughTheCascade) {
  Raise(10);
  EXPECT_EQ(pic_.Acknowledge(), 0x2A);
  EXPECT_EQ(MasterIsr(), 0x04);
  Out(0xA0, 0x0B);
  EXPECT_EQ(In(0xA0), 0x04);
  // Until both are ended, nothing of equal or lower priority comes through.
  Raise(11);
  EXPECT_FALSE(pic_.InterruptRequested());
  Out(0xA0, 0x20);
  EXPECT_FALSE(pic_.InterruptRequested());
  Out(0x20, 0x20);
  EXPECT_TRUE(pic_.InterruptRequested());
  EXPECT_EQ(pic_.Acknowledge(), 0x2B);
}

TEST_F(I8259, FullyNestedModeLetsOnlyHigherPrioritiesInterrupt) {
  Raise(4);
  pic_.Acknowledge();
  Raise(5);
  EXPECT_FALSE(pic_.InterruptRequested());
  Raise(1);
  EXPECT_TRUE(pic_.InterruptRequested());
  EXPECT_EQ(pic_.Acknowledge(), 0x21);
  EXPECT_EQ(MasterIsr(), 0x12);
  Out(0x20, 0x20);
  EXPECT_EQ(MasterIsr(), 0x10);  // the highest in service was ended
  EXPECT_FALSE(pic_.InterruptRequested());
  Out(0x20, 0x20);
  EXPECT_EQ(pic_.Acknowledge(), 0x25);
}

TEST_F(I8259, MaskHoldsARequestBackWithoutLosingIt) {
  Out(0x21, 0x10);
  EXPECT_EQ(In(0x21), 0x10);
  Raise(4);
  EXPECT_FALSE(pic_.InterruptRequested());
  EXPECT_EQ(MasterIrr(), 0x10);
  Out(0x21, 0x00);
  EXPECT_TRUE(pic_.InterruptRequested());
  EXPECT_EQ(observer_.raised, 1u);
}

TEST_F(I8259, Icw1ResetsEdgeSenseAndMask) {
  Raise(4);
  Out(0x21, 0xFF);
  Initialise(0x01);
  EXPECT_EQ(In(0x21), 0x00);
  EXPECT_EQ(MasterIrr(), 0x00);
  EXPECT_FALSE(pic_.InterruptRequested());
  Pulse(4);
  EXPECT_TRUE(pic_.InterruptRequested());
}

TEST_F(I8259, NothingIsRequestedDuringInitialisation) {
  Out(0x20, 0x11);
  Raise(4);
  EXPECT_FALSE(pic_.InterruptRequested());
  Out(0x21, 0x20);
  Out(0x21, 0x04);
  EXPECT_FALSE(pic_.InterruptRequested());
  Out(0x21, 0x01);
  EXPECT_TRUE(pic_.InterruptRequested());
}

TEST_F(I8259, WithoutIcw4AndSingleTheSequenceIsTwoWordsInMcs80Mode) {
  Out(0x20, 0x12 | 0x04 | 0x40);  // SNGL, interval 4, A6
  Out(0x21, 0x00);
  Out(0x21, 0xEF);  // already OCW1
  EXPECT_EQ(In(0x21), 0xEF);
  Raise(4);
  EXPECT_EQ(pic_.Acknowledge(), 0x50);  // A6 and 4 * 4
}

TEST_F(I8259, LevelModeFollowsTheLine) {
  Out(0x4D0, 0xFF);
  EXPECT_EQ(In(0x4D0), 0xF8);  // IRQ 0-2 are always edge triggered
  Out(0x4D1, 0xFF);
  EXPECT_EQ(In(0x4D1), 0xDE);
  Raise(5);
  EXPECT_EQ(pic_.Acknowledge(), 0x25);
  Out(0x20, 0x20);
  EXPECT_TRUE(pic_.InterruptRequested());  // still high
  pic_.Acknowledge();
  Lower(5);
  Out(0x20, 0x20);
  EXPECT_FALSE(pic_.InterruptRequested());
}

TEST_F(I8259, SettingElcrOnAHighLineRequests) {
  Raise(5);
  pic_.Acknowledge();
  Out(0x20, 0x20);
  EXPECT_FALSE(pic_.InterruptRequested());
  Out(0x4D0, 0x20);
  EXPECT_TRUE(pic_.InterruptRequested());
}

TEST_F(I8259, SpecialMaskModeLetsLowerPrioritiesInterrupt) {
  Raise(3);
  pic_.Acknowledge();
  Out(0x21, 0x08);
  Raise(6);
  EXPECT_FALSE(pic_.InterruptRequested());
  Out(0x20, 0x68);
  EXPECT_TRUE(pic_.InterruptRequested());
  EXPECT_EQ(pic_.Acknowledge(), 0x26);
  // A non-specific EOI ends 6: 3 is masked.
  Out(0x20, 0x20);
  EXPECT_EQ(MasterIsr(), 0x08);
  Out(0x20, 0x48);
  Raise(5);
  EXPECT_FALSE(pic_.InterruptRequested());
}

TEST_F(I8259, SpecificEoiEndsTheNamedLevel) {
  Raise(4);
  pic_.Acknowledge();
  Raise(1);
  pic_.Acknowledge();
  Out(0x20, 0x64);
  EXPECT_EQ(MasterIsr(), 0x02);
}

TEST_F(I8259, RotateOnNonSpecificEoiMakesTheEndedLevelLowest) {
  Raise(4);
  pic_.Acknowledge();
  Out(0x20, 0xA0);
  Raise(3);
  Raise(5);
  EXPECT_EQ(pic_.Acknowledge(), 0x25);  // 5 is now the highest
}

TEST_F(I8259, SetPriorityAndRotateOnSpecificEoi) {
  Out(0x20, 0xC5);
  Raise(0);
  Raise(6);
  EXPECT_EQ(pic_.Acknowledge(), 0x26);
  Out(0x20, 0xE6);
  EXPECT_EQ(MasterIsr(), 0x00);
  Raise(7);
  EXPECT_EQ(pic_.Acknowledge(), 0x27);
  EXPECT_EQ(MasterIsr(), 0x80);
}

TEST_F(I8259, AutomaticEoiLeavesNothingInService) {
  Initialise(0x03);
  Raise(4);
  Raise(5);
  EXPECT_EQ(pic_.Acknowledge(), 0x24);
  EXPECT_EQ(MasterIsr(), 0x00);
  EXPECT_TRUE(pic_.InterruptRequested());
  EXPECT_EQ(observer_.raised, 2u);  // INT dropped during the acknowledge
}

TEST_F(I8259, TwoRequestsOfASlaveInAutomaticEoiModeBothGetThrough) {
  Initialise(0x03);
  Out(0xA0, 0x11), Out(0xA1, 0x28), Out(0xA1, 0x02), Out(0xA1, 0x03);
  Raise(9);
  Raise(10);
  EXPECT_EQ(pic_.Acknowledge(), 0x29);
  EXPECT_TRUE(pic_.InterruptRequested());
  EXPECT_EQ(pic_.Acknowledge(), 0x2A);
  EXPECT_FALSE(pic_.InterruptRequested());
}

TEST_F(I8259, RotateInAutomaticEoiMode) {
  Initialise(0x03);
  Out(0x20, 0x80);
  Raise(4);
  pic_.Acknowledge();
  Raise(3);
  Raise(5);
  EXPECT_EQ(pic_.Acknowledge(), 0x25);
  Out(0x20, 0x00);
  Out(0x20, 0xC7);
  Pulse(6);
  EXPECT_EQ(pic_.Acknowledge(), 0x23);
  Pulse(2 + 3);
  EXPECT_EQ(pic_.Acknowledge(), 0x25);  // no rotation any more
}

TEST_F(I8259, SpecialFullyNestedModeLetsTheSlaveInterruptItself) {
  Initialise(0x11);
  Raise(12);
  EXPECT_EQ(pic_.Acknowledge(), 0x2C);
  Raise(9);
  EXPECT_TRUE(pic_.InterruptRequested());
  EXPECT_EQ(pic_.Acknowledge(), 0x29);
  Raise(14);
  EXPECT_FALSE(pic_.InterruptRequested());
}

TEST_F(I8259, PollModeAcknowledgesByReading) {
  Raise(4);
  Out(0x20, 0x0C);
  EXPECT_EQ(In(0x20), 0x84);
  EXPECT_FALSE(pic_.InterruptRequested());
  EXPECT_EQ(MasterIsr(), 0x10);
  Out(0x20, 0x0C);
  EXPECT_EQ(In(0x20) & 0x80, 0);
}

TEST_F(I8259, AMasterWithoutTheSlaveInIcw3AnswersForLine2Itself) {
  Out(0x20, 0x11), Out(0x21, 0x20), Out(0x21, 0x00), Out(0x21, 0x01);
  Raise(10);
  EXPECT_EQ(pic_.Acknowledge(), 0x22);
}

TEST_F(I8259, ResetMasksEverythingUntilInitialised) {
  Raise(4);
  pic_.Reset();
  EXPECT_FALSE(pic_.InterruptRequested());
  Out(0x21, 0x00);
  Pulse(4);
  EXPECT_FALSE(pic_.InterruptRequested());
}

TEST_F(I8259, SavesAndLoadsInTheMiddleOfService) {
  Raise(4);
  pic_.Acknowledge();
  Raise(1);
  Raise(12);
  CountingObserver other_observer;
  I8259Pair other(other_observer);
  ExpectRoundTrip(pic_, other);
  EXPECT_TRUE(other.InterruptRequested());
  EXPECT_EQ(other_observer.raised, 1u);
  other.Line(12).SetLevel(true);  // already high: no edge
  EXPECT_EQ(Saved(other), Saved(pic_));
  EXPECT_EQ(other.Acknowledge(), 0x21);
  ExpectCorruptionHandled(clock_, pic_);
}

TEST_F(I8259, NoSequenceOfAccessesBreaksIt) {
  Random random(8259);
  for (int i = 0; i < 200000; ++i) {
    static constexpr uint16_t kPorts[] = {0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1};
    const uint16_t port = kPorts[random() % 6];
    const unsigned bytes = 1u << random() % 3;
    switch (random() % 5) {
      case 0:
        bus_->ReadPort(port, bytes);
        break;
      case 1:
        bus_->WritePort(port, bytes, random());
        break;
      case 2:
      case 3:
        if (const unsigned irq = random() % 16; irq != 2) {
          pic_.Line(irq).SetLevel(random() % 2 != 0);
        }
        break;
      case 4:
        pic_.Acknowledge();
        break;
    }
  }
}

}  // namespace
}  // namespace verbatim
