// SPDX-License-Identifier: Apache-2.0
// Bootable discs: the catalogue, and int 13h functions 4Ah to 4Dh.
#include <gtest/gtest.h>

#include "tests/firmware/bios/disk/synthetic_disc.h"

namespace verbatim::test {
namespace {

class DiscTest : public DiskTest {
 protected:
  DiscTest() : disc_(Add(BiosDriveKind::kCdrom, kDiscSectors)) {}
  // Numbers all drives and boots the disc.
  uint8_t Boot(DiscBootMedia media) {
    MakeBootable(disc_, media);
    PowerOn();
    return Restart();
  }
  uint8_t Restart() {
    const Result<DiscBootEntry> entry = ReadBootEntry(disc_);
    EXPECT_TRUE(entry.has_value());
    const Result<uint8_t> number = disks_->StartDisc(*memory_, disc_, *entry);
    EXPECT_TRUE(number.has_value());
    return *number;
  }
  // What reading the catalogue complains about.
  std::string Complaint() {
    const Result<DiscBootEntry> entry = ReadBootEntry(disc_);
    return entry ? "" : entry.error().message;
  }
  MemoryDrive& disc_;
};

TEST_F(DiscTest, TheDefaultEntryIsTaken) {
  MakeBootable(disc_, DiscBootMedia::kNone);
  const Result<DiscBootEntry> entry = ReadBootEntry(disc_);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->media, DiscBootMedia::kNone);
  EXPECT_EQ(entry->block, kImageBlock);
  EXPECT_EQ(entry->sectors, 4);
  EXPECT_EQ(entry->Entry(), (FarPointer{0x7C00, 0}));
}

TEST_F(DiscTest, OrTheFirstOfASectionForPcs) {
  MakeBootable(disc_, DiscBootMedia::kNone);
  CatalogEntry(disc_, 0)[1] = 0xEF;  // the default entry is for EFI
  Validate(disc_);
  CatalogEntry(disc_, 2)[0] = 0x91;
  PutEntry(disc_, 3, {.sectors = 8, .block = 99});
  const Result<DiscBootEntry> entry = ReadBootEntry(disc_);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->block, 99u);

  CatalogEntry(disc_, 2)[1] = 0xEF;
  EXPECT_EQ(Complaint(), "its boot catalogue has nothing for a PC");
}

TEST_F(DiscTest, DamagedCataloguesAreRefused) {
  MakeBootable(disc_, DiscBootMedia::kNone);
  CatalogEntry(disc_, 0)[8] ^= 1;
  EXPECT_EQ(Complaint(), "its boot catalogue is damaged");
  MakeBootable(disc_, DiscBootMedia::kNone);
  CatalogEntry(disc_, 1)[1] = 5;
  EXPECT_EQ(Complaint(), "its boot catalogue asks for medium 5, expected 0 to 4");
  StoreLittle<uint32_t>(&disc_.data[17 * 2048 + 0x47], 0xFFFFFFFF);
  EXPECT_EQ(Complaint(), "ends before its block 4294967295");
  disc_.data[17 * 2048 + 1] = 'X';
  EXPECT_EQ(Complaint(), "has no boot record");
  disc_.data.resize(16 * 2048);
  EXPECT_EQ(Complaint(), "ends before its block 17");
}

TEST_F(DiscTest, AnImageThatWouldNotFitInMemoryIsNotLoaded) {
  MakeBootable(disc_, DiscBootMedia::kNone);
  BiosCall call(state_, *mmu_);
  for (const DiscBootEntry& entry :
       {DiscBootEntry{.load_segment = 0x40, .sectors = 1, .block = kImageBlock},
        DiscBootEntry{.sectors = 0xFFFF, .block = kImageBlock},
        DiscBootEntry{.load_segment = 0xF000, .sectors = 1, .block = kImageBlock},
        DiscBootEntry{.sectors = 0, .block = kImageBlock},
        DiscBootEntry{.sectors = 1, .block = 0xFFFFFFFF}}) {
    EXPECT_FALSE(LoadBootImage(call, disc_, entry).has_value());
  }
  const DiscBootEntry good{.load_segment = 0x2000, .sectors = 3, .block = kImageBlock};
  EXPECT_TRUE(LoadBootImage(call, disc_, good).has_value());
  EXPECT_EQ(Memory(0x20000, 3 * 512), PatternOf(kImageSector, 3));
}

