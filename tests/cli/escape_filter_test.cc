// SPDX-License-Identifier: Apache-2.0
#include "cli/escape_filter.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace verbatim {
namespace {

EscapeFilter::Keys Type(EscapeFilter& filter, std::string_view keys) {
  return filter.Filter({reinterpret_cast<const uint8_t*>(keys.data()), keys.size()});
}

std::string ToGuest(const EscapeFilter::Keys& keys) {
  return {keys.to_guest.begin(), keys.to_guest.end()};
}

TEST(EscapeFilter, PassesEveryByteButTheEscape) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte != 1) all += static_cast<char>(byte);
  }
  EscapeFilter filter;
  EXPECT_EQ(ToGuest(Type(filter, all)), all);
}

TEST(EscapeFilter, QuitsAndDropsWhatFollows) {
  EscapeFilter filter;
  const EscapeFilter::Keys keys = Type(filter, "ab\x01xcd");
  EXPECT_TRUE(keys.quit);
  EXPECT_EQ(ToGuest(keys), "ab");
}

TEST(EscapeFilter, RecognisesAnEscapeSplitOverTwoReads) {
  EscapeFilter filter;
  EXPECT_FALSE(Type(filter, "\x01").quit);
  EXPECT_TRUE(Type(filter, "x").quit);
}

TEST(EscapeFilter, SendsAnEscapeToTheGuest) {
  EscapeFilter filter;
  EXPECT_EQ(ToGuest(Type(filter,
                         "\x01"
                         "a")),
            "\x01");
  EXPECT_EQ(ToGuest(Type(filter, "\x01\x01")), "\x01");
  // The pair is used up: the x is an ordinary key.
  const EscapeFilter::Keys keys = Type(filter, "\x01\x01x");
  EXPECT_FALSE(keys.quit);
  EXPECT_EQ(ToGuest(keys), "\x01x");
}

// The medium is in the drive before the guest sees what was typed behind the change.
TEST(EscapeFilter, StopsBehindAChangeOfMedia) {
  EscapeFilter filter;
  std::string_view typed =
      "f\x01"
      "fF\x01"
      "F\x01"
      "dd";
  std::vector<MediaSlot> changes;
  std::vector<std::string> between;
  while (!typed.empty()) {
    const EscapeFilter::Keys keys = Type(filter, typed);
    typed.remove_prefix(keys.used);
    between.push_back(ToGuest(keys));
    if (keys.change) changes.push_back(*keys.change);
  }
  EXPECT_EQ(changes, (std::vector{MediaSlot::kFloppyA, MediaSlot::kFloppyB, MediaSlot::kCdrom}));
  EXPECT_EQ(between, (std::vector<std::string>{"f", "F", "", "d"}));
}

TEST(EscapeFilter, AsksForHelpAndDropsUnknownKeys) {
  EscapeFilter filter;
  EXPECT_TRUE(Type(filter, "\x01h").help);
  const EscapeFilter::Keys keys = Type(filter, "\x01zk");
  EXPECT_TRUE(keys.unknown);
  EXPECT_FALSE(keys.help);
  EXPECT_EQ(ToGuest(keys), "k");
}

}  // namespace
}  // namespace verbatim
