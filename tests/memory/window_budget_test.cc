// SPDX-License-Identifier: Apache-2.0
// The count of host mappings, eviction, reuse of windows, and protection by physical page at scale.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <deque>
#include <random>
#include <set>

#include "tests/memory/guest_page_tables.h"

namespace verbatim {
namespace {

constexpr uint32_t kLinear = 0x40000000;

TEST(WindowCreateTest, RejectsOptionsThatCannotWork) {
  const auto memory = PhysicalMemory::Create(PhysicalMemory::kMinBytes).value();
  Mmu mmu(*memory);
  EXPECT_FALSE(WindowSet::Create(mmu, {.max_windows = 2}).has_value());
  EXPECT_FALSE(WindowSet::Create(mmu, {.mapping_budget = 1}).has_value());
  EXPECT_FALSE(WindowSet::Create(mmu, {.max_windows = 100000}).has_value());
}

// Random entries, faults, flushes and code pages over 2048 linear pages and as many frames.
class WindowRandomTest : public testing::TestWithParam<bool> {
 protected:
  static constexpr uint32_t kPages = 2048;
  static constexpr uint32_t kFirstFrame = 0x400000;

  WindowRandomTest() {
    machine_.state.pae = GetParam();
    for (uint32_t i = 0; i < kPages; ++i) {
      machine_.Ram(kFirstFrame + i * kPageBytes + 4) = i;
      SetRandomly(i);
    }
    machine_.Use(tables_);
  }
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  static uint32_t Linear(uint32_t i) { return kLinear + i * kPageBytes; }
  void SetRandomly(uint32_t i) {
    const uint32_t frame = Below(3) != 0 ? i : Below(kPages);
    uint32_t bits = kOpen;
    for (const uint64_t bit : {kPtePresent, kPteWritable, kPteUser, kPteAccessed, kPteDirty}) {
      if (Below(10) == 0) bits &= ~static_cast<uint32_t>(bit);
    }
    const uint32_t entry = (kFirstFrame + frame * kPageBytes) | bits;
    if (machine_.state.pae) {
      tables_.SetPae(Linear(i), entry);
    } else {
      tables_.Set(Linear(i), entry);
    }
  }
  uint32_t Entry(uint32_t i) {
    return machine_.state.pae ? static_cast<uint32_t>(tables_.GetPae(Linear(i)))
                              : tables_.Get(Linear(i));
  }
  // After a full flush a window shows nothing but what the tables say now.
  void ExpectNothingStale(WindowId window, bool user) {
    for (uint32_t i = 0; i < kPages; ++i) {
      if (!machine_.Shows(window, Linear(i))) continue;
      SCOPED_TRACE(testing::Message() << "page " << i << " user " << user);
      const uint32_t entry = Entry(i);
      const uint64_t needed = kPtePresent | kPteAccessed | (user ? kPteUser : 0);
      ASSERT_EQ(entry & needed, needed);
      const uint32_t frame = entry & ~kPageOffsetMask;
      ASSERT_EQ(machine_.Seen(window, Linear(i) + 4), machine_.Ram(frame + 4));
      ASSERT_EQ(machine_.Seen(window, Linear(i) + 4), (frame - kFirstFrame) / kPageBytes);
      if (!machine_.ShowsWritable(window, Linear(i))) continue;
      ASSERT_EQ(entry & (kPteWritable | kPteDirty), kPteWritable | kPteDirty);
      ASSERT_FALSE(machine_.memory->IsCodePage({frame}));
    }
  }

