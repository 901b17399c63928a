// SPDX-License-Identifier: Apache-2.0
// Blocks that look at their own bytes when they are entered.
#include <gmock/gmock.h>

#include "tests/translator/translation.h"

namespace verbatim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ByteCheck : public Translation {
 protected:
  Block TranslateChecked(std::initializer_list<uint8_t> code) {
    Write(code);
    TranslationRequest request = RequestAt(kStart);
    request.check_first = true;
    return Translate(request);
  }
};

TEST_F(ByteCheck, IsLeftOutWhereWriteProtectionTellsOfChanges) {
  const Block block = Translate({0x40, 0xC3});
  EXPECT_EQ(block.check_end_offset, 0u);
  EXPECT_THAT(Body(block), StartsWith("inc eax\n"));
}

TEST_F(ByteCheck, ComparesFourBytesAtATimeAndKeepsFlags) {
  // mov eax, 44332211h ; ret
  const std::string body = Body(TranslateChecked({0xB8, 0x11, 0x22, 0x33, 0x44, 0xC3}));
  EXPECT_THAT(body, StartsWith("mov r10d, dword ptr gs:[0x401100]\n"
                               "mov r9, rcx\n"
                               "lea ecx, [r10 - 0x332211b8]\n"
                               "jecxz "));
  EXPECT_THAT(body, HasSubstr("mov r8d, dword ptr gs:[0x401102]\n"
                              "lea ecx, [r8 + 0x3cbbccde]\n"))
      << "the last piece overlaps the first";
}

TEST_F(ByteCheck, ReadsNothingBehindTheBlock) {
  // Three bytes: pieces of 2 and 1.
  const std::string body = Body(TranslateChecked({0x90, 0xEB, 0x10}));
  EXPECT_THAT(body, StartsWith("movzx r10d, word ptr gs:[0x401100]\n"));
  EXPECT_THAT(body, HasSubstr("movzx r8d, byte ptr gs:[0x401102]\n"));
}

TEST_F(ByteCheck, LeadsToTheStaleStubWithTheRegistersAsTheyWere) {
  const Block block = TranslateChecked({0x40, 0xC3});
  EXPECT_THAT(Body(block), HasSubstr("mov r8d, 0x401100\nmov r9d, " + Address(block.body()) +
                                     "\njmp " + Address(stubs_.stale)));
}

// Only the first read can fault, and there every register still is the guest's.
TEST_F(ByteCheck, ItsFirstReadIsAnInstructionsStart) {
  const Block block = TranslateChecked({0x40, 0xC3});
  EXPECT_EQ(block.RecoveryAt(block.body()).kind, RecoveryKind::kInstruction);
  EXPECT_EQ(block.RecoveryAt(block.body()).eip, kEip);
  EXPECT_TRUE(block.IsInCheck(block.body()));
  EXPECT_FALSE(block.IsInCheck(block.host_start + block.check_end_offset));
  EXPECT_EQ(block.RecoveryAt(block.host_start + block.check_end_offset - 1).kind,
            RecoveryKind::kCritical);
}

class Writers : public ByteCheck, public testing::WithParamInterface<std::vector<uint8_t>> {};

// Each is followed by INC EAX and RET.
TEST_P(Writers, EndACheckedBlock) {
  Write(GetParam());
  Write({0x40, 0xC3}, kStart + static_cast<uint32_t>(GetParam().size()));
  TranslationRequest request = RequestAt(kStart);
  EXPECT_EQ(Translate(request).instruction_count, 3u);
  request.check_first = true;
  EXPECT_EQ(Translate(request).instruction_count, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    ByteCheck, Writers,
    testing::Values(std::vector<uint8_t>{0x89, 0x03},        // mov [ebx], eax
                    std::vector<uint8_t>{0xFF, 0x03},        // inc dword [ebx]
                    std::vector<uint8_t>{0xD9, 0x13},        // fst dword [ebx]
                    std::vector<uint8_t>{0x0F, 0x29, 0x03},  // movaps [ebx], xmm0
                    std::vector<uint8_t>{0x0F, 0xF7, 0xC1},  // maskmovq mm0, mm1
                    std::vector<uint8_t>{0x50},              // push eax
                    std::vector<uint8_t>{0x60},              // pusha
                    std::vector<uint8_t>{0x8F, 0x03},        // pop dword [ebx]
                    std::vector<uint8_t>{0xC8, 0, 0, 0},     // enter 0, 0
                    std::vector<uint8_t>{0xAA},              // stosb
                    std::vector<uint8_t>{0xF3, 0xA5},        // rep movsd
                    std::vector<uint8_t>{0x6C},              // insb
                    std::vector<uint8_t>{0xE8, 0, 0, 0, 0},  // call
                    std::vector<uint8_t>{0x0F, 0xAE, 0x03},  // fxsave [ebx]
                    std::vector<uint8_t>{0x0F, 0x01, 0x03},  // sgdt [ebx]
                    std::vector<uint8_t>{0x8E, 0xD8}));      // mov ds, eax

TEST_F(ByteCheck, ReadersDoNotEndABlock) {
  // mov eax, [ebx] ; pop ecx ; lodsb ; cmp [ebx], eax ; fld dword [ebx] ; leave ; ret
  EXPECT_EQ(TranslateChecked({0x8B, 0x03, 0x59, 0xAC, 0x39, 0x03, 0xD9, 0x03, 0xC9, 0xC3})
                .instruction_count,
            7u);
}

TEST_F(ByteCheck, LooksAtThatPageAloneThatIsNotProtected) {
  const uint32_t offset = kPageBytes - 2;
  Write({0xB8, 0x11}, offset);  // mov eax, 0x44332211, but for its end
  const std::array<uint8_t, 16> second{0x22, 0x33, 0x44};
  TranslationRequest request = RequestAt(offset);
  request.second_page = second;
  request.second_page_address = {0x00777000};
  request.check_second = true;
  const std::string only_second = Body(Translate(request));
  EXPECT_THAT(only_second, StartsWith("movzx r10d, word ptr gs:[0x402000]\n"));
  EXPECT_THAT(only_second, HasSubstr("byte ptr gs:[0x402002]"));
  EXPECT_EQ(only_second.find("gs:[0x401"), std::string::npos);
  request.check_first = true;
  EXPECT_THAT(Body(Translate(request)), StartsWith("movzx r10d, word ptr gs:[0x401ffe]\n"
                                                   "movzx r11d, word ptr gs:[0x402000]\n"
                                                   "mov r9, rcx\n"));
}

TEST_F(ByteCheck, AnUndefinedInstructionDependsOnAllThatWasLookedAt) {
  const Block block = TranslateChecked({0x0F, 0x13, 0xC9});  // movlps with a register: no such
  EXPECT_EQ(block.guest_bytes, 1u);
  EXPECT_EQ(block.examined_bytes, kMaxInstructionBytes);
  EXPECT_THAT(Body(block), HasSubstr("gs:[0x40110b]"));
}

}  // namespace
}  // namespace verbatim
