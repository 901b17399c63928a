// SPDX-License-Identifier: Apache-2.0
// Jumps into the middle of a block that is there: nothing is translated twice for them, and all
// that holds at a block's start holds where they lead.
#include <gtest/gtest.h>

#include <vector>

#include "base/bits.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint8_t kVectorDebug = 1;
constexpr uint8_t kVectorProtection = 13;

//   xor eax, eax ; xor edx, edx ; mov ecx, 5
//   again: add eax, 3 ; inc edx ; loop again ; out F4h, al
const std::vector<uint8_t> kProgram{0x31, 0xC0, 0x31, 0xD2, 0xB9, 5,    0,    0,   0,
                                    0x83, 0xC0, 0x03, 0x42, 0xE2, 0xFA, 0xE6, 0xF4};
constexpr uint32_t kAgain = 9;
constexpr uint32_t kStep = 11;  // the immediate
constexpr uint32_t kIncrement = 12;
constexpr uint32_t kEnd = 15;

class InsideLinks : public testing::Test {
 protected:
  void SetUp() override { Make({.code_cache_bytes = 1u << 20}); }
  void Make(const EngineOptions& options) {
    auto guest = GuestSnippet::Create(options);
    ASSERT_TRUE(guest.has_value()) << guest.error().message;
    guest_ = std::move(*guest);
    guest_->Write(kCode, kProgram);
  }
  [[nodiscard]] uint32_t Eax() {
    const Outcome end = guest_->Run(CpuImage::Typical());
    EXPECT_EQ(end.vector, kVectorProtection);
    return end.cpu.gpr[kEax];
  }
  [[nodiscard]] const BlockStoreStatistics& statistics() {
    return guest_->engine().store().statistics();
  }
  // Of the program, beyond those of the tests' own code.
  [[nodiscard]] uint64_t BlocksOfProgram() {
    uint64_t blocks = 0;
    for (const Block& block : guest_->engine().store().blocks()) {
      if (block.valid && block.eip - kCode < kProgram.size()) ++blocks;
    }
    return blocks;
  }

  std::unique_ptr<GuestSnippet> guest_;
};

TEST_F(InsideLinks, ALoopIsTranslatedOnce) {
  EXPECT_EQ(Eax(), 15u);
  EXPECT_EQ(statistics().links_inside, 1u);
  EXPECT_EQ(BlocksOfProgram(), 1u);
}

TEST_F(InsideLinks, WithoutThemItIsTranslatedTwice) {
  EngineOptions options;
  options.optimisations = OptimisationSet::AllBut(Optimisation::kChainInside);
  Make(options);
  EXPECT_EQ(Eax(), 15u);
  EXPECT_EQ(statistics().links_inside, 0u);
  EXPECT_EQ(BlocksOfProgram(), 2u);
}

// A block of its own is as good as it was.
TEST_F(InsideLinks, ABlockThatStartsThereIsPreferred) {
  CpuImage start = CpuImage::Typical();
  start.eip = kCode + kAgain;
  start.gpr[kEcx] = 1;
  (void)guest_->Run(start);
  EXPECT_EQ(Eax(), 15u);
  EXPECT_EQ(statistics().links_inside, 0u);
}

TEST_F(InsideLinks, CodeThatIsWrittenBetweenRunsIsSeen) {
  EXPECT_EQ(Eax(), 15u);
  guest_->Write(kCode + kStep, std::vector<uint8_t>{7});
  EXPECT_EQ(Eax(), 35u);
}

//   again: add eax, 1 ; inc byte [the immediate] ; loop again
TEST_F(InsideLinks, ALoopThatWritesItselfSeesItAtTheNextTurn) {
  std::vector<uint8_t> code{0x31, 0xC0, 0x31, 0xD2, 0xB9, 5, 0, 0, 0, 0x83, 0xC0, 0x01, 0xFE, 0x05};
  code.resize(code.size() + 4);
  StoreLittle(&code[code.size() - 4], kCode + kStep);
  code.insert(code.end(), {0xE2, 0xF5, 0xE6, 0xF4});
  guest_->Write(kCode, code);
  EXPECT_EQ(Eax(), 1u + 2 + 3 + 4 + 5);
}

