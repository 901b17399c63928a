// SPDX-License-Identifier: Apache-2.0
// Windows as a TLB: stale until a flush, then exactly what changed goes (SDM vol. 3, 4.10).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/memory/guest_page_tables.h"

namespace verbatim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr uint32_t kLinear = 0x40000000;
constexpr uint32_t kFrame = 0x200000;
constexpr uint32_t kOther = 0x600000;
constexpr uint32_t kKernel = 0xC0000000;
constexpr uint32_t kGlobal = static_cast<uint32_t>(kPteGlobal);
constexpr uint32_t kUserBit = static_cast<uint32_t>(kPteUser);
constexpr uint32_t kWritable = static_cast<uint32_t>(kPteWritable);
constexpr uint32_t kAccessed = static_cast<uint32_t>(kPteAccessed);
constexpr uint32_t kDirty = static_cast<uint32_t>(kPteDirty);

uint32_t Page(uint32_t i) { return kLinear + i * kPageBytes; }

class WindowFlushTest : public testing::Test {
 protected:
  WindowFlushTest() { machine_.windows->SetObserver(&observer_); }

  // Ten contiguous pages of user memory, mapped as one run.
  WindowId MapTen() {
    for (uint32_t i = 0; i < 10; ++i) tables_.Set(Page(i), (kFrame + i * kPageBytes) | kOpen);
    machine_.Use(tables_);
    const WindowId user = machine_.User();
    EXPECT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
    EXPECT_TRUE(machine_.ShowsWritable(user, Page(9)));
    return user;
  }
  uint64_t Dropped() const { return machine_.windows->statistics().pages_dropped; }
  void ExpectCountIsExact() const {
    EXPECT_EQ(machine_.windows->statistics().live_mappings, machine_.HostMappingsOfWindows());
  }

  RecordingObserver observer_;
  WindowMachine machine_;
  GuestPageTables tables_{*machine_.memory, 0x10000};
};

TEST_F(WindowFlushTest, StaysStaleUntilTheFlush) {
  const WindowId user = MapTen();
  tables_.Set(Page(4), 0);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_TRUE(machine_.Shows(user, Page(4)));
  machine_.windows->FlushAll(true);
  EXPECT_TRUE(machine_.Shows(user, Page(4)));  // not before the window is used again
  EXPECT_EQ(machine_.User(), user);
  EXPECT_FALSE(machine_.Shows(user, Page(4)));
}

TEST_F(WindowFlushTest, DropsExactlyWhatChanged) {
  const WindowId user = MapTen();
  tables_.Set(Page(2), kOther | kOpen);                                    // frame
  tables_.Set(Page(3), (kFrame + 3 * kPageBytes) | (kOpen & ~kWritable));  // right
  tables_.Set(Page(4), (kFrame + 4 * kPageBytes) | (kOpen & ~kAccessed));  // A
  tables_.Set(Page(6), (kFrame + 6 * kPageBytes) | (kOpen & ~kDirty));     // D
  tables_.Set(Page(8), (kFrame + 8 * kPageBytes) | (kOpen & ~kUserBit));   // right
  tables_.Set(Page(9), (kFrame + 9 * kPageBytes) | kOpen | 0xE00);         // available bits
  tables_.Set(Page(10), (kFrame + 10 * kPageBytes) | kOpen);               // new
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  const bool stays[] = {true, true, false, false, false, true, false, true, false, true};
  for (uint32_t i = 0; i < 10; ++i) EXPECT_EQ(machine_.Shows(user, Page(i)), stays[i]) << i;
  EXPECT_EQ(Dropped(), 5u);
  ExpectCountIsExact();
}

