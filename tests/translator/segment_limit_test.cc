// SPDX-License-Identifier: Apache-2.0
// What the limits of segments turn into: a compare without flags for data, #GP at the jump for
// code.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/translator/translation.h"

namespace verbatim {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr uint16_t kData16 = 0x00F3;    // DPL 3, writable, 16-bit
constexpr uint16_t kReadOnly = 0x40F1;  // DPL 3, 32-bit
constexpr uint16_t kDown = 0x40F7;      // expand-down

class SegmentLimits : public Translation {
 protected:
  [[nodiscard]] static BlockMode WithData(uint32_t base, uint32_t limit,
                                          uint16_t attributes = kData16) {
    CpuState cpu = FlatCpu();
    cpu.segments[kDs] = {0x0F, attributes, base, limit};
    return BlockMode::Of(cpu, 0);
  }
  [[nodiscard]] std::string Violation(uint32_t eip) const {
    return fmt::format("mov r8d, {:#x}\nmov r9d, 0xd\njmp {}\n", eip, Address(stubs_.exception));
  }
};

TEST_F(SegmentLimits, OfDataAreComparedWhereTheAccessIs) {
  const BlockMode mode = WithData(0x1000, 0x2345);
  const Block block = Translate({0x8B, 0x43, 0x10}, mode);  // mov eax, [ebx + 16]
  EXPECT_THAT(Body(block), AllOf(HasSubstr("mov r9, r8\nnot r9\n"), HasSubstr("shrx r9, r9, r10\n"),
                                 HasSubstr("mov eax, dword ptr gs:[r8 + r9]\n")));
  EXPECT_EQ(block.site_count, 0u);
}

TEST_F(SegmentLimits, OfBytesAt16BitOffsetsNeedNoCompareIn64K) {
  const BlockMode mode = WithData(0x1000, 0xFFFF);
  // mov al, [bx + si]; mov ax, [bx + si]
  EXPECT_THAT(Body(Translate({0x67, 0x8A, 0x00}, mode)), Not(HasSubstr("r9, 0x20")));
  EXPECT_THAT(Body(Translate({0x66, 0x67, 0x8B, 0x00}, mode)),
              HasSubstr("lea r9d, [r8 + 1]\nrorx r9d, r9d, 0x10\nmovzx r9d, r9w\n"
                        "rorx r9, r9, 0x20\n"));
}

TEST_F(SegmentLimits, LeaveTheFlagsAlone) {
  for (const BlockMode mode : {WithData(0x1000, 0xFFFF), WithData(0x1000, 0xFFFFE)}) {
    const Block block = Translate({0x8B, 0x43, 0x10}, mode);
    for (const HostInstruction& in : HostCode(block)) {
      EXPECT_EQ(in.detail.eflags & (X86_EFLAGS_MODIFY_CF | X86_EFLAGS_MODIFY_ZF), 0u) << in.text;
    }
  }
}

TEST_F(SegmentLimits, OfOtherKindsAreCheckedInSoftware) {
  for (const BlockMode mode : {WithData(0, 0xFFFFFFFF, kReadOnly), WithData(0, 0xFFF, kDown)}) {
    EXPECT_THAT(Body(Translate({0x8B, 0x43, 0x10}, mode)),
                HasSubstr("call " + Address(stubs_.callout)));
    EXPECT_THAT(Body(Translate({0x03, 0x43, 0x10}, mode)),  // add eax, [ebx + 16]
                HasSubstr("call " + Address(stubs_.access_begin)));
  }
  // bts [ebx], eax reaches beyond its operand.
  EXPECT_THAT(Body(Translate({0x0F, 0xAB, 0x03}, WithData(0, 0xFFF))),
              HasSubstr("call " + Address(stubs_.access_begin)));
}

TEST_F(SegmentLimits, OfCodeFaultAtTheJump) {
  // jmp +127; jz +127; call +127; loop +127
  for (const auto& code : {std::initializer_list<uint8_t>{0xEB, 0x7F},
                           {0x74, 0x7F},
                           {0xE8, 0x7F, 0, 0, 0},
                           {0xE2, 0x7F}}) {
    page_.fill(0xC3);
    Write(code);
    TranslationRequest request = RequestAt(kStart);
    request.cs_limit = kEip + 0x40;
    EXPECT_THAT(Body(Translate(request)), HasSubstr(Violation(kEip)));
  }
}

// lock 0F 38 with nothing behind it in the segment: what it would be does not matter.
TEST_F(SegmentLimits, OfCodeGoBeforeUndefinedInstructions) {
  Write({0xF0, 0x0F, 0x38, 0xBA});
  TranslationRequest request = RequestAt(kStart);
  request.cs_limit = kEip + 3;
  EXPECT_THAT(Body(Translate(request)), Not(HasSubstr(Violation(kEip))));
  request.cs_limit = kEip + 2;
  EXPECT_THAT(Body(Translate(request)), StartsWith(Violation(kEip)));
}

TEST_F(SegmentLimits, OfCodeFaultBeforeAnIndirectTransferDoesAnything) {
  for (const auto& code : {std::initializer_list<uint8_t>{0xFF, 0xE0},  // jmp eax
                           std::initializer_list<uint8_t>{0xFF, 0xD0},  // call eax
                           std::initializer_list<uint8_t>{0xC3}}) {     // ret
    page_.fill(0xC3);
    Write(code);
    TranslationRequest request = RequestAt(kStart);
    EXPECT_THAT(Body(Translate(request)), Not(HasSubstr(Violation(kEip))));
    request.cs_limit = kEip + 0x40;
    const std::string text = Body(Translate(request));
    EXPECT_THAT(text, HasSubstr(Violation(kEip)));
    EXPECT_LT(text.find(Violation(kEip)), text.find("r12d, [r12")) << text;
  }
}

TEST_F(SegmentLimits, OfCodeHoldAny16BitTargetFromFFFFOn) {
  Write({0x66, 0xFF, 0xE0});  // jmp ax
  TranslationRequest request = RequestAt(kStart);
  request.cs_limit = 0x00FFFFFF;
  EXPECT_THAT(Body(Translate(request)), StartsWith("movzx r8d, ax\nlea r9d, [r8]\nadox"));
}

}  // namespace
}  // namespace verbatim
