// SPDX-License-Identifier: Apache-2.0
// The trace of executed blocks against the same program executed instruction by instruction: the
// blocks that were entered, each up to where the next one was, are exactly those instructions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "tests/engine/guest_snippet.h"
#include "trace/binary_reader.h"
#include "trace/known_blocks.h"
#include "trace/tracer.h"

namespace verbatim {
namespace {

using test::CpuImage;
using test::GuestSnippet;
using test::kCode;

// Loops, calls, a recursion, an indirect call, a conditional branch taken by turns, a repeated
// string instruction; ends with UD2.
constexpr uint8_t kProgram[] = {
    0x31, 0xC0,                    // 00 xor eax, eax
    0xB9, 0x05, 0x00, 0x00, 0x00,  // 02 mov ecx, 5
    0xE8, 0x0A, 0x00, 0x00, 0x00,  // 07 call 16
    0x49,                          // 0c dec ecx
    0x75, 0xF8,                    // 0d jnz 07
    0x83, 0xF8, 0x0A,              // 0f cmp eax, 10
    0x74, 0x0A,                    // 12 je 1e
    0x0F, 0x0B,                    // 14 ud2
    0x40,                          // 16 inc eax
    0xA8, 0x01,                    // 17 test al, 1
    0x74, 0x02,                    // 19 jz 1d
    0x40,                          // 1b inc eax
    0x90,                          // 1c nop
    0xC3,                          // 1d ret
    0xBA, 0x32, 0x00, 0x40, 0x00,  // 1e mov edx, 32
    0xFF, 0xD2,                    // 23 call edx
    0xBF, 0x00, 0x00, 0x50, 0x00,  // 25 mov edi, kData
    0xB1, 0x07,                    // 2a mov cl, 7
    0xF3, 0xAA,                    // 2c rep stosb
    0x0F, 0x0B,                    // 2e ud2
    0x90, 0x90,                    // 30
    0xFE, 0xC3,                    // 32 inc bl
    0xF6, 0xC3, 0x07,              // 34 test bl, 7
    0x74, 0x05,                    // 37 jz 3e
    0xE8, 0xF4, 0xFF, 0xFF, 0xFF,  // 39 call 32
    0xC3,                          // 3e ret
};
static_assert(kCode == 0x00400000 && test::kData == 0x00500000);

void RunProgram(EngineObserver& observer, bool single) {
  EngineOptions options;
  options.observer = &observer;
  options.force_single = single;
  const auto guest = GuestSnippet::Create(options);
  ASSERT_TRUE(guest) << guest.error().message;
  std::ranges::copy(kProgram, (*guest)->Memory(kCode, sizeof(kProgram)).begin());
  CpuImage start = CpuImage::Typical();
  start.gpr[kEbx] = 1;
  const test::Outcome outcome = (*guest)->Run(start);
  EXPECT_EQ(outcome.vector, 6) << "ends with UD2";
  EXPECT_EQ(outcome.cpu.eip, kCode + 0x2E);
}

// Where the program was after each instruction.
class Stepper final : public EngineObserver {
 public:
  [[nodiscard]] Observations Wants() const override { return BitOf(Observation::kExits); }
  void OnBlockTranslated(const TranslatedBlock& /*translated*/) override {}
  void OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& event) override {
    const auto* exit = std::get_if<ExitSeen>(&event);
    if (exit == nullptr || cpu.cpl != 3 || exit->reason != ExitReason::kBlockEnd) return;
    eips.push_back(eip);
  }
  std::vector<uint32_t> eips{kCode};
};

struct Recorded final : TraceVisitor {
  void OnNames(const HostNames& /*names*/) override {}
  void OnBlock(const BlockDefinition& block) override { blocks.Add(block); }
  void OnEntries(std::span<const uint32_t> more) override {
    entries.insert(entries.end(), more.begin(), more.end());
  }
  void OnEvent(const TraceEvent& /*event*/) override {}
  KnownBlocks blocks;
  std::vector<uint32_t> entries;
};

class ExecutionTrace : public testing::Test {
 protected:
  ~ExecutionTrace() override { std::filesystem::remove(path_); }

  Recorded Record(const std::string& words) {
    TraceSet set({});
    const auto spec = ParseTraceSpec(words + "=" + path_);
    EXPECT_TRUE(spec && set.Add(*spec));
    RunProgram(set, false);
    EXPECT_TRUE(set.Finish());
    Recorded recorded;
    auto reader = BinaryReader::Open(path_);
    EXPECT_TRUE(reader) << reader.error().message;
    if (!reader) return recorded;
    const Status visited = reader->Visit(recorded);
    EXPECT_TRUE(visited) << visited.error().message;
    return recorded;
  }

  const std::string path_ = testing::TempDir() + "verbatim-execution-" +
                            testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ExecutionTrace, IsWhatSingleSteppingSees) {
  Stepper stepper;
  RunProgram(stepper, true);
  ASSERT_GT(stepper.eips.size(), 80u);
  const Recorded recorded = Record("exec,cpl=3");
  ASSERT_GT(recorded.entries.size(), 20u);
  size_t at = 0;
  for (const uint32_t number : recorded.entries) {
    const KnownBlocks::Entry* entry = recorded.blocks.Find(number);
    ASSERT_NE(entry, nullptr) << number;
    ASSERT_LT(at, stepper.eips.size());
    ASSERT_EQ(entry->linear, stepper.eips[at]) << "after " << at << " instructions";
    // As far as the instructions of the block are those that were executed, and not beyond a call.
    uint32_t eip = entry->linear;
    for (size_t i = entry->first; i < entry->block->instructions.size(); ++i) {
      if (at == stepper.eips.size() || stepper.eips[at] != eip) break;
      eip += entry->block->instructions[i].length;
      ++at;
    }
  }
  EXPECT_EQ(at, stepper.eips.size()) << "all instructions are in the blocks";
}

TEST_F(ExecutionTrace, TellsReturnsFromEntries) {
  const Recorded recorded = Record("exec,cpl=3");
  const auto returns = std::ranges::count_if(recorded.entries, [&](uint32_t number) {
    return recorded.blocks.Find(number)->block->number != number;
  });
  EXPECT_EQ(returns, 5 + 1 + 6) << "of the loop, of the indirect call, of the recursion";
}

TEST_F(ExecutionTrace, BeginsAndEndsAtAddresses) {
  const Recorded part = Record("exec,cpl=3,from=400032,to=40003e");
  ASSERT_FALSE(part.entries.empty());
  EXPECT_EQ(part.blocks.Find(part.entries.front())->linear, kCode + 0x32);
  EXPECT_LT(part.entries.size(), Record("exec,cpl=3").entries.size());
  EXPECT_EQ(Record("exec,cpl=3,count=4").entries.size(), 4u);
}

}  // namespace
}  // namespace verbatim
