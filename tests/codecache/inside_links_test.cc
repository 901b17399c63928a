// SPDX-License-Identifier: Apache-2.0
// Links that lead into the middle of blocks. The code runs.
#include <gtest/gtest.h>

#include <optional>

#include "tests/codecache/made_blocks.h"

namespace verbatim {
namespace {

constexpr uint32_t kTarget = 0x1104;  // in the block at 0x1100
constexpr uint32_t kDistance = 4;

class InsideLinks : public MadeBlocks {
 protected:
  Block& AddEntered(uint32_t id, uint32_t address = kTarget - kDistance) {
    Block& block = Add(id, address);
    AddStart(block, kDistance);
    return block;
  }
  Block& AddSource(uint32_t id, uint32_t address = 0x1000) {
    Block& block = Add(id, address);
    block.links[0].target_eip = kTarget;
    return block;
  }
  [[nodiscard]] std::optional<BlockEntry> Find(uint32_t address = kTarget, uint64_t mode = 0) {
    return store_->FindInside({{address}, {address}, mode}, address);
  }
  // As the engine does for a link that asks.
  void ChainInside(Block& source) {
    const std::optional<BlockEntry> entry = Find();
    ASSERT_TRUE(entry.has_value());
    store_->Chain(source, source.links[0], *entry);
  }
};

TEST_F(InsideLinks, LeadToTheInstruction) {
  Block& source = AddSource(1);
  AddEntered(2);
  ChainInside(source);
  EXPECT_EQ(RunLink(source), kInside + 2);
  EXPECT_TRUE(source.links[0].chained);
  EXPECT_EQ(store_->statistics().links_chained, 1u);
  EXPECT_EQ(store_->statistics().links_inside, 1u);
}

TEST_F(InsideLinks, LeadToStartsOfInstructionsOnly) {
  AddEntered(2);
  EXPECT_TRUE(Find());
  EXPECT_FALSE(Find(kTarget - 1));
  EXPECT_FALSE(Find(kTarget + 1));
  EXPECT_FALSE(Find(kTarget - kDistance)) << "the block's own start is found by its key";
  EXPECT_FALSE(Find(kTarget + 0x100));
}

// A point that is no start may lie amid what an instruction does.
TEST_F(InsideLinks, LeadToNoPointThatIsNoStart) {
  Block& block = AddEntered(2);
  block.recovery[1].start = false;
  EXPECT_FALSE(Find());
}

TEST_F(InsideLinks, LeadToBlocksOfTheirModeAndPageOnly) {
  AddEntered(2);
  EXPECT_FALSE(Find(kTarget, 7));
  EXPECT_FALSE(store_->FindInside({{kTarget}, {kTarget + kPageBytes}, 0}, kTarget));
  EXPECT_FALSE(store_->FindInside({{kTarget + kPageBytes}, {kTarget}, 0}, kTarget));
}

// The same memory in another page of eip: only the linear page tells.
TEST_F(InsideLinks, OfSeveralPlacesOfAPageTakeTheirs) {
  AddEntered(2);
  Block& other = store_->Insert(MakeAt(3, {{kTarget - kDistance}, {0x7100}, 0}));
  AddStart(other, kDistance);
  const std::optional<BlockEntry> entry = store_->FindInside({{kTarget}, {0x7104}, 0}, 0x7104);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(&entry->block, &other);
  EXPECT_TRUE(Find());
}

TEST_F(InsideLinks, AskAgainWhenTheBlockDies) {
  Block& source = AddSource(1);
  Block& target = AddEntered(2);
  ChainInside(source);
  store_->Invalidate(target);
  EXPECT_EQ(RunLink(source), kUnchained);
  EXPECT_FALSE(source.links[0].chained);
  EXPECT_FALSE(Find()) << "nor is the dead block found";
  AddEntered(3);
  EXPECT_EQ(RunLink(source), kUnchained) << "its successor may have other instructions";
  ChainInside(source);
  EXPECT_EQ(RunLink(source), kInside + 3);
}

TEST_F(InsideLinks, ABlockMayBeEnteredInsideByItself) {
  Block& block = AddEntered(2);
  block.links[0].target_eip = kTarget;
  ChainInside(block);
  EXPECT_EQ(RunLink(block), kInside + 2);
  store_->Invalidate(block);
  EXPECT_EQ(Run(block.body()), kDead);
}

// The link of a block that is one jump lies where the jump to the dead stub goes.
TEST_F(InsideLinks, OfADeadBlockAreNotPatched) {
  Block& source = AddSource(1);
  source.body_offset = kLinkJump;
  Block& target = AddEntered(2);
  ChainInside(source);
  store_->Invalidate(source);
  ASSERT_EQ(Run(source.body()), kDead);
  store_->Invalidate(target);
  EXPECT_EQ(Run(source.body()), kDead);
}

TEST_F(InsideLinks, MoveWithTheirPage) {
  constexpr uint32_t kAway = 0x7000;
  Block& target = AddEntered(2);
  Block& source = AddSource(1);
  target.movable = source.movable = true;
  ChainInside(source);
  ASSERT_TRUE(store_->MovePage({0x1000}, 1, kAway >> kPageShift, [](Block&) {}));
  EXPECT_EQ(RunLink(source), kInside + 2);
  EXPECT_EQ(source.links[0].target_eip, kTarget + kAway - 0x1000);
  EXPECT_FALSE(Find());
  const uint32_t moved = kTarget + kAway - 0x1000;
  EXPECT_TRUE(store_->FindInside({{kTarget}, {moved}, 0}, moved));
  store_->Invalidate(target);
  EXPECT_EQ(RunLink(source), kUnchained);
}

TEST_F(InsideLinks, AreUndoneWhenTheirTargetStaysBehind) {
  Block& target = AddEntered(2);
  Block& source = AddSource(1);
  target.movable = source.movable = true;
  ChainInside(source);
  // There already, so that the block that lies here dies.
  store_->Insert(MakeAt(3, {{kTarget - kDistance}, {0x7100}, 0}));
  ASSERT_TRUE(store_->MovePage({0x1000}, 1, 7, [](Block&) {}));
  EXPECT_FALSE(target.valid);
  EXPECT_EQ(RunLink(source), kUnchained);
}

// A link waits for a successor at its old place, comes back there, and has found another target.
TEST_F(InsideLinks, StayWhenASuccessorOfWhereTheyLedComes) {
  Block& source = AddSource(1);
  Block& first = Add(2, kTarget);
  source.movable = first.movable = true;
  store_->Chain(source, source.links[0], BlockEntry::BodyOf(first));
  store_->Invalidate(first);
  const auto ignore = [](Block&) {};
  ASSERT_TRUE(store_->MovePage({0x1000}, 1, 7, ignore));
  ASSERT_TRUE(store_->MovePage({0x1000}, 7, 1, ignore));
  ASSERT_EQ(RunLink(source), kUnchained);
  Block& around = AddEntered(3);
  ChainInside(source);
  Block& successor = Add(4, kTarget);
  EXPECT_EQ(RunLink(source), kInside + 3);
  store_->Invalidate(successor);
  EXPECT_EQ(RunLink(source), kInside + 3);
  store_->Invalidate(around);
  EXPECT_EQ(RunLink(source), kUnchained);
}

}  // namespace
}  // namespace verbatim
