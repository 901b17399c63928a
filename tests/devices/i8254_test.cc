// SPDX-License-Identifier: Apache-2.0
#include "devices/i8254.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

using Rate = TickRate<I8254::kHz>;

class I8254Test : public testing::Test {
 protected:
  I8254Test() { timer_.Attach(*bus_); }

  void Out(uint16_t port, uint8_t value) { bus_->WritePort(port, 1, value); }
  uint8_t In(uint16_t port) { return static_cast<uint8_t>(bus_->ReadPort(port, 1)); }
  void Program(unsigned counter, unsigned mode, uint16_t count) {
    Out(0x43, static_cast<uint8_t>(counter << 6 | 0x30 | mode << 1));
    Out(static_cast<uint16_t>(0x40 + counter), static_cast<uint8_t>(count));
    Out(static_cast<uint16_t>(0x40 + counter), static_cast<uint8_t>(count >> 8));
  }
  uint16_t LatchedCount(unsigned counter) {
    Out(0x43, static_cast<uint8_t>(counter << 6));
    const auto port = static_cast<uint16_t>(0x40 + counter);
    const uint8_t low = In(port);
    return static_cast<uint16_t>(low | In(port) << 8);
  }
  void SetTick(uint64_t tick) { clock_.now_ns = Rate::NsOf(tick); }

