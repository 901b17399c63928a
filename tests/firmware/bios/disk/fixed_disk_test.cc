// SPDX-License-Identifier: Apache-2.0
// Int 13h functions of fixed disks by cylinder, head and sector.
#include <gtest/gtest.h>

#include "tests/firmware/bios/disk/disk_fixture.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kSectors = 20480;  // 20 cylinders of 16 heads of 63 sectors, and some
constexpr uint32_t kBuffer = 0x10000;

class FixedDiskTest : public DiskTest {
 protected:
  FixedDiskTest() : disk_(Add(BiosDriveKind::kDisk, kSectors)) {
    disk_.FillWithPattern();
    PowerOn();
  }
  // No signature in the pattern's first sector: the geometry is 20/16/63.
  MemoryDrive& disk_;
};

TEST_F(FixedDiskTest, ReadsFromTheSectorThatTheAddressMeans) {
  SetRegisters(0x0203, 0x0000, 0x0102 | 5, 0x0380);  // 3 sectors from cylinder 1, head 3, sector 7
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Al(), 3);
  const uint64_t first = (1 * 16 + 3) * 63 + 7 - 1;
  EXPECT_EQ(Memory(kBuffer, 3 * 512), PatternOf(first, 3));
  EXPECT_EQ(Memory(kBuffer + 3 * 512, 1)[0], 0) << "not further";
}

TEST_F(FixedDiskTest, ABufferMayCrossItsSegmentAndDmaPages) {
  SetSegment(kEs, 0x1FF0);
  SetRegisters(0x0280, 0xFF00, 0x0001, 0x0080);  // 64 KiB at 2FE00h
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Memory(0x2FE00, 128 * 512), PatternOf(0, 128));
}

TEST_F(FixedDiskTest, TransfersOfMoreThan64KibAreRefused) {
  SetRegisters(0x0281, 0x0000, 0x0001, 0x0080);
  EXPECT_EQ(Fails(), DiskStatus::kDmaBoundary);
  SetRegisters(0x0280, 0x0001, 0x0001, 0x0080);
  EXPECT_EQ(Fails(), DiskStatus::kDmaBoundary) << "a rest of the offset";
  EXPECT_EQ(Al(), 0);
  SetRegisters(0x027F, 0x000F, 0x0001, 0x0080);
  EXPECT_EQ(Good(), 0);
}

TEST_F(FixedDiskTest, NoSectorsAreABadCommand) {
  SetRegisters(0x0200, 0, 1, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand);
}

TEST_F(FixedDiskTest, AddressesBeyondTheGeometryAreNotFound) {
  for (const auto& [cx, dx] : {std::pair{0x0000, 0x0080}, std::pair{0x0001, 0x1080},
                               std::pair{0x1401, 0x0080}, std::pair{0x0041, 0x0080}}) {
    SetRegisters(0x0201, 0, static_cast<uint32_t>(cx), static_cast<uint32_t>(dx));
    EXPECT_EQ(Fails(), DiskStatus::kSectorNotFound) << std::hex << cx << ' ' << dx;
    EXPECT_EQ(Al(), 0);
  }
}

TEST_F(FixedDiskTest, ReadsStopAtABadSectorAndCountWhatTheyBrought) {
  disk_.bad_sectors = {5};
  SetRegisters(0x0208, 0, 0x0003, 0x0080);
  EXPECT_EQ(Fails(), DiskStatus::kBadData);
  EXPECT_EQ(Al(), 3);
  EXPECT_EQ(Memory(kBuffer, 3 * 512), PatternOf(2, 3));
  EXPECT_EQ(Memory(kBuffer + 3 * 512, 4), (std::vector<uint8_t>{0, 0, 0, 0}));
  EXPECT_EQ(Peek<uint8_t>(bda::kDiskStatus.value), 0x10);
}

TEST_F(FixedDiskTest, WritesStopAtABadSectorAndCountWhatTheyWrote) {
  disk_.bad_sectors = {2};
  Poke<uint32_t>(kBuffer, 0x11111111);
  SetRegisters(0x0304, 0, 0x0002, 0x0080);
  EXPECT_EQ(Fails(), DiskStatus::kWriteFault);
  EXPECT_EQ(Al(), 1);
  EXPECT_EQ(disk_.data[512], 0x11);
  EXPECT_EQ(disk_.data[1024], MemoryDrive::PatternAt(1024));
}

