// SPDX-License-Identifier: Apache-2.0
// Flags that instructions read, and flags they certainly overwrite.
#include <gtest/gtest.h>

#include "tests/decoder/decode.h"

namespace verbatim {
namespace {

using namespace flag;

constexpr uint32_t kNoFlags = 0;
constexpr uint32_t kAllButCf = kArithmetic & ~kCf;

struct Row {
  const char* bytes;
  uint32_t read;
  uint32_t written;
};

class Flags : public testing::TestWithParam<Row> {};

TEST_P(Flags, AreKnown) {
  const GuestInstruction in = Decode32(GetParam().bytes);
  ASSERT_EQ(in.error, DecodeError::kNone);
  EXPECT_EQ(in.flags_read, GetParam().read);
  EXPECT_EQ(in.flags_written, GetParam().written);
}

INSTANTIATE_TEST_SUITE_P(
    Arithmetic, Flags,
    testing::Values(Row{"01 C8", kNoFlags, kArithmetic}, Row{"11 C8", kCf, kArithmetic},
                    Row{"19 C8", kCf, kArithmetic}, Row{"39 C8", kNoFlags, kArithmetic},
                    Row{"21 C8", kNoFlags, kArithmetic}, Row{"85 C0", kNoFlags, kArithmetic},
                    Row{"40", kNoFlags, kAllButCf}, Row{"FE C8", kNoFlags, kAllButCf},
                    Row{"F7 D8", kNoFlags, kArithmetic}, Row{"F7 D0", kNoFlags, kNoFlags},
                    Row{"F7 E1", kNoFlags, kArithmetic}, Row{"0F AF C1", kNoFlags, kArithmetic},
                    Row{"0F B1 C8", kNoFlags, kArithmetic}, Row{"0F C1 C8", kNoFlags, kArithmetic},
                    Row{"0F C7 08", kNoFlags, kZf}));

INSTANTIATE_TEST_SUITE_P(
    MovesLeaveThemAlone, Flags,
    testing::Values(Row{"89 C8", kNoFlags, kNoFlags}, Row{"8D 04 08", kNoFlags, kNoFlags},
                    Row{"0F B6 C1", kNoFlags, kNoFlags}, Row{"0F C8", kNoFlags, kNoFlags},
                    Row{"87 C8", kNoFlags, kNoFlags}, Row{"50", kNoFlags, kNoFlags},
                    Row{"E8 00 00 00 00", kNoFlags, kNoFlags},
                    Row{"0F 28 C1", kNoFlags, kNoFlags}));

INSTANTIATE_TEST_SUITE_P(
    ConditionsReadThem, Flags,
    testing::Values(Row{"70 00", kOf, kNoFlags}, Row{"72 00", kCf, kNoFlags},
                    Row{"74 00", kZf, kNoFlags}, Row{"76 00", kCf | kZf, kNoFlags},
                    Row{"78 00", kSf, kNoFlags}, Row{"7A 00", kPf, kNoFlags},
                    Row{"7C 00", kSf | kOf, kNoFlags}, Row{"7F 00", kZf | kSf | kOf, kNoFlags},
                    Row{"0F 95 C0", kZf, kNoFlags}, Row{"0F 47 C1", kCf | kZf, kNoFlags},
                    Row{"E1 00", kZf, kNoFlags}, Row{"E2 00", kNoFlags, kNoFlags},
                    Row{"E3 00", kNoFlags, kNoFlags}, Row{"DA C1", kCf, kNoFlags}));

INSTANTIATE_TEST_SUITE_P(SingleFlags, Flags,
                         testing::Values(Row{"F8", kNoFlags, kCf}, Row{"F9", kNoFlags, kCf},
                                         Row{"F5", kCf, kCf}, Row{"FC", kNoFlags, kDf},
                                         Row{"FD", kNoFlags, kDf},
                                         Row{"9F", kSf | kZf | kAf | kPf | kCf, kNoFlags},
                                         Row{"9E", kNoFlags, kSf | kZf | kAf | kPf | kCf}));

// What is officially undefined may in fact survive: what goes before it stays alive.
INSTANTIATE_TEST_SUITE_P(BitInstructions, Flags,
                         testing::Values(Row{"0F A3 C8", kNoFlags, kCf},
                                         Row{"0F AB C8", kNoFlags, kCf},
                                         Row{"0F BA F0 01", kNoFlags, kCf},
                                         Row{"0F BC C1", kNoFlags, kZf},
                                         Row{"0F BD C1", kNoFlags, kZf}));

// A count of zero leaves the flags alone, so what would be overwritten counts as read.
INSTANTIATE_TEST_SUITE_P(
    ShiftsAndRotates, Flags,
    testing::Values(Row{"D1 E0", kNoFlags, kArithmetic}, Row{"C1 E0 03", kNoFlags, kArithmetic},
                    Row{"C1 E0 00", kArithmetic, kNoFlags}, Row{"C1 E0 20", kArithmetic, kNoFlags},
                    Row{"C1 F8 1F", kNoFlags, kArithmetic}, Row{"D3 E0", kArithmetic, kNoFlags},
                    Row{"D2 F8", kArithmetic, kNoFlags}, Row{"D1 C0", kNoFlags, kCf | kOf},
                    Row{"C1 C0 03", kCf | kOf, kNoFlags}, Row{"D3 C8", kCf | kOf, kNoFlags},
                    Row{"D1 D0", kCf, kCf | kOf}, Row{"D3 D0", kCf | kOf, kNoFlags},
                    Row{"C0 D0 09", kCf | kOf, kNoFlags}, Row{"0F A4 C8 00", kArithmetic, kNoFlags},
                    Row{"0F A4 C8 05", kNoFlags, kArithmetic},
                    Row{"0F A5 C8", kArithmetic, kNoFlags},
                    Row{"0F AC C8 20", kArithmetic, kNoFlags}));

// A repeated compare with a count of zero compares nothing.
INSTANTIATE_TEST_SUITE_P(Strings, Flags,
                         testing::Values(Row{"A4", kDf, kNoFlags}, Row{"F3 A4", kDf, kNoFlags},
                                         Row{"A6", kDf, kArithmetic},
                                         Row{"F3 A6", kDf | kArithmetic, kNoFlags},
                                         Row{"F2 AE", kDf | kArithmetic, kNoFlags},
                                         Row{"AB", kDf, kNoFlags}));

}  // namespace
}  // namespace verbatim
