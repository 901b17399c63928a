// SPDX-License-Identifier: Apache-2.0
// DMA of disk and bus master: good tables, and tables that are too short, too long, or nowhere.
#include "devices/ide_bus_master.h"

#include <gtest/gtest.h>

#include "tests/devices/ide_fixture.h"

namespace verbatim {
namespace {

constexpr unsigned kInterrupt = 4;
constexpr unsigned kError = 2;
constexpr unsigned kActive = 1;

class IdeBusMasterTest : public IdeFixture {
 protected:
  IdeBusMasterTest() {
    ide_.channel(0).AttachDisk(0, disk_, "DMA");
    PowerOn();
  }
  void Answer() override { disk_.AnswerAll(); }
  void ReadDma(uint32_t sector, unsigned count) {
    SetLba28(sector, count);
    Run(ata::kReadDma);
    StartDma(true);
  }

  FakeDisk disk_{2000};
};

TEST_F(IdeBusMasterTest, ReadsIntoScatteredMemory) {
  SetTable({{0x10000, 512, false}, {0x20002, 1024, false}, {0x30000, 512, true}});
  ReadDma(40, 4);
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(DmaStatus(), kInterrupt);
  EXPECT_EQ(Status(), kReady);
  const std::vector<uint8_t> expected = disk_.Sectors(40, 4);
  std::vector<uint8_t> found = Memory(0x10000, 512);
  for (const auto& part : {Memory(0x20002, 1024), Memory(0x30000, 512)}) {
    found.insert(found.end(), part.begin(), part.end());
  }
  EXPECT_EQ(found, expected);
}

TEST_F(IdeBusMasterTest, WritesFromMemory) {
  for (unsigned i = 0; i < 1024; ++i) memory_.ram[0x8000 + i] = static_cast<uint8_t>(i * 3);
  SetTable({{0x8000, 1024, true}});
  SetLba28(7, 2);
  Run(ata::kWriteDma);
  EXPECT_EQ(AlternateStatus(), kDataRequest);
  StartDma(false);
  EXPECT_EQ(DmaStatus(), kInterrupt);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(disk_.Sectors(7, 2), Memory(0x8000, 1024));
}

TEST_F(IdeBusMasterTest, TheEngineMayBeStartedBeforeTheCommand) {
  SetTable({{0x8000, 512, true}});
  StartDma(true);
  EXPECT_EQ(DmaStatus(), kActive);
  SetLba28(3, 1);
  Run(ata::kReadDma);
  EXPECT_EQ(DmaStatus(), kInterrupt);
  EXPECT_EQ(Memory(0x8000, 512), disk_.Sectors(3, 1));
}

TEST_F(IdeBusMasterTest, ACountOfZeroIs64KiB) {
  SetTable({{0x10000, 0, false}, {0x20000, 0, true}});
  ReadDma(0, 0);  // 256 sectors
  EXPECT_EQ(DmaStatus(), kInterrupt);
  EXPECT_EQ(Memory(0x10000, 0x20000), disk_.Sectors(0, 256));
}

TEST_F(IdeBusMasterTest, LongTransfersGoThroughInParts) {
  SetTable({{0x10000, 0, false},
            {0x10000, 0, false},
            {0x10000, 0, false},
            {0x10000, 0, false},
            {0x10000, 0, false},
            {0x10000, 0, false},
            {0x10000, 0, false},
            {0x10000, 0, true}});
  SetLba48(100, 1024);
  Run(ata::kReadDmaExt);
  StartDma(true);
  EXPECT_EQ(DmaStatus(), kInterrupt);
  EXPECT_EQ(Status(), kReady);
  EXPECT_EQ(Memory(0x10000, 0x10000), disk_.Sectors(100 + 896, 128));
}

TEST_F(IdeBusMasterTest, ATableThatIsLongerThanTheTransferStaysActive) {
  SetTable({{0x8000, 2048, true}});
  ReadDma(3, 1);
  EXPECT_EQ(DmaStatus(), kInterrupt | kActive);
  EXPECT_EQ(Status(), kReady);
  StopDma();
  EXPECT_EQ(DmaStatus(), kInterrupt);
}

TEST_F(IdeBusMasterTest, ATableThatIsShorterLeavesTheDriveWaiting) {
  SetTable({{0x8000, 512, true}});
  ReadDma(3, 2);
  EXPECT_EQ(DmaStatus(), 0u);
  EXPECT_FALSE(irq14_.high);
  EXPECT_EQ(AlternateStatus(), kDataRequest);
  EXPECT_EQ(Memory(0x8000, 512), disk_.Sectors(3, 1));
  // Another table takes the rest.
  SetTable({{0x9000, 512, true}});
  StopDma();
  StartDma(true);
  EXPECT_EQ(DmaStatus(), kInterrupt);
  EXPECT_EQ(Memory(0x9000, 512), disk_.Sectors(4, 1));
}

TEST_F(IdeBusMasterTest, ARegionOutsideRamIsAnError) {
  SetTable({{0x8000, 512, false}, {0x10000000, 512, true}});
  ReadDma(3, 2);
  EXPECT_EQ(DmaStatus(), kError);
  EXPECT_FALSE(irq14_.high);
  EXPECT_EQ(ide_.ReadConfig(kPciStatus, 2) & 0x2000u, 0x2000u) << "received master abort";
  Out(2, 0x02, kBusMaster);
  EXPECT_EQ(DmaStatus(), 0u);
  Control(ata::kSoftReset);
  Control(0);
  SetTable({{0x8000, 512, true}});
  StopDma();
  ReadDma(3, 1);
  EXPECT_EQ(DmaStatus(), kInterrupt) << "after a reset all is well";
}

TEST_F(IdeBusMasterTest, ARegionThatLeavesRamOrWrapsIsAnError) {
  for (const uint32_t address : {0x000FFF00u, 0xFFFFFF00u, 0xFFFFFFFEu}) {
    SetTable({{address, 512, true}});
    StopDma();
    ReadDma(3, 1);
    EXPECT_EQ(DmaStatus() & kError, kError) << address;
    Control(ata::kSoftReset);
    Control(0);
    Out(2, 0x06, kBusMaster);
  }
}

TEST_F(IdeBusMasterTest, ATableOutsideRamIsAnError) {
  for (const uint32_t table : {0x20000000u, 0x000FFFFCu, 0xFFFFFFFCu}) {
    bus_->WritePort(kBusMaster + 4, 4, table);
    StopDma();
    ReadDma(3, 1);
    EXPECT_EQ(DmaStatus(), kError) << table;
    Control(ata::kSoftReset);
    Control(0);
    Out(2, 0x06, kBusMaster);
  }
}

TEST_F(IdeBusMasterTest, ATableWithoutEndServesAsFarAsTheTransferGoes) {
  for (uint32_t entry = kTable; entry < kTable + 0x2000; entry += 8) {
    StoreLittle(&memory_.ram[entry], 0x8000u);
    StoreLittle(&memory_.ram[entry + 4], 2u);
  }
  bus_->WritePort(kBusMaster + 4, 4, kTable);
  ReadDma(3, 1);
  EXPECT_EQ(DmaStatus(), kInterrupt | kActive);
  EXPECT_EQ(Memory(0x8000, 2),
            (std::vector<uint8_t>{disk_.data[3 * 512 + 510], disk_.data[3 * 512 + 511]}));
}

TEST_F(IdeBusMasterTest, TheWrongDirectionIsAnError) {
  SetTable({{0x8000, 512, true}});
  SetLba28(3, 1);
  Run(ata::kReadDma);
  StartDma(false);
  EXPECT_EQ(DmaStatus(), kError);
  EXPECT_EQ(Memory(0x8000, 512), std::vector<uint8_t>(512, 0));
}

TEST_F(IdeBusMasterTest, OddBitsOfTableAndRegionsAreNotThere) {
  SetTable({{0x8001, 513, true}});
  bus_->WritePort(kBusMaster + 4, 4, kTable + 3);
  EXPECT_EQ(bus_->ReadPort(kBusMaster + 4, 4), kTable);
  ReadDma(3, 1);
  EXPECT_EQ(DmaStatus(), kInterrupt);
  EXPECT_EQ(Memory(0x8000, 512), disk_.Sectors(3, 1));
}

TEST_F(IdeBusMasterTest, StatusBitsAreClearedByOnesAndDriveBitsKept) {
  SetTable({{0x8000, 512, true}});
  ReadDma(3, 1);
  Out(2, 0x60, kBusMaster);
  EXPECT_EQ(In(2, kBusMaster), 0x64);
  Out(2, 0x64, kBusMaster);
  EXPECT_EQ(In(2, kBusMaster), 0x60);
}

TEST_F(IdeBusMasterTest, AStoppedEngineHoldsTheTransfer) {
  SetTable({{0x8000, 1024, true}});
  SetLba28(3, 2);
  Issue(ata::kReadDma);
  Out(0, 0x09, kBusMaster);
  StopDma();
  Answer();
  EXPECT_EQ(DmaStatus(), 0u);
  EXPECT_EQ(AlternateStatus(), kDataRequest);
  EXPECT_EQ(Memory(0x8000, 4), std::vector<uint8_t>(4, 0));
  StartDma(true);
  EXPECT_EQ(DmaStatus(), kInterrupt);
  EXPECT_EQ(Memory(0x8000, 1024), disk_.Sectors(3, 2));
}

TEST_F(IdeBusMasterTest, WithoutBusMasteringNothingMoves) {
  ide_.WriteConfig(kPciCommand, 2, 1);
  SetTable({{0x8000, 512, true}});
  ReadDma(3, 1);
  EXPECT_EQ(DmaStatus(), kActive);
  EXPECT_FALSE(irq14_.high);
  ide_.WriteConfig(kPciCommand, 2, 5);
  Answer();
  EXPECT_EQ(DmaStatus(), kInterrupt);
  EXPECT_EQ(Memory(0x8000, 512), disk_.Sectors(3, 1));
}

TEST_F(IdeBusMasterTest, ABadSectorEndsTheTransferWithAnInterrupt) {
  disk_.bad_sectors = {4};
  SetTable({{0x8000, 2048, true}});
  ReadDma(3, 4);
  EXPECT_TRUE(irq14_.high);
  EXPECT_EQ(DmaStatus(), kInterrupt | kActive);
  EXPECT_EQ(Status(), kFailed);
  EXPECT_EQ(Error(), ata::kUncorrectable);
  EXPECT_EQ(In(ata::kLbaLow), 4);
  EXPECT_EQ(Memory(0x8000, 512), disk_.Sectors(3, 1));
}

TEST_F(IdeBusMasterTest, AWaitingTransferIsSavedWithItsData) {
  SetTable({{0x8000, 512, true}});
  ReadDma(3, 2);
  PiixIde other(irq14_, irq15_, memory_);
  other.channel(0).AttachDisk(0, disk_, "DMA");
  ExpectRoundTrip(ide_, other);
  FakeClock clock;
  ExpectCorruptionHandled(clock, ide_);
}

}  // namespace
}  // namespace verbatim
