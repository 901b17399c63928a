// SPDX-License-Identifier: Apache-2.0
// Code that nobody runs: what becomes of it, and that each change is explained.
#include "trace/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "trace/explanation.h"

namespace verbatim {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

std::vector<BlockListing> Study(const std::vector<uint8_t>& code, bool code32 = true,
                                unsigned cpl = 0) {
  const auto blocks =
      StudyCode({.code = code, .address = 0x1000, .code32 = code32, .cpl = cpl, .max_blocks = 16});
  EXPECT_TRUE(blocks) << blocks.error().message;
  return blocks.value_or(std::vector<BlockListing>());
}

TEST(Study, ShowsBothSides) {
  // push ebp ; mov ebp, esp ; cli ; mov eax, [ebp+8] ; mov cr3, eax ; ret
  const auto blocks = Study({0x55, 0x89, 0xE5, 0xFA, 0x8B, 0x45, 0x08, 0x0F, 0x22, 0xD8, 0xC3});
  ASSERT_EQ(blocks.size(), 1u);
  const std::string text = StudyText(blocks[0]);
  EXPECT_THAT(text, ContainsRegex("00001000  55 +push ebp +rewritten\n"));
  EXPECT_THAT(text, ContainsRegex("00001001  89 e5 +mov ebp, esp +ident\n"));
  EXPECT_THAT(text, ContainsRegex("cli +in cache\n"));
  EXPECT_THAT(text, ContainsRegex("mov cr3, eax +simulated\n"));
  EXPECT_THAT(text, HasSubstr("mov eax, dword ptr gs:[ebp + 8]"));
}

// Every class of instruction, in both widths: what is not a plain copy has its sentence.
TEST(Study, ExplainsWhateverIsNotACopy) {
  std::vector<uint8_t> code;
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    for (const std::vector<uint8_t>& form :
         {std::vector<uint8_t>{static_cast<uint8_t>(opcode)},
          std::vector<uint8_t>{0x0F, static_cast<uint8_t>(opcode)}}) {
      code = form;
      code.insert(code.end(), {0x05, 0x78, 0x56, 0x34, 0x12, 0x90, 0x90, 0x90, 0x90, 0x90});
      for (const bool code32 : {true, false}) {
        const auto blocks =
            StudyCode({.code = code, .address = 0x1000, .code32 = code32, .max_blocks = 1});
        ASSERT_TRUE(blocks);
        const GuestLine& line = blocks->front().instructions.front();
        if (line.outcome != Outcome::kIdent) {
          EXPECT_NE(Explain(line), "") << line.text;
        }
      }
    }
  }
}

TEST(Study, ContinuesBehindAJump) {
  // jmp $+2 ; nop ; hlt, which ends a block
  EXPECT_EQ(Study({0xEB, 0x00, 0x90, 0xF4, 0x90}).size(), 3u);
}

TEST(Study, KnowsTheMode) {
  EXPECT_THAT(Study({0xFA}, true, 3).front().mode, HasSubstr("CPL 3"));
  EXPECT_EQ(Study({0xFA}, true, 3).front().instructions[0].outcome, Outcome::kSimulated);
  EXPECT_EQ(Study({0xFA}, true, 0).front().instructions[0].outcome, Outcome::kInCache);
  EXPECT_THAT(Study({0xB8, 0x34, 0x12}, false).front().instructions[0].text, "mov ax, 0x1234");
}

TEST(Study, CrossesPages) {
  std::vector<uint8_t> code(0x1002, 0x90);
  code[0xFFE] = 0xB8;  // mov eax, imm32 over the page's end
  const auto blocks = StudyCode({.code = code, .address = 0x1000, .max_blocks = 1000});
  ASSERT_TRUE(blocks) << blocks.error().message;
  code.push_back(0x12);
  const auto whole = StudyCode({.code = code, .address = 0x1000, .max_blocks = 1000});
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_TRUE(whole->back().second_page);
}

TEST(Study, RefusesBytesThatEndAmidAnInstruction) {
  const std::vector<uint8_t> cut = {0x90, 0xC3, 0xB8, 0x01};
  const auto blocks = StudyCode({.code = cut, .address = 0x1000, .max_blocks = 4});
  ASSERT_FALSE(blocks);
  EXPECT_THAT(blocks.error().message, HasSubstr("amid an instruction, at 1002"));
}

}  // namespace
}  // namespace verbatim
