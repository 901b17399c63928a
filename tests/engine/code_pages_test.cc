// SPDX-License-Identifier: Apache-2.0
// When pages of code go over to checking their bytes, and when they go back.
#include "engine/code_pages.h"

#include <gtest/gtest.h>

namespace verbatim {
namespace {

constexpr PhysicalAddress kPage{0x5000};
constexpr PhysicalAddress kOther{0x6000};

bool WriteOften(CodePages& pages, PhysicalAddress page) {
  bool turned = false;
  for (uint32_t i = 0; i < CodePages::kWrites; ++i) turned = pages.NoteWrite(page);
  return turned;
}

// The pages that go back when reviewed at `now_ns`.
std::vector<PhysicalAddress> Reviewed(CodePages& pages, uint64_t now_ns) {
  std::vector<PhysicalAddress> back;
  pages.Review(now_ns, [&](PhysicalAddress page) { back.push_back(page); });
  return back;
}

TEST(CodePages, AreCheckedOnceTheyHaveBeenWrittenOften) {
  CodePages pages;
  for (uint32_t i = 1; i < CodePages::kWrites; ++i) {
    EXPECT_FALSE(pages.NoteWrite(kPage));
    EXPECT_FALSE(pages.NoteWrite(kOther));
  }
  EXPECT_FALSE(pages.IsChecked(kPage));
  EXPECT_TRUE(pages.NoteWrite(kPage));
  EXPECT_TRUE(pages.IsChecked(kPage + 0xFFF));
  EXPECT_FALSE(pages.IsChecked(kOther)) << "each page counts by itself";
  EXPECT_EQ(pages.turns(), 1u);
  EXPECT_FALSE(pages.NoteWrite(kPage)) << "it turns once";
}

TEST(CodePages, GoBackWhenTheyHaveBeenStableForLong) {
  CodePages pages;
  ASSERT_TRUE(WriteOften(pages, kPage));
  const uint64_t start = 1'000'000'000'000;
  EXPECT_TRUE(Reviewed(pages, start).empty());
  EXPECT_TRUE(Reviewed(pages, start + CodePages::kPatienceNs - 1).empty());
  EXPECT_EQ(Reviewed(pages, start + 2 * CodePages::kPatienceNs), std::vector{kPage});
  EXPECT_FALSE(pages.IsChecked(kPage));
}

TEST(CodePages, StayCheckedWhileTheirBytesChange) {
  CodePages pages;
  ASSERT_TRUE(WriteOften(pages, kPage));
  uint64_t now = 1'000'000'000'000;
  for (int i = 0; i < 100; ++i, now += CodePages::kPatienceNs / 2) {
    pages.NoteStale(kPage);
    EXPECT_TRUE(Reviewed(pages, now).empty());
  }
  EXPECT_TRUE(pages.IsChecked(kPage));
}

TEST(CodePages, AreWatchedTwiceAsLongTheNextTime) {
  CodePages pages;
  uint64_t now = 1'000'000'000'000;
  for (uint64_t patience = CodePages::kPatienceNs; patience < 100 * CodePages::kPatienceNs;
       patience *= 2) {
    ASSERT_TRUE(WriteOften(pages, kPage));
    now += CodePages::kReviewPeriodNs;
    EXPECT_TRUE(Reviewed(pages, now).empty());
    EXPECT_TRUE(Reviewed(pages, now + patience - 1).empty());
    now += patience + CodePages::kReviewPeriodNs;
    EXPECT_EQ(Reviewed(pages, now), std::vector{kPage});
  }
}

TEST(CodePages, ClearForgetsThem) {
  CodePages pages;
  ASSERT_TRUE(WriteOften(pages, kPage));
  pages.Clear();
  EXPECT_FALSE(pages.IsChecked(kPage));
  EXPECT_FALSE(pages.NoteWrite(kPage));
}

}  // namespace
}  // namespace verbatim
