// SPDX-License-Identifier: Apache-2.0
// Blocks that follow their code to another linear address.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "codecache/jump_table.h"
#include "tests/codecache/made_blocks.h"

namespace verbatim {
namespace {

constexpr uint32_t kHome = 0x1000;
constexpr uint32_t kAway = 0x7000;

class MovePage : public MadeBlocks {
 protected:
  // A block of the page at kHome whose link leads to `target`.
  Block& AddMovable(uint32_t id, uint32_t address, uint32_t target = kHome) {
    Block& block = Add(id, address);
    block.movable = true;
    block.links[0].target_eip = target;
    block.recovery = memory_->tables().Keep<RecoveryPoint>(
        std::array{RecoveryPoint{.kind = RecoveryKind::kEipInR8},
                   RecoveryPoint{.host_offset = 2, .eip = address}});
    return block;
  }
  bool Move(uint32_t from = kHome, uint32_t to = kAway) {
    return store_->MovePage({kHome}, from >> kPageShift, to >> kPageShift,
                            [this](Block& block) { moved_.push_back(&block); });
  }
  uint32_t Field(const Block& block, uint32_t offset) {
    return LoadLittle<uint32_t>(memory_->Writable(block.host_start + offset));
  }
  void SetField(const Block& block, uint32_t offset, uint32_t value) {
    StoreLittle(memory_->Writable(block.host_start + offset), value);
  }

