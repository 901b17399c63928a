// SPDX-License-Identifier: Apache-2.0
#include "devices/hpet.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

constexpr uint32_t kConfiguration = 0x10;
constexpr uint32_t kStatus = 0x20;
constexpr uint32_t kCounter = 0xF0;
constexpr uint32_t Config(unsigned timer) { return 0x100 + 0x20 * timer; }
constexpr uint32_t Comparator(unsigned timer) { return 0x108 + 0x20 * timer; }

constexpr uint32_t kLevel = 1 << 1;
constexpr uint32_t kInterrupt = 1 << 2;
constexpr uint32_t kPeriodic = 1 << 3;
constexpr uint32_t kValueSet = 1 << 6;
constexpr uint32_t k32Bit = 1 << 8;
constexpr uint32_t Route(unsigned input) { return input << 9; }

constexpr unsigned kRunning = 1;
constexpr unsigned kRunningLegacy = 3;

class HpetTest : public testing::Test {
 protected:
  void Write(uint32_t offset, uint64_t value) { hpet_.WriteMmio(offset, 4, value); }
  uint64_t Read(uint32_t offset) { return hpet_.ReadMmio(offset, 4); }
  void WriteWide(uint32_t offset, uint64_t value) { hpet_.WriteMmio(offset, 8, value); }
  uint64_t ReadWide(uint32_t offset) { return hpet_.ReadMmio(offset, 8); }
  static uint64_t NsOf(uint64_t ticks) { return TickRate<Hpet::kHz>::NsOf(ticks); }
  // To the beginning of clock `ticks` since power-on.
  void Go(uint64_t ticks) { RunTo(clock_, hpet_, NsOf(ticks)); }

  FakeClock clock_;
  FakeIrqLine irq0_;
  FakeIrqLine irq8_;
  std::array<FakeIrqLine, 32> inputs_;
  unsigned deadlines_ = 0;
  Hpet hpet_{clock_,
             {.legacy = {&irq0_, &irq8_},
              .set_input = [this](unsigned input, bool high) { inputs_.at(input).SetLevel(high); },
              .on_deadline = [this] { ++deadlines_; }}};
};

TEST_F(HpetTest, TellsWhatItIs) {
  EXPECT_EQ(Read(0x00), 0x8086A201u);
  EXPECT_EQ(Read(0x04), 69841279u);  // femtoseconds
  EXPECT_EQ(ReadWide(0x00), 69841279ull << 32 | 0x8086A201);
  for (unsigned timer = 0; timer < 3; ++timer) {
    EXPECT_EQ(ReadWide(Config(timer)), 0x00FF000000000030u);
    EXPECT_EQ(ReadWide(Comparator(timer)), UINT64_MAX);
  }
  EXPECT_EQ(ReadWide(Config(3)), 0u);
  EXPECT_EQ(ReadWide(0x3F8), 0u);
  EXPECT_EQ(ReadWide(0xFF8), 0u);
}

TEST_F(HpetTest, TheCounterRunsWhileEnabledAndCanBeSet) {
  Go(1000);
  EXPECT_EQ(ReadWide(kCounter), 0u);
  Write(kConfiguration, kRunning);
  Go(1500);
  EXPECT_EQ(ReadWide(kCounter), 500u);
  Write(kConfiguration, 0);
  Go(2000);
  EXPECT_EQ(ReadWide(kCounter), 500u);
  WriteWide(kCounter, 0xFFFFFFFF);
  Write(kConfiguration, kRunning);
  Go(2001);
  EXPECT_EQ(Read(kCounter), 0u);
  EXPECT_EQ(Read(kCounter + 4), 1u);
  Write(kCounter + 4, 7);
  EXPECT_EQ(ReadWide(kCounter), 7ull << 32);
}

TEST_F(HpetTest, ASecondHasAsManyCountsAsThePeriodSays) {
  Write(kConfiguration, kRunning);
  clock_.now_ns = kNsPerSecond;
  EXPECT_EQ(ReadWide(kCounter), 14318180u);
}

TEST_F(HpetTest, AOneShotTimerMatchesOnce) {
  Write(Config(2), kInterrupt | Route(18));
  WriteWide(Comparator(2), 100);
  EXPECT_EQ(hpet_.NextEventNs(), std::nullopt);  // halted
  Write(kConfiguration, kRunning);
  EXPECT_EQ(hpet_.NextEventNs(), NsOf(100));
  Go(99);
  EXPECT_EQ(inputs_[18].rises, 0u);
  Go(100);
  EXPECT_EQ(inputs_[18].rises, 1u);
  EXPECT_FALSE(inputs_[18].high);  // a pulse
  EXPECT_EQ(Read(kStatus), 0u);
  EXPECT_EQ(hpet_.NextEventNs(), std::nullopt);
  Go(100000);
  EXPECT_EQ(inputs_[18].rises, 1u);
  Write(Comparator(2), 100001);
  Go(100001);
  EXPECT_EQ(inputs_[18].rises, 2u);
}