TEST_F(WindowFlushTest, NothingIsDroppedWhenRightsAreAdded) {
  for (uint32_t i = 0; i < 4; ++i) {
    tables_.Set(Page(i), (kFrame + i * kPageBytes) | (kOpen & ~(kDirty | kWritable)));
  }
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  ASSERT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  for (uint32_t i = 0; i < 4; ++i) tables_.Set(Page(i), (kFrame + i * kPageBytes) | kOpen);
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_TRUE(machine_.Shows(user, Page(3)));
  // The mapping has not come to rely on what was added: it may go again.
  for (uint32_t i = 0; i < 4; ++i) {
    tables_.Set(Page(i), (kFrame + i * kPageBytes) | (kOpen & ~(kDirty | kWritable)));
  }
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_TRUE(machine_.Shows(user, Page(3)));
  EXPECT_EQ(Dropped(), 0u);
}

TEST_F(WindowFlushTest, ReadOnlyMappingDoesNotRelyOnTheRightToWrite) {
  tables_.Set(Page(0), kFrame | (kOpen & ~kDirty));
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  ASSERT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  tables_.Set(Page(0), kFrame | (kOpen & ~(kDirty | kWritable)));
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_TRUE(machine_.Shows(user, Page(0)));
  EXPECT_EQ(Dropped(), 0u);
}

TEST_F(WindowFlushTest, RightsLostInThePdeDropTheWholeTable) {
  const WindowId user = MapTen();
  tables_.SetPde(kLinear, tables_.GetPde(kLinear) & ~kWritable);
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  for (uint32_t i = 0; i < 10; ++i) EXPECT_FALSE(machine_.Shows(user, Page(i)));
  EXPECT_EQ(machine_.windows->statistics().live_mappings, 0u);
}

TEST_F(WindowFlushTest, LargePageGoesAsAWhole) {
  tables_.SetLarge(kLinear, 0x400000 | kOpen);
  tables_.SetLarge(kLinear + (4 << 20), 0x800000 | kOpen);
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  ASSERT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  ASSERT_TRUE(machine_.Shows(user, kLinear + (5 << 20)));
  tables_.SetLarge(kLinear + (4 << 20), 0xC00000 | kOpen);
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_TRUE(machine_.Shows(user, kLinear + (4 << 20) - kPageBytes));
  EXPECT_FALSE(machine_.Shows(user, kLinear + (4 << 20)));
  EXPECT_FALSE(machine_.Shows(user, kLinear + (8 << 20) - kPageBytes));
  // Split into a table: the kept entry was a large page, so it goes too.
  tables_.SetPde(kLinear, 0);
  for (uint32_t i = 0; i < 1024; ++i) tables_.Set(Page(i), (0x400000 + i * kPageBytes) | kOpen);
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_FALSE(machine_.Shows(user, kLinear));
  EXPECT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  ExpectCountIsExact();
}

TEST_F(WindowFlushTest, ManyScatteredChangesInOneTable) {
  for (uint32_t i = 0; i < 1024; ++i) tables_.Set(Page(i), (kFrame + i * kPageBytes) | kOpen);
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  for (uint32_t i = 0; i < 1024; ++i) (void)machine_.Touch(user, Page(i), true);
  EXPECT_EQ(machine_.windows->statistics().live_mappings, 1u);
  for (uint32_t i = 0; i < 1024; i += 2) tables_.Set(Page(i), 0);
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  for (uint32_t i = 0; i < 1024; i += 2) EXPECT_FALSE(machine_.Shows(user, Page(i))) << i;
  ExpectCountIsExact();
  EXPECT_EQ(machine_.Touch(user, Page(1)).outcome, ResolveOutcome::kMapped);
}

TEST_F(WindowFlushTest, GlobalPagesAreExemptUntilAFullFlush) {
  tables_.Set(Page(0), kFrame | kOpen | kGlobal);
  tables_.Set(Page(1), (kFrame + kPageBytes) | kOpen);
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  ASSERT_TRUE(machine_.Touch(user, Page(0)).newly_mapped);
  (void)machine_.Touch(user, Page(1));
  tables_.Set(Page(0), kOther | kOpen | kGlobal);
  tables_.Set(Page(1), kOther | kOpen);
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_TRUE(machine_.Shows(user, Page(0)));
  EXPECT_FALSE(machine_.Shows(user, Page(1)));
  // A full flush followed by a partial one before the window is used is still a full one.
  machine_.windows->FlushAll(false);
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_FALSE(machine_.Shows(user, Page(0)));
}

