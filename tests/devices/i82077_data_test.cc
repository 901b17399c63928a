// SPDX-License-Identifier: Apache-2.0
// The floppy controller: commands that move data, by DMA and by port.
#include "base/log.h"
#include "tests/devices/i82077_fixture.h"

namespace verbatim {
namespace {

class I82077DataTest : public I82077Fixture {
 protected:
  // The sector is cylinder, head, sector; EOT is 18.
  Bytes Read(unsigned command, unsigned cylinder, unsigned head, unsigned sector,
             unsigned eot = 18) {
    return DataCommand({command, head << 2, cylinder, head, sector, 2, eot, 0x1B, 0xFF});
  }
  void UsePorts(unsigned configuration) {
    Send({0x13, 0x00, configuration, 0x00});
    Send({0x03, 0xDF, 0x03});
  }
};

TEST_F(I82077DataTest, ReadsSectorsByDmaUntilTheTerminalCount) {
  ProgramDma(true, 2 * 512);
  EXPECT_EQ(Read(0xE6, 0, 0, 1), (Bytes{0x00, 0, 0, 0, 0, 3, 2}));
  EXPECT_EQ(Memory(1024), disk_.Sectors(0, 2));
  EXPECT_EQ(Memory(1025)[1024], 0);
  EXPECT_FALSE(irq6_.high);  // since the first result was read
}

TEST_F(I82077DataTest, AReadTakesTimeAndTheStatusIsBusy) {
  ProgramDma(true, 512);
  Send({0x46, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF});
  EXPECT_EQ(Status(), 0x10);
  EXPECT_FALSE(irq6_.high);
  const uint64_t begin = clock_.now_ns;
  Wait();
  EXPECT_GE(clock_.now_ns - begin, 100'000u);
  EXPECT_EQ(Status(), 0xD0);
}

TEST_F(I82077DataTest, MultiTrackGoesOnAtTheOtherHead) {
  SeekTo(7);
  ProgramDma(true, 20 * 512);
  EXPECT_EQ(Read(0xC6, 7, 0, 17), (Bytes{0x04, 0, 0, 8, 0, 1, 2}));
  EXPECT_EQ(Memory(20 * 512), disk_.Sectors(Block(7, 0, 17), 20));
}

// The table of the result phase: what follows the last sector.
TEST_F(I82077DataTest, TheResultNamesTheNextSector) {
  const auto after = [this](unsigned command, unsigned head, unsigned sector) {
    ProgramDma(true, 512);
    const Bytes results = Read(command, 0, head, sector);
    return Bytes(results.begin() + 3, results.end());
  };
  EXPECT_EQ(after(0x46, 0, 4), (Bytes{0, 0, 5, 2}));
  EXPECT_EQ(after(0x46, 0, 18), (Bytes{1, 0, 1, 2}));
  EXPECT_EQ(after(0x46, 1, 18), (Bytes{1, 1, 1, 2}));
  EXPECT_EQ(after(0xC6, 0, 18), (Bytes{0, 1, 1, 2}));
  EXPECT_EQ(after(0xC6, 1, 18), (Bytes{1, 0, 1, 2}));
}

TEST_F(I82077DataTest, WithoutATerminalCountTheCylinderEndsAbnormally) {
  ProgramDma(true, 4 * 512);
  EXPECT_EQ(Read(0x46, 0, 0, 17), (Bytes{0x40, 0x80, 0, 1, 0, 1, 2}));
  EXPECT_EQ(Memory(1024), disk_.Sectors(16, 2));
}

TEST_F(I82077DataTest, ATerminalCountAmidASectorIsEnough) {
  ProgramDma(true, 100);
  EXPECT_EQ(Read(0x46, 0, 0, 1), (Bytes{0x00, 0, 0, 0, 0, 2, 2}));
  EXPECT_EQ(Memory(101)[100], 0);
}

TEST_F(I82077DataTest, AMaskedChannelOverruns) {
  Out(0x0A, 0x06);
  EXPECT_EQ(Read(0x46, 0, 0, 1), (Bytes{0x40, 0x10, 0, 0, 0, 1, 2}));
}

TEST_F(I82077DataTest, SectorsThatAreNotThereAreNotFound) {
  ProgramDma(true, 512);
  EXPECT_EQ(Read(0x46, 0, 0, 19), (Bytes{0x40, 0x04, 0, 0, 0, 19, 2}));
  EXPECT_EQ(Read(0x46, 0, 0, 0), (Bytes{0x40, 0x04, 0, 0, 0, 0, 2}));
  EXPECT_EQ(Read(0x46, 1, 0, 1), (Bytes{0x40, 0x04, 0x10, 1, 0, 1, 2}));  // no seek before
  EXPECT_EQ(DataCommand({0x46, 0, 0, 1, 1, 2, 18, 0x1B, 0xFF}),           // other head in the ID
            (Bytes{0x40, 0x04, 0, 0, 1, 1, 2}));
  EXPECT_EQ(DataCommand({0x46, 0, 0, 0, 1, 3, 18, 0x1B, 0xFF}),  // 1024 bytes
            (Bytes{0x40, 0x04, 0, 0, 0, 1, 3}));
}

TEST_F(I82077DataTest, AnotherRateOrRecordingFindsNoAddressMark) {
  ProgramDma(true, 512);
  Out(0x3F7, 0x02);
  EXPECT_EQ(Read(0x46, 0, 0, 1), (Bytes{0x40, 0x01, 0, 0, 0, 1, 2}));
  Out(0x3F4, 0x00);
  EXPECT_EQ(Read(0x46, 0, 0, 1)[0], 0x00);
  EXPECT_EQ(Read(0x06, 0, 0, 1)[1], 0x01);
  SeekTo(81);
  EXPECT_EQ(Read(0x46, 81, 0, 1)[1], 0x01);
}

TEST_F(I82077DataTest, ErrorsOfTheDiskAreDataErrors) {
  disk_.bad_sectors = {1};
  ProgramDma(true, 1024);
  EXPECT_EQ(Read(0x46, 0, 0, 1), (Bytes{0x40, 0x20, 0x20, 0, 0, 2, 2}));
  ProgramDma(false, 1024);
  EXPECT_EQ(Read(0x45, 0, 0, 2), (Bytes{0x40, 0x20, 0x00, 0, 0, 2, 2}));
}

TEST_F(I82077DataTest, WithoutIndexPulsesACommandWaitsForAReset) {
  Out(0x3F2, 0x0C);  // motor off
  ProgramDma(true, 512);
  Send({0x46, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF});
  Wait(10'000 * uint64_t{kMs});
  EXPECT_EQ(Status(), 0x10);
  Out(0x3F2, 0x08);
  Out(0x3F2, kRunning);
  EXPECT_EQ(SenseInterrupt(), (Bytes{0xC0, 0}));
}

TEST_F(I82077DataTest, WritesSectorsByDma) {
  Bytes data(1024);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i * 3 + 1);
  SetMemory(data);
  SeekTo(79);
  ProgramDma(false, 1024);
  EXPECT_EQ(Read(0xC5, 79, 1, 17), (Bytes{0x04, 0, 0, 80, 0, 1, 2}));
  EXPECT_EQ(disk_.Sectors(2878, 2), data);
}

TEST_F(I82077DataTest, TheRestOfACutOffSectorIsZeros) {
  SetMemory(Bytes(512, 0xAA));
  ProgramDma(false, 3);
  EXPECT_EQ(Read(0x45, 0, 0, 5)[0], 0x00);
  Bytes expected(512);
  std::fill_n(expected.begin(), 3, uint8_t{0xAA});
  EXPECT_EQ(disk_.Sectors(4, 1), expected);
}

TEST_F(I82077DataTest, AProtectedDiskIsNotWritten) {
  FakeDisk disk(2880, true);
  fdc_.drive(0).ChangeDisk(disk, k1440K);
  EXPECT_EQ(Command({0x04, 0x00}), Bytes{0x78});
  ProgramDma(false, 512);
  EXPECT_EQ(Read(0x45, 0, 0, 1), (Bytes{0x40, 0x02, 0, 0, 0, 1, 2}));
  ProgramDma(false, 72);
  EXPECT_EQ(DataCommand({0x4D, 0, 2, 18, 0x54, 0xF6})[1], 0x02);
  EXPECT_TRUE(disk.waiting.empty());
}

TEST_F(I82077DataTest, ReadsByPortWithoutAFifoByteForByte) {
  UsePorts(0x20);
  Send({0x46, 0, 0, 0, 3, 2, 3, 0x1B, 0xFF});
  Bytes data;
  while (data.size() < 512) {
    Wait();
    ASSERT_EQ(Status(), 0xF0);
    data.push_back(In(0x3F5));
    if (data.size() < 512) {
      ASSERT_EQ(Status() & 0x80, 0x00);
    }
  }
  // There is no terminal count on this way.
  EXPECT_EQ(Results(), (Bytes{0x40, 0x80, 0, 1, 0, 1, 2}));
  EXPECT_EQ(data, disk_.Sectors(2, 1));
  EXPECT_EQ(irq6_.rises, 513u);
}

TEST_F(I82077DataTest, TheFifoAsksForManyBytesAtOnce) {
  UsePorts(0x08);
  Send({0x46, 0, 0, 0, 3, 2, 4, 0x1B, 0xFF});
  Bytes data;
  unsigned requests = 0;
  while (data.size() < 1024) {
    Wait();
    ++requests;
    while ((Status() & 0xE0) == 0xE0) data.push_back(In(0x3F5));
  }
  EXPECT_EQ(requests, 128u);  // of 16 - 8 bytes
  EXPECT_EQ(data, disk_.Sectors(2, 2));
}

TEST_F(I82077DataTest, WritesByPort) {
  UsePorts(0x0F);
  Send({0x45, 0, 0, 0, 3, 2, 3, 0x1B, 0xFF});
  const Bytes data(512, 0x3C);
  for (size_t sent = 0; sent < data.size();) {
    Wait();
    ASSERT_EQ(Status(), 0xB0);
    while ((Status() & 0xE0) == 0xA0 && sent < data.size()) Out(0x3F5, data[sent++]);
  }
  Wait();
  EXPECT_EQ(Results()[1], 0x80);
  EXPECT_EQ(disk_.Sectors(2, 1), data);
}

TEST_F(I82077DataTest, ImpliedSeekMovesTheHeadFirst) {
  Send({0x13, 0x00, 0x60, 0x00});
  ProgramDma(true, 512);
  EXPECT_EQ(Read(0x46, 33, 1, 2), (Bytes{0x24, 0, 0, 33, 1, 3, 2}));
  EXPECT_EQ(Memory(512), disk_.Sectors(Block(33, 1, 2), 1));
  EXPECT_EQ(Command({0x0E})[0], 33);
}

TEST_F(I82077DataTest, ReadIdNamesASectorOfTheTrack) {
  SeekTo(12);
  const Bytes results = DataCommand({0x4A, 0x04});
  ASSERT_EQ(results.size(), 7u);
  EXPECT_EQ(Bytes(results.begin(), results.begin() + 5), (Bytes{0x04, 0, 0, 12, 1}));
  EXPECT_GE(results[5], 1);
  EXPECT_LE(results[5], 18);
  EXPECT_EQ(results[6], 2);
  Out(0x3F7, 0x01);
  EXPECT_EQ(DataCommand({0x4A, 0x00})[1], 0x01);
}

TEST_F(I82077DataTest, ReadTrackTakesSectorsAsTheyCome) {
  ProgramDma(true, 18 * 512);
  EXPECT_EQ(Read(0x42, 0, 0, 1)[0], 0x00);
  EXPECT_EQ(Memory(18 * 512), disk_.Sectors(0, 18));
  ProgramDma(true, 512);
  const Bytes results = Read(0x42, 5, 0, 9);
  EXPECT_EQ(results[1], 0x04);  // that is not what it was told
  EXPECT_EQ(Memory(512), disk_.Sectors(0, 1));
}

TEST_F(I82077DataTest, VerifyReadsWithoutTheHost) {
  EXPECT_EQ(Read(0x56, 0, 0, 1), (Bytes{0x00, 0, 0, 1, 0, 1, 2}));
  // Counting: five sectors.
  EXPECT_EQ(DataCommand({0xD6, 0x80, 0, 0, 16, 2, 18, 0x1B, 5}), (Bytes{0x04, 0, 0, 0, 1, 3, 2}));
  disk_.bad_sectors = {9};
  EXPECT_EQ(Read(0x56, 0, 0, 1), (Bytes{0x40, 0x20, 0x20, 0, 0, 10, 2}));
}

TEST_F(I82077DataTest, ADeletedMarkIsNowhereAndReadDeletedStopsAtTheOtherKind) {
  ProgramDma(true, 4 * 512);
  EXPECT_EQ(Read(0x4C, 0, 0, 1), (Bytes{0x00, 0, 0x40, 0, 0, 2, 2}));
  EXPECT_EQ(Memory(512), disk_.Sectors(0, 1));
  EXPECT_EQ(Read(0x6C, 0, 0, 1), (Bytes{0x40, 0x80, 0, 1, 0, 1, 2}));  // skips all
  testing::internal::CaptureStderr();
  ProgramDma(false, 512);
  EXPECT_EQ(Read(0x49, 0, 0, 1)[0], 0x00);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("deleted data mark"), std::string::npos);
}

TEST_F(I82077DataTest, ScansCompareByteForByte) {
  std::fill_n(disk_.data.begin(), 3 * 512, uint8_t{0x40});
  disk_.data[512 + 100] = 0x41;
  const auto scan = [this](unsigned command, uint8_t value, unsigned first, unsigned step = 1) {
    SetMemory(Bytes(4 * 512, value));
    ProgramDma(false, 4 * 512);
    const Bytes results = DataCommand({command, 0, 0, 0, first, 2, 3, 0x1B, step});
    EXPECT_EQ(results[0], 0x00);
    return results[2];
  };
  EXPECT_EQ(scan(0x51, 0x40, 1), 0x08);
  EXPECT_EQ(scan(0x51, 0x3F, 1), 0x04);
  EXPECT_EQ(scan(0x51, 0xFF, 1), 0x08);  // FFh is like anything
  EXPECT_EQ(scan(0x59, 0x41, 1), 0x00);  // the disk is lower
  EXPECT_EQ(scan(0x59, 0x3F, 1), 0x04);
  EXPECT_EQ(scan(0x5D, 0x3F, 1), 0x00);
  EXPECT_EQ(scan(0x5D, 0x41, 1), 0x04);
  EXPECT_EQ(scan(0x51, 0x40, 2), 0x08);     // found in sector 3
  EXPECT_EQ(scan(0x51, 0x40, 2, 2), 0x04);  // which a step of two leaves out
}

TEST_F(I82077DataTest, FormattingFillsTheTrack) {
  SeekTo(4);
  Bytes ids;
  for (uint8_t sector = 1; sector <= 18; ++sector) {
    for (const uint8_t byte : {uint8_t{4}, uint8_t{1}, sector, uint8_t{2}}) ids.push_back(byte);
  }
  SetMemory(ids);
  ProgramDma(false, 72);
  EXPECT_EQ(DataCommand({0x4D, 0x04, 2, 18, 0x54, 0xF6})[0], 0x04);
  EXPECT_EQ(disk_.Sectors(Block(4, 1, 1), 18), Bytes(18 * 512, 0xF6));
  EXPECT_NE(disk_.Sectors(Block(4, 0, 18), 1), Bytes(512, 0xF6));
  EXPECT_NE(disk_.Sectors(Block(5, 0, 1), 1), Bytes(512, 0xF6));
}

TEST_F(I82077DataTest, AFormatThatTheImageCannotHoldIsRefusedAloud) {
  SetMemory({0, 0, 1, 2});
  ProgramDma(false, 36);
  testing::internal::CaptureStderr();
  const Bytes results = DataCommand({0x4D, 0x00, 2, 9, 0x54, 0xF6});
  EXPECT_EQ(results[0], 0x40);
  EXPECT_EQ(results[1], 0x04);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("cannot hold the format"),
            std::string::npos);
}

TEST_F(I82077DataTest, AShortImageReadsAsZerosAndEndsWhereItEnds) {
  FakeDisk boot_sector(1);
  fdc_.drive(0).ChangeDisk(boot_sector, k1440K);
  const auto transfer = [&](unsigned command, unsigned sector) {
    Send({command, 0, 0, 0, sector, 2, 18, 0x1B, 0xFF});
    for (unsigned i = 0; i < 3; ++i) {
      Wait(kMs);
      boot_sector.AnswerAll();
    }
    return Results();
  };
  ProgramDma(true, 1024);
  EXPECT_EQ(transfer(0x46, 1)[0], 0x00);
  Bytes expected = boot_sector.Sectors(0, 1);
  expected.resize(1024);
  EXPECT_EQ(Memory(1024), expected);
  testing::internal::CaptureStderr();
  ProgramDma(false, 512);
  EXPECT_EQ(transfer(0x45, 2)[1], 0x20);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("behind the end"), std::string::npos);
  EXPECT_EQ(boot_sector.outside, 0u);
}

