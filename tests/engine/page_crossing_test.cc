// SPDX-License-Identifier: Apache-2.0
// Instructions that cross a page boundary at every offset: natively and in all variants of the
// engine. Every form with random operands is the business of tests/oracle.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/engine/differential.h"

namespace verbatim::test {
namespace {

constexpr int kFailuresShown = 10;

class PageCrossingTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { differential = std::make_unique<Differential>(); }
  static void TearDownTestSuite() { differential.reset(); }

  void Expect(const Program& program) {
    const std::string text = differential->Check(program);
    if (text.empty()) return;
    if (++failures_ <= kFailuresShown) ADD_FAILURE() << text;
  }
  void TearDown() override { EXPECT_EQ(failures_, 0); }

  static std::unique_ptr<Differential> differential;
  int failures_ = 0;
};

std::unique_ptr<Differential> PageCrossingTest::differential;

TEST_F(PageCrossingTest, CodeCrossesAPageAtEveryOffset) {
  const std::vector<std::vector<uint8_t>> instructions{
      {0x66, 0x81, 0x84, 0x8B, 0x00, 0x01, 0x00, 0x00, 0x34, 0x12},  // add word [..], imm
      {0x65, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x2E, 0x3E, 0xB8, 0x11, 0x22},
      {0xF0, 0x81, 0x84, 0x8B, 0x00, 0x01, 0x00, 0x00, 0x78, 0x56, 0x34, 0x12},  // lock add
      {0xE8, 0x03, 0x00, 0x00, 0x00, 0x90, 0x90, 0x90, 0x58},              // call over nops ; pop
      {0x0F, 0x84, 0x01, 0x00, 0x00, 0x00, 0x40, 0x48},                    // jz over inc ; dec
      {0x68, 0x78, 0x56, 0x34, 0x12, 0x5A},                                // push ; pop
      {0xF3, 0xA4, 0xAC, 0xAB},                                            // strings
      {0x66, 0x0F, 0x3A, 0x0F, 0x84, 0x8B, 0x00, 0x01, 0x00, 0x00, 0x05},  // palignr: faults or not
      {0xA1, 0x00, 0x01, 0x50, 0x00, 0xEB, 0x00},                          // mov eax, moffs ; jmp
      {0xC7, 0x84, 0x24, 0xFC, 0xFF, 0xFF, 0xFF, 0x01, 0x02, 0x03, 0x04},  // mov [esp - 4], imm
  };
  for (const std::vector<uint8_t>& instruction : instructions) {
    for (uint32_t before = 1; before < kMaxInstructionBytes; ++before) {
      Program program;
      program.name = fmt::format("{} bytes before the boundary", before);
      program.start.eip = kCode + kPageBytes - before;
      program.code = instruction;
      program.code.insert(program.code.end(), {0x9F, 0xE6, 0xF4});
      Expect(program);
    }
  }
}

}  // namespace
}  // namespace verbatim::test
