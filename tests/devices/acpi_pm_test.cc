// SPDX-License-Identifier: Apache-2.0
// ACPI fixed hardware (ACPI 6.5, section 4.8).
#include "devices/acpi_pm.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

using Rate = TickRate<AcpiPm::kTimerHz>;

class AcpiPmTest : public testing::Test {
 protected:
  AcpiPmTest() {
    pm_.Attach(*bus_);
    pm_.Place(0x600);
  }

  FakeClock clock_;
  FakeIrqLine sci_;
  FakePower power_;
  AcpiPm pm_{clock_, sci_, power_, {.timer_32bit = false}};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(AcpiPmTest, TimerCountsAt3579545HzInEveryWidth) {
  clock_.now_ns = kNsPerSecond;
  EXPECT_EQ(bus_->ReadPort(0x608, 4), 3'579'545u);
  EXPECT_EQ(bus_->ReadPort(0x608, 2), 3'579'545u & 0xFFFF);
  EXPECT_EQ(bus_->ReadPort(0x60A, 1), 3'579'545u >> 16);
  bus_->WritePort(0x608, 4, 0);
  EXPECT_EQ(bus_->ReadPort(0x608, 4), 3'579'545u);
}

TEST_F(AcpiPmTest, A24BitTimerWrapsAndA32BitTimerDoesNot) {
  clock_.now_ns = Rate::NsOf((1 << 24) + 5);
  EXPECT_EQ(bus_->ReadPort(0x608, 4), 5u);
  AcpiPm wide(clock_, sci_, power_, {.timer_32bit = true});
  wide.Place(0x600);
  EXPECT_EQ(wide.ReadPort(0x608, 4), (1u << 24) + 5);
}

TEST_F(AcpiPmTest, TimerStatusIsSetByEveryChangeOfTheHighestBit) {
  for (uint64_t half = 1; half < 4; ++half) {
    clock_.now_ns = Rate::NsOf(half << 23) - 1;
    EXPECT_EQ(bus_->ReadPort(0x600, 2) & 1, 0u);
    clock_.now_ns = Rate::NsOf(half << 23);
    EXPECT_EQ(bus_->ReadPort(0x600, 2) & 1, 1u);
    bus_->WritePort(0x600, 2, 1);
  }
}

TEST_F(AcpiPmTest, TimerOverflowRaisesTheSciOnceEnabled) {
  bus_->WritePort(0x602, 2, 0x0001);
  EXPECT_EQ(pm_.NextEventNs(), std::nullopt);  // SCI_EN is off
  bus_->WritePort(0xB2, 1, kAcpiEnableCommand);
  EXPECT_EQ(bus_->ReadPort(0x604, 2) & 1, 1u);
  EXPECT_EQ(pm_.NextEventNs(), Rate::NsOf(1 << 23));
  RunTo(clock_, pm_, Rate::NsOf(1 << 23));
  EXPECT_TRUE(sci_.high);
  EXPECT_EQ(pm_.NextEventNs(), std::nullopt);
  bus_->WritePort(0x600, 2, 0x0001);
  EXPECT_FALSE(sci_.high);
  EXPECT_EQ(pm_.NextEventNs(), Rate::NsOf(2 << 23));
}

TEST_F(AcpiPmTest, SmiCommandSwitchesAcpiOff) {
  bus_->WritePort(0xB2, 1, kAcpiEnableCommand);
  bus_->WritePort(0xB2, 1, kAcpiDisableCommand);
  EXPECT_EQ(bus_->ReadPort(0x604, 2) & 1, 0u);
  EXPECT_EQ(bus_->ReadPort(0xB2, 1), kAcpiDisableCommand);
  bus_->WritePort(0xB3, 1, 0x42);
  EXPECT_EQ(bus_->ReadPort(0xB3, 1), 0x42u);
}

TEST_F(AcpiPmTest, StatusBitsAreClearedByWritingOnesByteWise) {
  pm_.PressPowerButton();
  clock_.now_ns = Rate::NsOf(1 << 23);
  EXPECT_EQ(bus_->ReadPort(0x600, 2), 0x0101u);
  bus_->WritePort(0x600, 1, 0xFF);
  EXPECT_EQ(bus_->ReadPort(0x600, 2), 0x0100u);
  bus_->WritePort(0x601, 1, 0x01);
  EXPECT_EQ(bus_->ReadPort(0x600, 4), 0u);
}

TEST_F(AcpiPmTest, ThePowerButtonRaisesTheSci) {
  bus_->WritePort(0x602, 2, 0x0100);
  bus_->WritePort(0x604, 2, 0x0001);
  pm_.PressPowerButton();
  EXPECT_TRUE(sci_.high);
  bus_->WritePort(0x600, 2, 0x0100);
  EXPECT_FALSE(sci_.high);
}

TEST_F(AcpiPmTest, TheRtcsLineMakesOneEventPerRise) {
  bus_->WritePort(0x604, 2, 0x0001);
  bus_->WritePort(0x602, 2, 0x0400);
  pm_.SetRtcLine(true);
  EXPECT_EQ(bus_->ReadPort(0x600, 2) & 0x0400u, 0x0400u);
  EXPECT_TRUE(sci_.high);
  bus_->WritePort(0x600, 2, 0x0400);
  pm_.SetRtcLine(true);
  EXPECT_FALSE(sci_.high);
  pm_.SetRtcLine(false);
  EXPECT_FALSE(sci_.high);
  pm_.SetRtcLine(true);
  EXPECT_TRUE(sci_.high);
}

TEST_F(AcpiPmTest, SleepTypeS5WithSleepEnablePowersOff) {
  bus_->WritePort(0x604, 2, kSleepTypeS5 << 10);
  EXPECT_EQ(power_.requests, 0u);
  bus_->WritePort(0x604, 2, kSleepTypeS5 << 10 | 1 << 13);
  EXPECT_EQ(power_.requests, 1u);
  EXPECT_EQ(bus_->ReadPort(0x604, 2), kSleepTypeS5 << 10u);  // SLP_EN reads as 0
}

TEST_F(AcpiPmTest, ByteWritesCanPowerOffToo) {
  bus_->WritePort(0x605, 1, (kSleepTypeS5 << 10 | 1 << 13) >> 8);
  EXPECT_EQ(power_.requests, 1u);
}

TEST_F(AcpiPmTest, OtherSleepTypesAreReportedAndIgnored) {
  testing::internal::CaptureStderr();
  bus_->WritePort(0x604, 2, 3 << 10 | 1 << 13);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("sleep type 3"), std::string::npos);
  EXPECT_EQ(power_.requests, 0u);
}