TEST_F(FixedDiskTest, WritesReachTheDiskAndOnlyTheirSectors) {
  Poke<uint32_t>(kBuffer + 508, 0xDEADBEEF);
  SetRegisters(0x0301, 0, 0x0002, 0x0080);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Al(), 1);
  EXPECT_EQ(disk_.data[1023], 0xDE);
  EXPECT_EQ(disk_.data[511], MemoryDrive::PatternAt(511));
  EXPECT_EQ(disk_.data[1024], MemoryDrive::PatternAt(1024));
}

TEST_F(FixedDiskTest, WriteProtectionIsTold) {
  disk_.write_protected = true;
  SetRegisters(0x0301, 0, 0x0002, 0x0080);
  EXPECT_EQ(Fails(), DiskStatus::kWriteProtected);
  SetRegisters(0x0501, 0, 0x0001, 0x0080);
  EXPECT_EQ(Fails(), DiskStatus::kWriteProtected);
}

TEST_F(FixedDiskTest, VerifiesWithoutABuffer) {
  SetRegisters(0x04FF, 0xFFFF, 0x0001, 0x0080);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Al(), 0xFF);
  disk_.bad_sectors = {200};
  SetRegisters(0x04FF, 0xFFFF, 0x0001, 0x0080);
  EXPECT_EQ(Fails(), DiskStatus::kBadData);
  EXPECT_EQ(Al(), 200);
}

TEST_F(FixedDiskTest, FormattingClearsTheTrack) {
  SetRegisters(0x0501, 0, 0x0001, 0x0180);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(disk_.data[63 * 512 - 1], MemoryDrive::PatternAt(63 * 512 - 1));
  EXPECT_EQ(disk_.data[63 * 512 + 1], 0);
  EXPECT_EQ(disk_.data[126 * 512 - 1], 0);
  EXPECT_EQ(disk_.data[126 * 512 + 1], MemoryDrive::PatternAt(126 * 512 + 1));
}

TEST_F(FixedDiskTest, TellsItsParameters) {
  SetRegisters(0x0800, 0, 0, 0x80);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Register(kEcx), 0x133F);  // 20 cylinders, 63 sectors
  EXPECT_EQ(Register(kEdx), 0x0F01);  // 16 heads, one disk
  SetRegisters(0x1500, 0, 0, 0x80);
  EXPECT_EQ(Good(), 3);
  EXPECT_EQ(Register(kEcx), 0);
  EXPECT_EQ(Register(kEdx), 20 * 16 * 63);
}

TEST_F(FixedDiskTest, ADriveThatIsNotThereIsTold) {
  SetRegisters(0x0800, 0, 0xFFFF, 0x81);
  EXPECT_EQ(Fails(), DiskStatus::kNoSuchDrive);
  EXPECT_EQ(Register(kEcx), 0);
  EXPECT_EQ(Register(kEdx), 0);
  SetRegisters(0x1500, 0, 0, 0x81);
  EXPECT_EQ(Good(), 0);
  SetRegisters(0x0201, 0, 1, 0x81);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand);
}

TEST_F(FixedDiskTest, SeeksOnlyToCylindersThatExist) {
  SetRegisters(0x0C00, 0, 0x1301, 0x80);
  EXPECT_EQ(Good(), 0);
  SetRegisters(0x0C00, 0, 0x1401, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kSeekFailed);
}

TEST_F(FixedDiskTest, TheStatusOfTheLastCallStaysUntilItIsRead) {
  SetRegisters(0x0201, 0, 0x0000, 0x0080);
  EXPECT_EQ(Fails(), DiskStatus::kSectorNotFound);
  EXPECT_EQ(Peek<uint8_t>(bda::kDiskStatus.value), 4);
  SetRegisters(0x0100, 0, 0, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kSectorNotFound);
  SetRegisters(0x0100, 0, 0, 0x80);
  EXPECT_EQ(Good(), 0);
}