TEST_F(I82077DataTest, AnAnswerThatComesAfterAResetIsNotHeard) {
  ProgramDma(true, 512);
  Send({0x46, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF});
  clock_.now_ns += 10 * kMs;
  fdc_.AdvanceTo(clock_.now_ns);
  ASSERT_EQ(disk_.waiting.size(), 1u);
  EXPECT_FALSE(fdc_.Settled());
  Out(0x3F2, 0x18);
  EXPECT_TRUE(fdc_.Settled());
  disk_.AnswerAll();
  Out(0x3F2, kRunning);
  EXPECT_EQ(Status(), 0x80);
  EXPECT_EQ(Memory(512), Bytes(512));
}

TEST_F(I82077DataTest, TheSizeOfAnImageIsItsFormat) {
  const auto geometry = [](uint64_t kib) { return *FloppyGeometryOf(kib * 1024); };
  EXPECT_EQ(geometry(160).heads, 1);
  EXPECT_EQ(geometry(360).sectors, 9);
  EXPECT_EQ(geometry(360).drive, FloppyDriveType::k360K);
  EXPECT_EQ(geometry(720).rate, FloppyRate::k250);
  EXPECT_EQ(geometry(1200).sectors, 15);
  EXPECT_EQ(geometry(1440).TotalSectors(), 2880u);
  EXPECT_EQ(geometry(1680).sectors, 21);
  EXPECT_EQ(geometry(1722).cylinders, 82);
  EXPECT_EQ(geometry(2880).rate, FloppyRate::k1000);
  EXPECT_FALSE(FloppyGeometryOf(1441 * 1024).has_value());
  for (const FloppyGeometry& format : kFloppyGeometries) {
    EXPECT_EQ(FloppyRateOf(format.sectors), format.rate);
  }
}