// Page directory entries that keep global pages alone are passed over; what goes on both sides of
// them is not unmapped in one piece.
TEST_F(WindowFlushTest, GlobalPagesBetweenPagesThatGoStay) {
  constexpr uint32_t kPerTable = 1024;
  for (const uint32_t table : {0u, 1u, 2u, 3u}) {
    const uint32_t global = table == 1 || table == 2 ? kGlobal : 0;
    tables_.Set(Page(table * kPerTable), (kFrame + table * kPageBytes) | kOpen | global);
  }
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  for (const uint32_t table : {0u, 1u, 2u, 3u}) {
    ASSERT_TRUE(machine_.Touch(user, Page(table * kPerTable)).newly_mapped);
  }
  for (const uint32_t table : {0u, 1u, 2u, 3u}) {
    tables_.Set(Page(table * kPerTable), kOther | kOpen | kGlobal);
  }
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_FALSE(machine_.Shows(user, Page(0)));
  EXPECT_TRUE(machine_.Shows(user, Page(kPerTable)));
  EXPECT_TRUE(machine_.Shows(user, Page(2 * kPerTable)));
  EXPECT_FALSE(machine_.Shows(user, Page(3 * kPerTable)));
  // One that comes to a global one makes its directory entry due.
  tables_.Set(Page(kPerTable + 1), kFrame | kOpen);
  ASSERT_TRUE(machine_.Touch(user, Page(kPerTable + 1)).newly_mapped);
  tables_.Set(Page(kPerTable + 1), kOther | kOpen);
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_TRUE(machine_.Shows(user, Page(kPerTable)));
  EXPECT_FALSE(machine_.Shows(user, Page(kPerTable + 1)));
}

TEST_F(WindowFlushTest, GlobalBitMeansNothingWhilePgeIsClear) {
  tables_.Set(Page(0), kFrame | kOpen | kGlobal);
  machine_.state.global_pages = false;
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  ASSERT_TRUE(machine_.Touch(user, Page(0)).newly_mapped);
  tables_.Set(Page(0), kOther | kOpen | kGlobal);
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_FALSE(machine_.Shows(user, Page(0)));
}

TEST_F(WindowFlushTest, InvlpgDropsThatPageIfItDiffers) {
  const WindowId user = MapTen();
  tables_.Set(Page(3), kOther | kOpen);
  tables_.Set(Page(4), kOther | kOpen);
  machine_.windows->InvalidatePage({Page(2) + 7});
  machine_.windows->InvalidatePage({Page(3) + 7});
  EXPECT_EQ(machine_.User(), user);
  EXPECT_TRUE(machine_.Shows(user, Page(2)));
  EXPECT_FALSE(machine_.Shows(user, Page(3)));
  EXPECT_TRUE(machine_.Shows(user, Page(4)));
  EXPECT_EQ(Dropped(), 1u);
  EXPECT_TRUE(machine_.Touch(user, Page(3)).newly_mapped);
  machine_.Ram(kOther) = 4711;
  EXPECT_EQ(machine_.Seen(user, Page(3)), 4711u);
  ExpectCountIsExact();
}

