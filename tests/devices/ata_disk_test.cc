// SPDX-License-Identifier: Apache-2.0
// Every command of the hard disk by PIO, and its errors (ATA/ATAPI-6, chapters 8 and 9).
#include "devices/ata_disk.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/devices/ide_fixture.h"

namespace verbatim {
namespace {

class AtaDiskTest : public IdeFixture {
 protected:
  AtaDiskTest() { Attach(disk_); }
  void Attach(FakeDisk& disk) {
    ide_.channel(0).AttachDisk(0, disk, "SERIAL 1");
    PowerOn();
  }
  void Answer() override { disk_.AnswerAll(); }
  std::vector<uint8_t> Identify() {
    Run(ata::kIdentify);
    return ReadData(512);
  }
  static uint32_t Word(const std::vector<uint8_t>& identity, unsigned word) {
    return LoadLittle<uint16_t>(&identity[2 * word]);
  }
  uint32_t CurrentLba28() {
    return (In(ata::kDevice) & 0x0Fu) << 24 | uint32_t{In(ata::kLbaHigh)} << 16 |
           uint32_t{In(ata::kLbaMid)} << 8 | In(ata::kLbaLow);
  }

  FakeDisk disk_{3000};
};

TEST_F(AtaDiskTest, IsReadyWithItsSignatureAfterPowerOn) {
  EXPECT_EQ(AlternateStatus(), kReady);
  EXPECT_EQ(Error(), 0x01);
  EXPECT_EQ(In(ata::kSectorCount), 1);
  EXPECT_EQ(In(ata::kLbaLow), 1);
  EXPECT_EQ(In(ata::kLbaMid), 0);
  EXPECT_EQ(In(ata::kLbaHigh), 0);
  EXPECT_FALSE(irq14_.high);
}

TEST_F(AtaDiskTest, IdentifyDescribesTheDisk) {
  const std::vector<uint8_t> identity = Identify();
  EXPECT_EQ(Word(identity, 0), 0x0040u);
  EXPECT_EQ(Word(identity, 1), 2u);  // 3000 / (16 * 63)
  EXPECT_EQ(Word(identity, 3), 16u);
  EXPECT_EQ(Word(identity, 4), 63u * 512);
  EXPECT_EQ(Word(identity, 5), 512u);
  EXPECT_EQ(Word(identity, 6), 63u);
  EXPECT_EQ(Word(identity, 10), uint32_t{'S'} << 8 | 'E');
  EXPECT_EQ(Word(identity, 27), uint32_t{'V'} << 8 | 'E');
  EXPECT_EQ(Word(identity, 47), 0x8010u);
  EXPECT_EQ(Word(identity, 49) & 0x0B00u, 0x0B00u);
  EXPECT_EQ(Word(identity, 57) | Word(identity, 58) << 16, 2u * 16 * 63);
  EXPECT_EQ(Word(identity, 60) | Word(identity, 61) << 16, 3000u);
  EXPECT_EQ(Word(identity, 63), 0x0407u);
  EXPECT_EQ(Word(identity, 83) & 0x7400u, 0x7400u);  // FLUSH EXT, FLUSH, LBA48
  EXPECT_EQ(Word(identity, 100), 3000u);
  EXPECT_EQ(identity[510], 0xA5);
  EXPECT_EQ(std::accumulate(identity.begin(), identity.end(), 0u) % 256, 0u);
  EXPECT_EQ(Status(), kReady);
}

TEST_F(AtaDiskTest, ReadsSectorsWithOneInterruptEach) {
  SetLba28(5, 3);
  Issue(ata::kReadSectors);
  EXPECT_EQ(AlternateStatus(), ata::kBusy);
  EXPECT_FALSE(irq14_.high);
  Answer();
  for (unsigned sector = 0; sector < 3; ++sector) {
    EXPECT_TRUE(irq14_.high);
    EXPECT_EQ(Status(), kDataRequest);
    EXPECT_FALSE(irq14_.high) << "reading the status acknowledges";
    EXPECT_EQ(ReadData(512), disk_.Sectors(5 + sector, 1));
  }
  EXPECT_FALSE(irq14_.high) << "a read ends with its last data";
  EXPECT_EQ(irq14_.rises, 3u);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(In(ata::kSectorCount), 0);
  EXPECT_EQ(CurrentLba28(), 7u);
}

TEST_F(AtaDiskTest, DataPortTakesEveryWidth) {
  for (const unsigned width : {1u, 2u, 4u}) {
    SetLba28(9, 2);
    Run(ata::kReadSectors);
    EXPECT_EQ(ReadData(1024, width), disk_.Sectors(9, 2)) << width;
    EXPECT_EQ(Status(), kReady);
    const std::vector<uint8_t> fresh(1024, static_cast<uint8_t>(width));
    SetLba28(20, 2);
    Run(ata::kWriteSectors);
    WriteData(fresh, width);
    EXPECT_EQ(disk_.Sectors(20, 2), fresh);
    EXPECT_EQ(Status(), kReady);
  }
}

TEST_F(AtaDiskTest, DataPortIsSilentWithoutRequest) {
  EXPECT_EQ(bus_->ReadPort(kBase, 2), 0xFFFFu);
  bus_->WritePort(kBase, 4, 0x12345678);
  EXPECT_EQ(Status(), kReady);
}

TEST_F(AtaDiskTest, AnAccessThatReachesOverTheEndOfDataReadsOnes) {
  SetLba28(0, 1);
  Run(ata::kReadSectors);
  ReadData(510);
  const uint32_t value = bus_->ReadPort(kBase, 4);
  EXPECT_EQ(value & 0xFFFF, LoadLittle<uint16_t>(&disk_.data[510]));
  EXPECT_EQ(value >> 16, 0xFFFFu);
}

TEST_F(AtaDiskTest, WritesSectorsWithAnInterruptAfterEach) {
  const std::vector<uint8_t> fresh(1024, 0xA7);
  SetLba28(100, 2);
  Issue(ata::kWriteSectors);
  EXPECT_EQ(AlternateStatus(), kDataRequest);
  EXPECT_FALSE(irq14_.high) << "the first block is asked for silently";
  WriteData(std::span(fresh).first(512));
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(Status(), kDataRequest);
  WriteData(std::span(fresh).last(512));
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(disk_.Sectors(100, 2), fresh);
  EXPECT_EQ(CurrentLba28(), 101u);
}

TEST_F(AtaDiskTest, ACountOfZeroIs256Sectors) {
  SetLba28(1, 0);
  Run(ata::kReadSectors);
  EXPECT_EQ(ReadData(256 * 512), disk_.Sectors(1, 256));
  EXPECT_EQ(Status(), kReady);
}

TEST_F(AtaDiskTest, ExtendedCommandsTakeSixteenBitsOfCount) {
  SetLba48(2, 0x203);
  Run(ata::kReadSectorsExt);
  EXPECT_EQ(ReadData(0x203 * 512), disk_.Sectors(2, 0x203));
  EXPECT_EQ(Status(), kReady);
  SetLba48(2600, 1);
  Run(ata::kWriteSectorsExt);
  WriteData(std::vector<uint8_t>(512, 0x11));
  EXPECT_EQ(disk_.Sectors(2600, 1), std::vector<uint8_t>(512, 0x11));
}

TEST_F(AtaDiskTest, HighOrderBytesAreReadWithHob) {
  SetLba48(0x112233445566, 0x7788);
  Control(0x80);
  EXPECT_EQ(In(ata::kSectorCount), 0x77);
  EXPECT_EQ(In(ata::kLbaLow), 0x33);
  EXPECT_EQ(In(ata::kLbaMid), 0x22);
  EXPECT_EQ(In(ata::kLbaHigh), 0x11);
  Out(ata::kFeatures, 0);  // any write to the command block clears HOB
  EXPECT_EQ(In(ata::kLbaLow), 0x66);
  EXPECT_EQ(In(ata::kSectorCount), 0x88);
}

TEST_F(AtaDiskTest, RangesOffTheDiskAreRefusedWithoutAskingIt) {
  struct Case {
    uint64_t sector;
    unsigned count;
    unsigned command;
  };
  for (const Case& c :
       {Case{2999, 2, ata::kReadSectors}, Case{3000, 1, ata::kReadSectors},
        Case{0x0FFFFFFF, 0, ata::kReadSectors}, Case{3000, 1, ata::kWriteSectors},
        Case{3000, 1, ata::kVerify}, Case{2999, 2, ata::kReadDma}, Case{2999, 2, ata::kWriteDma}}) {
    SetLba28(static_cast<uint32_t>(c.sector), c.count);
    Run(c.command);
    EXPECT_EQ(Status(), kFailed) << c.command;
    EXPECT_EQ(Error(), ata::kIdNotFound);
  }
  for (const uint64_t sector : {uint64_t{2999}, uint64_t{1} << 32, (uint64_t{1} << 48) - 1}) {
    SetLba48(sector, 2);
    Run(ata::kReadSectorsExt);
    EXPECT_EQ(Status(), kFailed) << sector;
    EXPECT_EQ(Error(), ata::kIdNotFound);
  }
  SetLba48(2999, 0);  // 65536 sectors
  Run(ata::kWriteDmaExt);
  EXPECT_EQ(Error(), ata::kIdNotFound);
  EXPECT_EQ(disk_.outside, 0u);
}

TEST_F(AtaDiskTest, CylindersHeadsAndSectorsNameTheSameDisk) {
  SetChs(1, 2, 3, 1);
  Run(ata::kReadSectors);
  EXPECT_EQ(ReadData(512), disk_.Sectors((1 * 16 + 2) * 63 + 2, 1));
  EXPECT_EQ(In(ata::kLbaLow), 3);
  EXPECT_EQ(In(ata::kLbaMid), 1);
  EXPECT_EQ(In(ata::kDevice) & 0x4F, 2);
  struct Case {
    unsigned cylinder, head, sector;
  };
  for (const Case& c : {Case{0, 0, 0}, Case{0, 0, 64}, Case{2, 0, 1}, Case{0xFFFF, 15, 63}}) {
    SetChs(c.cylinder, c.head, c.sector, 1);
    Run(ata::kReadSectors);
    EXPECT_EQ(Status(), kFailed);
    EXPECT_EQ(Error(), ata::kIdNotFound);
  }
}

TEST_F(AtaDiskTest, TheGuestMayChooseAnotherGeometry) {
  Out(ata::kDevice, 0xA3);  // 4 heads
  Out(ata::kSectorCount, 10);
  Run(ata::kInitializeParameters);
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(Status(), kReady);
  SetChs(5, 3, 10, 1);
  Run(ata::kReadSectors);
  EXPECT_EQ(ReadData(512), disk_.Sectors((5 * 4 + 3) * 10 + 9, 1));
  SetChs(5, 4, 1, 1);
  Run(ata::kReadSectors);
  EXPECT_EQ(Error(), ata::kIdNotFound);
  const std::vector<uint8_t> identity = Identify();
  EXPECT_EQ(Word(identity, 54), 75u);
  EXPECT_EQ(Word(identity, 55), 4u);
  EXPECT_EQ(Word(identity, 56), 10u);
  EXPECT_EQ(Word(identity, 3), 16u) << "the default stays known";
  Out(ata::kSectorCount, 0);
  Run(ata::kInitializeParameters);
  EXPECT_EQ(Error(), ata::kAborted);
}

TEST_F(AtaDiskTest, MultipleMovesBlocksOfSectors) {
  SetLba28(3, 5);
  Run(ata::kReadMultiple);
  EXPECT_EQ(Status(), kFailed) << "before SET MULTIPLE";
  EXPECT_EQ(Error(), ata::kAborted);
  Out(ata::kSectorCount, 4);
  Run(ata::kSetMultiple);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(Word(Identify(), 59), 0x0104u);
  const unsigned rises = irq14_.rises;
  SetLba28(3, 5);
  Run(ata::kReadMultiple);
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(Status(), kDataRequest);
  EXPECT_EQ(ReadData(4 * 512), disk_.Sectors(3, 4));
  EXPECT_EQ(Status(), kDataRequest);
  EXPECT_EQ(ReadData(512), disk_.Sectors(7, 1));
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(irq14_.rises, rises + 2);
  const std::vector<uint8_t> fresh(6 * 512, 0x3C);
  SetLba48(50, 6);
  Run(ata::kWriteMultipleExt);
  WriteData(fresh);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(disk_.Sectors(50, 6), fresh);
  for (const unsigned bad : {3u, 32u, 255u}) {
    Out(ata::kSectorCount, bad);
    Run(ata::kSetMultiple);
    EXPECT_EQ(Error(), ata::kAborted) << bad;
  }
}

TEST_F(AtaDiskTest, VerifyReadsWithoutData) {
  SetLba28(0, 0);
  Run(ata::kVerify);
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(irq14_.rises, 1u);
  EXPECT_EQ(Status(), kReady);
  disk_.bad_sectors = {700};
  SetLba48(0, 1000);
  Run(ata::kVerifyExt);
  EXPECT_EQ(Status(), kFailed);
  EXPECT_EQ(Error(), ata::kUncorrectable);
  EXPECT_EQ(CurrentLba28() & 0xFFFFFF, 700u);
}

TEST_F(AtaDiskTest, ABadSectorIsNamedAfterTheGoodOnesArrived) {
  disk_.bad_sectors = {12};
  SetLba28(10, 5);
  Run(ata::kReadSectors);
  EXPECT_EQ(ReadData(2 * 512), disk_.Sectors(10, 2));
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(Status(), kFailed);
  EXPECT_EQ(Error(), ata::kUncorrectable);
  EXPECT_EQ(CurrentLba28(), 12u);
  SetLba28(10, 1);
  Run(ata::kReadSectors);
  EXPECT_EQ(Status(), kDataRequest) << "an error ends one command only";
}

TEST_F(AtaDiskTest, AWriteErrorEndsTheCommand) {
  disk_.bad_sectors = {31};
  SetLba28(30, 3);
  Run(ata::kWriteSectors);
  WriteData(std::vector<uint8_t>(1024, 1));
  EXPECT_EQ(Status(), kFailed);
  EXPECT_EQ(Error(), ata::kAborted);
  EXPECT_EQ(CurrentLba28(), 31u);
}

TEST_F(AtaDiskTest, FlushReachesTheDiskBeforeItEnds) {
  for (const unsigned command : {ata::kFlushCache, ata::kFlushCacheExt}) {
    const unsigned flushes = disk_.flushes;
    Issue(command);
    EXPECT_EQ(AlternateStatus(), ata::kBusy);
    EXPECT_FALSE(irq14_.high);
    Answer();
    EXPECT_EQ(disk_.flushes, flushes + 1);
    EXPECT_TRUE(irq14_.high);
    EXPECT_EQ(Status(), kReady);
  }
  disk_.flush_fails = true;
  Run(ata::kFlushCache);
  EXPECT_EQ(Status(), kFailed);
  EXPECT_EQ(Error(), ata::kAborted);
}

TEST_F(AtaDiskTest, WithoutWriteCacheEachWriteIsFlushed) {
  Out(ata::kFeatures, 0x82);
  Run(ata::kSetFeatures);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(disk_.flushes, 1u);
  EXPECT_EQ(Word(Identify(), 85) & 0x20u, 0u);
  SetLba28(0, 1);
  Run(ata::kWriteSectors);
  WriteData(std::vector<uint8_t>(512, 1));
  EXPECT_EQ(disk_.flushes, 2u);
  EXPECT_EQ(Status(), kReady);
  Out(ata::kFeatures, 0x02);
  Run(ata::kSetFeatures);
  EXPECT_EQ(Word(Identify(), 85) & 0x20u, 0x20u);
  SetLba28(0, 1);
  Run(ata::kWriteSectors);
  WriteData(std::vector<uint8_t>(512, 1));
  EXPECT_EQ(disk_.flushes, 2u);
}

TEST_F(AtaDiskTest, SetFeaturesChoosesTransferModes) {
  const auto set_mode = [this](unsigned mode) {
    Out(ata::kFeatures, 0x03);
    Out(ata::kSectorCount, mode);
    Run(ata::kSetFeatures);
    return Status();
  };
  EXPECT_EQ(set_mode(0x45), kReady);
  EXPECT_EQ(Word(Identify(), 88), 0x203Fu);
  EXPECT_EQ(Word(Identify(), 63), 0x0007u);
  EXPECT_EQ(set_mode(0x21), kReady);
  EXPECT_EQ(Word(Identify(), 63), 0x0207u);
  EXPECT_EQ(Word(Identify(), 88), 0x003Fu);
  for (const unsigned good : {0x00u, 0x01u, 0x08u, 0x0Cu}) EXPECT_EQ(set_mode(good), kReady);
  for (const unsigned bad : {0x02u, 0x0Du, 0x10u, 0x23u, 0x46u, 0xFFu}) {
    EXPECT_EQ(set_mode(bad), kFailed) << bad;
    EXPECT_EQ(Error(), ata::kAborted);
  }
  for (const unsigned feature : {0x55u, 0xAAu, 0x66u}) {
    Out(ata::kFeatures, feature);
    Run(ata::kSetFeatures);
    EXPECT_EQ(Status(), kReady) << feature;
  }
  Out(ata::kFeatures, 0x99);
  Run(ata::kSetFeatures);
  EXPECT_EQ(Error(), ata::kAborted);
}

TEST_F(AtaDiskTest, PowerModesAreKeptAndEndWithWork) {
  const auto power_mode = [this](unsigned command) {
    Out(ata::kSectorCount, 0x55);
    Run(command);
    EXPECT_EQ(Status(), kReady);
    return In(ata::kSectorCount);
  };
  EXPECT_EQ(power_mode(ata::kCheckPowerMode), 0xFF);
  for (const unsigned command :
       {ata::kStandby, ata::kStandbyImmediate, ata::kStandbyOld, ata::kStandbyImmediateOld}) {
    Run(command);
    EXPECT_EQ(power_mode(ata::kCheckPowerModeOld), 0x00) << command;
    Run(ata::kIdleImmediate);
    EXPECT_EQ(power_mode(ata::kCheckPowerMode), 0xFF);
  }
  Run(ata::kStandby);
  SetLba28(0, 1);
  Run(ata::kReadSectors);
  EXPECT_EQ(Status(), kDataRequest);
  ReadData(512);
  EXPECT_EQ(power_mode(ata::kCheckPowerMode), 0xFF);
}

TEST_F(AtaDiskTest, ASleepingDiskHearsOnlyAReset) {
  Run(ata::kSleep);
  EXPECT_EQ(Status(), kReady);
  const unsigned rises = irq14_.rises;
  Run(ata::kIdentify);
  EXPECT_EQ(AlternateStatus(), kReady);
  EXPECT_EQ(irq14_.rises, rises);
  Control(ata::kSoftReset);
  Control(0);
  Run(ata::kIdentify);
  EXPECT_EQ(Status(), kDataRequest);
}

TEST_F(AtaDiskTest, SeekAndRecalibrateOnlyLook) {
  SetLba28(2999, 0);
  Run(ata::kSeek);
  EXPECT_EQ(Status(), kReady);
  SetLba28(3000, 0);
  Run(ata::kSeek);
  EXPECT_EQ(Error(), ata::kIdNotFound);
  Run(ata::kRecalibrate);
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(Status(), kReady);
  EXPECT_TRUE(disk_.waiting.empty());
}

TEST_F(AtaDiskTest, NativeMaxIsTheLastSector) {
  Out(ata::kDevice, 0xE0);
  Run(ata::kReadNativeMax);
  EXPECT_EQ(CurrentLba28(), 2999u);
  Run(ata::kReadNativeMaxExt);
  EXPECT_EQ(In(ata::kLbaMid) << 8 | In(ata::kLbaLow), 2999);
  Out(ata::kDevice, 0xA0);
  Run(ata::kReadNativeMax);
  EXPECT_EQ(Error(), ata::kAborted);
}

TEST_F(AtaDiskTest, WhatItDoesNotKnowIsAborted) {
  for (const unsigned command :
       {unsigned{ata::kNop}, unsigned{ata::kDeviceReset}, unsigned{ata::kPacket},
        unsigned{ata::kIdentifyPacket}, 0xB0u /* SMART */, 0x06u, 0xFFu}) {
    Run(command);
    EXPECT_TRUE(irq14_.high) << command;
    EXPECT_EQ(Status(), kFailed) << command;
    EXPECT_EQ(Error(), ata::kAborted) << command;
  }
}

TEST_F(AtaDiskTest, ABusyDriveIgnoresItsRegisters) {
  SetLba28(5, 1);
  Issue(ata::kReadSectors);
  Out(ata::kLbaLow, 77);
  Issue(ata::kIdentify);
  EXPECT_EQ(disk_.waiting.size(), 1u);
  Answer();
  EXPECT_EQ(ReadData(512), disk_.Sectors(5, 1));
}

TEST_F(AtaDiskTest, AResetLeavesAnswersUnheard) {
  SetLba28(5, 1);
  Issue(ata::kReadSectors);
  Control(ata::kSoftReset);
  EXPECT_EQ(AlternateStatus(), ata::kBusy);
  Control(0);
  EXPECT_EQ(AlternateStatus(), kReady);
  Answer();
  EXPECT_EQ(AlternateStatus(), kReady);
  EXPECT_FALSE(irq14_.high);
  Run(ata::kIdentify);
  EXPECT_EQ(Status(), kDataRequest);
}

TEST_F(AtaDiskTest, ANewCommandEndsATransfer) {
  SetLba28(5, 2);
  Run(ata::kReadSectors);
  ReadData(100);
  const std::vector<uint8_t> identity = Identify();
  EXPECT_EQ(Word(identity, 0), 0x0040u);
  EXPECT_EQ(Status(), kReady);
}

TEST_F(AtaDiskTest, ASettledDriveSurvivesSavingAmidTransfers) {
  SetLba28(5, 2);
  Run(ata::kReadSectors);
  ReadData(100);
  PiixIde other(irq14_, irq15_, memory_);
  other.channel(0).AttachDisk(0, disk_, "SERIAL 1");
  ExpectRoundTrip(ide_, other);
  std::vector<uint8_t> rest(924);
  for (size_t at = 0; at < rest.size(); at += 2) {
    const uint32_t value = other.ReadPort(kBase, 2);
    std::memcpy(&rest[at], &value, 2);
  }
  const std::vector<uint8_t> all = disk_.Sectors(5, 2);
  EXPECT_TRUE(std::equal(rest.begin(), rest.end(), all.begin() + 100));
  FakeClock clock;
  ExpectCorruptionHandled(clock, ide_);
}

TEST(ReadOnlyAtaDisk, RefusesWrites) {
  FakeIrqLine irq14;
  FakeIrqLine irq15;
  FakeDmaMemory memory;
  FakeDisk disk(100, true);
  IdeChannel channel(irq14, memory, [] {});
  channel.AttachDisk(0, disk, "READONLY");
  channel.PowerOn();
  channel.WriteCommandBlock(ata::kDevice, 1, 0xE0);
  for (const unsigned command : {ata::kWriteSectors, ata::kWriteDma}) {
    channel.WriteCommandBlock(ata::kSectorCount, 1, 1);
    channel.WriteCommandBlock(ata::kCommand, 1, command);
    EXPECT_EQ(channel.ReadCommandBlock(ata::kCommand, 1), 0x51u);
    EXPECT_EQ(channel.ReadCommandBlock(ata::kFeatures, 1), 0x44u);
  }
  EXPECT_TRUE(disk.waiting.empty());
}

TEST(LargeAtaDisk, IsReachedByFortyEightBitsOnly) {
  FakeIrqLine irq;
  FakeDmaMemory memory;
  FakeDisk disk(1);
  disk.reported_bytes = uint64_t{4} << 40;
  IdeChannel channel(irq, memory, [] {});
  channel.AttachDisk(0, disk, "LARGE");
  channel.PowerOn();
  const uint64_t last = disk.reported_bytes / 512 - 1;
  channel.WriteCommandBlock(ata::kDevice, 1, 0x40);
  for (const unsigned shift : {24u, 0u}) {
    for (unsigned i = 0; i < 3; ++i) {
      channel.WriteCommandBlock(ata::kLbaLow + i, 1, last >> (shift + 8 * i) & 0xFF);
    }
  }
  channel.WriteCommandBlock(ata::kSectorCount, 1, 0);
  channel.WriteCommandBlock(ata::kSectorCount, 1, 1);
  channel.WriteCommandBlock(ata::kCommand, 1, ata::kReadSectorsExt);
  ASSERT_EQ(disk.waiting.size(), 1u);
  EXPECT_EQ(disk.waiting[0].offset, last * 512);
  disk.AnswerAll();
  EXPECT_EQ(channel.ReadCommandBlock(ata::kCommand, 1), 0x58u);
  channel.WriteCommandBlock(ata::kCommand, 1, ata::kIdentify);
  std::vector<uint8_t> identity(512);
  for (size_t at = 0; at < 512; at += 4) {
    StoreLittle(&identity[at], channel.ReadCommandBlock(0, 4));
  }
  EXPECT_EQ(LoadLittle<uint32_t>(&identity[120]), 0x0FFFFFFFu);
  EXPECT_EQ(LoadLittle<uint64_t>(&identity[200]), last + 1);
}

}  // namespace
}  // namespace verbatim
