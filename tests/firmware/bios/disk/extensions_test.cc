// SPDX-License-Identifier: Apache-2.0
// Int 13h functions by block number.
#include <gtest/gtest.h>

#include "tests/firmware/bios/disk/disk_fixture.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kSectors = 4096;
constexpr AtaPlace kPlace{.command_port = 0x170,
                          .control_port = 0x376,
                          .irq = 15,
                          .channel = 1,
                          .slave = true,
                          .pci_bus = 0,
                          .pci_device = 1,
                          .pci_function = 1};

class ExtensionsTest : public DiskTest {
 protected:
  ExtensionsTest()
      : disk_(Add(BiosDriveKind::kDisk, kSectors)), disc_(Add(BiosDriveKind::kCdrom, 400)) {
    disk_.FillWithPattern();
    disc_.FillWithPattern();
    disk_.ata = kPlace;
    PowerOn();
  }
  void Function(uint8_t ah, uint8_t drive, uint8_t al = 0) {
    SetRegisters(ah * 0x100u + al, 0, 0, drive);
  }

  MemoryDrive& disk_;
  MemoryDrive& disc_;
};

TEST_F(ExtensionsTest, AreToldToThoseWhoAskWithTheKey) {
  SetRegisters(0x4100, 0x55AA, 0, 0x80);
  EXPECT_EQ(Good(), 0x30);
  EXPECT_EQ(Register(kEbx), 0xAA55);
  EXPECT_EQ(Register(kEcx) & 7, 7);
  SetRegisters(0x4100, 0x1234, 0, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand);
  SetRegisters(0x4100, 0x55AA, 0, 0x81);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand);
  SetRegisters(0x4100, 0x55AA, 0, 0x00);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand);
}

TEST_F(ExtensionsTest, ReadsBlocksIntoSegmentAndOffset) {
  SetPacket(16, 200, {0x8, 0x2000}, 1000);
  Function(0x42, 0x80);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Memory(0x20008, 200 * 512), PatternOf(1000, 200));
  EXPECT_EQ(Peek<uint16_t>(kPacketOffset + 2), 200);
}

TEST_F(ExtensionsTest, ReadsToAFlatAddressAboveOneMegabyte) {
  SetPacket(24, 2, {0xFFFF, 0xFFFF}, 5, 0x250000);
  Function(0x42, 0x80);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Memory(0x250000, 1024), PatternOf(5, 2));
  SetPacket(24, 1, {0xFFFF, 0xFFFF}, 5, uint64_t{1} << 32);
  Function(0x42, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand);
}

TEST_F(ExtensionsTest, AShortPacketIsRefused) {
  SetPacket(15, 1, {0, 0x2000}, 0);
  Function(0x42, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand);
}

TEST_F(ExtensionsTest, BlocksBeyondTheEndAreNotFoundAndNothingIsTransferred) {
  for (const uint64_t block : {uint64_t{kSectors - 1}, UINT64_MAX, UINT64_MAX - 1}) {
    SetPacket(16, 2, {0, 0x2000}, block);
    Function(0x42, 0x80);
    EXPECT_EQ(Fails(), DiskStatus::kSectorNotFound) << block;
    EXPECT_EQ(Peek<uint16_t>(kPacketOffset + 2), 0);
    EXPECT_EQ(Peek<uint32_t>(0x20000), 0u);
  }
}

TEST_F(ExtensionsTest, ThePacketTellsHowManyBlocksCameBeforeABadOne) {
  disk_.bad_sectors = {170};
  SetPacket(16, 300, {0, 0x2000}, 10);
  Function(0x42, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kBadData);
  EXPECT_EQ(Peek<uint16_t>(kPacketOffset + 2), 160);
  EXPECT_EQ(Memory(0x20000, 160 * 512), PatternOf(10, 160));
}

TEST_F(ExtensionsTest, WritesAndVerifies) {
  Poke<uint32_t>(0x20000, 0xCAFEF00D);
  SetPacket(16, 1, {0, 0x2000}, 4095);
  Function(0x43, 0x80);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(disk_.data[4095 * 512], 0x0D);
  Function(0x44, 0x80);
  EXPECT_EQ(Good(), 0);
  disk_.bad_sectors = {4095};
  Function(0x44, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kBadData);
}

TEST_F(ExtensionsTest, SeeksWithinTheDisk) {
  SetPacket(16, 0, {}, 4095);
  Function(0x47, 0x80);
  EXPECT_EQ(Good(), 0);
  SetPacket(16, 0, {}, 4096);
  Function(0x47, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kSectorNotFound);
}

