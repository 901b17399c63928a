// SPDX-License-Identifier: Apache-2.0
#include "devices/system_control.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/devices/fakes.h"

namespace verbatim {
namespace {

using Rate = TickRate<I8254::kHz>;

class SystemControlTest : public testing::Test {
 protected:
  SystemControlTest() {
    timer_.Attach(*bus_);
    port_b_.Attach(*bus_);
    port_a_.Attach(*bus_);
  }
  void Out(uint16_t port, uint8_t value) { bus_->WritePort(port, 1, value); }
  uint8_t In(uint16_t port) { return static_cast<uint8_t>(bus_->ReadPort(port, 1)); }

  FakeClock clock_;
  FakeIrqLine irq_;
  FakeA20 a20_;
  FakeReset reset_;
  A20OrGate a20_or_{a20_};
  I8254 timer_{clock_, irq_};
  SystemControlPortB port_b_{timer_};
  SystemControlPortA port_a_{a20_or_.Input(A20OrGate::kPort92), reset_};
  std::unique_ptr<PortBus> bus_ = std::make_unique<PortBus>();
};

TEST_F(SystemControlTest, Port61KeepsItsWritableBits) {
  Out(0x61, 0xFF);
  EXPECT_EQ(In(0x61) & 0xCF, 0x0F);
  EXPECT_TRUE(port_b_.SpeakerEnabled());
  Out(0x61, 0x00);
  EXPECT_EQ(In(0x61) & 0xCF, 0x00);
  EXPECT_FALSE(port_b_.SpeakerEnabled());
}

TEST_F(SystemControlTest, RefreshBitTogglesEvery15Microseconds) {
  unsigned toggles = 0;
  uint8_t last = In(0x61) & 0x10;
  for (clock_.now_ns = 0; clock_.now_ns < 10'000'000; clock_.now_ns += 1000) {
    const uint8_t now = In(0x61) & 0x10;
    if (now != last) ++toggles;
    last = now;
  }
  EXPECT_EQ(toggles, 10'000'000u * I8254::kHz / kNsPerSecond / 18);
}

// What Linux does to calibrate the TSC: gate on, speaker off, mode 0, wait for bit 5.
TEST_F(SystemControlTest, Timer2InMode0TimesAnIntervalThroughBit5) {
  Out(0x61, static_cast<uint8_t>((In(0x61) & ~0x02) | 0x01));
  Out(0x43, 0xB0);
  Out(0x42, 59659 & 0xFF);
  Out(0x42, 59659 >> 8);
  EXPECT_EQ(In(0x61) & 0x20, 0);
  clock_.now_ns = Rate::NsOf(59660) - 1;
  EXPECT_EQ(In(0x61) & 0x20, 0);
  clock_.now_ns = Rate::NsOf(59660);
  EXPECT_EQ(In(0x61) & 0x20, 0x20);
}

TEST_F(SystemControlTest, Timer2StandsWhileItsGateIsOff) {
  Out(0x61, 0x00);
  Out(0x43, 0xB0);
  Out(0x42, 100);
  Out(0x42, 0);
  clock_.now_ns = kNsPerSecond;
  EXPECT_EQ(In(0x61) & 0x20, 0);
  Out(0x61, 0x01);
  clock_.now_ns = 2 * kNsPerSecond;
  EXPECT_EQ(In(0x61) & 0x20, 0x20);
}

TEST_F(SystemControlTest, Port92GatesA20) {
  EXPECT_FALSE(a20_.enabled);
  Out(0x92, 0x02);
  EXPECT_TRUE(a20_.enabled);
  EXPECT_EQ(In(0x92), 0x02);
  Out(0x92, 0x00);
  EXPECT_FALSE(a20_.enabled);
  EXPECT_EQ(reset_.inits, 0u);
}

TEST_F(SystemControlTest, Port92ResetsOnTheRisingEdgeOfBit0) {
  Out(0x92, 0x01);
  EXPECT_EQ(reset_.inits, 1u);
  Out(0x92, 0x01);
  EXPECT_EQ(reset_.inits, 1u);
  Out(0x92, 0x00);
  Out(0x92, 0x01);
  EXPECT_EQ(reset_.inits, 2u);
}

TEST_F(SystemControlTest, A20IsOnWhileEitherSourceEnablesIt) {
  Out(0x92, 0x02);
  a20_or_.Input(A20OrGate::kKeyboardController).SetA20(true);
  Out(0x92, 0x00);
  EXPECT_TRUE(a20_.enabled);
  a20_or_.Input(A20OrGate::kKeyboardController).SetA20(false);
  EXPECT_FALSE(a20_.enabled);
  EXPECT_EQ(a20_.changes, 3u);  // told of changes only, after the first "disabled"
}

TEST_F(SystemControlTest, ResetTurnsGateSpeakerAndFastA20Off) {
  Out(0x61, 0x03);
  Out(0x92, 0x02);
  port_b_.Reset();
  port_a_.Reset();
  EXPECT_EQ(In(0x61) & 0x0F, 0);
  EXPECT_FALSE(a20_.enabled);
}

TEST_F(SystemControlTest, SavesAndLoads) {
  Out(0x61, 0x03);
  Out(0x92, 0x02);
  I8254 other_timer(clock_, irq_);
  SystemControlPortB other_b(other_timer);
  ExpectRoundTrip(port_b_, other_b);
  EXPECT_TRUE(other_b.SpeakerEnabled());
  FakeA20 other_a20;
  SystemControlPortA other_a(other_a20, reset_);
  ExpectRoundTrip(port_a_, other_a);
  EXPECT_TRUE(other_a20.enabled);
  ExpectCorruptionHandled(clock_, port_a_);
  ExpectCorruptionHandled(clock_, port_b_);
}

}  // namespace
}  // namespace verbatim
