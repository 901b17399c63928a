// SPDX-License-Identifier: Apache-2.0
#include "engine/window_code.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "base/check.h"

namespace verbatim {
namespace {

constexpr uint32_t kWindows = 2;

class WindowCodeTest : public testing::Test {
 protected:
  WindowCode* Get(WindowId window, uint64_t mode, uint32_t cs_base = 0) {
    Result<WindowCode*> code = set_.Get(window, mode, cs_base);
    EXPECT_TRUE(code.has_value());
    return *code;
  }
  // Pretends that a block was entered at `eip`.
  void Enter(WindowCode& code, uint32_t eip) { code.table.Set(eip, block_, std::nullopt); }
  [[nodiscard]] bool Leads(const WindowCode& code, uint32_t eip) const {
    return code.table.data()[JumpTable::Hash(eip)] ==
           static_cast<uint32_t>(reinterpret_cast<uintptr_t>(block_.entry()));
  }

  // Never followed: all that counts is that they differ.
  static HostPointer At(uintptr_t address) { return reinterpret_cast<HostPointer>(address); }
  static EmptyJumpTable Empty() {
    Result<EmptyJumpTable> empty = EmptyJumpTable::Create(At(0x1000));
    CHECK(empty.has_value());
    return std::move(*empty);
  }

  WindowCodeSet set_{kWindows, Empty(), At(0x2000)};
  Block block_ = [] {
    Block block;
    block.host_start = At(0x3000);
    return block;
  }();
};

TEST_F(WindowCodeTest, KeepsATableForEachModeOfAWindow) {
  WindowCode* first = Get(0, 1);
  Enter(*first, 0x100);
  WindowCode* second = Get(0, 2);
  EXPECT_NE(first, second);
  EXPECT_FALSE(Leads(*second, 0x100));
  EXPECT_NE(Get(1, 1), first);
  EXPECT_EQ(Get(0, 1), first);
  EXPECT_TRUE(Leads(*first, 0x100));
}

TEST_F(WindowCodeTest, DropsAPageFromAllModesOfTheWindow) {
  WindowCode* flat = Get(0, 1);
  WindowCode* based = Get(0, 2, 0x10000);
  WindowCode* other = Get(1, 1);
  Enter(*flat, 0x10123);
  Enter(*based, 0x123);
  Enter(*other, 0x10123);
  set_.OnExecutableDropped(0, LinearAddress{0x10000});
  EXPECT_FALSE(Leads(*flat, 0x10123));
  EXPECT_FALSE(Leads(*based, 0x123));
  EXPECT_TRUE(Leads(*other, 0x10123));
}

TEST_F(WindowCodeTest, MakesRoomByWhatWasUnusedLongest) {
  WindowCode* kept = Get(0, 0);
  Enter(*kept, 0x100);
  WindowCode* old = Get(0, 1);
  Enter(*old, 0x100);
  for (uint64_t mode = 2; mode < 40; ++mode) {
    (void)Get(0, mode);
    EXPECT_EQ(Get(0, 0), kept);
  }
  EXPECT_TRUE(Leads(*kept, 0x100));
  EXPECT_FALSE(Leads(*Get(0, 1), 0x100));
}

}  // namespace
}  // namespace verbatim
