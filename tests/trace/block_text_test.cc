// SPDX-License-Identifier: Apache-2.0
// What is said of the blocks of real guests: each guest instruction, what became of it, its host
// code.
#include "trace/block_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/trace/run_guest.h"
#include "trace/outcome.h"

namespace verbatim {
namespace {

using testing::Contains;
using testing::ContainsRegex;
using testing::HasSubstr;

class Recorder final : public EngineObserver {
 public:
  void OnBlockTranslated(const TranslatedBlock& translated) override {
    texts.push_back(BlockText(lister_.List(translated)));
    Check(translated);
  }

  std::vector<std::string> texts;
  std::map<Outcome, unsigned> outcomes;

 private:
  // The instructions cover the guest bytes, and their host code the body, without a gap.
  void Check(const TranslatedBlock& translated) {
    const Block& block = translated.block;
    const auto all = OutcomesOf(translated);
    ASSERT_EQ(all.size(), block.instruction_count);
    ASSERT_EQ(translated.guest_bytes.size(), block.guest_bytes);
    uint32_t eip = block.eip;
    uint32_t host = block.body_offset;
    for (const InstructionOutcome& at : all) {
      EXPECT_EQ(at.eip, eip);
      EXPECT_EQ(at.host_begin, host);
      EXPECT_LE(at.host_begin, at.host_end);
      eip += at.instruction.length;
      host = at.host_end;
      ++outcomes[at.outcome];
    }
    EXPECT_EQ(eip, block.eip + block.guest_bytes);
    EXPECT_EQ(host, block.stubs_offset);
  }

  BlockLister lister_;
};

TEST(BlockText, OfHello) {
  Recorder recorder;
  RunGuest("hello", recorder);
  ASSERT_FALSE(recorder.texts.empty());
  // Start: mov esp, StackTop ; call InitSerial
  const std::string& first = recorder.texts.front();
  EXPECT_THAT(first, ContainsRegex("^block 1  eip 0010[0-9a-f]{4}  linear 0010"));
  EXPECT_THAT(first, HasSubstr("CPL 0, 32-bit code, 32-bit stack\n"));
  EXPECT_THAT(first, ContainsRegex("bc [0-9a-f ]+mov esp, 0x[0-9a-f]+ +ident\n"));
  EXPECT_THAT(first, ContainsRegex("mov r12d, 0x[0-9a-f]+\n"));
  EXPECT_THAT(first, ContainsRegex("e8 [0-9a-f ]+call 0x[0-9a-f]+ +rewritten\n"));
  EXPECT_THAT(first, ContainsRegex("mov dword ptr gs:\\[r12d - 4\\], 0x10"));
  EXPECT_THAT(first, ContainsRegex("jmp 0x[0-9a-f]+  ; entry_doubt\n"));
  EXPECT_THAT(first, ContainsRegex("jmp 0x[0-9a-f]+  ; dead\n"));
  EXPECT_THAT(first, ContainsRegex("link to 0010[0-9a-f]{4}: field at"));
  EXPECT_THAT(first, HasSubstr("return site"));
}

TEST(BlockText, NamesTheOutcomes) {
  Recorder recorder;
  RunGuest("hello", recorder);
  EXPECT_GT(recorder.outcomes[Outcome::kIdent], 10u);
  EXPECT_GT(recorder.outcomes[Outcome::kRewritten], 5u);
  EXPECT_GT(recorder.outcomes[Outcome::kSimulated], 2u);
  EXPECT_THAT(recorder.texts, Contains(ContainsRegex("out dx, al +simulated\n"
                                                     ".*mov r9d, [^\n]+\n"
                                                     ".*call 0x[0-9a-f]+  ; callout\n")));
}

// User code, page faults, interrupts: blocks of two privilege levels, all of them consistent.
TEST(BlockText, OfRing3) {
  Recorder recorder;
  RunGuest("ring3", recorder);
  EXPECT_THAT(recorder.texts, Contains(HasSubstr("CPL 3, 32-bit code")));
  EXPECT_THAT(recorder.texts, Contains(ContainsRegex("int 0x[0-9a-f]+ +simulated\n")));
  EXPECT_THAT(recorder.texts, Contains(ContainsRegex("iretd +simulated\n")));
}

TEST(BlockText, OfFaults) {
  Recorder recorder;
  RunGuest("faults", recorder);
  EXPECT_THAT(recorder.texts, Contains(ContainsRegex("ud2 +raises\n")));
  EXPECT_THAT(recorder.texts, Contains(ContainsRegex("jmp 0x[0-9a-f]+  ; exception\n")));
}

}  // namespace
}  // namespace verbatim
