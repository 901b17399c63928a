// SPDX-License-Identifier: Apache-2.0
// Blocks found by key, by page and by host address, and what an invalidation takes along.
#include "codecache/block_store.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/codecache/made_blocks.h"

namespace verbatim {
namespace {

class BlockStoreTest : public MadeBlocks {};

TEST_F(BlockStoreTest, FindsWhatWasInserted) {
  const Block& block = Add(1, 0x1000);
  EXPECT_EQ(store_->Find({{0x1000}, {0x1000}, 0}), &block);
  EXPECT_TRUE(store_->HasBlocks({0x1FFF}));
  EXPECT_FALSE(store_->HasBlocks({0x2000}));
  EXPECT_EQ(store_->statistics().blocks_translated, 1u);
}

TEST_F(BlockStoreTest, EachPartOfTheKeyCounts) {
  Add(1, 0x1000);
  EXPECT_EQ(store_->Find({{0x1001}, {0x1000}, 0}), nullptr);
  EXPECT_EQ(store_->Find({{0x1000}, {0x1001}, 0}), nullptr);
  EXPECT_EQ(store_->Find({{0x1000}, {0x1000}, 1}), nullptr);
  EXPECT_EQ(store_->Find({{0x1'0000'1000}, {0x1000}, 0}), nullptr) << "beyond 4 GiB";
}

TEST_F(BlockStoreTest, BlocksOfOneAddressInTwoModesLiveSideBySide) {
  const Block& kernel = Add(1, 0x1000, 16, 0);
  const Block& user = Add(2, 0x1000, 16, 3);
  EXPECT_EQ(store_->Find({{0x1000}, {0x1000}, 0}), &kernel);
  EXPECT_EQ(store_->Find({{0x1000}, {0x1000}, 3}), &user);
  EXPECT_EQ(store_->InvalidateRange({0x1000}, 1), 2u);
}

TEST_F(BlockStoreTest, FindsByHostAddressOnBoundaries) {
  const Block& first = Add(1, 0x1000);
  const Block& second = Add(2, 0x2000);
  EXPECT_EQ(store_->FindByHost(return_miss_), nullptr) << "the prologue is no block";
  EXPECT_EQ(store_->FindByHost(first.host_start - 1), nullptr);
  EXPECT_EQ(store_->FindByHost(first.host_start), &first);
  EXPECT_EQ(store_->FindByHost(first.host_start + kHostBytes - 1), &first);
  ASSERT_GT(second.host_start - first.host_start, ssize_t{kHostBytes}) << "aligned, with a gap";
  EXPECT_EQ(store_->FindByHost(first.host_start + kHostBytes), nullptr);
  EXPECT_EQ(store_->FindByHost(second.host_start - 1), nullptr);
  EXPECT_EQ(store_->FindByHost(second.host_start), &second);
  EXPECT_EQ(store_->FindByHost(second.host_start + kHostBytes), nullptr);
}

TEST_F(BlockStoreTest, InvalidBlocksAreStillFoundByHostAddress) {
  Block& block = Add(1, 0x1000);
  store_->Invalidate(block);
  EXPECT_EQ(store_->Find(block.key), nullptr);
  EXPECT_EQ(store_->FindByHost(block.host_start), &block);
  EXPECT_FALSE(block.valid);
}

struct Write {
  uint32_t start;
  uint32_t bytes;
  bool hits;
};

class Writes : public MadeBlocks, public testing::WithParamInterface<Write> {};

TEST_P(Writes, DropABlockWhoseBytesTheyTouch) {
  Block& block = Add(1, 0x1100, 16);
  EXPECT_EQ(store_->InvalidateRange({GetParam().start}, GetParam().bytes), GetParam().hits);
  EXPECT_EQ(block.valid, !GetParam().hits);
  EXPECT_EQ(store_->HasBlocks({0x1000}), !GetParam().hits);
}

INSTANTIATE_TEST_SUITE_P(BlockStore, Writes,
                         testing::Values(Write{0x10FF, 1, false}, Write{0x10FF, 2, true},
                                         Write{0x1100, 1, true}, Write{0x110F, 1, true},
                                         Write{0x1110, 1, false}, Write{0x1000, 4096, true},
                                         Write{0x1000, 0x100, false}, Write{0x0, 0x3000, true},
                                         Write{0x10FC, 4, false}, Write{0x110C, 8, true},
                                         Write{0x2100, 16, false}));

TEST_F(BlockStoreTest, OneWriteDropsSeveralAndSparesTheRest) {
  Add(1, 0x1000, 16);
  Add(2, 0x1008, 16);  // overlaps the first
  const Block& spared = Add(3, 0x1018, 16);
  EXPECT_EQ(store_->InvalidateRange({0x1008}, 8), 2u);
  EXPECT_TRUE(spared.valid);
  EXPECT_TRUE(store_->HasBlocks({0x1000}));
  EXPECT_EQ(store_->statistics().blocks_invalidated, 2u);
}

// Both the page in which blocks begin and the one in which some of them end.
TEST_F(BlockStoreTest, BlocksOfAPageDieInAnyOrder) {
  constexpr uint32_t kCount = 61;
  constexpr uint32_t kStep = 23;  // no divisor: each once, out of order
  std::vector<Block*> blocks;
  for (uint32_t i = 0; i < kCount; ++i) {
    blocks.push_back(i % 2 == 0 ? &Add(i, 0x2000 + i * 16)
                                : &AddCrossing(i, 0x1000, 1 + i, 2 + i, 0x2000));
  }
  for (uint32_t i = 0; i < kCount; ++i) {
    EXPECT_TRUE(store_->HasBlocks({0x2000}));
    store_->Invalidate(*blocks[i * kStep % kCount]);
    for (uint32_t k = 0; k < kCount; ++k) {
      const Block& other = *blocks[k * kStep % kCount];
      EXPECT_EQ(store_->Find(other.key) == &other, k > i);
    }
  }
  EXPECT_FALSE(store_->HasBlocks({0x1000}));
  EXPECT_FALSE(store_->HasBlocks({0x2000}));
}

TEST_F(BlockStoreTest, ACrossingBlockBelongsToBothPages) {
  Block& block = AddCrossing(1, 0x1000, 4, 10, 0x7000);
  EXPECT_TRUE(store_->HasBlocks({0x1000}));
  EXPECT_TRUE(store_->HasBlocks({0x7000}));
  EXPECT_EQ(store_->InvalidateRange({0x2000}, 6), 0u) << "the next page is elsewhere";
  EXPECT_EQ(store_->InvalidateRange({0x7006}, 4), 0u) << "behind its last byte";
  EXPECT_EQ(store_->InvalidateRange({0x1FFB}, 1), 0u) << "before its first byte";
  EXPECT_EQ(store_->InvalidateRange({0x7005}, 1), 1u);
  EXPECT_FALSE(block.valid);
  EXPECT_FALSE(store_->HasBlocks({0x1000}));
  EXPECT_FALSE(store_->HasBlocks({0x7000}));
}

TEST_F(BlockStoreTest, ACrossingBlockDiesOfItsFirstPageToo) {
  const Block& block = AddCrossing(1, 0x1000, 4, 10, 0x7000);
  EXPECT_EQ(store_->InvalidateRange({0x1FFF}, 1), 1u);
  EXPECT_FALSE(block.valid);
  EXPECT_FALSE(store_->HasBlocks({0x7000}));
}

TEST_F(BlockStoreTest, AWriteOverBothPagesCountsACrossingBlockOnce) {
  AddCrossing(1, 0x1000, 4, 10, 0x2000);
  EXPECT_EQ(store_->InvalidateRange({0x1FFE}, 4), 1u);
  EXPECT_EQ(store_->statistics().blocks_invalidated, 1u);
}

// Two linear pages in a row may show one physical page.
TEST_F(BlockStoreTest, ABlockMayCrossFromAPageIntoTheSamePage) {
  const Block& end = AddCrossing(1, 0x1000, 4, 10, 0x1000);
  EXPECT_EQ(store_->InvalidateRange({0x1006}, 0xFF6), 0u) << "between its two pieces";
  EXPECT_EQ(store_->InvalidateRange({0x1005}, 1), 1u);
  EXPECT_FALSE(end.valid);
  EXPECT_FALSE(store_->HasBlocks({0x1000}));
}

TEST_F(BlockStoreTest, InvalidatingTwiceIsHarmless) {
  Block& block = Add(1, 0x1000);
  store_->Invalidate(block);
  store_->Invalidate(block);
  EXPECT_EQ(store_->statistics().blocks_invalidated, 1u);
}

TEST_F(BlockStoreTest, FlushForgetsEverythingAndReusesTheMemory) {
  const HostPointer first = Add(1, 0x1000).host_start;
  AddCrossing(2, 0x3000, 4, 10, 0x7000);
  store_->Invalidate(Add(3, 0x5000));
  store_->Flush();
  EXPECT_TRUE(store_->blocks().empty());
  EXPECT_EQ(store_->Find({{0x1000}, {0x1000}, 0}), nullptr);
  EXPECT_EQ(store_->FindByHost(first), nullptr);
  EXPECT_FALSE(store_->HasBlocks({0x3000}));
  EXPECT_FALSE(store_->HasBlocks({0x7000}));
  EXPECT_EQ(store_->statistics().flushes, 1u);
  EXPECT_EQ(Add(5, 0x5000).host_start, first);
  EXPECT_EQ(Run(first), 5u);
}

TEST_F(BlockStoreTest, IsLitteredOnceTheDeadTakeHalfTheRoomOfTheLiving) {
  // The room that so little is not worth a flush, twice over: for those that live on.
  const uint64_t alive = memory_->size_bytes() / 16;
  uint32_t address = 0x1000;
  const auto add = [&]() -> Block& { return Add(1, address += 0x10); };
  while (memory_->used_bytes() < alive) add();
  uint64_t dead = 0;
  while (!store_->IsLittered()) {
    dead += kHostBytes;
    ASSERT_LE(dead, alive);
    Block& block = add();
    store_->Invalidate(block);
    store_->Invalidate(block);
  }
  EXPECT_GE(dead, alive / 2);
  EXPECT_LE(dead, alive / 2 + alive / 8) << "the gaps between blocks count as alive";
  store_->Flush();
  EXPECT_FALSE(store_->IsLittered());
  for (int i = 0; i < 100; ++i) store_->Invalidate(add());
  EXPECT_FALSE(store_->IsLittered()) << "all are dead, but few";
}

TEST(Block, RecoveryPointsHoldUpToTheNext) {
  uint8_t code[16] = {};
  Block block;
  block.host_start = code;
  block.host_bytes = sizeof code;
  std::array<RecoveryPoint, 3> points = {
      {{.host_offset = 0, .kind = RecoveryKind::kEipInR8},
       {.host_offset = 4, .kind = RecoveryKind::kInstruction, .eip = 0x100},
       {.host_offset = 9, .kind = RecoveryKind::kCritical, .eip = 0x102}}};
  block.recovery = points;
  EXPECT_EQ(block.RecoveryAt(code).kind, RecoveryKind::kEipInR8);
  EXPECT_EQ(block.RecoveryAt(code + 3).kind, RecoveryKind::kEipInR8);
  EXPECT_EQ(block.RecoveryAt(code + 4).eip, 0x100u);
  EXPECT_EQ(block.RecoveryAt(code + 8).eip, 0x100u);
  EXPECT_EQ(block.RecoveryAt(code + 9).kind, RecoveryKind::kCritical);
  EXPECT_EQ(block.RecoveryAt(code + 15).eip, 0x102u);
}

}  // namespace
}  // namespace verbatim