TEST_F(WindowFlushTest, ASweepOfInvlpgsTakesTheRestOfTheRunWithIt) {
  constexpr uint32_t kPages = 64;
  const auto frame = [](uint32_t i) { return (kFrame + i * kPageBytes) | (kOpen & ~kUserBit); };
  for (uint32_t i = 0; i < kPages; ++i) tables_.Set(Page(i), frame(i));
  machine_.Use(tables_);
  const WindowId supervisor = machine_.Supervisor();
  ASSERT_TRUE(machine_.Touch(supervisor, Page(0)).newly_mapped);
  ASSERT_TRUE(machine_.Shows(supervisor, Page(kPages - 1)));
  for (uint32_t i = 0; i < 8; ++i) {
    EXPECT_TRUE(machine_.Shows(supervisor, Page(40))) << i;
    tables_.Set(Page(20 + i), 0);
    machine_.windows->InvalidatePage({Page(20 + i)});
    EXPECT_EQ(machine_.Supervisor(), supervisor);
  }
  EXPECT_TRUE(machine_.Shows(supervisor, Page(19)));
  for (uint32_t i = 20; i < kPages; ++i) EXPECT_FALSE(machine_.Shows(supervisor, Page(i))) << i;
  ExpectCountIsExact();
  EXPECT_TRUE(machine_.Touch(supervisor, Page(40)).newly_mapped);
  EXPECT_TRUE(machine_.Shows(supervisor, Page(28)));
  EXPECT_FALSE(machine_.Shows(supervisor, Page(27)));
}

TEST_F(WindowFlushTest, AnyNumberOfInvlpgsDropsWhatDiffers) {
  const WindowId user = MapTen();
  for (const uint32_t times : {1u, 63u, 64u, 200u}) {
    tables_.Set(Page(3), kOther | kOpen);
    for (uint32_t i = 0; i < times; ++i) machine_.windows->InvalidatePage({Page(9 - i % 10)});
    machine_.windows->InvalidatePage({Page(3)});
    EXPECT_EQ(machine_.User(), user);
    EXPECT_FALSE(machine_.Shows(user, Page(3))) << times;
    EXPECT_TRUE(machine_.Shows(user, Page(4))) << times;
    tables_.Set(Page(3), (kFrame + 3 * kPageBytes) | kOpen);
    EXPECT_TRUE(machine_.Touch(user, Page(3)).newly_mapped);
  }
  ExpectCountIsExact();
}

TEST_F(WindowFlushTest, InvlpgReachesGlobalPagesOfOtherAddressSpaces) {
  GuestPageTables other(*machine_.memory, 0x40000);
  tables_.Set(Page(0), kFrame | kOpen | kGlobal);
  other.Set(Page(0), kFrame | kOpen | kGlobal);
  machine_.Use(tables_);
  const WindowId first = machine_.User();
  ASSERT_TRUE(machine_.Touch(first, Page(0)).newly_mapped);
  machine_.Use(other);
  const WindowId second = machine_.User();
  ASSERT_NE(first, second);
  ASSERT_TRUE(machine_.Touch(second, Page(0)).newly_mapped);
  tables_.Set(Page(0), 0);
  other.Set(Page(0), 0);
  machine_.windows->InvalidatePage({Page(0)});
  machine_.Use(tables_);
  EXPECT_EQ(machine_.User(), first);
  EXPECT_FALSE(machine_.Shows(first, Page(0)));
}

