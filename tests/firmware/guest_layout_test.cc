// SPDX-License-Identifier: Apache-2.0
#include "firmware/guest_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/firmware/guest_ram.h"

namespace verbatim {
namespace {

using testing::HasSubstr;

class GuestLayoutTest : public testing::Test {
 protected:
  std::string FailureOf(const PhysicalRange& range) {
    const auto claim = layout_.Claim("file", "part", range);
    return claim ? "" : claim.error().message;
  }

  GuestRam ram_{4 << 20};
  GuestLayout layout_{ram_.ram(), ram_.map()};
};

TEST_F(GuestLayoutTest, ClaimYieldsTheBytesAtThatAddress) {
  const auto claim = layout_.Claim("file", "part", {.begin = {0x200000}, .bytes = 0x1000});
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->data(), ram_.ram().data() + 0x200000);
  EXPECT_EQ(claim->size(), 0x1000u);
}

TEST_F(GuestLayoutTest, RefusesWhatIsOutsideRamWithoutWrapping) {
  EXPECT_THAT(FailureOf({.begin = {4 << 20}, .bytes = 1}), HasSubstr("ends at 400000h"));
  EXPECT_THAT(FailureOf({.begin = {UINT64_MAX}, .bytes = 2}), HasSubstr("do not fit guest RAM"));
  EXPECT_THAT(FailureOf({.begin = {0x100000}, .bytes = UINT64_MAX}),
              HasSubstr("do not fit guest RAM"));
  EXPECT_THAT(FailureOf({.begin = {1ull << 63}, .bytes = 1ull << 63}),
              HasSubstr("do not fit guest RAM"));
}

TEST_F(GuestLayoutTest, RefusesReservedAreasAndHoles) {
  for (const uint64_t begin : {0x9F000, 0x9FC00, 0xA0000, 0xEF000, 0xF0000, 0xFF001}) {
    EXPECT_THAT(FailureOf({.begin = {begin}, .bytes = 0x1000}), HasSubstr("reserved area"));
  }
}

TEST_F(GuestLayoutTest, RefusesASecondOwner) {
  EXPECT_EQ(FailureOf({.begin = {0x100000}, .bytes = 0x1000}), "");
  EXPECT_EQ(FailureOf({.begin = {0x100FFF}, .bytes = 1}),
            "file: part: 1h bytes at 100FFFh overlap the part at 100000h-101000h");
  EXPECT_EQ(FailureOf({.begin = {0x101000}, .bytes = 0x1000}), "");
}

TEST_F(GuestLayoutTest, FindsTheTopOfRam) {
  EXPECT_EQ(layout_.FindHighest(0x1001, {UINT32_MAX}),
            (PhysicalRange{.begin = {0x3FE000}, .bytes = 0x1001}));
}

TEST_F(GuestLayoutTest, FindsBelowTheLimitAndBelowOwners) {
  ASSERT_EQ(FailureOf({.begin = {0x200000}, .bytes = 0x100000}), "");
  EXPECT_EQ(layout_.FindHighest(0x1000, {0x300800})->begin.value, 0x1FF000u);
  EXPECT_EQ(layout_.FindHighest(0x100000, {0x400000})->begin.value, 0x300000u);
  EXPECT_EQ(layout_.FindHighest(0x100001, {0x400000}), std::nullopt);
}

TEST_F(GuestLayoutTest, FallsBackToConventionalMemory) {
  ASSERT_EQ(FailureOf({.begin = {0x100000}, .bytes = 0x300000}), "");
  EXPECT_EQ(layout_.FindHighest(0x1000, {UINT32_MAX})->begin.value, 0x9E000u);
}

}  // namespace
}  // namespace verbatim
