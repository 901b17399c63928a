// SPDX-License-Identifier: Apache-2.0
// The rules of the MC146818 data sheet and the PC/AT's CMOS conventions.
#include "devices/mc146818.h"

#include <gtest/gtest.h>

#include <memory>

#include "devices/tick_rate.h"
#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr int64_t kEpoch = 951'827'696;  // 2000-02-29 12:34:56, a Tuesday

class Mc146818Test : public testing::Test {
 protected:
  Mc146818Test() { rtc_.Attach(*bus_); }

  void Write(uint8_t index, unsigned value) {
    bus_->WritePort(0x70, 1, index);
    bus_->WritePort(0x71, 1, value);
  }
  uint8_t Read(uint8_t index) {
    bus_->WritePort(0x70, 1, index);
    return static_cast<uint8_t>(bus_->ReadPort(0x71, 1));
  }
  void At(uint64_t ns) { RunTo(clock_, rtc_, ns); }

  FakeClock clock_;
  FakeIrqLine irq_;
  Mc146818 rtc_{clock_,
                irq_,
                {.unix_seconds = kEpoch,
                 .memory_below_4g_bytes = uint64_t{3} << 30,
                 .memory_above_4g_bytes = uint64_t{5} << 30,
                 .equipment = 0x03,
                 .boot_order = {3, 2, 1}}};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(Mc146818Test, FloppyDrivesAreInTheEquipmentAndTheChecksum) {
  const auto sum = [this] {
    int total = 0;
    for (uint8_t i = 0x10; i < 0x2E; ++i) total += Read(i);
    return total;
  };
  rtc_.StoreFloppyTypes(4, 0);
  EXPECT_EQ(Read(0x10), 0x40);
  EXPECT_EQ(Read(0x14), 0x03);
  EXPECT_EQ(Read(0x2E) << 8 | Read(0x2F), sum());
  rtc_.StoreFloppyTypes(4, 2);
  EXPECT_EQ(Read(0x10), 0x42);
  EXPECT_EQ(Read(0x14), 0x43);
  rtc_.StoreFloppyTypes(0, 0);
  EXPECT_EQ(Read(0x14), 0x02);
  EXPECT_EQ(Read(0x2E) << 8 | Read(0x2F), sum());
}

TEST_F(Mc146818Test, ShowsTheInjectedTimeInBcd) {
  EXPECT_EQ(Read(0x00), 0x56);
  EXPECT_EQ(Read(0x02), 0x34);
  EXPECT_EQ(Read(0x04), 0x12);
  EXPECT_EQ(Read(0x06), 3);
  EXPECT_EQ(Read(0x07), 0x29);
  EXPECT_EQ(Read(0x08), 0x02);
  EXPECT_EQ(Read(0x09), 0x00);
  EXPECT_EQ(Read(0x32), 0x20);
}

TEST_F(Mc146818Test, TimeGoesOnWithTheClock) {
  clock_.now_ns = 4 * kNsPerSecond - 1;
  EXPECT_EQ(Read(0x00), 0x59);
  clock_.now_ns = 4 * kNsPerSecond;
  EXPECT_EQ(Read(0x00), 0x00);
  EXPECT_EQ(Read(0x02), 0x35);
  clock_.now_ns = uint64_t{86400} * kNsPerSecond;
  EXPECT_EQ(Read(0x07), 0x01);
  EXPECT_EQ(Read(0x08), 0x03);
  EXPECT_EQ(Read(0x06), 4);
}

TEST_F(Mc146818Test, BinaryAndTwelveHourFormatsTakeEffectAtTheNextUpdate) {
  Write(0x0B, 0x04);  // DM, 12 hours
  Write(0x0B, 0x84);
  for (const unsigned index : {0x00u, 0x02u, 0x07u, 0x08u, 0x09u})
    Write(static_cast<uint8_t>(index), 1);
  Write(0x04, 0x80 | 11);  // 11 PM
  Write(0x02, 59);
  Write(0x00, 59);
  Write(0x32, 20);
  Write(0x0B, 0x04);
  clock_.now_ns = kNsPerSecond;
  EXPECT_EQ(Read(0x00), 0);
  EXPECT_EQ(Read(0x04), 12);  // midnight
  EXPECT_EQ(Read(0x07), 2);
}

TEST_F(Mc146818Test, UipIsSetFrom244MicrosecondsBeforeTheUpdateUntilItsEnd) {
  constexpr uint64_t kWindow = 244'000 + 1'984'000;
  clock_.now_ns = kNsPerSecond - kWindow - 1;
  EXPECT_EQ(Read(0x0A) & 0x80, 0);
  clock_.now_ns = kNsPerSecond - kWindow;
  EXPECT_EQ(Read(0x0A) & 0x80, 0x80);
  clock_.now_ns = kNsPerSecond - 1;
  EXPECT_EQ(Read(0x0A) & 0x80, 0x80);
  EXPECT_EQ(Read(0x00), 0x56);
  clock_.now_ns = kNsPerSecond;
  EXPECT_EQ(Read(0x0A) & 0x80, 0);
  EXPECT_EQ(Read(0x00), 0x57);
}

TEST_F(Mc146818Test, SetStopsUpdatesAndClearsUie) {
  Write(0x0B, 0x92);
  EXPECT_EQ(Read(0x0B), 0x82);
  clock_.now_ns = kNsPerSecond - 1;
  EXPECT_EQ(Read(0x0A) & 0x80, 0);
  clock_.now_ns = 10 * kNsPerSecond;
  EXPECT_EQ(Read(0x00), 0x56);
  Write(0x00, 0x10);
  Write(0x0B, 0x02);
  clock_.now_ns = 11 * kNsPerSecond;
  EXPECT_EQ(Read(0x00), 0x11);
}

TEST_F(Mc146818Test, LeavingDividerResetUpdatesHalfASecondLater) {
  clock_.now_ns = 1'300 * kMs;
  Write(0x0A, 0x70);
  clock_.now_ns = 5'300 * kMs;
  EXPECT_EQ(Read(0x00), 0x57);
  Write(0x0A, 0x26);
  clock_.now_ns = 5'800 * kMs - 1;
  EXPECT_EQ(Read(0x00), 0x57);
  clock_.now_ns = 5'800 * kMs;
  EXPECT_EQ(Read(0x00), 0x58);
  clock_.now_ns = 6'800 * kMs;
  EXPECT_EQ(Read(0x00), 0x59);
}

TEST_F(Mc146818Test, PeriodicInterruptAtTheSelectedRate) {
  Write(0x0B, 0x42);
  unsigned interrupts = 0;
  for (uint64_t ms = 1; ms <= 1000; ++ms) {
    while (rtc_.NextEventNs() && *rtc_.NextEventNs() <= ms * kMs) {
      At(*rtc_.NextEventNs());
      ASSERT_TRUE(irq_.high);
      EXPECT_EQ(Read(0x0C) & 0xC0, 0xC0);
      EXPECT_FALSE(irq_.high);
      ++interrupts;
    }
  }
  EXPECT_EQ(interrupts, 1024u);
}

TEST_F(Mc146818Test, EveryRateHasItsPeriod) {
  static constexpr uint64_t kHz[] = {0,   256, 128, 8192, 4096, 2048, 1024, 512,
                                     256, 128, 64,  32,   16,   8,    4,    2};
  Write(0x0B, 0x42);
  for (unsigned rate = 1; rate < 16; ++rate) {
    Write(0x0A, 0x20 | rate);
    Read(0x0C);
    const uint64_t first = *rtc_.NextEventNs();
    At(first);
    Read(0x0C);
    EXPECT_NEAR(static_cast<double>(*rtc_.NextEventNs() - first),
                static_cast<double>(kNsPerSecond) / static_cast<double>(kHz[rate]), 1.0);
  }
  Write(0x0A, 0x20);
  Read(0x0C);
  EXPECT_EQ(rtc_.NextEventNs(), std::nullopt);
}

TEST_F(Mc146818Test, TheInterruptStaysUntilRegisterCIsReadAndMissedPeriodsMakeOne) {
  Write(0x0B, 0x42);
  At(100 * kMs);
  EXPECT_TRUE(irq_.high);
  EXPECT_EQ(irq_.rises, 1u);
  EXPECT_EQ(rtc_.NextEventNs(), std::nullopt);
  EXPECT_EQ(Read(0x0C), 0xC0);
  EXPECT_EQ(Read(0x0C), 0x00);
}

TEST_F(Mc146818Test, FlagsAreSetWithoutTheirEnableBitsButRaiseNothing) {
  At(kNsPerSecond);
  EXPECT_FALSE(irq_.high);
  EXPECT_EQ(Read(0x0C), 0x50);  // PF and UF
}

TEST_F(Mc146818Test, UpdateEndedInterruptEverySecond) {
  Write(0x0B, 0x12);
  EXPECT_EQ(rtc_.NextEventNs(), kNsPerSecond);
  At(kNsPerSecond);
  EXPECT_TRUE(irq_.high);
  EXPECT_EQ(Read(0x0C) & 0x90, 0x90);
  EXPECT_EQ(rtc_.NextEventNs(), 2 * kNsPerSecond);
}

TEST_F(Mc146818Test, AlarmInterruptAtTheExactTime) {
  Write(0x01, 0x05);
  Write(0x03, 0x35);
  Write(0x05, 0x12);
  Write(0x0B, 0x22);
  At(8 * kNsPerSecond);
  EXPECT_FALSE(irq_.high);
  At(9 * kNsPerSecond);
  EXPECT_TRUE(irq_.high);
  EXPECT_EQ(Read(0x0C) & 0xA0, 0xA0);
}

TEST_F(Mc146818Test, AlarmDontCareBitsMatchEverything) {
  Write(0x01, 0x00);
  Write(0x03, 0xC0);
  Write(0x05, 0xFF);
  Write(0x0B, 0x22);
  At(4 * kNsPerSecond);  // 12:35:00
  EXPECT_TRUE(irq_.high);
  Read(0x0C);
  At(63 * kNsPerSecond);
  EXPECT_FALSE(irq_.high);
  At(64 * kNsPerSecond);
  EXPECT_TRUE(irq_.high);
}

TEST_F(Mc146818Test, AnAlarmIsSeenEvenWhenSecondsAreServedLate) {
  Write(0x01, 0x05);
  Write(0x03, 0x35);
  Write(0x05, 0x12);
  clock_.now_ns = 100 * kNsPerSecond;
  EXPECT_EQ(Read(0x0C) & 0x20, 0x20);
}

TEST_F(Mc146818Test, RegistersCAndDAndUipAreReadOnly) {
  Write(0x0C, 0xFF);
  EXPECT_EQ(Read(0x0C), 0x00);
  Write(0x0D, 0x00);
  EXPECT_EQ(Read(0x0D), 0x80);
  Write(0x0A, 0xA6);
  EXPECT_EQ(Read(0x0A), 0x26);
}

TEST_F(Mc146818Test, Bit7OfTheIndexMasksNmi) {
  bus_->WritePort(0x70, 1, 0x8F);
  EXPECT_TRUE(rtc_.NmiMasked());
  bus_->WritePort(0x71, 1, 0x5A);
  EXPECT_EQ(Read(0x0F), 0x5A);
  EXPECT_FALSE(rtc_.NmiMasked());
  EXPECT_EQ(bus_->ReadPort(0x70, 1), 0xFFu);
}

TEST_F(Mc146818Test, AWordWriteToThePairSetsIndexAndData) {
  bus_->WritePort(0x70, 2, 0x770F);
  EXPECT_EQ(Read(0x0F), 0x77);
}

TEST_F(Mc146818Test, CmosDescribesMemoryAndEquipment) {
  const auto word = [&](uint8_t index) {
    const unsigned low = Read(index);
    return low | Read(static_cast<uint8_t>(index + 1)) << 8;
  };
  EXPECT_EQ(word(0x15), 640u);
  EXPECT_EQ(word(0x17), 0xFFFFu);
  EXPECT_EQ(word(0x30), 0xFFFFu);
  EXPECT_EQ(word(0x34), ((uint64_t{3} << 30) - (16 << 20)) >> 16);
  EXPECT_EQ(word(0x5B), (uint64_t{5} << 30 >> 16) & 0xFFFF);
  EXPECT_EQ(Read(0x5D), uint64_t{5} << 30 >> 32);
  EXPECT_EQ(Read(0x14), 0x03);
  EXPECT_EQ(Read(0x3D), 0x23);
  EXPECT_EQ(Read(0x38), 0x10);
  unsigned sum = 0;
  for (uint8_t index = 0x10; index < 0x2E; ++index) sum += Read(index);
  EXPECT_EQ(Read(0x2E) << 8 | Read(0x2F), sum);
}

TEST_F(Mc146818Test, SmallMemorySizesAreExact) {
  Mc146818 small(clock_, irq_,
                 {.unix_seconds = 0, .memory_below_4g_bytes = 4 << 20, .memory_above_4g_bytes = 0});
  const auto read = [&](unsigned index) {
    small.WritePort(0x70, 1, index);
    return small.ReadPort(0x71, 1);
  };
  EXPECT_EQ(read(0x17) | read(0x18) << 8, 3072u);
  EXPECT_EQ(read(0x34) | read(0x35) << 8, 0u);
}

TEST_F(Mc146818Test, ResetStopsInterruptsButNotTime) {
  Write(0x0B, 0x72);
  At(kNsPerSecond);
  EXPECT_TRUE(irq_.high);
  rtc_.Reset();
  EXPECT_FALSE(irq_.high);
  EXPECT_EQ(Read(0x0B), 0x02);
  EXPECT_EQ(Read(0x00), 0x57);
}

TEST_F(Mc146818Test, SavesAndLoadsInTheMiddleOfASecond) {
  Write(0x0B, 0x52);
  At(2'345 * kMs);
  FakeIrqLine other_irq;
  Mc146818 other(clock_, other_irq, {});
  ExpectRoundTrip(rtc_, other);
  EXPECT_EQ(other.NextEventNs(), rtc_.NextEventNs());
  clock_.now_ns = 3 * kNsPerSecond;
  other.WritePort(0x70, 1, 0);
  EXPECT_EQ(other.ReadPort(0x71, 1), 0x59u);
  ExpectCorruptionHandled(clock_, rtc_);
}

TEST_F(Mc146818Test, NoSequenceOfAccessesBreaksIt) {
  Random random(146818);
  for (int i = 0; i < 100000; ++i) {
    const auto port = static_cast<uint16_t>(0x70 + random() % 2);
    const unsigned bytes = 1u << random() % 3;
    if (random() % 3 == 0) {
      bus_->ReadPort(port, bytes);
    } else {
      bus_->WritePort(port, bytes, random());
    }
    if (random() % 16 == 0) At(clock_.now_ns + random() % 50 * kMs);
  }
}

}  // namespace
}  // namespace verbatim
