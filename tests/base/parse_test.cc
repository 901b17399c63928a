// SPDX-License-Identifier: Apache-2.0
// Byte counts as people write them.
#include "base/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace verbatim {
namespace {

using testing::HasSubstr;

struct Size {
  const char* text;
  uint64_t bytes;
};

class Sizes : public testing::TestWithParam<Size> {};

TEST_P(Sizes, AreRead) {
  const Result<uint64_t> parsed = ParseByteSize(GetParam().text);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, GetParam().bytes);
}

INSTANTIATE_TEST_SUITE_P(ParseByteSize, Sizes,
                         testing::Values(Size{"0", 0}, Size{"4096", 4096}, Size{"16k", 16384},
                                         Size{"16K", 16384}, Size{"64M", 64ull << 20},
                                         Size{"64m", 64ull << 20}, Size{"1G", 1ull << 30},
                                         Size{"3GiB", 3ull << 30}, Size{"3GB", 3ull << 30},
                                         Size{"7kB", 7168}, Size{"18446744073709551615", ~0ull},
                                         Size{"17179869183G", ~0ull << 30}));

struct BadSize {
  const char* text;
  const char* complaint;
};

class BadSizes : public testing::TestWithParam<BadSize> {};

TEST_P(BadSizes, AreRefusedByName) {
  const Result<uint64_t> parsed = ParseByteSize(GetParam().text);
  ASSERT_FALSE(parsed) << *parsed;
  EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().complaint));
  EXPECT_THAT(parsed.error().message, HasSubstr("'" + std::string(GetParam().text) + "'"));
}

INSTANTIATE_TEST_SUITE_P(
    ParseByteSize, BadSizes,
    testing::Values(BadSize{"", "expected a number"}, BadSize{"M", "expected a number"},
                    BadSize{"-1", "expected a number"}, BadSize{" 1", "expected a number"},
                    BadSize{"+1", "expected a number"},
                    BadSize{"18446744073709551616", "expected a number"},
                    BadSize{"1T", "unknown suffix 'T'"}, BadSize{"1 M", "unknown suffix ' M'"},
                    BadSize{"1B", "unknown suffix 'B'"}, BadSize{"1.5G", "unknown suffix '.5G'"},
                    BadSize{"1Mi", "unexpected 'i'"}, BadSize{"1MB ", "unexpected 'B '"},
                    BadSize{"17179869184G", "exceeds 64 bits"}));

}  // namespace
}  // namespace verbatim
