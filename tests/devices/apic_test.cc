// SPDX-License-Identifier: Apache-2.0
// Local APIC and I/O APIC, apart and together.
#include <gtest/gtest.h>

#include "devices/io_apic.h"
#include "devices/local_apic.h"
#include "tests/devices/fakes.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

constexpr uint32_t kSvr = 0xF0;
constexpr uint32_t kEoi = 0xB0;
constexpr uint32_t kTpr = 0x80;
constexpr uint32_t kIcrLow = 0x300;
constexpr uint32_t kLvtTimer = 0x320;
constexpr uint32_t kLint0 = 0x350;
constexpr uint32_t kInitialCount = 0x380;

class ApicTest : public testing::Test {
 protected:
  ApicTest() { Local(kSvr, 0x1FF); }
  void Local(uint32_t offset, uint32_t value) { local_.WriteMmio(offset, 4, value); }
  uint64_t Local(uint32_t offset) { return local_.ReadMmio(offset, 4); }
  void Io(uint8_t index, uint32_t value) {
    io_.WriteMmio(0, 4, index);
    io_.WriteMmio(0x10, 4, value);
  }
  uint64_t Io(uint8_t index) {
    io_.WriteMmio(0, 4, index);
    return io_.ReadMmio(0x10, 4);
  }
  // An entry to processor 0.
  void Entry(unsigned input, uint32_t low) { Io(static_cast<uint8_t>(0x10 + 2 * input), low); }
  // The vector that the processor takes now.
  std::optional<unsigned> Take() {
    if (!local_.InterruptRequested(false)) return std::nullopt;
    return local_.Acknowledge();
  }

  FakeClock clock_;
  unsigned deadlines_ = 0;
  LocalApic local_{clock_,
                   {.on_eoi = [this](uint8_t vector) { io_.EndOfInterrupt(vector); },
                    .on_deadline = [this] { ++deadlines_; }}};
  IoApic io_{[this](const ApicMessage& message) { local_.Deliver(message); }};
};

TEST_F(ApicTest, IsOffAfterReset) {
  local_.Reset();
  EXPECT_EQ(Local(0x30), 0x50014u);
  EXPECT_EQ(Local(kSvr), 0xFFu);
  EXPECT_EQ(Local(0xE0), 0xFFFFFFFFu);
  for (uint32_t lvt = kLvtTimer; lvt <= 0x370; lvt += 0x10) EXPECT_EQ(Local(lvt), 0x10000u);
  Local(kLint0, 0x700);  // stays masked while switched off
  EXPECT_EQ(Local(kLint0), 0x10700u);
  EXPECT_FALSE(local_.InterruptRequested(true));
  local_.Deliver({.vector = 0x40});
  EXPECT_EQ(Take(), std::nullopt);
}

TEST_F(ApicTest, HigherVectorsInterruptLowerClasses) {
  local_.Deliver({.vector = 0x41});
  local_.Deliver({.vector = 0x51});
  EXPECT_EQ(Take(), 0x51u);
  EXPECT_EQ(Take(), std::nullopt);  // 41h waits
  local_.Deliver({.vector = 0x5F});
  EXPECT_EQ(Take(), std::nullopt);  // the same class
  local_.Deliver({.vector = 0x61});
  EXPECT_EQ(Take(), 0x61u);
  EXPECT_EQ(Local(0xA0), 0x60u);
  EXPECT_EQ(Local(0x120), 1u << 17);  // in service: 51h
  EXPECT_EQ(Local(0x130), 1u << 1);   // 61h
  Local(kEoi, 0);
  EXPECT_EQ(Take(), std::nullopt);
  Local(kEoi, 0);
  EXPECT_EQ(Take(), 0x5Fu);
  Local(kEoi, 0);
  EXPECT_EQ(Take(), 0x41u);
  Local(kEoi, 0);
  Local(kEoi, 0);  // one too many
  EXPECT_EQ(Local(0xA0), 0u);
}

