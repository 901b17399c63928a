// SPDX-License-Identifier: Apache-2.0
#include "cli/statistics_report.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

namespace verbatim {
namespace {

const std::array<Statistic, 4> kStatistics = {{{"cache", "blocks", 1234567, "blocks made"},
                                               {"ports", "reads", 999, "port reads"},
                                               {"cache", "share", 0.25, "a share"},
                                               {"cache", "empty", 0, "nothing"}}};

TEST(StatisticsReport, AlignsAndGroups) {
  EXPECT_EQ(StatisticsTable(kStatistics),
            "cache\n"
            "  blocks  1,234,567  blocks made\n"
            "  share       0.250  a share\n"
            "  empty           0  nothing\n"
            "ports\n"
            "  reads         999  port reads\n");
}

TEST(StatisticsReport, SeparatesThousandsOnlyWhereThereAreSome) {
  const std::array<Statistic, 3> edges = {
      {{"g", "a", 1000, ""}, {"g", "b", 100000, ""}, {"g", "c", 100, ""}}};
  EXPECT_EQ(StatisticsTable(edges), "g\n  a    1,000  \n  b  100,000  \n  c      100  \n");
}

TEST(StatisticsReport, WritesJsonWithAVersion) {
  const auto json = nlohmann::json::parse(StatisticsJson(kStatistics));
  EXPECT_EQ(json.at("version"), kStatisticsVersion);
  EXPECT_TRUE(json.at("cache").at("blocks").is_number_integer());
  EXPECT_EQ(json.at("cache").at("blocks"), 1234567);
  EXPECT_EQ(json.at("cache").at("share"), 0.25);
  EXPECT_EQ(json.at("ports").at("reads"), 999);
  EXPECT_EQ(json.size(), 3u);
}

}  // namespace
}  // namespace verbatim
