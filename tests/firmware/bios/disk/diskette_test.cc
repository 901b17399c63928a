// SPDX-License-Identifier: Apache-2.0
// Int 13h functions of diskettes.
#include <gtest/gtest.h>

#include "tests/firmware/bios/disk/disk_fixture.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kBuffer = 0x10000;
constexpr uint32_t kParameterTable = 0x900;

class DisketteTest : public DiskTest {
 protected:
  DisketteTest() : diskette_(Add(BiosDriveKind::kFloppy, 2880)) {
    diskette_.FillWithPattern();
    PowerOn();
    Poke<uint16_t>(0x1E * 4, kParameterTable);
    Poke<uint8_t>(kParameterTable + 8, 0xE5);
  }
  // The table of address fields that function 05h wants.
  void PutFields(uint8_t cylinder, uint8_t head, uint8_t sectors) {
    for (uint8_t i = 0; i < sectors; ++i) {
      Poke<uint32_t>(kBuffer + i * 4u, cylinder | head * 0x100u | (i + 1u) << 16 | 0x02000000u);
    }
  }
  MemoryDrive& diskette_;
};

TEST_F(DisketteTest, ReadsFromTheFirstSideOnToTheSecond) {
  SetRegisters(0x0214, 0, 0x0509, 0x0000);  // 20 sectors from cylinder 5, sector 9
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Al(), 20);
  EXPECT_EQ(Memory(kBuffer, 20 * 512), PatternOf(5 * 36 + 8, 20));
}

TEST_F(DisketteTest, ReadsOnToTheNextCylinder) {
  SetRegisters(0x0232, 0, 0x0509, 0x0100);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Al(), 50);
  EXPECT_EQ(Memory(kBuffer, 50 * 512), PatternOf(5 * 36 + 18 + 8, 50));
}

TEST_F(DisketteTest, ButNotBeyondTheLast) {
  SetRegisters(0x0214, 0, 0x4F09, 0x0100);
  EXPECT_EQ(Fails(), DiskStatus::kSectorNotFound);
  EXPECT_EQ(Al(), 10);
  EXPECT_EQ(Memory(kBuffer, 10 * 512), PatternOf(79 * 36 + 18 + 8, 10));
  EXPECT_EQ(Peek<uint8_t>(bda::kFloppyStatus.value), 4);
}

TEST_F(DisketteTest, TheSectorBehindATracksLastIsNotFound) {
  SetRegisters(0x0201, 0, 0x0013, 0x0000);
  EXPECT_EQ(Fails(), DiskStatus::kSectorNotFound);
  SetRegisters(0x0201, 0, 0x0001, 0x0200);
  EXPECT_EQ(Fails(), DiskStatus::kSectorNotFound);
  SetRegisters(0x0201, 0, 0x5001, 0x0000);
  EXPECT_EQ(Fails(), DiskStatus::kSeekFailed);
}

TEST_F(DisketteTest, ABufferAcrossADmaPageIsRefused) {
  SetRegisters(0x0202, 0xFD00, 0x0001, 0x0000);
  EXPECT_EQ(Fails(), DiskStatus::kDmaBoundary);
  EXPECT_EQ(Al(), 0);
  SetRegisters(0x0202, 0xFC00, 0x0001, 0x0000);
  EXPECT_EQ(Good(), 0);
}

TEST_F(DisketteTest, WritesAndVerifies) {
  Poke<uint8_t>(kBuffer, 0x42);
  SetRegisters(0x0301, 0, 0x0101, 0x0100);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(diskette_.data[(36 + 18) * 512], 0x42);
  diskette_.bad_sectors = {37};
  SetRegisters(0x0404, 0, 0x0101, 0x0000);
  EXPECT_EQ(Fails(), DiskStatus::kBadData);
  EXPECT_EQ(Al(), 1);
}

TEST_F(DisketteTest, FormatsATrackWithTheFillerOfTheParameterTable) {
  PutFields(3, 1, 18);
  SetRegisters(0x0512, 0, 0x0301, 0x0100);
  EXPECT_EQ(Good(), 0);
  const size_t first = (3 * 2 + 1) * 18 * 512;
  EXPECT_EQ(diskette_.data[first], 0xE5);
  EXPECT_EQ(diskette_.data[first + 18 * 512 - 1], 0xE5);
  EXPECT_EQ(diskette_.data[first - 1], MemoryDrive::PatternAt(first - 1));
  EXPECT_EQ(diskette_.data[first + 18 * 512], MemoryDrive::PatternAt(first + 18 * 512));
}

TEST_F(DisketteTest, WhatWasWrittenIsSafeWhenTheCallReturns) {
  Poke<uint8_t>(kBuffer, 0x42);
  SetRegisters(0x0301, 0, 0x0101, 0x0100);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(diskette_.safe, diskette_.data);
  PutFields(3, 1, 18);
  SetRegisters(0x0512, 0, 0x0301, 0x0100);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(diskette_.safe, diskette_.data);
  diskette_.bad_sectors = {38};
  SetRegisters(0x0303, 0, 0x0101, 0x0000);
  EXPECT_EQ(Fails(), DiskStatus::kWriteFault);
  EXPECT_EQ(Al(), 2);
  EXPECT_EQ(diskette_.safe, diskette_.data) << "up to the bad sector";
}

TEST_F(DisketteTest, AWriteThatCannotBeMadeSafeFails) {
  diskette_.flush_fails = true;
  SetRegisters(0x0301, 0, 0x0101, 0x0000);
  EXPECT_EQ(Fails(), DiskStatus::kWriteFault);
  EXPECT_EQ(Al(), 0);
}