TEST_F(AcpiPmTest, ReservedBitsReadAsZero) {
  bus_->WritePort(0x602, 2, 0xFFFF);
  EXPECT_EQ(bus_->ReadPort(0x602, 2), 0x0721u);
}

TEST_F(AcpiPmTest, ResetLowersTheSci) {
  bus_->WritePort(0x602, 2, 0x0100);
  bus_->WritePort(0x604, 2, 0x0001);
  pm_.PressPowerButton();
  pm_.Reset();
  EXPECT_FALSE(sci_.high);
  EXPECT_EQ(bus_->ReadPort(0x602, 4), 0u);
}

TEST_F(AcpiPmTest, SavesAndLoadsWithTheSciPending) {
  bus_->WritePort(0x602, 2, 0x0101);
  bus_->WritePort(0x604, 2, 0x0001);
  pm_.PressPowerButton();
  clock_.now_ns = 5 * kNsPerSecond;
  FakeIrqLine other_sci;
  AcpiPm other(clock_, other_sci, power_, {.timer_32bit = false});
  ExpectRoundTrip(pm_, other);
  EXPECT_EQ(other.NextEventNs(), pm_.NextEventNs());
  other.WritePort(0x600, 2, 0xFFFF);
  EXPECT_EQ(other.ReadPort(0x600, 2), 0u);
  ExpectCorruptionHandled(clock_, pm_);
}

TEST_F(AcpiPmTest, NoSequenceOfAccessesBreaksIt) {
  SetLogLevel(LogLevel::kError);
  Random random(600);
  for (int i = 0; i < 100000; ++i) {
    const auto port =
        static_cast<uint16_t>(random() % 4 == 0 ? 0xB2 + random() % 2 : 0x5FE + random() % 16);
    const unsigned bytes = 1u << random() % 3;
    if (random() % 2 != 0) {
      bus_->ReadPort(port, bytes);
    } else {
      bus_->WritePort(port, bytes, random());
    }
    if (random() % 8 == 0) RunTo(clock_, pm_, clock_.now_ns + random());
  }
  SetLogLevel(LogLevel::kWarning);
}

}  // namespace
}  // namespace verbatim
