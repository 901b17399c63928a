// SPDX-License-Identifier: Apache-2.0
#include "firmware/bios/disk/geometry.h"

#include <gtest/gtest.h>

#include <array>

#include "base/bits.h"
#include "firmware/bios/disk/diskette_format.h"

namespace verbatim {
namespace {

using Sector = std::array<uint8_t, kSectorBytes>;

struct Address {
  uint32_t cylinder;
  uint8_t head;
  uint8_t sector;
};

void PutAddress(uint8_t* to, Address at) {
  to[0] = at.head;
  to[1] = static_cast<uint8_t>(at.sector | (at.cylinder >> 2 & 0xC0));
  to[2] = static_cast<uint8_t>(at.cylinder);
}

void AddPartition(Sector& sector, size_t index, uint8_t type, Address first, Address last,
                  uint32_t lba, uint32_t count) {
  uint8_t* entry = &sector[446 + index * 16];
  PutAddress(entry + 1, first);
  entry[4] = type;
  PutAddress(entry + 5, last);
  StoreLittle(entry + 8, lba);
  StoreLittle(entry + 12, count);
  StoreLittle(&sector[510], kBootSignature);
}

// An end that stands for all sectors behind the 1024th cylinder.
constexpr Address kFar{1023, 254, 63};

void AddParameterBlock(Sector& sector, uint16_t total, uint16_t sectors, uint16_t heads) {
  sector[0] = 0xEB;
  sector[2] = 0x90;
  StoreLittle<uint16_t>(&sector[11], 512);
  sector[13] = 1;
  StoreLittle<uint16_t>(&sector[14], 1);
  sector[16] = 2;
  StoreLittle(&sector[19], total);
  sector[21] = 0xF0;
  StoreLittle(&sector[24], sectors);
  StoreLittle(&sector[26], heads);
}

TEST(LbaAssistedGeometry, HasAsManyHeadsAsTheDiskNeedsWithin1024Cylinders) {
  EXPECT_EQ(LbaAssistedGeometry(1024 * 16 * 63), (DiskGeometry{1024, 16, 63}));
  EXPECT_EQ(LbaAssistedGeometry(1024 * 16 * 63 + 1), (DiskGeometry{512, 32, 63}));
  EXPECT_EQ(LbaAssistedGeometry(1024 * 64 * 63), (DiskGeometry{1024, 64, 63}));
  EXPECT_EQ(LbaAssistedGeometry(1024 * 128 * 63 + 1), (DiskGeometry{514, 255, 63}));
  EXPECT_EQ(LbaAssistedGeometry(uint64_t{1} << 40), (DiskGeometry{1024, 255, 63}));
  EXPECT_EQ(LbaAssistedGeometry(1), (DiskGeometry{1, 16, 63}));
}

TEST(PartitionedGeometry, IsTheShapeInWhichEndsOfPartitionsAreEndsOfCylinders) {
  Sector sector{};
  AddPartition(sector, 0, 6, {0, 1, 1}, {99, 7, 17}, 17, 100 * 8 * 17 - 17);
  EXPECT_EQ(FixedDiskGeometry(sector, 20000), (DiskGeometry{147, 8, 17}));
}

TEST(PartitionedGeometry, IsFoundFromPartitionsThatEndAnywhere) {
  Sector sector{};
  // 32 heads of 63: sector 2048 is 1/0/33, and 10000 is 4/30/47.
  AddPartition(sector, 0, 0x83, {1, 0, 33}, {4, 30, 47}, 2048, 10000 - 2048 + 1);
  EXPECT_EQ(PartitionedGeometry(sector, 20000), (DiskGeometry{9, 32, 63}));
}

TEST(PartitionedGeometry, AnEndBehindTheLastCylinderSaysNothing) {
  Sector sector{};
  AddPartition(sector, 0, 7, {0, 1, 1}, kFar, 63, 40000000);
  EXPECT_EQ(PartitionedGeometry(sector, 50000000), (DiskGeometry{1024, 255, 63}));
}

TEST(PartitionedGeometry, ContradictionsDoNotCount) {
  const uint64_t disk = 20000;
  Sector sector{};
  AddPartition(sector, 0, 6, {0, 1, 1}, {99, 7, 17}, 17, 5000);
  EXPECT_EQ(PartitionedGeometry(sector, disk), std::nullopt);
  EXPECT_EQ(FixedDiskGeometry(sector, disk), LbaAssistedGeometry(disk));

  sector = {};
  AddPartition(sector, 0, 6, {0, 1, 1}, {99, 7, 17}, 17, 100 * 8 * 17 - 17);
  sector[446 + 16] = 0x13;  // code, not a table
  EXPECT_EQ(PartitionedGeometry(sector, disk), std::nullopt);

  sector = {};
  AddPartition(sector, 0, 6, {0, 1, 1}, {99, 7, 17}, 17, 100 * 8 * 17 - 17);
  EXPECT_EQ(PartitionedGeometry(sector, 1000), std::nullopt) << "behind the disk's end";
  StoreLittle<uint16_t>(&sector[510], 0);
  EXPECT_EQ(PartitionedGeometry(sector, disk), std::nullopt) << "no signature";
}

TEST(PartitionedGeometry, AProtectiveEntrySaysNothing) {
  Sector sector{};
  AddPartition(sector, 0, 0xEE, {0, 0, 2}, {3, 3, 3}, 1, 19999);
  EXPECT_EQ(PartitionedGeometry(sector, 20000), std::nullopt);
}

TEST(FixedDiskGeometry, OfAnUnpartitionedDiskIsThatOfItsFileSystem) {
  Sector sector{};
  AddParameterBlock(sector, 20480, 32, 64);
  EXPECT_EQ(FixedDiskGeometry(sector, 20480), (DiskGeometry{10, 64, 32}));
  EXPECT_EQ(FixedDiskGeometry(sector, 20479), LbaAssistedGeometry(20479)) << "it does not fit";
}

TEST(DisketteFormat, OfAKnownSizeIsThatOfTheSize) {
  const struct {
    uint32_t kib;
    DiskGeometry geometry;
    uint8_t type;
  } kCases[] = {{160, {40, 1, 8}, 1},   {180, {40, 1, 9}, 1},   {320, {40, 2, 8}, 1},
                {360, {40, 2, 9}, 1},   {720, {80, 2, 9}, 3},   {1200, {80, 2, 15}, 2},
                {1440, {80, 2, 18}, 4}, {1680, {80, 2, 21}, 4}, {1722, {82, 2, 21}, 4},
                {2880, {80, 2, 36}, 6}};
  for (const auto& expected : kCases) {
    const DisketteFormat format = FindDisketteFormat(Sector{}, expected.kib * 1024);
    EXPECT_EQ(format.geometry, expected.geometry) << expected.kib;
    EXPECT_EQ(format.drive_type, expected.type) << expected.kib;
    EXPECT_EQ(format.blank_bytes, 0u) << expected.kib;
  }
}

TEST(DisketteFormat, OfAnotherSizeIsThatOfTheBootSector) {
  Sector sector{};
  AddParameterBlock(sector, 83 * 2 * 20, 20, 2);
  const DisketteFormat whole = FindDisketteFormat(sector, 83 * 2 * 20 * 512);
  EXPECT_EQ(whole.geometry, (DiskGeometry{83, 2, 20}));
  const DisketteFormat cut_off = FindDisketteFormat(sector, 5 * 512);
  EXPECT_EQ(cut_off.geometry, (DiskGeometry{83, 2, 20}));
  EXPECT_EQ(cut_off.blank_bytes, 0u) << "what was cut off is missing, not blank";
}

TEST(DisketteFormat, OfAShortImageThatSaysNothingIs1440KBlankAtItsEnd) {
  const DisketteFormat format = FindDisketteFormat(Sector{}, 512);
  EXPECT_EQ(format.geometry, (DiskGeometry{80, 2, 18}));
  EXPECT_EQ(format.blank_bytes, 2879u * 512);
  EXPECT_EQ(FindDisketteFormat(Sector{}, 1474561).geometry, (DiskGeometry{80, 2, 36}));
  EXPECT_EQ(FindDisketteFormat(Sector{}, uint64_t{1} << 40).blank_bytes, 0u);
}

}  // namespace
}  // namespace verbatim