TEST_F(DiscTest, ADiscCutOffAnywhereIsRefusedOrBoots) {
  MakeBootable(disc_, DiscBootMedia::kDiskette1440K);
  const std::vector<uint8_t> whole = disc_.data;
  for (size_t sectors = 0; sectors <= 128; ++sectors) {
    disc_.data.assign(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(sectors * 512));
    PowerOn();
    BiosCall call(state_, *mmu_);
    const Result<DiscBootEntry> entry = ReadBootEntry(disc_);
    const bool loaded =
        entry && LoadBootImage(call, disc_, *entry) && disks_->StartDisc(*memory_, disc_, *entry);
    EXPECT_EQ(loaded, sectors > kImageSector) << sectors;
  }
}

TEST_F(DiscTest, WithoutEmulationTheDiscKeepsItsNumber) {
  Add(BiosDriveKind::kDisk, 100);
  EXPECT_EQ(Boot(DiscBootMedia::kNone), 0xE0);
  EXPECT_EQ(Peek<uint8_t>(bda::kDiskCount.value), 1);
}

TEST_F(DiscTest, AnEmulatedDisketteIsAndMovesTheOthersUp) {
  MemoryDrive& real = Add(BiosDriveKind::kFloppy, 1440);
  real.data[0] = 0x77;
  EXPECT_EQ(Boot(DiscBootMedia::kDiskette1440K), 0x00);
  EXPECT_EQ(Peek<uint16_t>(bda::kEquipment.value) & 0xC1, 0x41);
  SetRegisters(0x0202, 0, 0x0001, 0x0000);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Memory(0x10000, 1024), PatternOf(kImageSector, 2));
  SetRegisters(0x0301, 0, 0x0001, 0x0000);
  EXPECT_EQ(Fails(), DiskStatus::kWriteProtected);
  SetRegisters(0x0800, 0, 0, 0x00);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Register(kEcx), 0x4F12);
  SetSegment(kEs, kBufferSegment);
  SetRegisters(0x0201, 0, 0x0001, 0x0001);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Peek<uint8_t>(0x10000), 0x77);
}

TEST_F(DiscTest, AnEmulatedDiskEndsWithItsPartition) {
  Add(BiosDriveKind::kDisk, 100).data[1] = 0x55;
  MakeBootable(disc_, DiscBootMedia::kDisk);
  uint8_t* sector = &disc_.data[kImageBlock * 2048];
  std::memset(sector + 446, 0, 64);
  const uint8_t kPartition[] = {0x80, 1, 1, 0, 6, 3, 17, 9};  // 0/1/1 to 9/3/17
  std::memcpy(sector + 446, kPartition, sizeof kPartition);
  StoreLittle<uint32_t>(sector + 446 + 8, 17);
  StoreLittle<uint32_t>(sector + 446 + 12, 10 * 4 * 17 - 17);
  StoreLittle<uint16_t>(sector + 510, 0xAA55);
  PowerOn();
  EXPECT_EQ(Restart(), 0x80);
  EXPECT_EQ(Peek<uint8_t>(bda::kDiskCount.value), 2);
  SetRegisters(0x0800, 0, 0, 0x80);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Register(kEcx), 0x0911);
  EXPECT_EQ(Register(kEdx), 0x0302);
  SetRegisters(0x0201, 0, 0x0002, 0x0080);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Memory(0x10000, 512), PatternOf(kImageSector + 1, 1));
  SetRegisters(0x0201, 0, 0x0001, 0x0081);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Peek<uint8_t>(0x10001), 0x55) << "the real disk is the second one";
}

