// SPDX-License-Identifier: Apache-2.0
#include "devices/tick_rate.h"

#include <gtest/gtest.h>

#include <random>

namespace verbatim {
namespace {

using Pit = TickRate<1'193'182>;
__extension__ using Wide = unsigned __int128;

TEST(TickRate, HasNoDriftOverAYear) {
  constexpr uint64_t kSeconds = 365 * 86400;
  EXPECT_EQ(Pit::TicksAt(kSeconds * kNsPerSecond), kSeconds * 1'193'182);
  EXPECT_EQ(Pit::TicksAt(kSeconds * kNsPerSecond - 1), kSeconds * 1'193'182 - 1);
}

TEST(TickRate, MatchesTheExactQuotient) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10000; ++i) {
    const uint64_t ns = random() >> (random() % 60);
    const auto exact = static_cast<uint64_t>(static_cast<Wide>(ns) * 1'193'182 / kNsPerSecond);
    ASSERT_EQ(Pit::TicksAt(ns), exact) << ns;
  }
}

TEST(TickRate, NsOfIsTheFirstNanosecondOfATick) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 10000; ++i) {
    const uint64_t ticks = 1 + (random() >> 24);
    const uint64_t ns = Pit::NsOf(ticks);
    ASSERT_EQ(Pit::TicksAt(ns), ticks);
    ASSERT_EQ(Pit::TicksAt(ns - 1), ticks - 1);
  }
}

}  // namespace
}  // namespace verbatim