TEST_F(ApicTest, TheTaskPriorityHoldsInterruptsBack) {
  Local(kTpr, 0x50);
  local_.Deliver({.vector = 0x5F});
  EXPECT_EQ(Take(), std::nullopt);
  Local(kTpr, 0x4F);
  EXPECT_EQ(Take(), 0x5Fu);
}

TEST_F(ApicTest, The8259sComeThroughLint0) {
  EXPECT_FALSE(local_.InterruptRequested(true));
  local_.ConfigureAsFirmware();
  EXPECT_TRUE(local_.InterruptRequested(true));
  EXPECT_EQ(local_.Acknowledge(), std::nullopt);  // the vector is theirs
  local_.Deliver({.vector = 0x31});
  EXPECT_EQ(local_.Acknowledge(), 0x31);
}

TEST_F(ApicTest, IpisReachWhoTheyAreFor) {
  Local(kIcrLow, 0x40000 | 0x31);  // self
  EXPECT_EQ(Take(), 0x31u);
  Local(kEoi, 0);
  Local(kIcrLow, 0xC0000 | 0x31);  // all but self
  EXPECT_EQ(Take(), std::nullopt);
  Local(0x310, 1u << 24);
  Local(kIcrLow, 0x31);  // another
  EXPECT_EQ(Take(), std::nullopt);
  Local(0xD0, 0x02000000);
  Local(0x310, 0x06u << 24);
  Local(kIcrLow, 0x800 | 0x32);  // logical, flat
  EXPECT_EQ(Take(), 0x32u);
  Local(kEoi, 0);
  Local(0xE0, 0x0FFFFFFF);
  Local(0xD0, 0x21000000);
  Local(0x310, 0x23u << 24);
  Local(kIcrLow, 0x800 | 0x33);  // logical, cluster 2
  EXPECT_EQ(Take(), 0x33u);
  Local(0x310, 0x33u << 24);
  Local(kIcrLow, 0x800 | 0x34);
  EXPECT_EQ(Take(), std::nullopt);
}

TEST_F(ApicTest, IllegalVectorsAreErrors) {
  Local(0x370, 0xE1);
  Local(kIcrLow, 0x40000 | 0x0F);
  EXPECT_EQ(Take(), 0xE1u);
  local_.Deliver({.vector = 0x05});
  EXPECT_EQ(Local(0x280), 0u);
  Local(0x280, 0);
  EXPECT_EQ(Local(0x280), 0x60u);
  Local(0x280, 0);
  EXPECT_EQ(Local(0x280), 0u);
}

TEST_F(ApicTest, TheTimerRunsOnceOrPeriodically) {
  Local(0x3E0, 0x3);  // divide by 16
  Local(kLvtTimer, 0x30);
  Local(kInitialCount, 1000);
  EXPECT_EQ(local_.NextEventNs(), 16000u);
  clock_.now_ns = 8000;
  EXPECT_EQ(Local(0x390), 500u);
  RunTo(clock_, local_, 16000);
  EXPECT_EQ(Take(), 0x30u);
  EXPECT_EQ(Local(0x390), 0u);
  EXPECT_EQ(local_.NextEventNs(), std::nullopt);
  Local(kEoi, 0);
  Local(kLvtTimer, 0x20031);
  Local(kInitialCount, 10);
  RunTo(clock_, local_, 16160);
  EXPECT_EQ(Take(), 0x31u);
  EXPECT_EQ(local_.NextEventNs(), 16320u);
  clock_.now_ns = 17000;  // missed periods make one interrupt
  local_.AdvanceTo(clock_.now_ns);
  Local(kEoi, 0);
  EXPECT_EQ(Take(), 0x31u);
  EXPECT_EQ(local_.NextEventNs(), 17120u);
  Local(kInitialCount, 0);
  EXPECT_EQ(local_.NextEventNs(), std::nullopt);
  EXPECT_GT(deadlines_, 3u);
}