  WindowMachine machine_{16 << 20, {.mapping_budget = 200, .max_small_run = 8}};
  GuestPageTables tables_{*machine_.memory, 0x10000};
  std::mt19937 random_{1};
};

TEST_P(WindowRandomTest, ShowsWhatTheTablesSayAndCountsAsTheKernelDoes) {
  for (uint32_t step = 0; step < 4000; ++step) {
    const WindowId window = Below(2) == 0 ? machine_.User() : machine_.Supervisor();
    (void)machine_.Touch(window, Linear(Below(kPages)), Below(2) == 0);
    if (Below(8) == 0) {
      const LinearAddress address{Linear(Below(kPages))};
      [[maybe_unused]] const auto noted = machine_.windows->NoteExecution(window, address);
    }
    if (Below(4) == 0) {
      const uint32_t i = Below(kPages);
      SetRandomly(i);
      if (Below(2) == 0) machine_.windows->InvalidatePage({Linear(i)});
    }
    if (Below(16) == 0) machine_.windows->FlushAll(Below(2) == 0);
    if (Below(16) == 0) {
      const PhysicalAddress page{kFirstFrame + Below(kPages) * kPageBytes};
      machine_.memory->MarkCodePage(page, Below(2) == 0);
      if (machine_.memory->IsCodePage(page)) machine_.windows->WriteProtect(page);
    }
    ASSERT_LE(machine_.windows->statistics().live_mappings, 200u);
    if (step % 100 != 0) continue;
    ASSERT_EQ(machine_.windows->statistics().live_mappings, machine_.HostMappingsOfWindows());
    machine_.windows->FlushAll(false);
    ExpectNothingStale(machine_.User(), true);
    ExpectNothingStale(machine_.Supervisor(), false);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(machine_.windows->statistics().evictions, 0u);
}

INSTANTIATE_TEST_SUITE_P(Formats, WindowRandomTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& format) {
                           return format.param ? "Pae" : "ThirtyTwoBit";
                         });

// A gigabyte mapped page by page in random order: the worst there is for runs.
TEST(WindowBudgetTest, ScatteredGigabyteStaysWithinTheBudget) {
  constexpr uint32_t kPages = (1u << 30) / kPageBytes;
  WindowMachine machine(uint64_t{1} << 30);
  GuestPageTables tables(*machine.memory, 0x10000);
  // All frames are used, each once, and no two neighbours follow each other.
  for (uint32_t i = 0; i < kPages; ++i) {
    const uint32_t frame = static_cast<uint32_t>((uint64_t{i} * 100003) % kPages);
    if (frame < 0x300) continue;  // where the tables lie
    tables.Set(kLinear + i * kPageBytes, frame * kPageBytes | kOpen);
  }
  machine.Use(tables);
  const WindowId user = machine.User();
  uint64_t most = 0;
  for (uint32_t i = 0; i < kPages; ++i) {
    if (tables.Get(kLinear + i * kPageBytes) == 0) continue;
    ASSERT_EQ(machine.Touch(user, kLinear + i * kPageBytes).outcome, ResolveOutcome::kMapped);
    most = std::max(most, machine.windows->statistics().live_mappings);
  }
  EXPECT_LE(most, 48000u);
  EXPECT_GT(most, 40000u);
  EXPECT_GT(machine.windows->statistics().evictions, 0u);
  EXPECT_EQ(machine.windows->statistics().live_mappings, machine.HostMappingsOfWindows());
}

TEST(WindowBudgetTest, LeastRecentlyUsedWindowGivesUpItsMappingsButNotItsNotes) {
  WindowMachine machine(64 << 20, {.max_windows = 8, .mapping_budget = 64});
  RecordingObserver observer;
  machine.windows->SetObserver(&observer);
  std::vector<GuestPageTables> spaces;
  for (uint32_t s = 0; s < 4; ++s) {
    GuestPageTables& tables = spaces.emplace_back(*machine.memory, 0x10000 + s * 0x10000);
    for (uint32_t i = 0; i < 20; ++i) {  // every other page: no runs
      tables.Set(kLinear + 2 * i * kPageBytes, (0x400000 + i * kPageBytes) | kOpen);
    }
  }
  std::vector<WindowId> windows;
  for (const GuestPageTables& tables : spaces) {
    machine.Use(tables);
    windows.push_back(machine.User());
    ASSERT_TRUE(machine.windows->NoteExecution(windows.back(), {kLinear}).has_value());
    for (uint32_t i = 0; i < 20; ++i) {
      ASSERT_TRUE(machine.Touch(windows.back(), kLinear + 2 * i * kPageBytes).newly_mapped);
    }
  }
  EXPECT_EQ(machine.windows->statistics().evictions, 1u);
  EXPECT_FALSE(machine.Shows(windows[0], kLinear));
  EXPECT_TRUE(machine.Shows(windows[1], kLinear));
  EXPECT_TRUE(machine.Shows(windows[3], kLinear));
  EXPECT_TRUE(observer.dropped.empty());
  EXPECT_TRUE(observer.resets.empty());
  spaces[0].Set(kLinear, 0);
  machine.Use(spaces[0]);
  EXPECT_EQ(machine.User(), windows[0]);
  EXPECT_EQ(observer.dropped.size(), 1u);
}

TEST(WindowBudgetTest, ManyAddressSpacesReuseTheOldestWindow) {
  WindowMachine machine(64 << 20, {.max_windows = 5});
  RecordingObserver observer;
  machine.windows->SetObserver(&observer);
  std::vector<GuestPageTables> spaces;
  std::vector<WindowId> windows;
  for (uint32_t s = 0; s < 4; ++s) {
    GuestPageTables& tables = spaces.emplace_back(*machine.memory, 0x10000 + s * 0x10000);
    tables.Set(kLinear, (0x400000 + s * kPageBytes) | kOpen);
    machine.Use(tables);
    windows.push_back(machine.User());
    ASSERT_TRUE(machine.Touch(windows.back(), kLinear).newly_mapped);
    machine.Ram(0x400000 + s * kPageBytes) = s;
    EXPECT_EQ(machine.Seen(windows.back(), kLinear), s);
  }
  EXPECT_EQ(windows[3], windows[0]);
  EXPECT_THAT(observer.resets, testing::ElementsAre(windows[0]));
  machine.Use(spaces[1]);
  EXPECT_EQ(machine.User(), windows[1]);
  EXPECT_EQ(machine.Seen(windows[1], kLinear), 1u);
}

class WindowReuseTest : public testing::Test {
 protected:
  // The window of the n-th address space, which shows a page of its own.
  WindowId Enter(uint32_t n) {
    while (spaces_.size() <= n) {
      const auto number = static_cast<uint32_t>(spaces_.size());
      GuestPageTables& tables = spaces_.emplace_back(*machine_.memory, 0x10000 + number * 0x10000);
      tables.Set(kLinear, (0x400000 + number * kPageBytes) | kOpen);
    }
    machine_.Use(spaces_[n]);
    const WindowId window = machine_.User();
    (void)machine_.Touch(window, kLinear);
    return window;
  }

