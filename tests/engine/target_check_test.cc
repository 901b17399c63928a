// SPDX-License-Identifier: Apache-2.0
// Indirect calls and returns find out where the guest really goes, and no flag is changed by that,
// whatever the flags were.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "codecache/jump_table.h"
#include "decoder/instruction.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kFunction = kCode + 0x800;
constexpr uint32_t kTimes = 4;  // the first finds nothing translated
constexpr uint32_t kUntouched = 5;

// again: call esi ; cdq ; lea eax, [eax + 1] ; xchg esi, edi ; lea ecx, [ecx - 1] ; jecxz out
//        jmp again ; out: ud2
const std::vector<uint8_t> kCaller{0xFF, 0xD6, 0x99, 0x8D, 0x40, 0x01, 0x87, 0xF7, 0x8D,
                                   0x49, 0xFF, 0xE3, 0x02, 0xEB, 0xF1, 0x0F, 0x0B};
constexpr uint32_t kOut = kCode + 15;

class TargetCheck : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const OptimisationSet optimisations =
        GetParam() ? OptimisationSet{} : OptimisationSet::AllBut(Optimisation::kSumChecks);
    auto guest =
        GuestSnippet::Create({.code_cache_bytes = 1u << 20, .optimisations = optimisations});
    ASSERT_TRUE(guest.has_value()) << guest.error().message;
    guest_ = std::move(*guest);
    guest_->Write(kCode, kCaller);
  }
  // With each set of the arithmetic flags; calls `other` every second time.
  void RunWithAllFlags(uint32_t other, const std::function<void(const Outcome&)>& check) {
    uint32_t flags = 0;
    do {
      SCOPED_TRACE(flags);
      CpuImage start = CpuImage::Typical();
      start.eflags = (start.eflags & ~flag::kArithmetic) | flags;
      start.gpr[kEax] = 0;
      start.gpr[kEdx] = kUntouched;
      start.gpr[kEcx] = kTimes;
      start.gpr[kEsi] = kFunction;
      start.gpr[kEdi] = other;
      const Outcome end = guest_->Run(start);
      EXPECT_EQ(end.vector, 6);
      EXPECT_EQ(end.cpu.eip, kOut);
      EXPECT_EQ(end.cpu.eflags & flag::kArithmetic, flags);
      check(end);
      flags = (flags - flag::kArithmetic) & flag::kArithmetic;
    } while (flags != 0);
  }

  std::unique_ptr<GuestSnippet> guest_;
};

TEST_P(TargetCheck, FindsWhatWasMeant) {
  guest_->Write(kFunction, std::vector<uint8_t>{0xC3});
  RunWithAllFlags(kFunction, [](const Outcome& end) {
    EXPECT_EQ(end.cpu.gpr[kEax], kTimes);
    EXPECT_EQ(end.cpu.gpr[kEdx], 0u) << "of cdq";
  });
}

TEST_P(TargetCheck, FindsAnotherTargetOfTheSameEntry) {
  constexpr uint32_t kOther =
      kFunction + (1u << JumpTable::kHashFold) - (1u << JumpTable::kHashRotation);
  static_assert(JumpTable::Hash(kFunction) == JumpTable::Hash(kOther));
  constexpr uint32_t kFrame = kCode + 2 * kPageBytes;
  guest_->Map(kOther & ~kPageOffsetMask, kFrame, kPtePresent | kPteWritable | kPteUser);
  guest_->Write(kFunction, std::vector<uint8_t>{0xC3});
  // lea ebp, [ebp + 2] ; ret
  guest_->Write(kFrame + (kOther & kPageOffsetMask), std::vector<uint8_t>{0x8D, 0x6D, 0x02, 0xC3});
  const uint32_t ebp = CpuImage::Typical().gpr[kEbp];
  RunWithAllFlags(kOther, [ebp](const Outcome& end) {
    EXPECT_EQ(end.cpu.gpr[kEax], kTimes);
    EXPECT_EQ(end.cpu.gpr[kEbp], ebp + kTimes);
  });
}

TEST_P(TargetCheck, FindsAnotherReturnAddress) {
  // mov ebx, [esp] ; lea ebx, [ebx + 1] ; mov [esp], ebx ; ret
  guest_->Write(kFunction,
                std::vector<uint8_t>{0x8B, 0x1C, 0x24, 0x8D, 0x5B, 0x01, 0x89, 0x1C, 0x24, 0xC3});
  RunWithAllFlags(kFunction, [](const Outcome& end) {
    EXPECT_EQ(end.cpu.gpr[kEax], kTimes);
    EXPECT_EQ(end.cpu.gpr[kEdx], kUntouched) << "cdq was skipped";
  });
}

INSTANTIATE_TEST_SUITE_P(By, TargetCheck, testing::Bool(),
                         [](const auto& each) { return each.param ? "Sum" : "Zero"; });

}  // namespace
}  // namespace verbatim::test