  std::vector<Block*> moved_;
};

TEST_F(MovePage, TheBlockIsFoundAtTheNewAddressOnly) {
  Block& block = AddMovable(1, kHome + 0x20);
  ASSERT_TRUE(Move());
  EXPECT_EQ(store_->Find({{kHome + 0x20}, {kHome + 0x20}, 0}), nullptr);
  EXPECT_EQ(store_->Find({{kHome + 0x20}, {kAway + 0x20}, 0}), &block);
  EXPECT_EQ(block.eip, kAway + 0x20);
  EXPECT_EQ(block.recovery[0].eip, 0u);
  EXPECT_EQ(block.recovery[1].eip, kAway + 0x20);
  EXPECT_EQ(moved_, std::vector{&block});
  EXPECT_EQ(store_->statistics().blocks_moved, 1u);
  EXPECT_EQ(store_->InvalidateRange({kHome + 0x20}, 1), 1u) << "by its physical address, as before";
}

TEST_F(MovePage, FieldsFollow) {
  Block& block = AddMovable(1, kHome);
  // Where the stub is: nobody runs it here.
  constexpr auto kEip = static_cast<uint16_t>(kLinkStub);
  constexpr auto kNegated = static_cast<uint16_t>(kLinkStub + 4);
  SetField(block, kEip, 0x5555);
  SetField(block, kNegated, 0u - 0x5555);
  block.place = memory_->tables().Keep<PlaceField>(
      std::array{PlaceField{kEip, PlaceKind::kEip}, PlaceField{kNegated, PlaceKind::kNegatedEip}});
  ASSERT_TRUE(Move());
  EXPECT_EQ(Field(block, kEip), 0x5555u + (kAway - kHome));
  EXPECT_EQ(Field(block, kNegated), 0u - (0x5555u + (kAway - kHome)));
}

TEST_F(MovePage, JumpsToOtherPagesTakeTheCellOfTheNewTarget) {
  Block& block = AddMovable(1, kHome);
  constexpr auto kEip = static_cast<uint16_t>(kLinkStub);
  const uint32_t old_cell = *cells_.For(0x9000);
  SetField(block, kEip, 0x9000);
  SetField(block, kEip + Block::kCellField, JumpTable::CellOffset(old_cell));
  block.place =
      memory_->tables().Keep<PlaceField>(std::array{PlaceField{kEip, PlaceKind::kTableJump}});
  ASSERT_TRUE(Move());
  const std::optional<uint32_t> cell = cells_.Find(0x9000 + kAway - kHome);
  ASSERT_TRUE(cell.has_value());
  EXPECT_NE(*cell, old_cell);
  EXPECT_EQ(Field(block, kEip + Block::kCellField), JumpTable::CellOffset(*cell));
  EXPECT_EQ(cells_.Find(0x9000), std::nullopt) << "it had no other user";
}

TEST_F(MovePage, AHashedJumpLeavesTheCellsOfOthersAlone) {
  Block& block = AddMovable(1, kHome);
  constexpr auto kEip = static_cast<uint16_t>(kLinkStub);
  const std::optional<uint32_t> of_another = cells_.For(0x9000);
  SetField(block, kEip, 0x9000);
  SetField(block, kEip + Block::kCellField, JumpTable::HashedOffset(0x9000));
  block.place =
      memory_->tables().Keep<PlaceField>(std::vector<PlaceField>{{kEip, PlaceKind::kTableJump}});
  ASSERT_TRUE(Move());
  EXPECT_EQ(cells_.Find(0x9000), of_another);
}

// Whether it can be moved or not.
TEST_F(MovePage, ABlockThatDiesGivesBackItsCells) {
  Block& block = Add(1, kHome);
  constexpr auto kEip = static_cast<uint16_t>(kLinkStub);
  const std::optional<uint32_t> cell = cells_.For(0x9000);
  ASSERT_TRUE(cells_.For(0xA000) && cells_.For(0xB000));
  SetField(block, kEip, 0x9000);
  SetField(block, kEip + Block::kCellField, JumpTable::CellOffset(*cell));
  block.place =
      memory_->tables().Keep<PlaceField>(std::vector<PlaceField>{{kEip, PlaceKind::kTableJump}});
  Block& other = Add(2, kHome + 0x40);
  constexpr uint32_t kField = kLinkStub + Link::kEipField;
  SetField(other, kField, 0xA000);
  SetField(other, kField + Block::kCellField, JumpTable::CellOffset(*cells_.Find(0xA000)));
  other.links[0].target_eip = 0xA000;
  other.links[0].through_cell = true;
  store_->Invalidate(block);
  store_->Invalidate(other);
  EXPECT_EQ(cells_.Find(0x9000), std::nullopt);
  EXPECT_EQ(cells_.Find(0xA000), std::nullopt);
  EXPECT_TRUE(cells_.Find(0xB000)) << "it is another's";
}

TEST_F(MovePage, LinksBetweenBlocksOfThePageStay) {
  Block& target = AddMovable(2, kHome + 0x40);
  Block& source = AddMovable(1, kHome, kHome + 0x40);
  store_->Chain(source, source.links[0], BlockEntry::BodyOf(target));
  ASSERT_TRUE(Move());
  EXPECT_EQ(RunLink(source), 2u);
  EXPECT_EQ(source.links[0].target_eip, kAway + 0x40);
  store_->Invalidate(target);
  EXPECT_EQ(RunLink(source), kDead);
  Block& successor = store_->Insert(MakeAt(3, {{kHome + 0x40}, {kAway + 0x40}, 0}));
  EXPECT_EQ(RunLink(source), 3u) << "links are still known to lead there";
  EXPECT_TRUE(successor.valid);
}

TEST_F(MovePage, LinksToTheDeadAreUndone) {
  Block& target = AddMovable(2, kHome + 0x40);
  Block& source = AddMovable(1, kHome, kHome + 0x40);
  store_->Chain(source, source.links[0], BlockEntry::BodyOf(target));
  store_->Invalidate(target);
  ASSERT_TRUE(Move());
  EXPECT_EQ(RunLink(source), kUnchained);
  AddMovable(3, kHome + 0x40);
  EXPECT_EQ(RunLink(source), kUnchained) << "the successor lies where the source was";
}

TEST_F(MovePage, AGuessThatIsMadeAgainAfterEachMoveIsKnownOnceWhereItLeads) {
  Block& target = AddMovable(2, kHome + 0x40);
  Block& source = AddMovable(1, kHome);
  source.links[0].guess_back = 5;
  uint32_t from = kHome;
  uint32_t to = kAway;
  for (int moves = 0; moves < 10; ++moves) {
    Lead(source, target);
    ASSERT_TRUE(Move(from, to));
    EXPECT_EQ(RunLink(source), kUnchained);
    EXPECT_EQ(target.incoming.size(), 0u);
    std::swap(from, to);
  }
}

TEST_F(MovePage, OneThatComesWhereItsLikeHasDiedTakesOverTheLinks) {
  constexpr uint32_t kThird = 0x5000;
  Block& target = AddMovable(2, kHome + 0x40);
  Block& source = AddMovable(1, kHome, kHome + 0x40);
  store_->Chain(source, source.links[0], BlockEntry::BodyOf(target));
  store_->Invalidate(target);
  store_->Insert(MakeAt(3, {{kHome + 0x40}, {kThird + 0x40}, 0}));
  ASSERT_TRUE(Move(kThird, kHome));
  EXPECT_EQ(RunLink(source), 3u);
  ASSERT_TRUE(Move());
  EXPECT_EQ(RunLink(source), 3u);
}

TEST_F(MovePage, ALinkThatASuccessorTookOverIsUndoneWhenThatDies) {
  Block& target = AddMovable(2, kHome + 0x40);
  Block& source = AddMovable(1, kHome, kHome + 0x40);
  store_->Chain(source, source.links[0], BlockEntry::BodyOf(target));
  store_->Invalidate(target);
  ASSERT_TRUE(Move());
  ASSERT_TRUE(Move(kAway, kHome));
  Block& successor = AddMovable(3, kHome + 0x40);
  EXPECT_EQ(RunLink(source), 3u);
  store_->Invalidate(successor);
  EXPECT_EQ(RunLink(source), kDead);
  ASSERT_TRUE(Move());
  EXPECT_EQ(RunLink(source), kUnchained);
}

TEST_F(MovePage, WhatWasTranslatedThereAlreadyStays) {
  Block& old = AddMovable(1, kHome);
  Block& target = AddMovable(2, kHome + 0x40);
  Block& source = AddMovable(3, kHome + 0x80, kHome);
  store_->Chain(source, source.links[0], BlockEntry::BodyOf(old));
  Block& present = store_->Insert(MakeAt(4, {{kHome}, {kAway}, 0}));
  ASSERT_TRUE(Move());
  EXPECT_EQ(store_->Find(present.key), &present);
  EXPECT_FALSE(old.valid);
  EXPECT_EQ(store_->Find({{kHome + 0x40}, {kAway + 0x40}, 0}), &target);
  EXPECT_EQ(RunLink(source), kUnchained);
}

TEST_F(MovePage, APageStaysIfLinksHoldABlockThatCannotMove) {
  AddMovable(1, kHome);
  Add(2, kHome + 0x40);
  EXPECT_FALSE(Move());
  EXPECT_NE(store_->Find({{kHome}, {kHome}, 0}), nullptr);
  EXPECT_TRUE(moved_.empty());
}

TEST_F(MovePage, OneWithoutLinksIsGivenUp) {
  AddMovable(1, kHome);
  Block& single = Add(2, kHome + 0x40);
  single.links = {};
  EXPECT_TRUE(Move());
  EXPECT_FALSE(single.valid);
}

TEST_F(MovePage, OtherPlacesOfThePageAreLeftAlone) {
  AddMovable(1, kHome);
  Block& other = store_->Insert(MakeAt(2, {{kHome}, {0x5000}, 0}));
  ASSERT_TRUE(Move());
  EXPECT_EQ(store_->Find({{kHome}, {0x5000}, 0}), &other);
  const auto pages = store_->LinearPagesOf({kHome});
  EXPECT_EQ(std::vector(pages.begin(), pages.end()),
            (std::vector<uint32_t>{0x5000 >> kPageShift, kAway >> kPageShift}));
}

TEST_F(MovePage, WithoutBlocksThereIsNothingToMove) {
  EXPECT_FALSE(Move());
  AddMovable(1, kHome);
  EXPECT_FALSE(Move(0x3000));
}

TEST(DirectCells, ACellIsGivenOutAgainOnlyAfterTheTablesWereCleared) {
  DirectCells cells;
  for (uint32_t eip = 0; eip < DirectCells::kCells; ++eip) ASSERT_TRUE(cells.For(eip).has_value());
  EXPECT_EQ(cells.For(DirectCells::kCells), std::nullopt);
  for (uint32_t eip = 0; eip < DirectCells::kCells / 8; ++eip) {
    EXPECT_FALSE(cells.WantsClearedTables());
    cells.Release(eip);
  }
  EXPECT_EQ(cells.For(DirectCells::kCells), std::nullopt);
  ASSERT_TRUE(cells.WantsClearedTables());
  cells.OnTablesCleared();
  EXPECT_FALSE(cells.WantsClearedTables());
  EXPECT_TRUE(cells.For(DirectCells::kCells).has_value());
}

TEST(DirectCells, ACellStaysWhileItHasUsers) {
  DirectCells cells;
  const auto cell = cells.For(7);
  EXPECT_EQ(cells.For(7), cell);
  cells.Release(7);
  EXPECT_EQ(cells.Find(7), cell);
  cells.Release(7);
  EXPECT_EQ(cells.Find(7), std::nullopt);
  cells.Release(7);
}

}  // namespace
}  // namespace verbatim