  WindowMachine machine_{64 << 20, {.max_windows = 8}};
  std::deque<GuestPageTables> spaces_;
};

TEST_F(WindowReuseTest, EachSpaceHasItsOwnWhileThereAreEnough) {
  const std::array windows{Enter(0), Enter(1), Enter(2), Enter(3)};
  EXPECT_EQ(std::set<WindowId>(windows.begin(), windows.end()).size(), windows.size());
  for (uint32_t n = 0; n < windows.size(); ++n) {
    EXPECT_EQ(Enter(n), windows[n]);
    EXPECT_TRUE(machine_.Shows(windows[n], kLinear)) << "it is still there";
  }
}

TEST_F(WindowReuseTest, OneThatHasGoneLeavesItsWindow) {
  const WindowId gone = Enter(0);
  const WindowId other = Enter(1);
  RecordingObserver observer;
  machine_.windows->SetObserver(&observer);
  ASSERT_TRUE(machine_.windows->NoteExecution(other, {kLinear}).has_value());
  spaces_[0].Set(kLinear, 0);
  EXPECT_EQ(Enter(2), gone);
  EXPECT_EQ(Enter(1), other);
  EXPECT_THAT(observer.resets, testing::ElementsAre(gone));
  EXPECT_TRUE(machine_.Shows(gone, kLinear));
}

// The one in use is not taken, though its tables are empty by now.
TEST_F(WindowReuseTest, ButNotTheOneInUse) {
  const WindowId selected = Enter(0);
  spaces_[0].Set(kLinear, 0);
  EXPECT_NE(Enter(1), selected);
}

TEST(WindowBudgetTest, ScatteredProcessesStayWithinTheBudgetTogether) {
  constexpr uint32_t kSpaces = 40;
  constexpr uint32_t kPagesEach = 3000;
  WindowMachine machine(256 << 20);
  for (uint32_t s = 0; s < kSpaces; ++s) {
    GuestPageTables tables(*machine.memory, 0x100000 + s * 0x10000);
    for (uint32_t i = 0; i < kPagesEach; ++i) {
      const uint32_t frame = 0x1000 + (i * 7919 + s * 101) % 0xE000;
      tables.Set(kLinear + i * kPageBytes, frame * kPageBytes | kOpen);
    }
    machine.Use(tables);
    const WindowId user = machine.User();
    for (uint32_t i = 0; i < kPagesEach; ++i) {
      ASSERT_EQ(machine.Touch(user, kLinear + i * kPageBytes, true).outcome,
                ResolveOutcome::kMapped);
      ASSERT_LE(machine.windows->statistics().live_mappings, 48000u);
    }
  }
  EXPECT_EQ(machine.windows->statistics().live_mappings, machine.HostMappingsOfWindows());
}

TEST(WindowBudgetTest, HostWithoutRoomForMappingsIsServedByEvictingEverything) {
  WindowMachine machine(64 << 20);
  GuestPageTables tables(*machine.memory, 0x10000);
  for (uint32_t i = 0; i < 200; ++i) {  // every other page: no runs
    tables.Set(kLinear + 2 * i * kPageBytes, (0x400000 + i * kPageBytes) | kOpen);
  }
  machine.Use(tables);
  const WindowId user = machine.User();
  for (uint32_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(machine.Touch(user, kLinear + 2 * i * kPageBytes).newly_mapped);
  }
  // Something else splits a mapping of its own until the host refuses.
  constexpr uint64_t kSplits = 100000;
  constexpr uint64_t kBytes = 2 * kSplits * kPageBytes;
  auto* const foreign = static_cast<uint8_t*>(
      mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  ASSERT_NE(foreign, MAP_FAILED);
  uint64_t split = 0;
  while (split < kSplits &&
         mprotect(foreign + (2 * split + 1) * kPageBytes, kPageBytes, PROT_READ) == 0) {
    ++split;
  }
  bool served = true;
  for (uint32_t i = 100; i < 104; ++i) {
    served = served && machine.Touch(user, kLinear + 2 * i * kPageBytes, true).newly_mapped;
  }
  const bool shown = machine.ShowsWritable(user, kLinear + 2 * 103 * kPageBytes);
  munmap(foreign, kBytes);
  EXPECT_TRUE(served);
  EXPECT_TRUE(shown);
  if (split == kSplits) GTEST_SKIP() << "this host allows more mappings than the test makes";
  EXPECT_EQ(machine.windows->statistics().evictions, 1u);
  EXPECT_EQ(machine.windows->statistics().live_mappings, machine.HostMappingsOfWindows());
}

TEST(WindowBudgetTest, ProtectionFindsPagesAfterManyRemappings) {
  WindowMachine machine(64 << 20);
  GuestPageTables tables(*machine.memory, 0x10000);
  machine.Use(tables);
  const WindowId user = machine.User();
  // These stay as they are all the time.
  constexpr uint32_t kStable = 0x50000000;
  constexpr uint32_t kStablePages = 32;
  constexpr uint32_t kStableFrame = 0x3400000;
  for (uint32_t i = 0; i < kStablePages; ++i) {
    tables.Set(kStable + i * kPageBytes, (kStableFrame + 2 * i * kPageBytes) | kOpen);
    (void)machine.Touch(user, kStable + i * kPageBytes, true);
  }
  // The same linear pages show ever new frames: most reverse entries are stale, and are cleaned up.
  constexpr uint32_t kPages = 512;
  for (uint32_t round = 0; round < 160; ++round) {
    for (uint32_t i = 0; i < kPages; ++i) {
      const uint32_t frame = 0x1000 + (i * 3 + round * 17) % 0x2000;
      tables.Set(kLinear + i * kPageBytes, frame * kPageBytes | kOpen);
    }
    machine.windows->FlushAll(true);
    ASSERT_EQ(machine.User(), user);
    for (uint32_t i = 0; i < kPages; ++i) (void)machine.Touch(user, kLinear + i * kPageBytes, true);
  }
  for (uint32_t i = 0; i < kStablePages; ++i) {
    const PhysicalAddress page{kStableFrame + 2 * i * kPageBytes};
    machine.memory->MarkCodePage(page, true);
    ASSERT_TRUE(machine.ShowsWritable(user, kStable + i * kPageBytes));
    machine.windows->WriteProtect(page);
    EXPECT_FALSE(machine.ShowsWritable(user, kStable + i * kPageBytes));
  }
  for (uint32_t i = 0; i < kPages; i += 37) {
    ASSERT_TRUE(machine.ShowsWritable(user, kLinear + i * kPageBytes));
    const PhysicalAddress page{tables.Get(kLinear + i * kPageBytes) & ~kPageOffsetMask};
    machine.memory->MarkCodePage(page, true);
    machine.windows->WriteProtect(page);
    EXPECT_FALSE(machine.ShowsWritable(user, kLinear + i * kPageBytes));
    EXPECT_TRUE(machine.ShowsWritable(user, kLinear + (i + 1) * kPageBytes));
  }
}

}  // namespace
}  // namespace verbatim