// The run's first turn, and those that come by the jump.
TEST_F(InsideLinks, ABreakpointIsMetAtEachTurn) {
  EXPECT_EQ(Eax(), 15u);
  const LinearAddress address{kCode + kIncrement};
  guest_->engine().AddBreakpoint(address);
  guest_->BeginAtCpl3(CpuImage::Typical());
  for (uint32_t turn = 0; turn < 5; ++turn) {
    EXPECT_EQ(guest_->engine().Run(), RunResult::kBreakpoint);
    EXPECT_EQ(guest_->state().eip, address.value);
    EXPECT_EQ(guest_->state().gpr[kEdx], turn);
    EXPECT_EQ(guest_->engine().Run(RunFor::kOneInstruction), RunResult::kStepped);
  }
  guest_->engine().RemoveBreakpoint(address);
  EXPECT_EQ(Eax(), 15u);
}

TEST_F(InsideLinks, ABreakpointWhereTheJumpLeadsIsMet) {
  EXPECT_EQ(Eax(), 15u);
  const LinearAddress address{kCode + kAgain};
  guest_->engine().AddBreakpoint(address);
  guest_->BeginAtCpl3(CpuImage::Typical());
  for (uint32_t turn = 0; turn < 5; ++turn) {
    EXPECT_EQ(guest_->engine().Run(), RunResult::kBreakpoint);
    EXPECT_EQ(guest_->state().eip, address.value);
    EXPECT_EQ(guest_->state().gpr[kEax], 3 * turn);
    EXPECT_EQ(guest_->engine().Run(RunFor::kOneInstruction), RunResult::kStepped);
  }
}

TEST_F(InsideLinks, ATracedGuestStopsBehindEachInstruction) {
  EXPECT_EQ(Eax(), 15u);
  CpuImage start = CpuImage::Typical();
  start.eip = kCode + kAgain;
  start.eflags |= flag::kTf;
  const Outcome end = guest_->Run(start);
  EXPECT_EQ(end.vector, kVectorDebug);
  EXPECT_EQ(end.cpu.eip, kCode + kIncrement);
}

TEST_F(InsideLinks, MoveWithTheCode) {
  constexpr uint32_t kAway = kCode + kElsewhere;
  EXPECT_EQ(Eax(), 15u);
  const uint64_t translated = statistics().blocks_translated;
  guest_->Map(kCode, kCode, 0);
  guest_->Map(kAway, kCode, kPtePresent | kPteWritable | kPteUser);
  CpuImage start = CpuImage::Typical();
  start.eip = kAway;
  const Outcome end = guest_->Run(start);
  EXPECT_EQ(end.cpu.gpr[kEax], 15u);
  EXPECT_EQ(end.cpu.eip, kAway + kEnd);
  EXPECT_GT(statistics().blocks_moved, 0u);
  EXPECT_EQ(statistics().blocks_translated, translated);
}

// They would be executed without being counted.
TEST_F(InsideLinks, NoneWhereExecutionsAreCounted) {
  Make({.count_executions = true});
  EXPECT_EQ(Eax(), 15u);
  EXPECT_EQ(statistics().links_inside, 0u);
  const Block* loop = nullptr;
  for (const Block& block : guest_->engine().store().blocks()) {
    if (block.eip == kCode + kAgain) loop = &block;
  }
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(loop->executions->body, 4u) << "after the first turn";
}

// Who enters a block is to execute all of it.
TEST_F(InsideLinks, NoneWhereBlocksEndAtBranches) {
  Make({.end_at_branches = true});
  EXPECT_EQ(Eax(), 15u);
  EXPECT_EQ(statistics().links_inside, 0u);
}

// The rest of the loop writes to the page, so that its blocks compare their bytes at the start.
TEST_F(InsideLinks, NoneIntoBlocksThatCompareTheirBytes) {
  for (uint8_t step = 1; step < 100; ++step) {
    guest_->Write(kCode + kStep, std::vector<uint8_t>{step});
    EXPECT_EQ(Eax(), 5u * step);
  }
  ASSERT_EQ(guest_->engine().statistics().pages_checked, 1u);
  const uint64_t inside = statistics().links_inside;
  for (const uint8_t step : std::vector<uint8_t>{3, 1, 2}) {
    guest_->Memory(kCode + kStep, 1)[0] = step;  // behind the engine's back
    EXPECT_EQ(Eax(), 5u * step);
  }
  EXPECT_EQ(statistics().links_inside, inside);
}

}  // namespace
}  // namespace verbatim::test