TEST_F(WindowFlushTest, KernelHalfStaysMappedOverAnAddressSpaceSwitch) {
  GuestPageTables other(*machine_.memory, 0x40000);
  for (uint32_t i = 0; i < 8; ++i) {
    tables_.SetLarge(kKernel + (i << 22), (i << 22) | (kOpen & ~kUserBit));
  }
  tables_.Set(0xF0000000, kFrame | (kOpen & ~kUserBit));
  other.Share(tables_, kKernel);
  tables_.Set(Page(0), kFrame | kOpen);
  tables_.Set(Page(1), kOther | kOpen);
  other.Set(Page(0), kFrame | kOpen);  // shared memory: the same frame
  other.Set(Page(1), (kOther + kPageBytes) | kOpen);

  machine_.Use(tables_);
  const WindowId supervisor = machine_.Supervisor();
  for (const uint32_t at : {kKernel, 0xF0000000u, Page(0), Page(1)}) {
    ASSERT_TRUE(machine_.Touch(supervisor, at, true).newly_mapped);
  }
  const WindowId user = machine_.User();
  ASSERT_TRUE(machine_.Touch(user, Page(1)).newly_mapped);

  machine_.Use(other);
  EXPECT_EQ(machine_.Supervisor(), supervisor);
  EXPECT_TRUE(machine_.Shows(supervisor, kKernel + (31 << 20)));
  EXPECT_TRUE(machine_.Shows(supervisor, 0xF0000000));
  EXPECT_TRUE(machine_.Shows(supervisor, Page(0)));
  EXPECT_FALSE(machine_.Shows(supervisor, Page(1)));
  EXPECT_EQ(Dropped(), 1u);
  const WindowId other_user = machine_.User();
  EXPECT_NE(other_user, user);
  EXPECT_FALSE(machine_.Shows(other_user, Page(1)));

  machine_.Use(tables_);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_TRUE(machine_.Shows(user, Page(1)));
  EXPECT_EQ(machine_.Supervisor(), supervisor);
  EXPECT_EQ(machine_.windows->statistics().runs_mapped, 5u);
  ExpectCountIsExact();
}

TEST_F(WindowFlushTest, SelectComparesOnlyOnceAfterAFlush) {
  MapTen();
  const uint64_t before = machine_.windows->statistics().comparisons;
  machine_.windows->FlushAll(true);
  (void)machine_.User();
  (void)machine_.Supervisor();
  (void)machine_.User();
  EXPECT_EQ(machine_.windows->statistics().comparisons, before + 1);
}

TEST_F(WindowFlushTest, PaeEntriesAreComparedWithAllTheirBits) {
  machine_.state.pae = true;
  machine_.state.no_execute = true;
  GuestPageTables pae(*machine_.memory, 0x80000);
  for (uint32_t i = 0; i < 100; ++i) pae.SetPae(Page(i), (kFrame + i * kPageBytes) | kOpen);
  machine_.Use(pae);
  const WindowId user = machine_.User();
  ASSERT_TRUE(machine_.Touch(user, Page(50)).newly_mapped);
  ASSERT_TRUE(machine_.windows->NoteExecution(user, {Page(60)}).has_value());
  pae.SetPae(Page(10), ((kFrame + 10 * kPageBytes) | kOpen) + (uint64_t{1} << 32));
  pae.SetPae(Page(60), (kFrame + 60 * kPageBytes) | kOpen | kPteNoExecute);
  machine_.windows->FlushAll(true);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_FALSE(machine_.Shows(user, Page(10)));
  EXPECT_TRUE(machine_.Shows(user, Page(11)));
  EXPECT_THAT(observer_.dropped, ElementsAre(Pair(user, Page(60))));
  ExpectCountIsExact();
}

TEST_F(WindowFlushTest, ChangedPdpteIsNoticed) {
  machine_.state.pae = true;
  GuestPageTables pae(*machine_.memory, 0x80000);
  pae.SetPae(kLinear, kFrame | kOpen);
  machine_.Use(pae);
  const WindowId user = machine_.User();
  ASSERT_TRUE(machine_.Touch(user, kLinear).newly_mapped);
  machine_.state.pdpte[kLinear >> 30] = 0;
  machine_.UsePaging(machine_.state);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_FALSE(machine_.Shows(user, kLinear));
}

