// SPDX-License-Identifier: Apache-2.0
// Which bytes in front of an address are a call, so that it may be a return address.
#include "profile/stack_walk.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace verbatim {
namespace {

bool IsCall(std::initializer_list<uint8_t> bytes) {
  // What stands in front of it must not matter.
  std::vector<uint8_t> before(7 - std::min<size_t>(7, bytes.size()), 0x90);
  before.insert(before.end(), bytes);
  return EndsWithCall(before);
}

TEST(EndsWithCall, KnowsEachFormOfCall) {
  EXPECT_TRUE(IsCall({0xE8, 1, 2, 3, 4}));              // call rel32
  EXPECT_TRUE(IsCall({0xFF, 0xD0}));                    // call eax
  EXPECT_TRUE(IsCall({0xFF, 0x13}));                    // call [ebx]
  EXPECT_TRUE(IsCall({0xFF, 0x53, 8}));                 // call [ebx + 8]
  EXPECT_TRUE(IsCall({0xFF, 0x14, 0x83}));              // call [ebx + eax * 4]
  EXPECT_TRUE(IsCall({0xFF, 0x54, 0x83, 8}));           // call [ebx + eax * 4 + 8]
  EXPECT_TRUE(IsCall({0xFF, 0x15, 1, 2, 3, 4}));        // call [address]
  EXPECT_TRUE(IsCall({0xFF, 0x93, 1, 2, 3, 4}));        // call [ebx + disp32]
  EXPECT_TRUE(IsCall({0xFF, 0x14, 0x85, 1, 2, 3, 4}));  // call [eax * 4 + table]
  EXPECT_TRUE(IsCall({0xFF, 0x94, 0x83, 1, 2, 3, 4}));  // call [ebx + eax * 4 + disp32]
  EXPECT_TRUE(IsCall({0x9A, 1, 2, 3, 4, 8, 0}));        // far call
}

TEST(EndsWithCall, TakesNothingElseForOne) {
  EXPECT_FALSE(IsCall({}));
  EXPECT_FALSE(IsCall({0xE9, 1, 2, 3, 4}));  // jmp
  EXPECT_FALSE(IsCall({0xFF, 0xE0}));        // jmp eax
  EXPECT_FALSE(IsCall({0xFF, 0x33}));        // push [ebx]
  EXPECT_FALSE(IsCall({0xFF, 0xD0, 0x90}));  // a call, and something behind it
  EXPECT_FALSE(IsCall({0xE8, 1, 2, 3}));     // cut off
  EXPECT_FALSE(EndsWithCall({}));
}

}  // namespace
}  // namespace verbatim