TEST_F(I82077DataTest, AWriteEndsOnlyWhenItIsSafe) {
  ProgramDma(false, 2 * 512);
  Send({0x45, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF});
  for (unsigned sector = 0; sector < 2; ++sector) {
    while (fdc_.Settled()) {
      clock_.now_ns += kMs;
      fdc_.AdvanceTo(clock_.now_ns);
    }
    ASSERT_EQ(disk_.waiting.front().kind, BlockRequest::Kind::kWrite);
    disk_.AnswerOne();
  }
  EXPECT_EQ(disk_.Sectors(0, 2), Bytes(1024)) << "written";
  clock_.now_ns += 1'000 * kMs;
  fdc_.AdvanceTo(clock_.now_ns);
  ASSERT_EQ(disk_.waiting.front().kind, BlockRequest::Kind::kFlush);
  EXPECT_FALSE(irq6_.high) << "but not safe";
  EXPECT_EQ(Status(), 0x10);
  disk_.AnswerOne();
  EXPECT_TRUE(irq6_.high);
  EXPECT_EQ(Results(), (Bytes{0x00, 0, 0, 0, 0, 3, 2}));
}

TEST_F(I82077DataTest, AWriteThatCannotBeMadeSafeFails) {
  disk_.flush_fails = true;
  ProgramDma(false, 512);
  const Bytes results = DataCommand({0x45, 0, 0, 0, 1, 2, 18, 0x1B, 0xFF});
  EXPECT_EQ(results[0], 0x40);
  EXPECT_EQ(results[1], 0x20);
}

TEST_F(I82077DataTest, SavesAndLoadsAmidATransfer) {
  UsePorts(0x08);
  Send({0x46, 0, 0, 0, 3, 2, 3, 0x1B, 0xFF});
  Wait();
  Bytes data = {In(0x3F5), In(0x3F5), In(0x3F5)};
  I82077 other(clock_, irq6_, dma_.Channel(2));
  other.drive(0).Install(FloppyDriveType::k1440K);
  other.drive(0).ChangeDisk(disk_, k1440K);
  ExpectRoundTrip(fdc_, other);
  while (data.size() < 512) {
    RunTo(clock_, other, clock_.now_ns + kMs);
    data.push_back(static_cast<uint8_t>(other.ReadPort(0x3F5, 1)));
  }
  EXPECT_EQ(data, disk_.Sectors(2, 1));
  EXPECT_EQ(other.ReadPort(0x3F4, 1), 0xD0u);
  ExpectCorruptionHandled(clock_, fdc_);
}

}  // namespace
}  // namespace verbatim
