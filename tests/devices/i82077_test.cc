// SPDX-License-Identifier: Apache-2.0
// The floppy controller: registers, resets, seeks and parameters.
#include "base/log.h"
#include "tests/devices/i82077_fixture.h"
#include "tests/devices/random.h"

namespace verbatim {
namespace {

class I82077Test : public I82077Fixture {
 protected:
  void ResetByDor() {
    Out(0x3F2, kRunning & ~0x04u);
    Out(0x3F2, kRunning);
  }
};

TEST_F(I82077Test, WaitsInResetUntilTheOutputRegisterReleasesIt) {
  fdc_.Reset();
  EXPECT_EQ(In(0x3F2), 0x00);
  EXPECT_EQ(Status(), 0x00);
  Out(0x3F5, 0x10);  // nobody listens
  Out(0x3F2, 0x0C);
  EXPECT_EQ(Status(), 0x80);
  EXPECT_EQ(Command({0x10}), Bytes{0x90});
}

TEST_F(I82077Test, AResetIsSensedOnceForEachDrive) {
  ResetByDor();
  EXPECT_TRUE(irq6_.high);
  EXPECT_EQ(irq6_.rises, 1u);
  EXPECT_EQ(SenseInterrupt(), (Bytes{0xC0, 0}));
  EXPECT_FALSE(irq6_.high);
  EXPECT_EQ(SenseInterrupt(), (Bytes{0xC1, 0}));
  EXPECT_EQ(SenseInterrupt(), (Bytes{0xC2, 0}));
  EXPECT_EQ(SenseInterrupt(), (Bytes{0xC3, 0}));
  EXPECT_EQ(SenseInterrupt(), Bytes{0x80});
  EXPECT_EQ(irq6_.rises, 1u);
}

TEST_F(I82077Test, TheRateSelectRegisterResetsToo) {
  SeekTo(5);
  Out(0x3F4, 0x80);
  EXPECT_TRUE(irq6_.high);
  EXPECT_EQ(SenseInterrupt(), (Bytes{0xC0, 0}));
  EXPECT_EQ(In(0x3F2), kRunning);
}

TEST_F(I82077Test, WithoutTheGateNoInterruptGetsOut) {
  Out(0x3F2, kRunning & ~0x0Cu);
  Out(0x3F2, kRunning & ~0x08u);
  EXPECT_FALSE(irq6_.high);
  Out(0x3F2, kRunning);
  EXPECT_TRUE(irq6_.high);
}

TEST_F(I82077Test, AnUnknownCommandIsInvalidAtOnce) {
  for (const unsigned command : {0x00u, 0x01u, 0x18u, 0x1Fu, 0x87u, 0x0Bu}) {
    EXPECT_EQ(Command({command}), Bytes{0x80}) << command;
  }
  EXPECT_FALSE(irq6_.high);
}

TEST_F(I82077Test, TheMainStatusFollowsACommand) {
  EXPECT_EQ(Status(), 0x80);
  Out(0x3F5, 0x04);
  EXPECT_EQ(Status(), 0x90);
  Out(0x3F5, 0x00);
  EXPECT_EQ(Status(), 0xD0);
  EXPECT_EQ(In(0x3F5), 0x38);  // track 0, two sides, ready
  EXPECT_EQ(Status(), 0x80);
}

TEST_F(I82077Test, ASeekTakesTimeAndIsSensed) {
  Send({0x0F, 0x00, 40});
  EXPECT_EQ(Status(), 0x81);
  EXPECT_FALSE(irq6_.high);
  EXPECT_EQ(SenseInterrupt(), Bytes{0x80});  // not yet
  const uint64_t begin = clock_.now_ns;
  Wait();
  EXPECT_TRUE(irq6_.high);
  EXPECT_GE(clock_.now_ns - begin, 10u * kMs);
  EXPECT_EQ(Status(), 0x81);
  EXPECT_EQ(SenseInterrupt(), (Bytes{0x20, 40}));
  EXPECT_FALSE(irq6_.high);
  EXPECT_EQ(Status(), 0x80);
  EXPECT_EQ(Command({0x04, 0x04}), Bytes{0x2C});  // not at track 0, head 1
}

TEST_F(I82077Test, DrivesSeekAtTheSameTimeAndEachMakesAnEdge) {
  Send({0x0F, 0x00, 10});
  Send({0x0F, 0x01, 10});
  EXPECT_EQ(Status(), 0x83);
  Wait();
  EXPECT_EQ(irq6_.rises, 1u);
  EXPECT_EQ(SenseInterrupt(), (Bytes{0x20, 10}));
  EXPECT_EQ(irq6_.rises, 2u);
  EXPECT_EQ(SenseInterrupt(), (Bytes{0x21, 10}));
  EXPECT_FALSE(irq6_.high);
}

TEST_F(I82077Test, RecalibrateFindsTrack0OrSaysThatThereIsNone) {
  SeekTo(79);
  Send({0x07, 0x00});
  Wait();
  EXPECT_EQ(SenseInterrupt(), (Bytes{0x20, 0}));
  Send({0x07, 0x02});  // no drive
  Wait();
  EXPECT_EQ(SenseInterrupt(), (Bytes{0x72, 0}));
  // From behind cylinder 79 it takes two.
  SeekTo(85);
  Send({0x07, 0x00});
  Wait();
  EXPECT_EQ(SenseInterrupt(), (Bytes{0x70, 0}));
  Send({0x07, 0x00});
  Wait();
  EXPECT_EQ(SenseInterrupt(), (Bytes{0x20, 0}));
}

TEST_F(I82077Test, RelativeSeeksGoBothWaysAndStopAtTrack0) {
  Send({0xCF, 0x00, 7});
  Wait();
  EXPECT_EQ(SenseInterrupt(), (Bytes{0x20, 7}));
  Send({0x8F, 0x00, 3});
  Wait();
  EXPECT_EQ(SenseInterrupt(), (Bytes{0x20, 4}));
  Send({0x8F, 0x00, 9});
  Wait();
  EXPECT_EQ(SenseInterrupt(), (Bytes{0x70, 0}));
}

TEST_F(I82077Test, ParametersAreDumpedAndLockedOnesSurviveAReset) {
  Send({0x03, 0xDF, 0x02});
  Send({0x13, 0x00, 0x58, 0x11});
  EXPECT_EQ(Command({0x94}), Bytes{0x10});
  Send({0x12, 0x87});
  SeekTo(3);
  EXPECT_EQ(Command({0x0E}), (Bytes{3, 0, 0, 0, 0xDF, 0x02, 0, 0x87, 0x58, 0x11}));
  ResetByDor();
  EXPECT_EQ(Command({0x0E}), (Bytes{0, 0, 0, 0, 0xDF, 0x02, 0, 0x84, 0x08, 0x11}));
  EXPECT_EQ(Command({0x14}), Bytes{0x00});
  ResetByDor();
  EXPECT_EQ(Command({0x0E}), (Bytes{0, 0, 0, 0, 0xDF, 0x02, 0, 0x04, 0x20, 0x00}));
}

TEST_F(I82077Test, PerpendicularDrivesChangeOnlyWhenOverwritten) {
  Send({0x12, 0x88});
  Send({0x12, 0x03});
  EXPECT_EQ(Command({0x0E})[7], 0x0B);
}

TEST_F(I82077Test, TheChangeLineTellsOfANewDiskUntilAStep) {
  EXPECT_EQ(In(0x3F7), 0x7F);
  FakeDisk other(2880);
  fdc_.drive(0).ChangeDisk(other, k1440K);
  EXPECT_EQ(In(0x3F7), 0xFF);
  Send({0x07, 0x00});  // at track 0 already: no step
  Wait();
  SenseInterrupt();
  EXPECT_EQ(In(0x3F7), 0xFF);
  SeekTo(1);
  EXPECT_EQ(In(0x3F7), 0x7F);
  fdc_.drive(0).Eject();
  SeekTo(0);
  EXPECT_EQ(In(0x3F7), 0xFF);
}

TEST_F(I82077Test, EmptyDrivesHaveChangedAndMissingOnesSayNothing) {
  Out(0x3F2, 0x0D);
  EXPECT_EQ(In(0x3F7), 0xFF);
  Out(0x3F2, 0x0E);
  EXPECT_EQ(In(0x3F7), 0x7F);
}

TEST_F(I82077Test, PortsOfOtherModesFloat) {
  EXPECT_EQ(In(0x3F0), 0xFF);
  EXPECT_EQ(In(0x3F1), 0xFF);
  Out(0x3F3, 0x02);
  EXPECT_EQ(In(0x3F3), 0xFE);
}

TEST_F(I82077Test, NoSequenceOfAccessesBreaksIt) {
  SetLogLevel(LogLevel::kError);
  Random random(82077);
  for (unsigned i = 0; i < 100'000; ++i) {
    const auto port = static_cast<uint16_t>(0x3F0 + random() % 8);
    switch (random() % 6) {
      case 0:
        In(port);
        break;
      case 1:
        if (port != 0x3F6) Out(port, random() & 0xFF);
        break;
      case 2:
      case 3:
        Out(0x3F5, random() & 0xFF);
        break;
      case 4:
        Out(0x3F2, kRunning);
        Results();
        break;
      default:
        clock_.now_ns += random() % kMs;
        fdc_.AdvanceTo(clock_.now_ns);
        disk_.AnswerAll();
        break;
    }
  }
  EXPECT_EQ(disk_.outside, 0u);
  SetLogLevel(LogLevel::kWarning);
}

TEST_F(I82077Test, SavesAndLoadsAmidASeek) {
  Send({0x0F, 0x01, 20});
  Send({0x13, 0x00});
  I82077 other(clock_, irq6_, dma_.Channel(2));
  other.drive(1).Install(FloppyDriveType::k1200K);
  ExpectRoundTrip(fdc_, other);
  RunTo(clock_, other, clock_.now_ns + 100 * kMs);
  EXPECT_TRUE(irq6_.high);
  EXPECT_EQ(other.ReadPort(0x3F4, 1), 0x92u);
  other.WritePort(0x3F5, 1, 0x30);
  other.WritePort(0x3F5, 1, 0x00);
  other.WritePort(0x3F5, 1, 0x08);
  EXPECT_EQ(other.ReadPort(0x3F5, 1), 0x21u);
  EXPECT_EQ(other.ReadPort(0x3F5, 1), 20u);
  ExpectCorruptionHandled(clock_, fdc_);
}

}  // namespace
}  // namespace verbatim
