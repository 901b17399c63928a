// SPDX-License-Identifier: Apache-2.0
// Where host code really leads: chains, dead blocks, their successors, and return sites. The code
// runs.
#include <gtest/gtest.h>

#include "tests/codecache/made_blocks.h"

namespace verbatim {
namespace {

class Chaining : public MadeBlocks {};

TEST_F(Chaining, ALinkLeadsToItsStubUntilItIsChained) {
  Block& source = Add(1, 0x1000);
  Block& target = Add(2, 0x1100);
  EXPECT_EQ(RunLink(source), kUnchained);
  Lead(source, target);
  EXPECT_EQ(RunLink(source), 2u);
  EXPECT_TRUE(source.links[0].chained);
  EXPECT_EQ(store_->statistics().links_chained, 1u);
}

TEST_F(Chaining, WritesTheDistanceToTheBody) {
  Block& source = Add(1, 0x1000);
  Block& target = Add(2, 0x1100);
  target.body_offset = 6;
  Lead(source, target);
  const HostPointer field = source.host_start + source.links[0].source_offset;
  EXPECT_EQ(LoadLittle<uint32_t>(field),
            static_cast<uint32_t>(target.host_start + 6 - (field + 4)));
}

TEST_F(Chaining, ABlockMayBeChainedToItself) {
  Block& block = Add(1, 0x1000);
  store_->Chain(block, block.links[0], BlockEntry::BodyOf(block));
  EXPECT_EQ(RunLink(block), 1u);
}

TEST_F(Chaining, ALinkThatCannotBeChainedGetsAStubOfItsOwn) {
  Block& source = Add(1, 0x1000);
  const uint8_t code[] = {0xB8, 9, 0, 0, 0, 0xC3};  // mov eax, 9 ; ret
  store_->ReplaceLinkStub(source, source.links[0], code);
  EXPECT_EQ(RunLink(source), 9u);
  EXPECT_TRUE(source.links[0].chained) << "it asks no more";
  EXPECT_EQ(Run(source.host_start + kDeadStub), kDead) << "what lies behind the stub is intact";
}

TEST_F(Chaining, ADeadBlocksBodyLeadsToItsDeadStub) {
  Block& block = Add(1, 0x1000);
  EXPECT_EQ(Run(block.body()), 1u);
  store_->Invalidate(block);
  EXPECT_EQ(Run(block.body()), kDead);
}

TEST_F(Chaining, ReturnSitesOfADeadBlockMiss) {
  Block& block = Add(1, 0x1000);
  EXPECT_EQ(RunReturnSite(block), 1u);
  store_->Invalidate(block);
  EXPECT_EQ(RunReturnSite(block), kReturnMiss);
}

TEST_F(Chaining, LinksIntoADeadBlockReachItsSuccessor) {
  Block& source = Add(1, 0x1000);
  Block& target = Add(2, 0x1100);
  Lead(source, target);
  store_->Invalidate(target);
  EXPECT_EQ(RunLink(source), kDead);
  Add(3, 0x1100);
  EXPECT_EQ(RunLink(source), 3u);
  EXPECT_EQ(RunReturnSite(target), kReturnMiss) << "returns go through the table";
}

TEST_F(Chaining, SoTheyDoOverSeveralGenerations) {
  Block& source = Add(1, 0x1000);
  Block* target = &Add(2, 0x1100);
  Lead(source, *target);
  for (uint32_t id = 3; id < 10; ++id) {
    store_->Invalidate(*target);
    EXPECT_EQ(RunLink(source), kDead);
    target = &Add(id, 0x1100);
    EXPECT_EQ(RunLink(source), id);
  }
}

// Its second half may be mapped differently elsewhere: links go by the window's table.
TEST_F(Chaining, LinksAskAgainWhenTheSuccessorCrossesItsPage) {
  Block& source = Add(1, 0x1F00);
  Block& target = Add(2, 0x1FFC, 4);
  Lead(source, target);
  store_->Invalidate(target);
  AddCrossing(3, 0x1000, 4, 10, 0x7000);
  EXPECT_EQ(RunLink(source), kUnchained);
  EXPECT_FALSE(source.links[0].chained);
}

TEST_F(Chaining, TwoBlocksThatReplaceEachOtherForeverAreNotRememberedForever) {
  Block* one = &Add(1, 0x1000);
  Block* two = &Add(2, 0x1100);
  for (int i = 0; i < 100; ++i) {
    Lead(*one, *two);
    store_->Invalidate(*one);
    store_->Invalidate(*two);
    one = &Add(1, 0x1000);
    two = &Add(2, 0x1100);
  }
  EXPECT_TRUE(two->incoming.empty());
}

TEST_F(Chaining, ABlockOfAnotherModeIsNoSuccessor) {
  Block& source = Add(1, 0x1000);
  Block& target = Add(2, 0x1100);
  Lead(source, target);
  store_->Invalidate(target);
  Add(3, 0x1100, 16, 7);
  EXPECT_EQ(RunLink(source), kDead);
}

TEST_F(Chaining, AFlushedBlockHasNoSuccessor) {
  Add(1, 0x1000);
  Block& block = Add(2, 0x1100);
  const HostPointer old = block.host_start;
  store_->Invalidate(block);
  store_->Flush();
  Add(3, 0x1100);
  Add(4, 0x1000);
  EXPECT_EQ(Run(old), 4u) << "the memory has a new owner, which no old record patches";
}

}  // namespace
}  // namespace verbatim