TEST_F(FixedDiskTest, HousekeepingSucceedsAndTheUnknownIsRefused) {
  for (const uint32_t function : {0x00u, 0x09u, 0x0Du, 0x10u, 0x11u, 0x14u}) {
    SetRegisters(function << 8, 0, 0, 0x80);
    EXPECT_EQ(Good(), 0) << function;
  }
  for (const uint32_t function : {0x06u, 0x0Au, 0x16u, 0x17u, 0x18u, 0x20u, 0x4Au, 0xFFu}) {
    SetRegisters(function << 8, 0, 0, 0x80);
    EXPECT_EQ(Fails(), DiskStatus::kBadCommand) << function;
  }
}

TEST_F(FixedDiskTest, DataAreaAndTablesDescribeTheDisk) {
  EXPECT_EQ(Peek<uint8_t>(bda::kDiskCount.value), 1);
  const uint32_t table = Peek<uint16_t>(0x41 * 4) + Peek<uint16_t>(0x41 * 4 + 2) * 16u;
  EXPECT_EQ(Peek<uint16_t>(table), 20);
  EXPECT_EQ(Peek<uint8_t>(table + 2), 16);
  EXPECT_EQ(Peek<uint8_t>(table + 14), 63);
  EXPECT_EQ(Peek<uint8_t>(table + 3), 0) << "not translated";
}

TEST_F(DiskTest, ATranslatedDiskHasItsOwnShapeInTheTableToo) {
  Add(BiosDriveKind::kDisk, 63);
  Add(BiosDriveKind::kDisk, 63).claimed_bytes = uint64_t{8} << 30;
  PowerOn();
  EXPECT_EQ(Peek<uint8_t>(bda::kDiskCount.value), 2);
  const uint32_t at = Peek<uint16_t>(0x46 * 4) + Peek<uint16_t>(0x46 * 4 + 2) * 16u;
  const std::vector<uint8_t> table = Memory(at, 16);
  EXPECT_EQ(Peek<uint16_t>(at), 1024);
  EXPECT_EQ(table[2], 255);
  EXPECT_EQ(table[3], 0xA0);
  EXPECT_EQ(table[4], 63);
  EXPECT_EQ(Peek<uint16_t>(at + 9), 16383);
  EXPECT_EQ(table[11], 16);
  uint8_t sum = 0;
  for (const uint8_t byte : table) sum = static_cast<uint8_t>(sum + byte);
  EXPECT_EQ(sum, 0);
}

TEST_F(DiskTest, ATransferEndsWhereADiskShorterThanItsGeometryDoes) {
  Add(BiosDriveKind::kDisk, 10).FillWithPattern();
  PowerOn();
  SetRegisters(0x0205, 0, 9, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kSectorNotFound);
  EXPECT_EQ(Al(), 2);
  EXPECT_EQ(Memory(kBuffer, 1024), PatternOf(8, 2));
  SetRegisters(0x0201, 0, 11, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kSectorNotFound);
}

TEST_F(FixedDiskTest, InterruptsOfTheControllersAreNoted) {
  Poke<uint8_t>(bda::kFloppyCalibrated.value, 0x01);
  BiosCall call(state_, *mmu_);
  disks_->DisketteInterrupt(call);
  disks_->DiskInterrupt(call);
  EXPECT_EQ(Peek<uint8_t>(bda::kFloppyCalibrated.value), 0x81);
  EXPECT_EQ(Peek<uint8_t>(bda::kDiskInterrupt.value), 0xFF);
}

TEST_F(FixedDiskTest, AResetMakesSafeWhatWasWritten) {
  for (const uint32_t function : {0x0000u, 0x0D00u}) {
    disk_.safe.clear();
    SetRegisters(0x0301, 0x0000, 0x0001, 0x0080);
    EXPECT_EQ(Good(), 0);
    EXPECT_TRUE(disk_.safe.empty()) << "a write alone stays in the cache";
    SetRegisters(function, 0, 0, 0x0080);
    EXPECT_EQ(Good(), 0);
    EXPECT_EQ(disk_.safe, disk_.data);
  }
  disk_.flush_fails = true;
  SetRegisters(0x0000, 0, 0, 0x0080);
  EXPECT_EQ(Fails(), DiskStatus::kWriteFault);
}

}  // namespace
}  // namespace verbatim::test