TEST_F(ExtensionsTest, ParametersComeInTheVersionThatTheBufferHasRoomFor) {
  SetSegment(kDs, 0);
  state_.gpr[kEsi] = 0x800;
  Poke<uint16_t>(0x800, 0x19);
  Function(0x48, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand);

  Poke<uint16_t>(0x800, 0x1A);
  Poke<uint32_t>(0x81A, 0x55555555);
  Function(0x48, 0x80);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Peek<uint16_t>(0x800), 0x1A);
  EXPECT_EQ(Peek<uint32_t>(0x81A), 0x55555555u);
  EXPECT_EQ(Peek<uint64_t>(0x810), uint64_t{kSectors});
  EXPECT_EQ(Peek<uint16_t>(0x818), 512);
  EXPECT_EQ(Peek<uint16_t>(0x802) & 2, 2) << "the geometry is valid";

  Poke<uint16_t>(0x800, 0x1E);
  Function(0x48, 0x80);
  EXPECT_EQ(Good(), 0);
  const uint32_t extension = Peek<uint16_t>(0x81A) + Peek<uint16_t>(0x81C) * 16u;
  EXPECT_EQ(Peek<uint16_t>(extension), 0x170);
  EXPECT_EQ(Peek<uint16_t>(extension + 2), 0x376);
  EXPECT_EQ(Peek<uint8_t>(extension + 4), 0xF0);
  EXPECT_EQ(Peek<uint8_t>(extension + 6), 15);
  uint8_t sum = 0;
  for (const uint8_t byte : Memory(extension, 16)) sum = static_cast<uint8_t>(sum + byte);
  EXPECT_EQ(sum, 0);

  Poke<uint16_t>(0x800, 0xFFFF);
  Function(0x48, 0x80);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Peek<uint16_t>(0x800), 0x42);
  EXPECT_EQ(Peek<uint16_t>(0x81E), 0xBEDD);
  const std::vector<uint8_t> path = Memory(0x824, 12);
  EXPECT_EQ(std::string(path.begin(), path.end()), "PCI ATA     ");
  EXPECT_EQ(Memory(0x830, 4), (std::vector<uint8_t>{0, 1, 1, 1}));
  sum = 0;
  for (const uint8_t byte : Memory(0x81E, 36)) sum = static_cast<uint8_t>(sum + byte);
  EXPECT_EQ(sum, 0);
}

TEST_F(ExtensionsTest, ADiscHasBlocksOf2048Bytes) {
  SetPacket(16, 3, {0, 0x2000}, 17);
  Function(0x42, 0xE0);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Memory(0x20000, 3 * 2048), PatternOf(17 * 4, 12));
  SetSegment(kDs, 0);
  state_.gpr[kEsi] = 0x800;
  Poke<uint16_t>(0x800, 0x1A);
  Function(0x48, 0xE0);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Peek<uint64_t>(0x810), 100u);
  EXPECT_EQ(Peek<uint16_t>(0x818), 2048);
  EXPECT_EQ(Peek<uint16_t>(0x802) & 6, 4) << "removable, no geometry";
  SetRegisters(0x0201, 0, 1, 0xE0);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand) << "no sectors of 512 bytes";
}

TEST_F(ExtensionsTest, LocksOfADiscAreCounted) {
  Function(0x45, 0xE0, 1);
  EXPECT_EQ(Fails(), DiskStatus::kNotLocked);
  Function(0x45, 0xE0, 0);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Al(), 1);
  Function(0x46, 0xE0);
  EXPECT_EQ(Fails(), DiskStatus::kLocked);
  for (int i = 1; i < 255; ++i) {
    Function(0x45, 0xE0, 0);
    EXPECT_EQ(Good(), 0);
  }
  Function(0x45, 0xE0, 0);
  EXPECT_EQ(Fails(), DiskStatus::kLockCountExceeded);
  Function(0x45, 0xE0, 2);
  EXPECT_EQ(Good(), 0);
  EXPECT_EQ(Al(), 1);
  Function(0x45, 0xE0, 3);
  EXPECT_EQ(Fails(), DiskStatus::kBadCommand);
}

TEST_F(ExtensionsTest, AFixedDiskCannotBeEjected) {
  Function(0x46, 0x80);
  EXPECT_EQ(Fails(), DiskStatus::kNotRemovable);
  Function(0x49, 0x80);
  EXPECT_EQ(Good(), 0);
}

TEST_F(ExtensionsTest, OnlyDefaultsCanBeConfigured) {
  for (const auto& [al, good] :
       {std::pair{0, false}, std::pair{1, true}, std::pair{4, true}, std::pair{5, false}}) {
    Function(0x4E, 0x80, static_cast<uint8_t>(al));
    EXPECT_EQ(Call(!good), good ? 0 : 1) << al;
  }
}

}  // namespace
}  // namespace verbatim::test
