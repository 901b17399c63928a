// SPDX-License-Identifier: Apache-2.0
// Links to blocks of other pages: found by either page, undone, and never taken up again by
// mistake.
#include <gtest/gtest.h>

#include <vector>

#include "tests/codecache/made_blocks.h"

namespace verbatim {
namespace {

constexpr uint32_t kHere = 0x1000;
constexpr uint32_t kThere = 0x4000;

constexpr MappedPage At(uint32_t linear, uint32_t physical) { return {{linear}, {physical}}; }
constexpr MappedPage At(uint32_t page) { return At(page, page); }

class PageLinksOfStore : public MadeBlocks {
 protected:
  void SetUp() override {
    source_ = &Add(1, kHere + 0x20);
    target_ = &Add(2, kThere + 0x40);
    Lead(*source_, *target_);
    ASSERT_EQ(RunLink(*source_), 2u);
  }
  // The pages that are asked about.
  std::vector<MappedPage> UndoFrom(const MappedPage& page, bool keep = false) {
    std::vector<MappedPage> asked;
    store_->UndoLinksFrom(page, [&](const MappedPage& target) {
      asked.push_back(target);
      return keep;
    });
    return asked;
  }
  std::vector<MappedPage> UndoInto(uint32_t page, bool keep = false) {
    std::vector<MappedPage> asked;
    store_->UndoLinksInto({page}, [&](const MappedPage& source) {
      asked.push_back(source);
      return keep;
    });
    return asked;
  }

  Block* source_ = nullptr;
  Block* target_ = nullptr;
};

TEST_F(PageLinksOfStore, AreUndoneByTheirSource) {
  EXPECT_TRUE(source_->links[0].to_other_page);
  EXPECT_EQ(UndoFrom(At(kHere)), std::vector{At(kThere)});
  EXPECT_EQ(RunLink(*source_), kUnchained);
  EXPECT_FALSE(source_->links[0].chained || source_->links[0].to_other_page);
  EXPECT_EQ(store_->statistics().links_to_pages, 1u);
  EXPECT_EQ(store_->statistics().page_links_undone, 1u);
  EXPECT_TRUE(UndoFrom(At(kHere)).empty()) << "it is undone already";
}

TEST_F(PageLinksOfStore, AreUndoneByTheirTarget) {
  EXPECT_TRUE(UndoInto(kHere).empty());
  EXPECT_EQ(UndoInto(kThere), std::vector{At(kHere)});
  EXPECT_EQ(RunLink(*source_), kUnchained);
  EXPECT_TRUE(UndoInto(kThere).empty());
}

TEST_F(PageLinksOfStore, StayIfTheyAreToBeKept) {
  EXPECT_EQ(UndoFrom(At(kHere), true).size(), 1u);
  EXPECT_EQ(UndoInto(kThere, true).size(), 1u);
  EXPECT_EQ(RunLink(*source_), 2u);
  EXPECT_EQ(UndoFrom(At(kHere)).size(), 1u) << "still known";
}

TEST_F(PageLinksOfStore, OfAnotherPhysicalPageAreNotMeant) {
  EXPECT_TRUE(UndoFrom(At(kHere, 0x9000)).empty());
  EXPECT_EQ(RunLink(*source_), 2u);
}

TEST_F(PageLinksOfStore, AreKnownAnewWhenChainedAgain) {
  UndoFrom(At(kHere));
  Lead(*source_, *target_);
  EXPECT_EQ(RunLink(*source_), 2u);
  EXPECT_FALSE(UndoInto(kThere).empty());
  EXPECT_EQ(RunLink(*source_), kUnchained);
  EXPECT_EQ(source_->links[0].page_chains, 2u);
}

TEST_F(PageLinksOfStore, ALinkWithinThePageIsNone) {
  Block& neighbour = Add(3, kHere + 0x80);
  Lead(*source_, neighbour);
  EXPECT_FALSE(source_->links[0].to_other_page);
  EXPECT_TRUE(UndoFrom(At(kHere)).empty());
  EXPECT_TRUE(UndoInto(kThere).empty());
  EXPECT_EQ(RunLink(*source_), 3u);
}

TEST_F(PageLinksOfStore, TheSuccessorOfTheDeadTakesThemOver) {
  store_->Invalidate(*target_);
  EXPECT_EQ(RunLink(*source_), kDead);
  Add(3, kThere + 0x40);
  EXPECT_EQ(RunLink(*source_), 3u);
  EXPECT_EQ(UndoInto(kThere).size(), 1u) << "and it can be undone";
}

TEST_F(PageLinksOfStore, ButNotThoseThatWereUndone) {
  UndoInto(kThere);
  store_->Invalidate(*target_);
  Add(3, kThere + 0x40);
  EXPECT_EQ(RunLink(*source_), kUnchained);
}

TEST_F(PageLinksOfStore, NorThoseUndoneWhileItWasDead) {
  store_->Invalidate(*target_);
  UndoInto(kThere);
  Add(3, kThere + 0x40);
  EXPECT_EQ(RunLink(*source_), kUnchained);
}

TEST_F(PageLinksOfStore, TheDeadHaveNone) {
  store_->Invalidate(*source_);
  EXPECT_TRUE(UndoFrom(At(kHere)).empty());
  EXPECT_TRUE(UndoInto(kThere).empty());
}

TEST_F(PageLinksOfStore, AFlushForgetsThem) {
  store_->Flush();
  EXPECT_TRUE(UndoFrom(At(kHere)).empty());
  EXPECT_TRUE(UndoInto(kThere).empty());
}

class PageLinksOfMovedPages : public MadeBlocks {
 protected:
  static constexpr uint32_t kAway = 0x7000;
  Block& AddMovable(uint32_t id, uint32_t address) {
    return store_->Insert(MakeAt(id, {{address}, {address}, 0}));
  }
  void SetUp() override { Lead(source_, target_); }
  bool Move(uint32_t page) {
    return store_->MovePage({page}, page >> kPageShift, kAway >> kPageShift, [](Block&) {});
  }

  Block& source_ = AddMovable(1, kHere);
  Block& target_ = AddMovable(2, kThere);
};

TEST_F(PageLinksOfMovedPages, AreUndoneWhenTheSourceMoves) {
  ASSERT_TRUE(Move(kHere));
  EXPECT_EQ(RunLink(source_), kUnchained);
  EXPECT_EQ(source_.links[0].target_eip, kThere + kAway - kHere);
}

TEST_F(PageLinksOfMovedPages, AreUndoneWhenTheTargetMoves) {
  ASSERT_TRUE(Move(kThere));
  EXPECT_EQ(RunLink(source_), kUnchained);
  store_->Invalidate(target_);
  AddMovable(3, kThere);
  EXPECT_EQ(RunLink(source_), kUnchained) << "what follows there was never asked for";
}

// Two that keep leading to each other and being undone.
TEST_F(PageLinksOfMovedPages, AreNotRememberedForEver) {
  for (int i = 0; i < 1000; ++i) {
    Lead(source_, target_);
    size_t asked = 0;
    store_->UndoLinksFrom(At(kHere), [&](const MappedPage&) { return ++asked == 0; });
    ASSERT_EQ(asked, 1u);
  }
  size_t known = 0;
  store_->UndoLinksInto({kThere}, [&](const MappedPage&) { return ++known != 0; });
  EXPECT_EQ(known, 0u);
}

}  // namespace
}  // namespace verbatim
