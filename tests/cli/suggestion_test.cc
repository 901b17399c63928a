// SPDX-License-Identifier: Apache-2.0
#include "cli/suggestion.h"

#include <gtest/gtest.h>

#include <vector>

namespace verbatim {
namespace {

const std::vector<std::string> kWords = {"--kernel", "--memory", "--no-reboot", "--cpu"};

TEST(Suggestion, CountsEdits) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("run", "run"), 0u);
  EXPECT_EQ(EditDistance("", "run"), 3u);
  EXPECT_EQ(EditDistance("kernal", "kernel"), 1u);
  EXPECT_EQ(EditDistance("kernl", "kernel"), 1u);
  EXPECT_EQ(EditDistance("kkernel", "kernel"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

TEST(Suggestion, CountsASwapOfNeighboursOnce) {
  EXPECT_EQ(EditDistance("memroy", "memory"), 1u);
  EXPECT_EQ(EditDistance("rnu", "run"), 1u);
}

TEST(Suggestion, FindsTheNearestWord) {
  EXPECT_EQ(NearestWord("--kernal", kWords), "--kernel");
  EXPECT_EQ(NearestWord("--memroy", kWords), "--memory");
  EXPECT_EQ(NearestWord("--noreboot", kWords), "--no-reboot");
}

TEST(Suggestion, SuggestsNothingForAWordUnlikeAnyOther) {
  EXPECT_EQ(NearestWord("--turbo", kWords), "");
  EXPECT_EQ(NearestWord("x", kWords), "");
  EXPECT_EQ(NearestWord("", {}), "");
}

}  // namespace
}  // namespace verbatim