TEST_F(WindowFlushTest, ExecutionNotesAreTrackedLikeMappings) {
  for (uint32_t i = 0; i < 3; ++i) {
    tables_.Set(Page(i), (kFrame + i * kPageBytes) | (kOpen & ~kAccessed));
  }
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  for (uint32_t i = 0; i < 2; ++i) {
    const auto noted = machine_.windows->NoteExecution(user, {Page(i) + 5});
    ASSERT_TRUE(noted.has_value());
    EXPECT_EQ(noted->address.value, kFrame + i * kPageBytes + 5);
  }
  EXPECT_NE(tables_.Get(Page(0)) & kAccessed, 0u);
  EXPECT_FALSE(machine_.Shows(user, Page(0)));  // noted, not mapped
  machine_.windows->FlushAll(true);
  (void)machine_.User();
  EXPECT_THAT(observer_.dropped, IsEmpty());
  tables_.Set(Page(1), kOther | kOpen);
  tables_.Set(Page(2), kOther | kOpen);
  machine_.windows->FlushAll(true);
  (void)machine_.User();
  EXPECT_THAT(observer_.dropped, ElementsAre(Pair(user, Page(1))));
  // Noted no longer: a second change is not reported.
  tables_.Set(Page(1), kFrame | kOpen);
  machine_.windows->FlushAll(true);
  (void)machine_.User();
  EXPECT_EQ(observer_.dropped.size(), 1u);
  EXPECT_EQ(machine_.windows->NoteExecution(user, {0x10000000}).error().error_code, kFaultUser);
}

TEST_F(WindowFlushTest, NoteThatMeetsAStaleEntryReportsTheOldOneFirst) {
  tables_.Set(Page(0), kFrame | kOpen);
  machine_.Use(tables_);
  const WindowId user = machine_.User();
  ASSERT_TRUE(machine_.windows->NoteExecution(user, {Page(0)}).has_value());
  ASSERT_TRUE(machine_.Touch(user, Page(0)).newly_mapped);
  tables_.Set(Page(0), kOther | kOpen);
  const auto noted = machine_.windows->NoteExecution(user, {Page(0)});
  ASSERT_TRUE(noted.has_value());
  EXPECT_EQ(noted->address.value, kOther);
  EXPECT_THAT(observer_.dropped, ElementsAre(Pair(user, Page(0))));
  EXPECT_FALSE(machine_.Shows(user, Page(0)));
}

TEST_F(WindowFlushTest, ResetAllEmptiesEveryWindowAndTellsTheObserver) {
  const WindowId user = MapTen();
  ASSERT_TRUE(machine_.Touch(machine_.Supervisor(), Page(0)).newly_mapped);
  machine_.windows->ResetAll();
  EXPECT_EQ(machine_.HostMappingsOfWindows(), 0u);
  EXPECT_EQ(machine_.windows->statistics().live_mappings, 0u);
  EXPECT_THAT(observer_.resets, testing::UnorderedElementsAre(user, machine_.Supervisor()));
  EXPECT_TRUE(machine_.Touch(user, Page(0)).newly_mapped);
}

TEST_F(WindowFlushTest, PagingOffAndOnKeepsBothViews) {
  const WindowId user = MapTen();
  machine_.UsePaging({});
  const WindowId physical = machine_.User();
  EXPECT_NE(physical, user);
  ASSERT_TRUE(machine_.Touch(physical, 0x7C00).newly_mapped);
  machine_.Use(tables_);
  EXPECT_EQ(machine_.User(), user);
  EXPECT_TRUE(machine_.Shows(user, Page(9)));
  EXPECT_THAT(observer_.resets, IsEmpty());
}

TEST_F(WindowFlushTest, ChangedFormatEmptiesTheWindow) {
  tables_.SetLarge(kLinear, 0x400000 | kOpen);
  machine_.Use(tables_);
  const WindowId supervisor = machine_.Supervisor();
  ASSERT_TRUE(machine_.Touch(supervisor, kLinear).newly_mapped);
  machine_.state.large_pages = false;
  machine_.Use(tables_);
  EXPECT_EQ(machine_.Supervisor(), supervisor);
  EXPECT_FALSE(machine_.Shows(supervisor, kLinear));
  EXPECT_THAT(observer_.resets, ElementsAre(supervisor));
}

}  // namespace
}  // namespace verbatim
