// SPDX-License-Identifier: Apache-2.0
// Indirect calls whose targets have one hashed entry of the jump table: they find their way, and
// after a while without the run loop.
#include <gtest/gtest.h>

#include <vector>

#include "base/bits.h"
#include "codecache/jump_table.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kUserPage = kPtePresent | kPteWritable | kPteUser;
constexpr uint32_t kOne = kCode + 0x800;
constexpr uint32_t kOther = kOne + (1u << JumpTable::kHashFold) - (1u << JumpTable::kHashRotation);
constexpr uint32_t kPageOfOther = kOther & ~kPageOffsetMask;
static_assert(JumpTable::Hash(kOne) == JumpTable::Hash(kOther));

class CollidingTargets : public testing::Test {
 protected:
  void SetUp() override {
    // Two calls with one target each need no table.
    auto guest = GuestSnippet::Create(
        {.code_cache_bytes = 1u << 20,
         .optimisations = OptimisationSet::AllBut(Optimisation::kGuessTargets)});
    ASSERT_TRUE(guest.has_value()) << guest.error().message;
    guest_ = std::move(*guest);
    constexpr uint32_t kFrame = kCode + 2 * kPageBytes;
    //   again: call esi ; call edi ; dec ecx ; jnz again ; ud2
    const std::vector<uint8_t> calls{0xFF, 0xD6, 0xFF, 0xD7, 0x49, 0x75, 0xF9, 0x0F, 0x0B};
    const std::vector<uint8_t> one{0x40, 0xC3};                // inc eax ; ret
    const std::vector<uint8_t> other{0x83, 0xC2, 0x02, 0xC3};  // add edx, 2 ; ret
    guest_->Write(kCode, calls);
    guest_->Write(kOne, one);
    guest_->Write(kFrame + (kOther & kPageOffsetMask), other);
    guest_->Map(kPageOfOther, kFrame, kUserPage);
  }
  // How often the run loop was asked for the way.
  uint64_t Call(uint32_t times) {
    CpuImage start = CpuImage::Typical();
    start.gpr[kEax] = 0;
    start.gpr[kEdx] = 0;
    start.gpr[kEcx] = times;
    start.gpr[kEsi] = kOne;
    start.gpr[kEdi] = kOther;
    const uint64_t before = guest_->engine().statistics().exits_lookup;
    const Outcome end = guest_->Run(start);
    EXPECT_EQ(end.vector, 6);
    EXPECT_EQ(end.cpu.gpr[kEax], times);
    EXPECT_EQ(end.cpu.gpr[kEdx], 2 * times);
    EXPECT_EQ(end.cpu.eflags & flag::kArithmetic, flag::kZf | flag::kPf) << "of dec ecx";
    return guest_->engine().statistics().exits_lookup - before;
  }

  std::unique_ptr<GuestSnippet> guest_;
};

TEST_F(CollidingTargets, AreFoundInTheOverflow) {
  constexpr uint32_t kAFew = 8;
  EXPECT_GE(Call(kAFew), kAFew);
  (void)Call(JumpTable::kCollisions);
  EXPECT_LE(Call(1000), kAFew);
}

TEST_F(CollidingTargets, FollowWhatIsWrittenAndMapped) {
  (void)Call(2 * JumpTable::kCollisions);
  const std::vector<uint8_t> two{0x90, 0x40, 0xC3};  // nop ; inc eax ; ret
  guest_->Write(kOne, two);
  (void)Call(10);
  guest_->Map(kPageOfOther, kCode + 2 * kPageBytes, 0);
  CpuImage start = CpuImage::Typical();
  start.gpr[kEcx] = 1;
  start.gpr[kEsi] = kOne;
  start.gpr[kEdi] = kOther;
  const Outcome end = guest_->Run(start);
  EXPECT_EQ(end.vector, 14);
  EXPECT_EQ(end.cpu.eip, kOther);
}

}  // namespace
}  // namespace verbatim::test