  FakeClock clock_;
  FakeIrqLine irq_;
  I8254 timer_{clock_, irq_};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(I8254Test, PeriodicModeRaisesIrq0OncePerPeriodWithoutDrift) {
  Program(0, 2, 11932);  // Linux with HZ=100
  EXPECT_EQ(timer_.NextEventNs(), Rate::NsOf(11933));
  irq_.rises = 0;
  RunTo(clock_, timer_, 3600 * kNsPerSecond);
  EXPECT_EQ(irq_.rises, (3600 * I8254::kHz - 1) / 11932);
}

TEST_F(I8254Test, MissedPeriodsCoalesceIntoOneEdge) {
  Program(0, 2, 1000);
  irq_.rises = 0;
  irq_.high = false;
  SetTick(50'500);
  timer_.AdvanceTo(clock_.now_ns);
  EXPECT_EQ(irq_.rises, 1u);
  EXPECT_EQ(timer_.NextEventNs(), Rate::NsOf(51'001));
}

TEST_F(I8254Test, MissedPeriodsFollowAsTheGuestTakesThem) {
  for (const unsigned mode : {2u, 3u}) {
    Program(0, mode, 1000);
    irq_.rises = 0;
    const uint64_t start = Rate::TicksAt(clock_.now_ns) + 1;
    SetTick(start + 5 * 1000 + 10);
    timer_.AdvanceTo(clock_.now_ns);
    for (unsigned shown = 1; shown <= 5; ++shown) {
      EXPECT_EQ(irq_.rises, shown) << "mode " << mode;
      timer_.TickTaken();
    }
    EXPECT_EQ(irq_.rises, 5u) << "mode " << mode;
    timer_.TickTaken();
    EXPECT_EQ(irq_.rises, 5u) << "mode " << mode;
  }
}

TEST_F(I8254Test, PeriodsThatAreMissedWhileOthersAreMadeUpForAreAdded) {
  Program(0, 2, 1000);
  irq_.rises = 0;
  for (const uint64_t tick : {3'500, 6'500}) {  // three each
    SetTick(tick);
    timer_.AdvanceTo(clock_.now_ns);
    timer_.TickTaken();
  }
  for (int i = 0; i < 10; ++i) timer_.TickTaken();
  EXPECT_EQ(irq_.rises, 6u);
}

TEST_F(I8254Test, ASecondOfMissedPeriodsIsMadeUpForAtMost) {
  Program(0, 2, 11932);
  irq_.rises = 0;
  SetTick(60 * I8254::kHz);
  timer_.AdvanceTo(clock_.now_ns);
  for (int i = 0; i < 1000; ++i) timer_.TickTaken();
  EXPECT_EQ(irq_.rises, 1 + I8254::kHz / 11932);
}

TEST_F(I8254Test, MissedPeriodsOfAFastRateCoalesce) {
  Program(0, 2, 500);  // 2.4 kHz
  irq_.rises = 0;
  SetTick(50'500);
  timer_.AdvanceTo(clock_.now_ns);
  timer_.TickTaken();
  EXPECT_EQ(irq_.rises, 1u);
}

TEST_F(I8254Test, ProgrammingForgetsWhatWasMissed) {
  Program(0, 2, 1000);
  SetTick(50'500);
  timer_.AdvanceTo(clock_.now_ns);
  Program(0, 2, 2000);
  irq_.rises = 0;
  timer_.TickTaken();
  EXPECT_EQ(irq_.rises, 0u);
}

TEST_F(I8254Test, LatchingTheCountForgetsNothing) {
  Program(0, 2, 1000);
  SetTick(3'500);
  timer_.AdvanceTo(clock_.now_ns);
  irq_.rises = 0;
  (void)LatchedCount(0);
  timer_.TickTaken();
  EXPECT_EQ(irq_.rises, 1u);
}

// Interrupts were off, or the line masked, for more than a second.
TEST_F(I8254Test, WhoTakesNoTicksForLongHasLostThem) {
  Program(0, 2, 11932);
  SetTick(10 * 11932 + 100);
  timer_.AdvanceTo(clock_.now_ns);
  RunTo(clock_, timer_, clock_.now_ns + 2 * kNsPerSecond);
  irq_.rises = 0;
  timer_.TickTaken();
  EXPECT_EQ(irq_.rises, 0u);
}

TEST_F(I8254Test, WhatWasMissedIsSaved) {
  Program(0, 2, 1000);
  SetTick(3'500);
  timer_.AdvanceTo(clock_.now_ns);
  FakeIrqLine other_irq;
  I8254 other(clock_, other_irq);
  ExpectRoundTrip(timer_, other);
  other_irq.rises = 0;
  for (int i = 0; i < 5; ++i) other.TickTaken();
  EXPECT_EQ(other_irq.rises, 2u);
}

TEST_F(I8254Test, ALateSquareWaveTickIsNotLost) {
  Program(0, 3, 1000);
  irq_.SetLevel(false);
  irq_.rises = 0;
  SetTick(1 + 1000 + 600);  // rose at 1001, fell at 1501
  timer_.AdvanceTo(clock_.now_ns);
  EXPECT_EQ(irq_.rises, 1u);
  EXPECT_TRUE(irq_.high);
  Out(0x43, 0xE2);  // read-back: status of counter 0
  EXPECT_EQ(In(0x40) & 0x80, 0);
  EXPECT_EQ(timer_.NextEventNs(), Rate::NsOf(2001));
}

TEST_F(I8254Test, OneshotMode4RaisesIrq0OnceAtTheEndOfTheStrobe) {
  Program(0, 4, 500);
  irq_.rises = 0;
  EXPECT_EQ(timer_.NextEventNs(), Rate::NsOf(502));
  RunTo(clock_, timer_, kNsPerSecond);
  EXPECT_EQ(irq_.rises, 1u);
  EXPECT_EQ(timer_.NextEventNs(), std::nullopt);
  Program(0, 4, 500);
  RunTo(clock_, timer_, 2 * kNsPerSecond);
  EXPECT_EQ(irq_.rises, 2u);
}

TEST_F(I8254Test, OneshotMode0RaisesIrq0AtTerminalCountAndStaysHigh) {
  Program(0, 0, 500);
  EXPECT_FALSE(irq_.high);
  RunTo(clock_, timer_, Rate::NsOf(501) - 1);
  EXPECT_FALSE(irq_.high);
  RunTo(clock_, timer_, Rate::NsOf(501));
  EXPECT_TRUE(irq_.high);
  EXPECT_EQ(timer_.NextEventNs(), std::nullopt);
  Program(0, 0, 500);
  EXPECT_FALSE(irq_.high);
}

TEST_F(I8254Test, ReprogrammingFromLowToHighOutputIsAnEdge) {
  Program(0, 0, 500);
  EXPECT_EQ(irq_.rises, 0u);
  Program(0, 2, 500);
  EXPECT_EQ(irq_.rises, 1u);
}

TEST_F(I8254Test, OnlyCounter0HasEvents) {
  Program(1, 2, 18);
  Program(2, 3, 1000);
  EXPECT_EQ(timer_.NextEventNs(), std::nullopt);
}

TEST_F(I8254Test, CountsDownWithTheClock) {
  Program(0, 2, 0);
  SetTick(1 + 100);
  EXPECT_EQ(LatchedCount(0), 0x10000 - 100);
  SetTick(1 + 65536 + 7);
  EXPECT_EQ(LatchedCount(0), 0x10000 - 7);
}

TEST_F(I8254Test, ReadBackLatchesSeveralCountersAtOneInstant) {
  Program(0, 2, 1000);
  Program(2, 2, 2000);
  SetTick(1 + 10);
  Out(0x43, 0xC0 | 0x0A);  // count and status of 0 and 2
  SetTick(1 + 20);
  EXPECT_EQ(In(0x40), 0x80 | 0x34);
  EXPECT_EQ(In(0x40) | In(0x40) << 8, 990);
  EXPECT_EQ(In(0x42) & 0x3F, 0x34);
  EXPECT_EQ(In(0x42) | In(0x42) << 8, 1990);
  EXPECT_EQ(In(0x40), (1000 - 20) & 0xFF);
}

TEST_F(I8254Test, TheControlPortCannotBeRead) { EXPECT_EQ(In(0x43), 0xFF); }

TEST_F(I8254Test, WideAccessesReachConsecutiveCounters) {
  bus_->WritePort(0x42, 2, 0xB400 | 0x55);  // a byte to counter 2, then its control word
  Out(0x42, 100);
  Out(0x42, 0);
  SetTick(1 + 10);
  EXPECT_EQ(LatchedCount(2), 90);
}

TEST_F(I8254Test, ResetSilencesCounter0) {
  Program(0, 2, 1000);
  timer_.Reset();
  EXPECT_FALSE(irq_.high);
  EXPECT_EQ(timer_.NextEventNs(), std::nullopt);
}

TEST_F(I8254Test, ResetLeavesTheGateAsItIsDriven) {
  timer_.SetGate2(false);
  timer_.Reset();
  Program(2, 0, 10);
  SetTick(1000);
  EXPECT_EQ(LatchedCount(2), 10);
  timer_.SetGate2(true);
  SetTick(1004);
  EXPECT_EQ(LatchedCount(2), 6);
}

TEST_F(I8254Test, SavesAndLoadsInTheMiddleOfAPeriod) {
  Program(0, 2, 1000);
  Program(2, 3, 777);
  SetTick(12345);
  Out(0x43, 0x00);
  In(0x40);
  FakeIrqLine other_irq;
  I8254 other(clock_, other_irq);
  ExpectRoundTrip(timer_, other);
  EXPECT_EQ(other.NextEventNs(), timer_.NextEventNs());
  EXPECT_EQ(other.ReadPort(0x40, 1), In(0x40));
  ExpectCorruptionHandled(clock_, timer_);
}

TEST_F(I8254Test, NoSequenceOfAccessesBreaksIt) {
  Random random(40);
  for (int i = 0; i < 200000; ++i) {
    const auto port = static_cast<uint16_t>(0x40 + random() % 4);
    const unsigned bytes = 1u << random() % 3;
    if (random() % 2 != 0) {
      bus_->ReadPort(port, bytes);
    } else {
      bus_->WritePort(port, bytes, random());
    }
    if (random() % 4 == 0) timer_.SetGate2(random() % 2 != 0);
    if (random() % 4 == 0) RunTo(clock_, timer_, clock_.now_ns + random() % 100'000);
  }
}

}  // namespace
}  // namespace verbatim
