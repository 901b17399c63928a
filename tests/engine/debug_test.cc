// SPDX-License-Identifier: Apache-2.0
// Stops for a debugger outside of the guest. Where a run with breakpoints stops must be what steps
// alone find: the instructions at breakpoints, in the order in which they execute, each once.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "tests/engine/guest_snippet.h"
#include "tests/engine/variant.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kRoutine = kCode + 0x1800;
constexpr uint32_t kElsewhere = kCode + 0x2FF6;
constexpr uint32_t kSteps = 400;  // more than the program has

// Relative to the end of the instruction that holds it.
std::vector<uint8_t> Near(uint8_t opcode, uint32_t at, uint32_t target) {
  const uint32_t distance = target - (at + 5);
  return {opcode, static_cast<uint8_t>(distance), static_cast<uint8_t>(distance >> 8),
          static_cast<uint8_t>(distance >> 16), static_cast<uint8_t>(distance >> 24)};
}

class DebuggedRun : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    auto guest = GuestSnippet::Create(OptionsOf(GetParam()));
    ASSERT_TRUE(guest) << guest.error().message;
    guest_ = *std::move(guest);
    std::vector<uint8_t> main = {0xB9, 6, 0, 0, 0};  // mov ecx, 6
    const auto add = [&main](std::vector<uint8_t> bytes) {
      main.insert(main.end(), bytes.begin(), bytes.end());
    };
    const auto here = [&main] { return kCode + static_cast<uint32_t>(main.size()); };
    const uint32_t loop = here();
    add(Near(0xE8, here(), kRoutine));    // call, in another page
    add({0xFF, 0xD6});                    // call esi, to the same
    add({0x40, 0xA8, 0x01, 0x74, 0x02});  // inc eax ; test al, 1 ; jz over two bytes
    add({0x90, 0x9B});                    // nop ; fwait
    add({0x53, 0x5A});                    // push ebx ; pop edx
    add({0xE2, static_cast<uint8_t>(loop - (here() + 2))});  // loop
    add({0xB9, 4, 0, 0, 0, 0xF3, 0xAA});                     // mov ecx, 4 ; rep stosb
    add(Near(0xE9, here(), kElsewhere));
    guest_->Write(kCode, main);
    guest_->Write(kRoutine, std::vector<uint8_t>{0x43, 0xC3});  // inc ebx ; ret
    // The second of these runs over the page's end.
    guest_->Write(kElsewhere,
                  std::vector<uint8_t>{0xB8, 1, 2, 3, 4, 0xBA, 5, 6, 7, 8, 0x40, 0x48, 0xE6, 0xF4});
  }

  void Begin() {
    CpuImage start = CpuImage::Typical();
    start.gpr[kEax] = 0;
    start.gpr[kEsi] = kRoutine;
    start.gpr[kEdi] = kData;
    start.gpr[kEsp] = kStackTop;
    guest_->BeginAtCpl0(start);
  }

  [[nodiscard]] uint32_t eip() { return guest_->state().eip; }
  [[nodiscard]] RunResult Run(RunFor limit) {
    const Result<RunResult> result = guest_->engine().Run(limit);
    EXPECT_TRUE(result.has_value());
    return result ? *result : RunResult::kShutdown;
  }

  // Where each instruction begins that executes.
  std::vector<uint32_t> Trace() {
    Begin();
    std::vector<uint32_t> trace;
    while (!guest_->board().stopped && trace.size() < kSteps) {
      trace.push_back(eip());
      EXPECT_EQ(Run(RunFor::kOneInstruction), RunResult::kStepped);
    }
    EXPECT_LT(trace.size(), kSteps);
    return trace;
  }

  std::unique_ptr<GuestSnippet> guest_;
};

TEST_P(DebuggedRun, StopsWhereStepsFindTheBreakpoints) {
  const std::vector<uint32_t> trace = Trace();
  ASSERT_GT(trace.size(), 60u);
  const std::set<uint32_t> different(trace.begin(), trace.end());
  const std::vector<uint32_t> places(different.begin(), different.end());
  Engine& engine = guest_->engine();
  std::mt19937 random(1);
  const auto some = [&] { return LinearAddress{places[random() % places.size()]}; };
  for (int round = 0; round < 60; ++round) {
    Begin();
    for (uint32_t i = random() % 4; i != 0; --i) engine.AddBreakpoint(some());
    size_t at = 0;
    bool reported = false;  // the place where the guest stands
    while (true) {
      size_t next = at + (reported ? 1 : 0);
      while (next < trace.size() && !engine.breakpoints().Contains({trace[next]})) ++next;
      // As a debugger goes on from a breakpoint: over it, then freely.
      if (reported) {
        ASSERT_EQ(Run(RunFor::kOneInstruction), RunResult::kStepped);
      }
      const RunResult result = guest_->board().stopped ? RunResult::kStopped : Run(RunFor::kEver);
      if (next == trace.size()) {
        ASSERT_EQ(result, RunResult::kStopped) << "at " << std::hex << eip();
        break;
      }
      ASSERT_EQ(result, RunResult::kBreakpoint) << "round " << round << " at " << std::hex << eip();
      ASSERT_EQ(eip(), trace[next]) << std::hex << "round " << round;
      at = next;
      reported = true;
      if (random() % 3 == 0) engine.AddBreakpoint(some());
      if (random() % 3 == 0) engine.RemoveBreakpoint(some());
    }
    for (const uint32_t place : places) engine.RemoveBreakpoint({place});
  }
}

TEST_P(DebuggedRun, IsTheSameWithWatchpointsThatNothingMeets) {
  Begin();
  ASSERT_EQ(Run(RunFor::kEver), RunResult::kStopped);
  const CpuState expected = guest_->state();
  guest_->engine().watch().Add({LinearAddress{kData + 0x1000}, 4, WatchKind::kAccess});
  Begin();
  ASSERT_EQ(Run(RunFor::kEver), RunResult::kStopped);
  EXPECT_EQ(guest_->state().gpr, expected.gpr);
  EXPECT_EQ(guest_->state().eip, expected.eip);
  EXPECT_EQ(guest_->state().eflags, expected.eflags);
}

TEST_P(DebuggedRun, StopsBehindEachAccessToAWatchedByte) {
  AccessWatch& watch = guest_->engine().watch();
  // The third of the four bytes that REP STOSB writes.
  const Watchpoint watchpoint{LinearAddress{kData + 2}, 1, WatchKind::kWrite};
  watch.Add(watchpoint);
  Begin();
  ASSERT_EQ(Run(RunFor::kEver), RunResult::kWatchpoint);
  EXPECT_EQ(watch.TakeHit(), watchpoint);
  EXPECT_EQ(guest_->state().gpr[kEcx], 1u);
  ASSERT_EQ(Run(RunFor::kEver), RunResult::kStopped);
  // The guest's own debug registers are not concerned.
  EXPECT_EQ(guest_->state().dr[6], 0xFFFF0FF0u);
  watch.Remove(watchpoint);
}

INSTANTIATE_TEST_SUITE_P(Variants, DebuggedRun,
                         testing::Values(Variant::kNormal, Variant::kUnchained, Variant::kSingle,
                                         Variant::kSoftware, Variant::kTinyCache),
                         [](const auto& tested) {
                           std::string name = kVariantNames[static_cast<size_t>(tested.param)];
                           std::erase(name, ' ');
                           return name;
                         });

}  // namespace
}  // namespace verbatim::test
