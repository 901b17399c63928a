// SPDX-License-Identifier: Apache-2.0
// The mode definitions of the 8254 data sheet, clock by clock. `Wave` shows OUT after each CLK.
#include "devices/i8254_counter.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/devices/random.h"

namespace verbatim {
namespace {

constexpr uint8_t kLowByte = 0x10;
constexpr uint8_t kWord = 0x30;

uint8_t Control(unsigned mode, uint8_t access = kLowByte) {
  return static_cast<uint8_t>(access | mode << 1);
}

class I8254Mode : public testing::Test {
 protected:
  void Program(unsigned mode, uint8_t count) {
    counter_.WriteControl(Control(mode));
    counter_.WriteCount(count);
  }
  // OUT after each of `clocks` CLK pulses: '-' high, '_' low.
  std::string Wave(unsigned clocks) {
    std::string wave;
    for (unsigned i = 0; i < clocks; ++i) {
      counter_.Advance(1);
      wave += counter_.out() ? '-' : '_';
    }
    return wave;
  }
  // The low digit of the count after each CLK.
  std::string Counts(unsigned clocks) {
    std::string counts;
    for (unsigned i = 0; i < clocks; ++i) {
      counter_.Advance(1);
      counts += "0123456789ABCDEF"[counter_.ReadCount() & 0xF];
    }
    return counts;
  }
  uint8_t Status() {
    counter_.LatchStatus();
    return counter_.ReadCount();
  }

