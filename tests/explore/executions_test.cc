// SPDX-License-Identifier: Apache-2.0
// Counting executions, and what time goes to.
#include "explore/executions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "explore/timeline.h"

namespace verbatim {
namespace {

using Pair = std::pair<uint32_t, uint32_t>;

std::map<Pair, uint64_t> Sums(const std::vector<Executions::Step>& steps) {
  std::map<Pair, uint64_t> sums;
  for (const Executions::Step& step : steps) sums[{step.from, step.to}] += step.count;
  return sums;
}

TEST(Executions, CountsEntriesAndWhatCameBehindThem) {
  Executions executions;
  for (uint32_t block = 0; block < 5; ++block) {
    executions.Define(10 + block, {.block = block, .instructions = 1});
  }
  // Block 0 goes to four others, more than an entry has places of its own for.
  const std::vector<uint32_t> numbers = {10, 11, 10, 12, 10, 13, 10, 14, 10, 14, 10, 10};
  executions.Add(numbers);
  EXPECT_EQ(executions.total(), numbers.size());
  EXPECT_EQ(executions.entries()[1].count, 7u);
  const std::map<Pair, uint64_t> expected = {{{0, 0}, 1}, {{0, 1}, 1}, {{0, 2}, 1},
                                             {{0, 3}, 1}, {{0, 4}, 2}, {{1, 0}, 1},
                                             {{2, 0}, 1}, {{3, 0}, 1}, {{4, 0}, 2}};
  EXPECT_EQ(Sums(executions.Steps()), expected);
  const std::map<Pair, uint64_t> at_four = {{{0, 4}, 2}, {{4, 0}, 2}};
  EXPECT_EQ(Sums(executions.StepsAt(4)), at_four);
}

TEST(Executions, SharesTimeByInstructions) {
  Executions executions;
  executions.Define(1, {.block = 0, .instructions = 30});
  executions.Define(2, {.block = 1, .instructions = 10});
  executions.Add(std::vector<uint32_t>{1, 2, 2, 2});
  executions.Share(600);
  EXPECT_DOUBLE_EQ(executions.entries()[1].ns, 300);
  EXPECT_DOUBLE_EQ(executions.entries()[2].ns, 300);
  // What was shared out is not shared out again.
  executions.Add(std::vector<uint32_t>{2});
  executions.Share(50);
  EXPECT_DOUBLE_EQ(executions.entries()[1].ns, 300);
  EXPECT_DOUBLE_EQ(executions.entries()[2].ns, 350);
}

TEST(Executions, WhatNothingDefinesIsCountedApart) {
  Executions executions;
  executions.Define(1, {.block = 0, .instructions = 1});
  executions.Define(0xFFFFFFFF, {.block = 1, .instructions = 1});
  executions.Add(std::vector<uint32_t>{1, 7, 0xFFFFFFFF, 1});
  executions.Share(100);
  EXPECT_EQ(executions.entries()[Executions::kUnknown].count, 2u);
  EXPECT_EQ(executions.entries()[1].count, 2u);
  EXPECT_TRUE(executions.Steps().empty()) << "nobody knows what lies between";
}

TEST(Timeline, JoinsNeighboursAsTheRunGrows) {
  Timeline timeline;
  constexpr uint64_t kMs = 1'000'000;
  uint64_t now = 0;
  for (int i = 0; i < 5000; ++i) {
    timeline.AddTime(i % 2 == 0 ? Phase::kExecuting : Phase::kIdle, now, now + 3 * kMs);
    now += 3 * kMs;
    ++timeline.At(now).exits;
  }
  EXPECT_LE(timeline.slots().size(), Timeline::kSlots);
  EXPECT_GT(timeline.slots().size(), Timeline::kSlots / 2 - 1);
  uint64_t executing = 0;
  uint64_t exits = 0;
  for (const Timeline::Slot& slot : timeline.slots()) {
    uint64_t all = 0;
    for (const uint64_t ns : slot.ns) all += ns;
    EXPECT_LE(all, timeline.slot_ns());
    executing += slot.ns[0];
    exits += slot.exits;
  }
  EXPECT_EQ(executing, 2500 * 3 * kMs);
  EXPECT_EQ(exits, 5000u);
}

TEST(Timeline, TakesTheLatestMoment) {
  Timeline timeline;
  timeline.AddTime(Phase::kIdle, 0, UINT64_MAX);
  EXPECT_LE(timeline.slots().size(), Timeline::kSlots);
  uint64_t idle = 0;
  for (const Timeline::Slot& slot : timeline.slots()) {
    idle += slot.ns[static_cast<unsigned>(Phase::kIdle)];
  }
  EXPECT_EQ(idle, UINT64_MAX);
}

}  // namespace
}  // namespace verbatim
