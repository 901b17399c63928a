// SPDX-License-Identifier: Apache-2.0
// The branch table of a window: what it leads to, and what clearing a page clears.
#include "codecache/jump_table.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "base/bits.h"
#include "base/check.h"

namespace verbatim {
namespace {

HostPointer HostCode(uint32_t address) { return reinterpret_cast<HostPointer>(uintptr_t{address}); }

class JumpTableTest : public testing::Test {
 protected:
  static constexpr uint32_t kMiss = 0x4000'0000;
  static constexpr uint32_t kEntry = 0x4000'1230;
  static constexpr uint32_t kBody = kEntry + 20;
  // Added to an eip it makes another with the same hash.
  static constexpr uint32_t kOther =
      (1u << JumpTable::kHashFold) - (1u << JumpTable::kHashRotation);

  [[nodiscard]] uint32_t Hashed(uint32_t eip) const { return table_.data()[JumpTable::Hash(eip)]; }
  [[nodiscard]] uint32_t Cell(uint32_t cell) const {
    return table_.data()[JumpTable::CellOffset(cell) / sizeof(uint32_t)];
  }
  void Set(uint32_t eip, std::optional<uint32_t> cell = {}, uint32_t entry = kEntry) {
    Block block;
    block.host_start = HostCode(entry);
    block.body_offset = kBody - kEntry;
    table_.Set(eip, block, cell);
  }
  void ExpectEmpty() const {
    for (uint32_t slot = 0; slot < JumpTable::kSlots; ++slot) {
      ASSERT_EQ(table_.data()[slot], kMiss) << slot;
    }
    for (uint32_t index = 0; index < JumpTable::kOverflowEntries; ++index) {
      ASSERT_EQ(OverflowAt(index).minus_eip, JumpTable::NoOverflow(index).minus_eip) << index;
    }
  }
  [[nodiscard]] JumpTable::Overflow OverflowAt(uint32_t index) const {
    const auto* bytes = reinterpret_cast<const uint8_t*>(table_.data());
    return LoadLittle<JumpTable::Overflow>(bytes + JumpTable::kOverflowOffset +
                                           index * sizeof(JumpTable::Overflow));
  }
  // Where the miss stub goes; nothing: it gives up.
  [[nodiscard]] std::optional<uint32_t> OverflowOf(uint32_t eip) const {
    const JumpTable::Overflow entry = OverflowAt(JumpTable::OverflowIndex(eip));
    return entry.minus_eip + eip == 0 ? std::optional(entry.body) : std::nullopt;
  }

  static JumpTable Made() {
    Result<EmptyJumpTable> empty = EmptyJumpTable::Create(HostCode(kMiss));
    CHECK(empty.has_value());
    Result<JumpTable> table = JumpTable::Create(*empty);
    CHECK(table.has_value());
    return std::move(*table);
  }