  I8254Counter counter_;
};

TEST_F(I8254Mode, Mode0OutRisesNPlusOneClocksAfterTheCountIsWritten) {
  Program(0, 4);
  EXPECT_FALSE(counter_.out());
  EXPECT_EQ(Wave(7), "____---");
}

TEST_F(I8254Mode, Mode0CountsOnThroughZero) {
  Program(0, 2);
  EXPECT_EQ(Counts(5), "210FE");
}

TEST_F(I8254Mode, Mode0GateLowSuspendsTheCountButNotTheLoad) {
  counter_.SetGate(false);
  Program(0, 3);
  EXPECT_EQ(Counts(3), "333");
  counter_.SetGate(true);
  EXPECT_EQ(Wave(3), "__-");  // N clocks after the gate rose
}

TEST_F(I8254Mode, Mode0ANewCountRestartsAndLowersOut) {
  Program(0, 1);
  EXPECT_EQ(Wave(3), "_--");
  counter_.WriteCount(2);
  EXPECT_FALSE(counter_.out());
  EXPECT_EQ(Wave(4), "__--");
}

TEST_F(I8254Mode, Mode0TheFirstByteOfTwoStopsTheCount) {
  counter_.WriteControl(Control(0, kWord));
  counter_.WriteCount(3);
  counter_.WriteCount(0);
  counter_.Advance(2);
  counter_.WriteCount(2);
  EXPECT_EQ(Wave(5), "_____");
  counter_.WriteCount(0);
  EXPECT_EQ(Wave(4), "__--");
}

TEST_F(I8254Mode, Mode0TheFirstByteOfTwoLowersOutAtOnce) {
  counter_.WriteControl(Control(0, kWord));
  counter_.WriteCount(1);
  counter_.WriteCount(0);
  EXPECT_EQ(Wave(3), "_--");
  counter_.WriteCount(5);
  EXPECT_FALSE(counter_.out());
}

TEST_F(I8254Mode, Mode1GateTriggersAOneShotOfNClocks) {
  Program(1, 3);
  EXPECT_EQ(Wave(3), "---");
  EXPECT_FALSE(counter_.ClocksToRise());
  counter_.SetGate(false);
  counter_.SetGate(true);
  EXPECT_EQ(counter_.ClocksToRise(), 4u);
  EXPECT_EQ(Wave(6), "___---");
}

TEST_F(I8254Mode, Mode1IsRetriggerable) {
  Program(1, 3);
  counter_.SetGate(false);
  counter_.SetGate(true);
  EXPECT_EQ(Wave(2), "__");
  counter_.SetGate(false);
  counter_.SetGate(true);
  EXPECT_EQ(Wave(5), "___--");
}

TEST_F(I8254Mode, Mode1ANewCountWaitsForTheNextTrigger) {
  Program(1, 2);
  counter_.SetGate(false);
  counter_.SetGate(true);
  counter_.Advance(1);
  counter_.WriteCount(4);
  EXPECT_EQ(Wave(3), "_--");
  counter_.SetGate(false);
  counter_.SetGate(true);
  EXPECT_EQ(Wave(5), "____-");
}

TEST_F(I8254Mode, Mode2ReloadsOnTerminalCountAndPulsesLowForOneClock) {
  Program(2, 3);
  EXPECT_TRUE(counter_.out());
  EXPECT_EQ(Wave(9), "--_--_--_");
  Program(2, 3);
  EXPECT_EQ(Counts(7), "3213213");
}

TEST_F(I8254Mode, Mode2ANewCountTakesEffectAfterThePeriod) {
  Program(2, 4);
  counter_.Advance(2);
  counter_.WriteCount(2);
  EXPECT_EQ(Status() & 0x40, 0x40);
  EXPECT_EQ(Wave(6), "-_-_-_");
  EXPECT_EQ(Status() & 0x40, 0);
}

TEST_F(I8254Mode, Mode2GateLowRaisesOutAndItsRiseRestartsThePeriod) {
  Program(2, 3);
  EXPECT_EQ(Wave(3), "--_");
  EXPECT_TRUE(counter_.SetGate(false));
  EXPECT_TRUE(counter_.out());
  EXPECT_EQ(Wave(4), "----");
  EXPECT_FALSE(counter_.ClocksToRise());
  counter_.SetGate(true);
  EXPECT_EQ(Wave(4), "--_-");
}

TEST_F(I8254Mode, Mode3EvenCountsGiveASquareWave) {
  Program(3, 4);
  EXPECT_EQ(Wave(8), "--__--__");
  Program(3, 4);
  EXPECT_EQ(Counts(5), "42424");
}

TEST_F(I8254Mode, Mode3OddCountsAreHighForOneClockMore) {
  Program(3, 5);
  EXPECT_EQ(Wave(10), "---__---__");
  Program(3, 5);
  EXPECT_EQ(Counts(6), "420424");
}

TEST_F(I8254Mode, Mode3ANewCountTakesEffectAfterTheHalfCycle) {
  Program(3, 4);
  counter_.Advance(1);
  counter_.WriteCount(6);
  EXPECT_EQ(Wave(8), "-___---_");
}

TEST_F(I8254Mode, Mode3GateLowRaisesOutAtOnce) {
  Program(3, 4);
  EXPECT_EQ(Wave(3), "--_");
  EXPECT_TRUE(counter_.SetGate(false));
  EXPECT_EQ(Wave(3), "---");
  counter_.SetGate(true);
  EXPECT_EQ(Wave(4), "--__");
}

TEST_F(I8254Mode, Mode4StrobesLowForOneClockNPlusOneAfterTheWrite) {
  Program(4, 3);
  EXPECT_TRUE(counter_.out());
  EXPECT_EQ(counter_.ClocksToRise(), 5u);
  EXPECT_EQ(Wave(8), "---_----");
  EXPECT_FALSE(counter_.ClocksToRise());
}

TEST_F(I8254Mode, Mode4ANewCountRetriggers) {
  Program(4, 3);
  counter_.Advance(3);
  counter_.WriteCount(2);
  EXPECT_EQ(Wave(5), "--_--");
}

TEST_F(I8254Mode, Mode4GateLowSuspendsTheCount) {
  Program(4, 2);
  counter_.Advance(2);
  counter_.SetGate(false);
  EXPECT_EQ(Wave(3), "---");
  counter_.SetGate(true);
  EXPECT_EQ(Wave(2), "_-");
}

TEST_F(I8254Mode, Mode5StrobesAfterATrigger) {
  Program(5, 3);
  EXPECT_EQ(Wave(5), "-----");
  counter_.SetGate(false);
  counter_.SetGate(true);
  counter_.SetGate(false);  // its level does not matter
  EXPECT_EQ(Wave(6), "---_--");
}

TEST_F(I8254Mode, ModeBits6And7AreModes2And3) {
  Program(6, 2);
  EXPECT_EQ(Status() & 0x0E, 2 << 1);
  Program(7, 2);
  EXPECT_EQ(Status() & 0x0E, 3 << 1);
}

TEST_F(I8254Mode, ZeroIsTheLargestCount) {
  counter_.WriteControl(Control(0, kWord));
  counter_.WriteCount(0);
  counter_.WriteCount(0);
  EXPECT_EQ(counter_.ClocksToRise(), 65537u);
  counter_.Advance(65536);
  EXPECT_FALSE(counter_.out());
  EXPECT_TRUE(counter_.Advance(1));
}

TEST_F(I8254Mode, BcdCountsInDecimal) {
  counter_.WriteControl(Control(0, kWord) | 1);
  counter_.WriteCount(0x00);
  counter_.WriteCount(0x10);  // 1000
  counter_.Advance(2);
  EXPECT_EQ(counter_.ReadCount(), 0x99);
  EXPECT_EQ(counter_.ReadCount(), 0x09);
  EXPECT_EQ(counter_.ClocksToRise(), 999u);
  counter_.WriteCount(0);
  counter_.WriteCount(0);
  EXPECT_EQ(counter_.ClocksToRise(), 10001u);
}

TEST_F(I8254Mode, NullCountIsSetUntilTheCountIsLoaded) {
  counter_.WriteControl(Control(2));
  EXPECT_EQ(Status() & 0x40, 0x40);
  counter_.WriteCount(5);
  EXPECT_EQ(Status() & 0x40, 0x40);
  counter_.Advance(1);
  EXPECT_EQ(Status() & 0x40, 0);
}

TEST_F(I8254Mode, StatusReportsOutAccessModeAndBcd) {
  counter_.WriteControl(0x35);
  EXPECT_EQ(Status(), 0x80 | 0x40 | 0x35);
  counter_.WriteControl(0x20);
  EXPECT_EQ(Status(), 0x40 | 0x20);
}

TEST_F(I8254Mode, ALatchedCountHoldsUntilRead) {
  counter_.WriteControl(Control(2, kWord));
  counter_.WriteCount(0x34);
  counter_.WriteCount(0x12);
  counter_.Advance(1);
  counter_.LatchCount();
  counter_.Advance(0x100);
  counter_.LatchCount();  // ignored: the first latch is not read yet
  EXPECT_EQ(counter_.ReadCount(), 0x34);
  EXPECT_EQ(counter_.ReadCount(), 0x12);
  EXPECT_EQ(counter_.ReadCount(), 0x34);
  EXPECT_EQ(counter_.ReadCount(), 0x11);
}

TEST_F(I8254Mode, StatusIsReadBeforeTheCount) {
  Program(2, 9);
  counter_.Advance(1);
  counter_.LatchCount();
  counter_.LatchStatus();
  EXPECT_EQ(counter_.ReadCount(), 0x80 | Control(2));
  EXPECT_EQ(counter_.ReadCount(), 9);
}

TEST_F(I8254Mode, MostSignificantByteOnly) {
  counter_.WriteControl(Control(2, 0x20));
  counter_.WriteCount(0x12);
  counter_.Advance(1);
  EXPECT_EQ(counter_.ReadCount(), 0x12);
  counter_.Advance(1);
  EXPECT_EQ(counter_.ReadCount(), 0x11);
}

TEST_F(I8254Mode, IllegalCountOfOneKeepsOutHigh) {
  for (const unsigned mode : {2u, 3u}) {
    Program(mode, 1);
    EXPECT_EQ(Wave(5), "-----");
    EXPECT_FALSE(counter_.ClocksToRise());
    counter_.WriteCount(3);
    EXPECT_EQ(counter_.Advance(4), true);
  }
}

// The closed forms against single clocks, through random programming: the same outputs, counts and
// rises, and ClocksToRise exactly predicts the next rise.
TEST(I8254Counter, ManyClocksAtOnceEqualSingleClocks) {
  Random random(8254);
  I8254Counter fast;
  I8254Counter slow;
  for (int i = 0; i < 20000; ++i) {
    const auto value = static_cast<uint8_t>(random() % 4 == 0 ? random() : random() % 7);
    switch (random() % 8) {
      case 0: {
        const auto control = static_cast<uint8_t>((1 + random() % 3) << 4 | (random() & 0xF));
        fast.WriteControl(control);
        slow.WriteControl(control);
        break;
      }
      case 1:
      case 2:
      case 3:
        fast.WriteCount(value);
        slow.WriteCount(value);
        break;
      case 4: {
        const bool gate = random() % 3 != 0;
        ASSERT_EQ(fast.SetGate(gate), slow.SetGate(gate));
        break;
      }
      default:
        break;
    }
    const unsigned clocks = random() % 3 == 0 ? random() % 3000 : random() % 12;
    const std::optional<uint64_t> to_rise = fast.ClocksToRise();
    const bool periodic = fast.Period().has_value();
    const uint64_t rises_foretold = fast.RisesWithin(clocks);
    std::optional<uint64_t> first_rise;
    uint64_t rises = 0;
    for (unsigned clock = 1; clock <= clocks; ++clock) {
      if (!slow.Advance(1)) continue;
      ++rises;
      if (!first_rise) first_rise = clock;
    }
    if (periodic) {
      ASSERT_EQ(rises_foretold, rises) << "step " << i;
    }
    ASSERT_EQ(fast.Advance(clocks), first_rise.has_value()) << "step " << i;
    if (first_rise) {
      ASSERT_EQ(to_rise, first_rise) << "step " << i;
    } else if (to_rise) {
      ASSERT_GT(*to_rise, clocks) << "step " << i;
    }
    StateWriter fast_state;
    StateWriter slow_state;
    fast.Save(fast_state, "counter");
    slow.Save(slow_state, "counter");
    ASSERT_EQ(fast_state.bytes(), slow_state.bytes()) << "step " << i;
  }
}

}  // namespace
}  // namespace verbatim
