// SPDX-License-Identifier: Apache-2.0
#include "codecache/table_arena.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

namespace verbatim {
namespace {

TEST(TableArena, KeepsWhatItWasGivenWhileMoreIsAdded) {
  TableArena arena;
  std::vector<std::span<uint32_t>> kept;
  std::vector<std::vector<uint32_t>> given;
  for (uint32_t i = 0; i < 3000; ++i) {
    given.emplace_back(i % 67);
    std::iota(given.back().begin(), given.back().end(), i);
    kept.push_back(arena.Keep<uint32_t>(given.back()));
  }
  for (size_t i = 0; i < given.size(); ++i) {
    EXPECT_TRUE(std::equal(kept[i].begin(), kept[i].end(), given[i].begin(), given[i].end())) << i;
  }
}

TEST(TableArena, AlignsTablesOfAnySize) {
  TableArena arena;
  for (size_t size = 1; size < 20; ++size) {
    const std::vector<char> bytes(size, 'x');
    (void)arena.Keep<char>(bytes);
    const auto word = arena.Keep<uint64_t>(std::array{uint64_t{size}});
    EXPECT_EQ(reinterpret_cast<uintptr_t>(word.data()) % alignof(uint64_t), 0u) << size;
  }
}

TEST(TableArena, TakesATableLargerThanItsChunks) {
  TableArena arena;
  const std::vector<uint32_t> large(100'000, 7);
  const std::span<uint32_t> kept = arena.Keep<uint32_t>(large);
  EXPECT_EQ(kept.size(), large.size());
  EXPECT_EQ(kept.back(), 7u);
}

TEST(TableArena, UsesItsMemoryAgainOnceCleared) {
  TableArena arena;
  const std::vector<uint32_t> table(1000, 1);
  const uint32_t* const first = arena.Keep<uint32_t>(table).data();
  for (int i = 0; i < 100; ++i) (void)arena.Keep<uint32_t>(table);
  EXPECT_EQ(arena.used_bytes(), 101 * 4000u);
  arena.Clear();
  EXPECT_EQ(arena.used_bytes(), 0u);
  EXPECT_EQ(arena.Keep<uint32_t>(table).data(), first);
}

TEST(TableArena, KeepsAnEmptyTableForNothing) {
  TableArena arena;
  EXPECT_TRUE(arena.Keep<uint32_t>({}).empty());
  EXPECT_EQ(arena.used_bytes(), 0u);
}

}  // namespace
}  // namespace verbatim