TEST_F(DisketteTest, TheFirstAccessToAnotherDiskFails) {
  diskette_.data.resize(1440 * 512);
  ++diskette_.media;
  SetRegisters(0x1600, 0, 0, 0);
  EXPECT_EQ(Fails(), DiskStatus::kMediaChanged);
  SetRegisters(0x0301, 0, 0x0101, 0x0000);
  EXPECT_EQ(Fails(), DiskStatus::kMediaChanged);
  EXPECT_EQ(Al(), 0);
  EXPECT_EQ(diskette_.data[18 * 512], MemoryDrive::PatternAt(18 * 512)) << "nothing is written";
  SetRegisters(0x0201, 0, 0x0101, 0x0000);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Memory(kBuffer, 512), PatternOf(18, 1)) << "of 9 sectors a track now";
  SetRegisters(0x1600, 0, 0, 0);
  EXPECT_EQ(Good(), 0);
}

TEST_F(DisketteTest, DoesNotFormatWhatTheImageCannotHold) {
  PutFields(3, 0, 18);
  SetRegisters(0x0512, 0, 0x0301, 0x0100);
  EXPECT_EQ(Fails(), DiskStatus::kUnsupportedTrack) << "fields of the other side";
  PutFields(3, 1, 18);
  Poke<uint8_t>(kBuffer + 4 * 5 + 2, 1);
  SetRegisters(0x0512, 0, 0x0301, 0x0100);
  EXPECT_EQ(Fails(), DiskStatus::kUnsupportedTrack) << "a sector twice";
}

TEST_F(DisketteTest, TellsItsParameters) {
  SetRegisters(0x0800, 0, 0, 0x00);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Register(kEbx), 4);
  EXPECT_EQ(Register(kEcx), 0x4F12);
  EXPECT_EQ(Register(kEdx), 0x0101);
  EXPECT_EQ(Register(kEdi), kParameterTable);
  EXPECT_EQ(state_.segments[kEs].selector, 0);
  SetRegisters(0x1500, 0, 0, 0x00);
  EXPECT_EQ(Good(), 2) << "has a change line";
  SetRegisters(0x1600, 0, 0, 0x00);
  EXPECT_EQ(Good(), 0) << "was not changed";
}

TEST_F(DisketteTest, TakesOnlyTheTypeOfItsMedium) {
  SetRegisters(0x1800, 0, 0x4F12, 0x00);
  EXPECT_EQ(Good(), 0);
  SetRegisters(0x1800, 0, 0x4F0F, 0x00);
  EXPECT_EQ(Fails(), DiskStatus::kUnsupportedTrack);
  SetRegisters(0x1703, 0, 0, 0x00);
  EXPECT_EQ(Fails(), DiskStatus::kUnsupportedTrack);
}

TEST_F(DisketteTest, TheDataAreaDescribesTheDrives) {
  EXPECT_EQ(Peek<uint16_t>(bda::kEquipment.value) & 0xC1, 0x01);
  EXPECT_EQ(Peek<uint8_t>(bda::kFloppyMedia.value), 0x17);
  EXPECT_EQ(Peek<uint8_t>(bda::kFloppyInfo.value), 0x07);
  EXPECT_EQ(Peek<uint8_t>(bda::kDiskCount.value), 0);
}

TEST_F(DisketteTest, ADriveThatIsNotThereIsTold) {
  SetRegisters(0x0201, 0, 1, 0x01);
  EXPECT_EQ(Fails(), DiskStatus::kTimeout);
  SetRegisters(0x0800, 0xFFFF, 0xFFFF, 0xFF01);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Register(kEcx), 0);
  EXPECT_EQ(Register(kEdx), 1) << "how many there are";
  SetRegisters(0x1500, 0, 0, 0x01);
  EXPECT_EQ(Good(), 0);
}

TEST_F(DiskTest, AShortImageWithoutAFileSystemIsBlankBehindItsEnd) {
  MemoryDrive& diskette = Add(BiosDriveKind::kFloppy, 3);
  diskette.FillWithPattern();
  PowerOn();
  Poke<uint32_t>(kBuffer + 512, 0xFFFFFFFF);
  SetRegisters(0x0202, 0, 0x0003, 0x0000);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Memory(kBuffer, 512), PatternOf(2, 1));
  EXPECT_EQ(Peek<uint32_t>(kBuffer + 512), 0u);
  SetRegisters(0x0301, 0, 0x0004, 0x0000);
  EXPECT_EQ(Fails(), DiskStatus::kWriteFault) << "there is nothing to keep it in";
}

TEST_F(DiskTest, TwoDisketteDrivesAreTwoInTheEquipmentWord) {
  Add(BiosDriveKind::kFloppy, 720);
  Add(BiosDriveKind::kFloppy, 1440);
  Add(BiosDriveKind::kFloppy, 2880);
  PowerOn();
  EXPECT_EQ(Peek<uint16_t>(bda::kEquipment.value) & 0xC1, 0x41);
  EXPECT_EQ(Peek<uint8_t>(bda::kFloppyMedia.value), 0x93);
  EXPECT_EQ(Peek<uint8_t>(bda::kFloppyMedia.value + 1), 0x97);
  SetRegisters(0x0800, 0, 0, 0x01);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Register(kEdx), 0x0102);
  SetRegisters(0x0201, 0, 1, 0x02);
  EXPECT_EQ(Fails(), DiskStatus::kTimeout) << "there are only two";
}

}  // namespace
}  // namespace verbatim::test