TEST_F(ApicTest, EdgesAreSentOnceAndForgottenWhileMasked) {
  io_.SetInput(4, true);
  io_.SetInput(4, false);
  Entry(4, 0x44);
  EXPECT_EQ(Take(), std::nullopt);
  io_.SetInput(4, true);
  EXPECT_EQ(Take(), 0x44u);
  Local(kEoi, 0);
  EXPECT_EQ(Take(), std::nullopt);
}

TEST_F(ApicTest, LevelsAreSentAgainAfterTheEndOfInterrupt) {
  io_.SetInput(10, true);
  Entry(10, 0xA05A);  // level, low: the line is what counts
  EXPECT_EQ(Take(), 0x5Au);
  EXPECT_EQ(Io(0x10 + 20) & 0x4000, 0x4000u);  // remote IRR
  Local(kEoi, 0);
  EXPECT_EQ(Take(), 0x5Au);
  io_.SetInput(10, false);
  Local(kEoi, 0);
  EXPECT_EQ(Take(), std::nullopt);
  EXPECT_EQ(Io(0x10 + 20) & 0x4000, 0u);
}

TEST_F(ApicTest, TheIoApicTellsWhatItIs) {
  EXPECT_EQ(Io(0x01), 0x170011u);
  Io(0x00, 0xFF000000);
  EXPECT_EQ(Io(0x00), 0x0F000000u);
  Io(0x11 + 2 * 23, 0x12345678);
  EXPECT_EQ(Io(0x11 + 2 * 23), 0x12000000u);
  EXPECT_EQ(Io(0x40), 0u);
  Io(0x10, 0xFFFFFFFF);
  EXPECT_EQ(Io(0x10), 0x1AFFFu);
}

TEST_F(ApicTest, NarrowAccessesDoNothing) {
  local_.WriteMmio(kTpr, 1, 0x50);
  local_.WriteMmio(kTpr + 1, 4, 0x50);
  EXPECT_EQ(Local(kTpr), 0u);
  EXPECT_EQ(local_.ReadMmio(kSvr, 8), 0u);
  EXPECT_EQ(local_.ReadMmio(kSvr + 1, 1), 0u);
}

TEST_F(ApicTest, SavesAndLoads) {
  clock_.now_ns = 100;
  Local(kLvtTimer, 0x20031);
  Local(kInitialCount, 1000);
  local_.Deliver({.vector = 0x41, .level = true});
  EXPECT_EQ(Take(), 0x41u);
  local_.Deliver({.vector = 0x61});
  LocalApic other(clock_, {.on_eoi = [](uint8_t) {}, .on_deadline = [] {}});
  ExpectRoundTrip(local_, other);
  EXPECT_TRUE(other.InterruptRequested(false));
  ExpectCorruptionHandled(clock_, local_);
  Entry(10, 0x805A);
  io_.SetInput(10, true);
  IoApic other_io([](const ApicMessage&) {});
  ExpectRoundTrip(io_, other_io);
  ExpectCorruptionHandled(clock_, io_);
}

TEST_F(ApicTest, NoSequenceOfAccessesBreaksThem) {
  Random random(0xFEE);
  for (int i = 0; i < 200000; ++i) {
    const uint32_t offset = random() % 0x40 * 0x10 % LocalApic::kBytes;
    switch (random() % 6) {
      case 0:
        Local(offset, random());
        break;
      case 1:
        Local(offset);
        break;
      case 2:
        Io(static_cast<uint8_t>(random() % 0x42), random());
        break;
      case 3:
        io_.SetInput(random() % IoApic::kInputs, random() % 2 != 0);
        break;
      case 4:
        Take();
        break;
      default:
        RunTo(clock_, local_, clock_.now_ns + random() % 1000);
        break;
    }
  }
}

}  // namespace
}  // namespace verbatim
