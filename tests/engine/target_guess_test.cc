// SPDX-License-Identifier: Apache-2.0
// Indirect jumps and calls that try their last target first go where the guest goes, with its
// flags, whatever becomes of the target.
#include <gtest/gtest.h>

#include <vector>

#include "decoder/instruction.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kUserPage = kPtePresent | kPteWritable | kPteUser;
constexpr uint32_t kOne = kCode + kPageBytes;
constexpr uint32_t kOtherPage = 0x00480000;
constexpr uint32_t kOther = kOtherPage + 0x40;
constexpr uint32_t kFrame = kCode + 2 * kPageBytes;
constexpr uint32_t kOtherFrame = kCode + 3 * kPageBytes;

// again: call esi (or: push next ; jmp esi ; next:)
//        xchg esi, edi ; xchg edi, ebp ; lea ecx, [ecx - 1] ; jecxz out ; jmp again ; out: ud2
const std::vector<uint8_t> kCalls{0xFF, 0xD6, 0x87, 0xF7, 0x87, 0xFD, 0x8D, 0x49,
                                  0xFF, 0xE3, 0x02, 0xEB, 0xF3, 0x0F, 0x0B};
const std::vector<uint8_t> kJumps{0x68, 0x07, 0x00, 0x40, 0x00, 0xFF, 0xE6, 0x87, 0xF7, 0x87,
                                  0xFD, 0x8D, 0x49, 0xFF, 0xE3, 0x02, 0xEB, 0xEE, 0x0F, 0x0B};
static_assert(kCode == 0x00400000);
// lea eax, [eax + 1] ; ret and lea edx, [edx + `by`] ; ret
const std::vector<uint8_t> kCountInEax{0x8D, 0x40, 0x01, 0xC3};
std::vector<uint8_t> CountInEdx(uint8_t by) { return {0x8D, 0x52, by, 0xC3}; }

class TargetGuess : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { MakeGuest(); }
  void MakeGuest() {
    auto guest = GuestSnippet::Create({.code_cache_bytes = 1u << 20});
    ASSERT_TRUE(guest.has_value()) << guest.error().message;
    guest_ = std::move(*guest);
    guest_->Write(kCode, GetParam() ? kCalls : kJumps);
    guest_->Write(kOne, kCountInEax);
    guest_->Write(kFrame + kOther - kOtherPage, CountInEdx(1));
    guest_->Write(kOtherFrame + kOther - kOtherPage, CountInEdx(3));
    guest_->Map(kOtherPage, kFrame, kUserPage);
  }
  // The targets take turns.
  Outcome Run(uint32_t times, uint32_t first, uint32_t second, uint32_t third, uint32_t flags = 0) {
    CpuImage start = CpuImage::Typical();
    start.eflags = (start.eflags & ~flag::kArithmetic) | flags;
    start.gpr[kEax] = 0;
    start.gpr[kEdx] = 0;
    start.gpr[kEcx] = times;
    start.gpr[kEsi] = first;
    start.gpr[kEdi] = second;
    start.gpr[kEbp] = third;
    return guest_->Run(start);
  }
  const EngineStatistics& statistics() { return guest_->engine().statistics(); }

  std::unique_ptr<GuestSnippet> guest_;
};

TEST_P(TargetGuess, IsLearntOnce) {
  const uint64_t before = statistics().exits_guess;
  EXPECT_EQ(Run(100, kOther, kOther, kOther).cpu.gpr[kEdx], 100u);
  EXPECT_EQ(statistics().exits_guess, before + 1);
  EXPECT_EQ(Run(100, kOther, kOther, kOther).cpu.gpr[kEdx], 100u);
  EXPECT_EQ(statistics().exits_guess, before + 1);
}

// Right and wrong ones, with each set of the arithmetic flags, and the guess is new each time.
TEST_P(TargetGuess, KeepsTheFlags) {
  uint32_t flags = 0;
  do {
    SCOPED_TRACE(flags);
    for (const uint32_t third : {kOne, kOther}) {
      MakeGuest();
      const Outcome end = Run(3, kOne, kOne, third, flags);
      EXPECT_EQ(statistics().exits_guess, third == kOne ? 1u : 2u);
      EXPECT_EQ(end.vector, 6);
      EXPECT_EQ(end.cpu.gpr[kEax], third == kOne ? 3u : 2u);
      EXPECT_EQ(end.cpu.gpr[kEdx], third == kOne ? 0u : 1u);
      EXPECT_EQ(end.cpu.eflags & flag::kArithmetic, flags);
    }
    flags = (flags - flag::kArithmetic) & flag::kArithmetic;
  } while (flags != 0);
}

TEST_P(TargetGuess, IsGivenUpWhereThereAreMany) {
  EXPECT_EQ(Run(30, kOne, kOther, kOne).cpu.gpr[kEdx], 10u);
  EXPECT_EQ(statistics().exits_guess, 4u);
  const uint64_t before = statistics().exits_guess;
  const Outcome end = Run(3000, kOne, kOther, kOne);
  EXPECT_EQ(end.cpu.gpr[kEax], 2000u);
  EXPECT_EQ(end.cpu.gpr[kEdx], 1000u);
  EXPECT_EQ(statistics().exits_guess, before);
}

TEST_P(TargetGuess, FollowsWhatIsWrittenThere) {
  for (const uint32_t target : {kOne, kOther}) {
    (void)Run(10, target, target, target);
    const uint32_t physical = target == kOne ? kOne : kFrame + kOther - kOtherPage;
    guest_->Write(physical, CountInEdx(5));
    EXPECT_EQ(Run(10, target, target, target).cpu.gpr[kEdx], 50u);
  }
}

TEST_P(TargetGuess, FollowsWhatIsMappedThere) {
  EXPECT_EQ(Run(10, kOther, kOther, kOther).cpu.gpr[kEdx], 10u);
  guest_->Map(kOtherPage, kOtherFrame, kUserPage);
  EXPECT_EQ(Run(10, kOther, kOther, kOther).cpu.gpr[kEdx], 30u);
  guest_->Map(kOtherPage, kFrame, kUserPage);
  EXPECT_EQ(Run(10, kOther, kOther, kOther).cpu.gpr[kEdx], 10u);
  guest_->Map(kOtherPage, kFrame, 0);
  const Outcome end = Run(10, kOther, kOther, kOther);
  EXPECT_EQ(end.vector, 14);
  EXPECT_EQ(end.cpu.eip, kOther);
  EXPECT_EQ(end.cpu.gpr[kEcx], 10u);
}

// What is not guessed yet must not be taken for a guess of address 0.
TEST_P(TargetGuess, OfAddress0) {
  guest_->Map(0, kFrame, kUserPage);
  guest_->Write(kFrame, CountInEdx(7));
  EXPECT_EQ(Run(10, 0, 0, 0).cpu.gpr[kEdx], 70u);
  guest_->Map(0, kFrame, 0);
  const Outcome end = Run(10, 0, 0, 0);
  EXPECT_EQ(end.vector, 14);
  EXPECT_EQ(end.cpu.eip, 0u);
}

INSTANTIATE_TEST_SUITE_P(Of, TargetGuess, testing::Bool(),
                         [](const auto& each) { return each.param ? "Calls" : "Jumps"; });

}  // namespace
}  // namespace verbatim::test