TEST_F(DiscTest, TheEmulationIsDescribedAndEndsOnRequest) {
  Boot(DiscBootMedia::kDiskette2880K);
  SetSegment(kDs, 0);
  state_.gpr[kEsi] = 0x800;
  SetRegisters(0x4B01, 0, 0, 0x00);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Peek<uint8_t>(0x800), 0x13);
  EXPECT_EQ(Peek<uint8_t>(0x801), 3);
  EXPECT_EQ(Peek<uint8_t>(0x802), 0);
  EXPECT_EQ(Peek<uint32_t>(0x804), kImageBlock);
  EXPECT_EQ(Peek<uint16_t>(0x80E), 4);
  EXPECT_EQ(Memory(0x810, 3), (std::vector<uint8_t>{79, 36, 1}));

  SetRegisters(0x4B00, 0, 0, 0x01);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand) << "another drive";
  SetRegisters(0x4B00, 0, 0, 0x7F);
  EXPECT_EQ(Good(), 0);
  SetRegisters(0x0201, 0, 0x0001, 0x0000);
  EXPECT_EQ(Fails(), DiskStatus::kTimeout) << "there is no diskette any more";
  EXPECT_EQ(Peek<uint16_t>(bda::kEquipment.value) & 0xC1, 0);
  SetRegisters(0x4B01, 0, 0, 0x7F);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand);
}

TEST_F(DiscTest, AProgramCanBeginAnEmulation) {
  MakeBootable(disc_, DiscBootMedia::kNone);
  PowerOn();
  SetSegment(kDs, 0);
  state_.gpr[kEsi] = 0x800;
  Poke<uint8_t>(0x800, 0x13);
  Poke<uint8_t>(0x801, 2);
  Poke<uint32_t>(0x804, kImageBlock + 1);
  SetRegisters(0x4A00, 0, 0, 0xE0);
  EXPECT_EQ(Good(), 0);
  SetRegisters(0x0201, 0, 0x0001, 0x0000);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Memory(0x10000, 512), PatternOf(kImageSector + 4, 1));

  Poke<uint32_t>(0x804, 0x7FFFFFFF);
  SetRegisters(0x4A00, 0, 0, 0xE0);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand) << "not on the disc";
}

TEST_F(DiscTest, AProgramCanBootAnotherImage) {
  Boot(DiscBootMedia::kNone);
  SetSegment(kDs, 0);
  state_.gpr[kEsi] = 0x800;
  Poke<uint8_t>(0x800, 0x13);
  Poke<uint8_t>(0x801, 1);
  Poke<uint32_t>(0x804, kImageBlock + 2);
  Poke<uint16_t>(0x80E, 1);
  SetRegisters(0x4C00, 0, 0, 0xE0);
  Good();
  EXPECT_EQ(state_.segments[kCs].selector, 0);
  EXPECT_EQ(state_.eip, 0x7C00u);
  EXPECT_EQ(Register(kEdx), 0);
  EXPECT_EQ(Memory(0x7C00, 512), PatternOf(kImageSector + 8, 1));
}

TEST_F(DiscTest, TheCatalogueCanBeRead) {
  Boot(DiscBootMedia::kDiskette1200K);
  SetSegment(kDs, 0);
  state_.gpr[kEsi] = 0x800;
  Poke<uint8_t>(0x800, 8);
  Poke<uint8_t>(0x801, 2);
  Poke<uint32_t>(0x802, 0x20000000);  // 2000:0000
  SetRegisters(0x4D00, 0, 0, 0x00);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Peek<uint8_t>(0x20000), 1);
  EXPECT_EQ(Peek<uint8_t>(0x20020), 0x88);
  EXPECT_EQ(Memory(0x20800, 2048), PatternOf(kImageSector, 4));
}

}  // namespace
}  // namespace verbatim::test
