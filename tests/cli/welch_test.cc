// SPDX-License-Identifier: Apache-2.0
// Confidence intervals against published tables and a worked example.
#include "cli/welch.h"

#include <gtest/gtest.h>

#include <vector>

namespace verbatim {
namespace {

TEST(StudentQuantile95, AgreesWithTheTables) {
  EXPECT_NEAR(StudentQuantile95(1), 12.706, 0.002);
  EXPECT_NEAR(StudentQuantile95(2), 4.303, 0.001);
  EXPECT_NEAR(StudentQuantile95(4), 2.776, 0.001);
  EXPECT_NEAR(StudentQuantile95(10), 2.228, 0.001);
  EXPECT_NEAR(StudentQuantile95(30), 2.042, 0.001);
  EXPECT_NEAR(StudentQuantile95(100000), 1.960, 0.001);
}

TEST(WelchInterval, IsThatOfAWorkedExample) {
  // Means 20 and 23, variances 10 and 2.5, five values each: 5.882 degrees of freedom, a standard
  // error of sqrt(2.5), and t = 2.459.
  const std::vector<double> a = {16, 18, 20, 22, 24};
  const std::vector<double> b = {21, 22, 23, 24, 25};
  const auto interval = WelchInterval(a, b);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, 3 - 2.459 * 1.5811, 0.003);
  EXPECT_NEAR(interval->high, 3 + 2.459 * 1.5811, 0.003);
}

TEST(WelchInterval, NeedsTwoValuesOfEach) {
  const std::vector<double> one = {1};
  const std::vector<double> two = {1, 2};
  EXPECT_FALSE(WelchInterval(one, two));
  EXPECT_FALSE(WelchInterval(two, one));
}

TEST(WelchInterval, IsAPointWhereNothingVaries) {
  const std::vector<double> a = {4, 4};
  const std::vector<double> b = {6, 6, 6};
  const auto interval = WelchInterval(a, b);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->low, 2);
  EXPECT_EQ(interval->high, 2);
}

}  // namespace
}  // namespace verbatim