TEST_F(HpetTest, ThirtyTwoBitsMatchOnceEachTurn) {
  Write(Config(1), kInterrupt | k32Bit | Route(16));
  EXPECT_EQ(ReadWide(Comparator(1)), 0xFFFFFFFFu);
  WriteWide(kCounter, 0xFFFFFFF0);
  WriteWide(Comparator(1), 0x5'00000004);
  EXPECT_EQ(ReadWide(Comparator(1)), 4u);
  Write(kConfiguration, kRunning);
  Go(0x14);
  EXPECT_EQ(inputs_[16].rises, 1u);
  EXPECT_EQ(hpet_.NextEventNs(), NsOf(0x1'00000014));
  Go(0x1'00000014);
  EXPECT_EQ(inputs_[16].rises, 2u);
}

TEST_F(HpetTest, APeriodicTimerGoesOnByItsPeriod) {
  // The comparator with VAL_SET, then the period alone.
  Write(Config(0), kInterrupt | kPeriodic | kValueSet | k32Bit | Route(20));
  EXPECT_EQ(Read(Config(0)), kInterrupt | kPeriodic | k32Bit | Route(20) | 0x30);
  Write(Comparator(0), 1000);
  Write(Comparator(0), 300);
  Write(kConfiguration, kRunning);
  Go(1000);
  EXPECT_EQ(inputs_[20].rises, 1u);
  EXPECT_EQ(Read(Comparator(0)), 1300u);
  EXPECT_EQ(hpet_.NextEventNs(), NsOf(1300));
  Go(1600);
  EXPECT_EQ(inputs_[20].rises, 3u);
  clock_.now_ns = NsOf(5000);  // missed periods make one interrupt
  hpet_.AdvanceTo(clock_.now_ns);
  EXPECT_EQ(inputs_[20].rises, 4u);
  EXPECT_EQ(Read(Comparator(0)), 5200u);
}

TEST_F(HpetTest, OneWriteWithValueSetMakesAPeriodToo) {
  Write(Config(0), kInterrupt | kPeriodic | kValueSet | Route(20));
  WriteWide(Comparator(0), 0x1'00000000);
  EXPECT_EQ(ReadWide(Comparator(0)), 0x1'00000000u);
  Write(Config(0), kInterrupt | kPeriodic | kValueSet | Route(20));
  Write(Comparator(0), 500);
  Write(Config(0), kInterrupt | kPeriodic | kValueSet | Route(20));
  Write(Comparator(0) + 4, 0);
  Write(kConfiguration, kRunning);
  Go(1500);
  EXPECT_EQ(inputs_[20].rises, 3u);
}

TEST_F(HpetTest, ALevelStaysUntilItsStatusIsCleared) {
  Write(Config(2), kLevel | kInterrupt | kPeriodic | kValueSet | Route(23));
  WriteWide(Comparator(2), 100);
  Write(kConfiguration, kRunning);
  Go(100);
  EXPECT_TRUE(inputs_[23].high);
  EXPECT_EQ(Read(kStatus), 4u);
  EXPECT_EQ(hpet_.NextEventNs(), std::nullopt);  // nothing new to say
  Write(kStatus, 3);
  EXPECT_TRUE(inputs_[23].high);
  Write(Config(2), kLevel | kPeriodic | Route(23));
  EXPECT_FALSE(inputs_[23].high);
  Write(Config(2), kLevel | kInterrupt | kPeriodic | Route(22));
  EXPECT_TRUE(inputs_[22].high);
  Write(kConfiguration, 0);
  EXPECT_FALSE(inputs_[22].high);
  Write(kConfiguration, kRunning);
  EXPECT_TRUE(inputs_[22].high);
  Write(kStatus, 4);
  EXPECT_FALSE(inputs_[22].high);
  EXPECT_EQ(hpet_.NextEventNs(), NsOf(200));
}

TEST_F(HpetTest, TheStatusComesWithoutTheInterruptToo) {
  Write(Config(1), kLevel | Route(21));
  WriteWide(Comparator(1), 100);
  Write(kConfiguration, kRunning);
  EXPECT_EQ(hpet_.NextEventNs(), std::nullopt);
  clock_.now_ns = NsOf(100);
  EXPECT_EQ(Read(kStatus), 2u);
  EXPECT_FALSE(inputs_[21].high);
}

TEST_F(HpetTest, ALineThatTwoTimersShareIsHighForEither) {
  for (const unsigned timer : {0u, 1u}) {
    Write(Config(timer), kLevel | kInterrupt | Route(17));
    WriteWide(Comparator(timer), 100);
  }
  Write(kConfiguration, kRunning);
  Go(100);
  EXPECT_EQ(inputs_[17].rises, 1u);
  Write(kStatus, 1);
  EXPECT_TRUE(inputs_[17].high);
  Write(kStatus, 2);
  EXPECT_FALSE(inputs_[17].high);
}

TEST_F(HpetTest, RoutesThatDoNotExistAreNotTaken) {
  Write(Config(0), Route(19));
  Write(Config(0), kInterrupt | Route(5));
  EXPECT_EQ(Read(Config(0)), kInterrupt | Route(19) | 0x30);
  Write(Config(1), kInterrupt);  // never had one
  WriteWide(Comparator(1), 100);
  Write(kConfiguration, kRunning);
  EXPECT_EQ(Read(Config(1)), kInterrupt | 0x30);
  Go(200);
  for (const FakeIrqLine& input : inputs_) EXPECT_EQ(input.rises, 0u);
}

TEST_F(HpetTest, LegacyReplacementTakesTheLinesOf8254AndRtc) {
  hpet_.Replaced(0).SetLevel(true);
  hpet_.Replaced(1).SetLevel(true);
  EXPECT_TRUE(irq0_.high);
  EXPECT_TRUE(irq8_.high);
  hpet_.Replaced(1).SetLevel(false);
  EXPECT_FALSE(irq8_.high);
  Write(kConfiguration, kRunningLegacy);
  EXPECT_FALSE(irq0_.high);
  hpet_.Replaced(0).SetLevel(false);
  hpet_.Replaced(0).SetLevel(true);
  hpet_.Replaced(1).SetLevel(true);
  EXPECT_EQ(irq0_.rises, 1u);
  EXPECT_EQ(irq8_.rises, 1u);
  Write(Config(0), kInterrupt | kPeriodic | kValueSet | Route(16));  // the route does not count
  WriteWide(Comparator(0), 1000);
  Write(Config(1), kInterrupt);
  WriteWide(Comparator(1), 1500);
  Go(1000);
  EXPECT_TRUE(irq0_.high);  // until it was acknowledged at least
  Go(2000);
  EXPECT_EQ(irq0_.rises, 3u);
  EXPECT_EQ(irq8_.rises, 2u);
  EXPECT_EQ(inputs_[16].rises, 0u);
  Write(Config(0), 0);
  EXPECT_FALSE(irq0_.high);
  Write(Config(1), 0);
  Write(kConfiguration, kRunning);
  EXPECT_TRUE(irq0_.high);
  EXPECT_TRUE(irq8_.high);
}

TEST_F(HpetTest, ALegacyLineMayBeALevel) {
  Write(Config(0), kLevel | kInterrupt);
  WriteWide(Comparator(0), 10);
  Write(kConfiguration, kRunningLegacy);
  Go(10);
  EXPECT_TRUE(irq0_.high);
  Write(kStatus, 1);
  EXPECT_FALSE(irq0_.high);
}

TEST_F(HpetTest, NoPeriodIsAWholeTurn) {
  Write(Config(0), kInterrupt | kPeriodic | kValueSet | k32Bit | Route(16));
  Write(Comparator(0), 0);
  Write(kConfiguration, kRunning);
  Go(0x1'00000000);
  EXPECT_EQ(inputs_[16].rises, 1u);
  EXPECT_EQ(Read(Comparator(0)), 0u);
}

TEST_F(HpetTest, TheShortestPeriodServedLateIsOneStep) {
  Write(Config(0), kInterrupt | kPeriodic | kValueSet | Route(16));
  Write(Comparator(0), 1);
  Write(Config(0), kInterrupt | kPeriodic | kValueSet | Route(16));
  Write(Comparator(0) + 4, 0);
  Write(kConfiguration, kRunning);
  clock_.now_ns = 1000 * kNsPerSecond;
  hpet_.AdvanceTo(clock_.now_ns);
  EXPECT_EQ(inputs_[16].rises, 1u);
  EXPECT_EQ(ReadWide(Comparator(0)), 14318180001u);
}

TEST_F(HpetTest, AMatchInCenturiesIsNoEvent) {
  Write(Config(0), kInterrupt | Route(16));
  WriteWide(Comparator(0), UINT64_MAX);
  Write(kConfiguration, kRunning);
  EXPECT_EQ(hpet_.NextEventNs(), std::nullopt);
  WriteWide(kCounter, UINT64_MAX - 5);
  EXPECT_EQ(hpet_.NextEventNs(), NsOf(5));
}

// 584 years, which a guest that sets the counter reaches in a few events.
TEST_F(HpetTest, NoEventIsBeyondTheEndOfTime) {
  constexpr uint64_t kEnd = TickRate<Hpet::kHz>::TicksAt(UINT64_MAX);
  clock_.now_ns = NsOf(kEnd - 100);
  Write(Config(0), kInterrupt | Route(16));
  Write(kConfiguration, kRunning);
  WriteWide(Comparator(0), 100);
  EXPECT_EQ(hpet_.NextEventNs(), NsOf(kEnd));
  WriteWide(Comparator(0), 101);
  EXPECT_EQ(hpet_.NextEventNs(), std::nullopt);
  Go(kEnd);
  EXPECT_EQ(inputs_[16].rises, 0u);
  EXPECT_EQ(hpet_.NextEventNs(), std::nullopt);
}

TEST_F(HpetTest, AccessesMustBeAlignedAndWide) {
  hpet_.WriteMmio(kConfiguration, 1, kRunning);
  hpet_.WriteMmio(kConfiguration, 2, kRunning);
  hpet_.WriteMmio(kConfiguration - 4, 8, kRunning * 0x1'00000001ull);
  hpet_.WriteMmio(kConfiguration + 4, 4, kRunning);
  hpet_.WriteMmio(kConfiguration + 1, 4, kRunning);
  EXPECT_EQ(Read(kConfiguration), 0u);
  EXPECT_EQ(hpet_.ReadMmio(0, 1), 0u);
  EXPECT_EQ(hpet_.ReadMmio(2, 4), 0u);
  EXPECT_EQ(hpet_.ReadMmio(4, 8), 0u);
}

TEST_F(HpetTest, ResetLowersTheLinesAndHalts) {
  hpet_.Replaced(1).SetLevel(true);
  Write(Config(0), kLevel | kInterrupt);
  Write(Config(2), kLevel | kInterrupt | Route(16));
  WriteWide(Comparator(0), 10);
  WriteWide(Comparator(2), 10);
  Write(kConfiguration, kRunningLegacy);
  Go(10);
  EXPECT_TRUE(irq0_.high);
  EXPECT_FALSE(irq8_.high);
  hpet_.Reset();
  EXPECT_FALSE(irq0_.high);
  EXPECT_TRUE(irq8_.high);  // the RTC's again
  EXPECT_FALSE(inputs_[16].high);
  EXPECT_EQ(Read(kConfiguration), 0u);
  EXPECT_EQ(ReadWide(kCounter), 0u);
  EXPECT_EQ(ReadWide(Config(0)), 0x00FF000000000030u);
}

TEST_F(HpetTest, EveryWriteMayMoveTheDeadline) {
  Write(kConfiguration, kRunning);
  Write(Comparator(0), 10);
  EXPECT_EQ(deadlines_, 2u);
}

TEST_F(HpetTest, SavesAndLoads) {
  clock_.now_ns = 12345;
  Write(Config(0), kInterrupt | kPeriodic | kValueSet | Route(20));
  WriteWide(Comparator(0), 1000);
  Write(Config(1), kLevel | kInterrupt | k32Bit | Route(21));
  WriteWide(Comparator(1), 50);
  Write(Config(2), kPeriodic | kValueSet | Route(20));
  Write(kConfiguration, kRunningLegacy);
  hpet_.Replaced(0).SetLevel(true);
  RunTo(clock_, hpet_, 200000);
  FakeIrqLine line;
  Hpet other(clock_,
             {.legacy = {&line, &line}, .set_input = [](unsigned, bool) {}, .on_deadline = [] {}});
  ExpectRoundTrip(hpet_, other);
  EXPECT_EQ(other.NextEventNs(), hpet_.NextEventNs());
  ExpectCorruptionHandled(clock_, hpet_);
}

TEST_F(HpetTest, NoSequenceOfAccessesBreaksIt) {
  Random random(0xFED);
  for (int i = 0; i < 200000; ++i) {
    const uint32_t offset = random() % 0x60 * 4;
    switch (random() % 4) {
      case 0:
        Write(offset, random() >> random() % 32);
        break;
      case 1:
        WriteWide(offset, random());
        break;
      case 2:
        ReadWide(offset);
        break;
      default:
        clock_.now_ns += random() >> random() % 32;
        hpet_.AdvanceTo(clock_.now_ns);
        ASSERT_GT(hpet_.NextEventNs().value_or(UINT64_MAX), clock_.now_ns);
        break;
    }
  }
}

}  // namespace
}  // namespace verbatim