  JumpTable table_ = Made();
};

TEST_F(JumpTableTest, LeadsToTheMissStubAtFirst) { ExpectEmpty(); }

TEST_F(JumpTableTest, HashedEntriesLeadToTheEntry) {
  Set(0xC010'1234);
  EXPECT_EQ(Hashed(0xC010'1234), kEntry);
  EXPECT_EQ(Hashed(0xC010'1234 + kOther), kEntry) << "who is not meant verifies the address";
  constexpr uint32_t kOthers[] = {0xC010'1230, 0xC010'1235, 0xC010'1236, 0xC010'1237, 0xC010'1238,
                                  0x4010'1234, 0xC014'1234, 0xC018'1234, 0xC030'1234};
  for (const uint32_t other : kOthers) EXPECT_EQ(Hashed(other), kMiss) << other;
}

TEST_F(JumpTableTest, CellsLeadToTheBody) {
  Set(0xC010'1234, 7);
  EXPECT_EQ(Cell(7), kBody);
  EXPECT_EQ(Hashed(0xC010'1234), kEntry);
  EXPECT_EQ(Cell(6), kMiss);
  EXPECT_EQ(Cell(8), kMiss);
}

TEST_F(JumpTableTest, ABlockMayGetItsCellLater) {
  Set(0xC010'1234);
  Set(0xC010'1234, 9);
  EXPECT_EQ(Cell(9), kBody);
  table_.ClearPage(0xC010'1000);
  EXPECT_EQ(Cell(9), kMiss);
}

// A cell that nobody used any more was given back, and the target has got another since.
TEST_F(JumpTableTest, ABlockThatGetsAnotherCellLeavesItsOldOne) {
  Set(0xC010'1234, 9);
  Set(0xC010'1234, 10);
  EXPECT_EQ(Cell(9), kMiss) << "it may be another target's soon";
  EXPECT_EQ(Cell(10), kBody);
  table_.Clear();
  ExpectEmpty();
}

TEST_F(JumpTableTest, TheLastOneWinsACollision) {
  Set(0x0001'0010);
  Set(0x0001'0010 + kOther, {}, kEntry + 16);
  EXPECT_EQ(Hashed(0x0001'0010), kEntry + 16);
  table_.ClearPage(0x0001'0000);
  EXPECT_EQ(Hashed(0x0001'0010), kMiss) << "the other one's entry is lost, which costs time only";
}

TEST_F(JumpTableTest, WhatCollidesIsFoundInTheOverflow) {
  constexpr uint32_t kEip = 0xC010'1234;
  for (uint32_t i = 0; i < JumpTable::kCollisions / 2; ++i) {
    Set(kEip);
    Set(kEip + kOther, {}, kEntry + 0x100);
  }
  EXPECT_EQ(OverflowOf(kEip), std::nullopt) << "not for a few";
  Set(kEip);
  Set(kEip + kOther, {}, kEntry + 0x100);
  EXPECT_EQ(OverflowOf(kEip + kOther), kBody + 0x100);
  Set(kEip);
  EXPECT_EQ(OverflowOf(kEip), kBody);
  EXPECT_EQ(OverflowOf(kEip + kOther), kBody + 0x100) << "from now on both are found";
  table_.ClearPage(kEip & ~kPageOffsetMask);
  EXPECT_EQ(OverflowOf(kEip), std::nullopt);
  EXPECT_EQ(OverflowOf(kEip + kOther), kBody + 0x100);
  table_.Clear();
  ExpectEmpty();
}

// An entry of zeroes stands for eip 0, but for the one that eip 0 would be looked for at.
TEST_F(JumpTableTest, NoAddressIsFoundInAnEmptyOverflow) {
  for (const uint32_t eip : {0u, 1u, 4u, 0x80000u, 0xFFFFFFFFu, 0xFFF80000u, 0xFFF80003u}) {
    EXPECT_EQ(OverflowOf(eip), std::nullopt) << eip;
  }
}

TEST_F(JumpTableTest, ABlockThatReplacesAnotherTakesItsSlots) {
  Set(0x5000, 3);
  Set(0x5000, 3, kEntry + 64);
  EXPECT_EQ(Hashed(0x5000), kEntry + 64);
  EXPECT_EQ(Cell(3), kBody + 64);
  table_.ClearPage(0x5000);
  ExpectEmpty();
}

TEST_F(JumpTableTest, ClearForgetsAll) {
  for (uint32_t i = 0; i < 20'000; ++i) Set(i * 17, i);
  table_.Clear();
  ExpectEmpty();
}

// A block that crosses into the page starts at most 14 bytes before it.
TEST_F(JumpTableTest, ClearingAPageClearsWhatLeadsIntoIt) {
  constexpr uint32_t kPage = 0xC010'5000;
  Set(kPage - 15, 0);
  Set(kPage - 14, 1);
  Set(kPage, 2);
  Set(kPage + 0x800, 3);
  Set(kPage + kPageBytes - 1, 4);
  Set(kPage + kPageBytes, 5);
  table_.ClearPage(kPage);
  EXPECT_EQ(Cell(0), kBody);
  EXPECT_EQ(Cell(1), kMiss);
  EXPECT_EQ(Cell(2), kMiss);
  EXPECT_EQ(Cell(3), kMiss);
  EXPECT_EQ(Hashed(kPage + 0x800), kMiss);
  EXPECT_EQ(Cell(4), kMiss);
  EXPECT_EQ(Cell(5), kBody);
  EXPECT_EQ(Hashed(kPage + kPageBytes), kEntry);
}

TEST_F(JumpTableTest, OfAnUnalignedPageOfEipBothHalvesAreCleared) {
  // With a segment base that is not a multiple of 4 KiB a page's first eip can be anything.
  constexpr uint32_t kFirst = 0x0000'F800;
  Set(kFirst - 15, 0);
  Set(kFirst - 14, 1);
  Set(0xFFFF, 2);
  Set(0x1'0000, 3);
  Set(kFirst + kPageBytes - 1, 4);
  Set(kFirst + kPageBytes, 5);
  table_.ClearPage(kFirst);
  EXPECT_EQ(Cell(0), kBody);
  for (uint32_t cell = 1; cell <= 4; ++cell) EXPECT_EQ(Cell(cell), kMiss) << cell;
  EXPECT_EQ(Cell(5), kBody);
}

TEST_F(JumpTableTest, TheFirstPageWrapsToTheTopOfTheAddressSpace) {
  Set(0xFFFF'FFF2, 0);
  Set(0xFFFF'FFF1, 1);
  Set(0, 2);
  table_.ClearPage(0);
  EXPECT_EQ(Cell(0), kMiss);
  EXPECT_EQ(Cell(1), kBody);
  EXPECT_EQ(Cell(2), kMiss);
}

TEST_F(JumpTableTest, APageCanBeFilledAgain) {
  for (int round = 0; round < 3; ++round) {
    Set(0x5123, 1);
    EXPECT_EQ(Cell(1), kBody);
    table_.ClearPage(0x5000);
    EXPECT_EQ(Cell(1), kMiss);
    EXPECT_EQ(Hashed(0x5123), kMiss);
  }
}

TEST(DirectCells, NumberEachTargetOnce) {
  DirectCells cells;
  EXPECT_FALSE(cells.Find(0x1000));
  const auto first = cells.For(0x1000);
  const auto second = cells.For(0x2000);
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_EQ(cells.For(0x1000), first);
  EXPECT_EQ(cells.Find(0x2000), second);
}

TEST(DirectCells, RunOut) {
  DirectCells cells;
  for (uint32_t eip = 0; eip < DirectCells::kCells; ++eip) {
    const auto cell = cells.For(eip);
    ASSERT_TRUE(cell);
    ASSERT_LT(*cell, DirectCells::kCells);
  }
  EXPECT_FALSE(cells.For(DirectCells::kCells));
  EXPECT_TRUE(cells.For(5)) << "those that have one keep it";
  cells.Clear();
  EXPECT_FALSE(cells.Find(5));
  EXPECT_TRUE(cells.For(DirectCells::kCells));
}

}  // namespace
}  // namespace verbatim
