// SPDX-License-Identifier: Apache-2.0
// The count of host mappings, eviction, reuse of windows, and protection by physical page at scale.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <random>

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

TEST(WindowBudgetTest, CountMatchesTheKernelUnderRandomUse) {
  WindowMachine machine(16 << 20, {.mapping_budget = 200, .max_small_run = 8});
  GuestPageTables tables(*machine.memory, 0x10000);
  std::mt19937 random(1);
  const auto below = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  const auto entry = [&](uint32_t i) {
    const uint32_t frame =
        below(3) != 0 ? 0x400000 + i * kPageBytes : 0x400000 + below(2048) * kPageBytes;
    const uint32_t bits = below(3) != 0 ? kOpen : kOpen & ~static_cast<uint32_t>(kPteDirty);
    return below(8) == 0 ? 0 : frame | bits;
  };
  for (uint32_t i = 0; i < 2048; ++i) tables.Set(kLinear + i * kPageBytes, entry(i));
  machine.Use(tables);
  for (uint32_t step = 0; step < 4000; ++step) {
    const WindowId window = below(2) == 0 ? machine.User() : machine.Supervisor();
    const uint32_t i = below(2048);
    (void)machine.Touch(window, kLinear + i * kPageBytes, below(2) == 0);
    if (below(4) == 0) {
      for (uint32_t n = below(4); n != 0; --n) {
        const uint32_t j = below(2048);
        tables.Set(kLinear + j * kPageBytes, entry(j));
        if (below(2) == 0) machine.windows->InvalidatePage({kLinear + j * kPageBytes});
      }
    }
    if (below(16) == 0) machine.windows->FlushAll(below(2) == 0);
    if (below(16) == 0) {
      const PhysicalAddress code{0x400000 + below(2048) * kPageBytes};
      machine.memory->MarkCodePage(code, below(2) == 0);
      machine.windows->WriteProtect(code);
    }
    ASSERT_LE(machine.windows->statistics().live_mappings, 200u);
    if (step % 50 == 0) {
      ASSERT_EQ(machine.windows->statistics().live_mappings, machine.HostMappingsOfWindows())
          << step;
    }
  }
  EXPECT_GT(machine.windows->statistics().evictions, 0u);
}

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
