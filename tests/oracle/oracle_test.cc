// SPDX-License-Identifier: Apache-2.0
// The oracle itself: that it notices what it is there to notice, and survives what must not run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "base/bits.h"
#include "tests/oracle/comparison.h"
#include "tests/oracle/explained.h"
#include "tests/oracle/forms.h"
#include "tests/oracle/generator.h"
#include "tests/oracle/host_segments.h"
#include "tests/oracle/job.h"
#include "tests/oracle/judge.h"
#include "tests/oracle/shrink.h"

namespace verbatim::test {
namespace {

constexpr uint64_t kSeed = 0x0DDBA11;
constexpr uint8_t kVectorProtection = 13;

Case CaseOf(std::vector<uint8_t> code) {
  Case one;
  one.code = std::move(code);
  one.instructions = {0};
  return one;
}

class OracleTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<Judge>> judge = Judge::Create(nullptr);
    ASSERT_TRUE(judge.has_value()) << judge.error().message;
    judge_ = std::move(*judge);
    table_ = Generator(kSeed).table();
  }
  Verdict Try(const Case& one, Variant variant = Variant::kNormal) {
    judge_->SetTable(table_);
    Result<Verdict> verdict = judge_->Try(one, variant);
    EXPECT_TRUE(verdict.has_value());
    return *verdict;
  }

  std::unique_ptr<Judge> judge_;
  LdtTable table_;
};

TEST_F(OracleTest, EndlessProgramEnds) {
  const Verdict verdict = Try(CaseOf({0xEB, 0xFE}));  // jmp $
  EXPECT_TRUE(verdict.rejected);
  EXPECT_EQ(verdict.difference, "endless");
}

TEST_F(OracleTest, SystemCallIsNotServed) {
  // mov eax, 1 (exit) ; xor ebx, ebx ; int 80h
  const Verdict verdict = Try(CaseOf({0xB8, 1, 0, 0, 0, 0x31, 0xDB, 0xCD, 0x80}));
  EXPECT_TRUE(verdict.rejected);
  EXPECT_EQ(verdict.difference, "made a system call");
}

TEST_F(OracleTest, StartThatCannotBeLoadedIsRejected) {
  table_[5] = {.limit = 0xFFFFF, .in_pages = true, .present = false};
  Case one = CaseOf({0x90});
  one.selectors[kGs] = LdtSelector(5);
  EXPECT_EQ(Try(one).difference, "its start state cannot be loaded");
  one.selectors[kGs] = 0;
  EXPECT_EQ(Try(one).difference, "");
}

TEST_F(OracleTest, CaseThatKillsTheNativeProcessIsNamedAndTheNextOneRuns) {
  // jmp 33h:0: into 64-bit mode, where nothing is mapped
  EXPECT_EQ(Try(CaseOf({0xEA, 0, 0, 0, 0, 0x33, 0})).difference, "killed the native process");
  const Verdict next = Try(CaseOf({0x90}));
  EXPECT_FALSE(next.rejected);
  EXPECT_EQ(next.difference, "");
}

TEST_F(OracleTest, ProgramEndsWithTheInstructionThatTheRunnerAdds) {
  const Verdict verdict = Try(CaseOf({0x40, 0x41}));  // inc eax ; inc ecx
  EXPECT_EQ(verdict.difference, "");
  EXPECT_EQ(verdict.native.vector, kVectorProtection);
  EXPECT_EQ(verdict.native.cpu.eip, kCode + 2);
  EXPECT_EQ(verdict.native.cpu.gpr[kEcx], CpuImage::Typical().gpr[kEcx] + 1);
}

// Offsets are relative to their segments, and the upper half of esp survives a 16-bit stack.
TEST_F(OracleTest, StartsIn16BitCodeOnA16BitStack) {
  table_[0] = {.base = kCode, .limit = 0xFFFF, .big = false, .code = true};
  table_[1] = {.base = kCaseStack.start, .limit = 0xFFFF, .big = false};
  Case one = CaseOf({0x50, 0x68, 0x34, 0x12});  // push ax ; push 1234h
  one.selectors[kCs] = LdtSelector(0);
  one.selectors[kSs] = LdtSelector(1);
  one.start.eip = 0;
  one.start.gpr[kEsp] = 0xABCD0100;
  const Verdict verdict = Try(one);
  EXPECT_EQ(verdict.difference, "");
  EXPECT_EQ(verdict.native.cpu.gpr[kEsp], 0xABCD00FCu);
  EXPECT_EQ(verdict.native.cpu.eip, one.code.size());
}

// All that LAR and LSL tell of a segment: the guest's table holds what Linux made of the host's.
TEST_F(OracleTest, BothSidesHaveTheSameSegments) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    table_ = Generator(seed).table();
    for (uint32_t i = 0; i < kLdtSegments; ++i) {
      // mov eax, selector ; lar ebx, ax ; lsl ecx, ax
      Case one = CaseOf({0xB8, 0, 0, 0, 0, 0x0F, 0x02, 0xD8, 0x0F, 0x03, 0xC8});
      StoreLittle<uint32_t>(&one.code[1], LdtSelector(i));
      EXPECT_EQ(Try(one).difference, "") << "seed " << seed << " segment " << i;
    }
  }
}

// It is not in the cases' own table, but a program that makes up the selector finds it.
TEST_F(OracleTest, BothSidesSeeTheSegmentOfTheProcessorsNumber) {
  for (const uint32_t selector : {0x78u, 0x79u, 0x7Bu}) {
    // mov eax, selector ; lar ebx, ax ; verr ax ; sete cl ; verw ax ; sete dl ; mov ds, ax
    Case one = CaseOf({0xB8, 0,    0,    0,    0,    0x0F, 0x02, 0xD8, 0x0F, 0x00, 0xE0,
                       0x0F, 0x94, 0xC1, 0x0F, 0x00, 0xE8, 0x0F, 0x94, 0xC2, 0x8E, 0xD8});
    StoreLittle<uint32_t>(&one.code[1], selector);
    EXPECT_EQ(Try(one).difference, "") << std::hex << selector;
  }
}

// It was taken for an access of 64 bytes, which no bounce buffer holds.
TEST_F(OracleTest, FlushesTheLineOfTheLastByteOfASegment) {
  table_[2] = {.base = kData, .limit = 0xFFF, .big = false, .expand_down = false};
  Case one = CaseOf({0x0F, 0xAE, 0x3D, 0xFF, 0x0F, 0, 0});  // clflush [0FFFh]
  one.selectors[kDs] = LdtSelector(2);
  for (unsigned v = 0; v < kVariantCount; ++v) {
    EXPECT_EQ(Try(one, static_cast<Variant>(v)).difference, "") << kVariantNames[v];
  }
  table_[2].expand_down = true;
  StoreLittle<uint32_t>(&one.code[3], 0x1FFF);
  for (unsigned v = 0; v < kVariantCount; ++v) {
    EXPECT_EQ(Try(one, static_cast<Variant>(v)).difference, "") << kVariantNames[v];
  }
}

// The upper half was left out of what is pushed, though not of ebp.
TEST_F(OracleTest, EnterPushesTheWholeFramePointerOnA16BitStack) {
  table_[1] = {.base = kCaseStack.start, .limit = 0xFFFF, .big = false};
  Case one = CaseOf({0xC8, 4, 0, 1});  // enter 4, 1
  one.selectors[kSs] = LdtSelector(1);
  one.start.gpr[kEsp] = 0xABCD0100;
  EXPECT_EQ(Try(one).difference, "");
}

// Disassemblers differ in its length.
TEST_F(OracleTest, CallWithOperandSizeAndRepeatPrefixHasA16BitDisplacement) {
  table_[0] = {.base = kCode, .limit = 0xFFFF, .code = true};
  for (const uint8_t repeat : std::to_array<uint8_t>({0xF2, 0xF3})) {
    // call over hlt ; inc eax
    Case one = CaseOf({0x66, repeat, 0xE8, 1, 0, kCaseEnd, 0x40});
    one.selectors[kCs] = LdtSelector(0);
    one.start.eip = 0;
    const Verdict verdict = Try(one);
    EXPECT_EQ(verdict.difference, "");
    EXPECT_EQ(verdict.native.cpu.eip, one.code.size());
    EXPECT_EQ(verdict.native.cpu.gpr[kEax], one.start.gpr[kEax] + 1);
  }
}

TEST_F(OracleTest, EachVariantRunsTheProgram) {
  // again: inc dword [ebx] ; loop again ; with ecx = 5
  const Case one = CaseOf({0xFF, 0x03, 0xE2, 0xFC});
  for (unsigned v = 0; v < kVariantCount; ++v) {
    const Verdict verdict = Try(one, static_cast<Variant>(v));
    EXPECT_EQ(verdict.difference, "") << kVariantNames[v];
    ASSERT_TRUE(verdict.translated.has_value());
    EXPECT_EQ(verdict.translated->cpu.gpr[kEcx], 0u);
  }
}

TEST(TranslatedRunnerTest, FindsWhatIsExecutedThoughNoProgramContainsIt) {
  const auto runner = TranslatedRunner::Create(nullptr);
  ASSERT_TRUE(runner.has_value());
  (*runner)->SetTable(Generator(kSeed).table());
  const Case cpuid = CaseOf({0x0F, 0xA2});
  EXPECT_TRUE((*runner)->MeetsAvoided(cpuid));
  EXPECT_FALSE((*runner)->MeetsAvoided(CaseOf({0xEB, 0x02, 0x0F, 0xA2}))) << "jumped over";
  EXPECT_TRUE((*runner)->MeetsAvoided(cpuid)) << "met before";
}

// Two runs that agree, of which one is spoilt.
class ComparisonTest : public testing::Test {
 protected:
  void SetUp() override {
    native_.vector = 14;
    native_.cpu = CpuImage::Typical();
    translated_.outcome = native_;
    lines_.push_back({kData, {}});
    translated_.lines = lines_;
  }
  [[nodiscard]] bool Agrees() const { return Agree(case_, {native_, lines_}, translated_); }
  // Spoils the translated run, looks, and mends it again.
  void ExpectNoticed(const char* what, const std::function<void(TranslatedOutcome&)>& spoil) {
    const TranslatedOutcome before = translated_;
    spoil(translated_);
    EXPECT_FALSE(Agrees()) << what;
    EXPECT_NE(Describe(case_, {native_, lines_}, translated_), "") << what;
    EXPECT_EQ(Explain(case_, table_, {native_, lines_}, translated_), 0u) << what;
    translated_ = before;
    EXPECT_TRUE(Agrees());
  }

  // The program contains the instruction.
  void Note(Mnemonic mnemonic) {
    const auto forms = FormTable::Get().forms();
    const auto found = std::ranges::find(forms, mnemonic, &Form::mnemonic);
    case_.notes.push_back({.form = static_cast<uint16_t>(found - forms.begin())});
  }

  Case case_;
  LdtTable table_{};
  Outcome native_;
  std::vector<ChangedLine> lines_;
  TranslatedOutcome translated_;
};

TEST_F(ComparisonTest, NoticesEveryRegisterAndFlag) {
  for (size_t i = 0; i < native_.cpu.gpr.size(); ++i) {
    ExpectNoticed("register", [i](auto& run) { run.outcome->cpu.gpr[i] ^= 1u << (i * 4); });
  }
  ExpectNoticed("eip", [](auto& run) { ++run.outcome->cpu.eip; });
  for (unsigned bit = 0; bit < 22; ++bit) {
    const uint32_t one = 1u << bit;
    if (((kComparedFlags | kControlFlags) & one) == 0) continue;
    ExpectNoticed("flag", [one](auto& run) { run.outcome->cpu.eflags ^= one; });
  }
  for (uint32_t i = 0; i < 8; ++i) {
    ExpectNoticed("x87", [i](auto& run) { run.outcome->cpu.fx[kFxX87 + i * 16 + 9] ^= 0x80; });
    ExpectNoticed("xmm", [i](auto& run) { run.outcome->cpu.fx[kFxXmm + i * 16 + 15] ^= 1; });
  }
  for (const uint32_t at : {0u, 2u, 4u, kFxMxcsr}) {
    ExpectNoticed("control", [at](auto& run) { run.outcome->cpu.fx[at] ^= 1; });
  }
}

TEST_F(ComparisonTest, NoticesHowARunEnded) {
  ExpectNoticed("vector", [](auto& run) { run.outcome->vector = kVectorProtection; });
  ExpectNoticed("error code", [](auto& run) { run.outcome->error_code ^= 2; });
  ExpectNoticed("fault address", [](auto& run) { run.outcome->fault_address ^= 0x1000; });
  for (uint32_t i = 0; i < kSegmentCount; ++i) {
    ExpectNoticed("selector", [i](auto& run) { run.outcome->selectors[i] ^= 8; });
  }
  ExpectNoticed("no end", [](auto& run) { run.outcome.reset(); });
}

TEST_F(ComparisonTest, NoticesMemory) {
  ExpectNoticed("a byte", [](auto& run) { run.lines[0].bytes[kLineBytes - 1] ^= 0x80; });
  ExpectNoticed("another place", [](auto& run) { run.lines[0].address += kLineBytes; });
  ExpectNoticed("a store too many", [](auto& run) { run.lines.push_back({kData + 0x80, {}}); });
  ExpectNoticed("a store that is missing", [](auto& run) { run.lines.clear(); });
}

TEST_F(ComparisonTest, MasksOnlyFlagsThatTheCaseLeavesUndefined) {
  translated_.outcome->cpu.eflags ^= flag::kAf;
  EXPECT_FALSE(Agrees());
  case_.flags &= ~flag::kAf;
  EXPECT_TRUE(Agrees());
  translated_.outcome->cpu.eflags ^= flag::kNt;
  EXPECT_FALSE(Agrees());
}

TEST_F(ComparisonTest, ExplainsOnlyWhatIsWhollyExplained) {
  translated_.outcome->selectors[kFs] = 3;
  EXPECT_EQ(Explain(case_, table_, {native_, lines_}, translated_),
            1u << static_cast<unsigned>(Explanation::kNullSelector));
  translated_.outcome->cpu.gpr[kEax] ^= 1;
  EXPECT_EQ(Explain(case_, table_, {native_, lines_}, translated_), 0u);
}

TEST_F(ComparisonTest, ExplainsWhatWasAskedOfTheHostsSegments) {
  const auto explained = [this] { return Explain(case_, table_, {native_, lines_}, translated_); };
  constexpr unsigned kHost = 1u << static_cast<unsigned>(Explanation::kHostSelector);
  const std::optional<HostSegment> code = ReadHostSegment(kHostCode64);
  ASSERT_TRUE(code.has_value());
  native_.cpu.gpr[kEcx] = code->rights;
  native_.cpu.eflags |= flag::kZf;
  translated_.outcome->cpu.eflags &= ~flag::kZf;
  EXPECT_EQ(explained(), 0u) << "nothing has asked";
  Note(Mnemonic::kLar);
  EXPECT_EQ(explained(), kHost);
  native_.cpu.gpr[kEcx] ^= 0x100;
  EXPECT_EQ(explained(), 0u) << "not what LAR says";
  native_.cpu.gpr[kEcx] ^= 0x100;
  native_.cpu.eflags ^= flag::kSf;
  EXPECT_EQ(explained(), 0u) << "LAR changes no other flag";
}

TEST_F(ComparisonTest, ExplainsTwoNumbersOfProcessors) {
  const auto explained = [this] { return Explain(case_, table_, {native_, lines_}, translated_); };
  native_.cpu.gpr[kEcx] = 0x12340000;
  translated_.outcome->cpu.gpr[kEcx] = 0x12343000;  // processor 0 of node 3
  EXPECT_EQ(explained(), 0u) << "nothing has asked";
  Note(Mnemonic::kLsl);
  EXPECT_EQ(explained(), 1u << static_cast<unsigned>(Explanation::kHostSelector));
  translated_.outcome->cpu.gpr[kEcx] = 0x12343FFF;
  EXPECT_EQ(explained(), 0u) << "no such processor";
}

TEST_F(ComparisonTest, ExplainsTheFlagsOfARepeatedComparisonThatFaults) {
  const auto explained = [this] { return Explain(case_, table_, {native_, lines_}, translated_); };
  case_.instructions = {0};
  translated_.outcome->cpu.eflags ^= flag::kZf | flag::kPf;
  case_.code = {0xF3, 0xA5};  // rep movsd
  EXPECT_EQ(explained(), 0u) << "compares nothing";
  case_.code = {0xF3, 0xA7};  // repe cmpsd
  EXPECT_EQ(explained(), 1u << static_cast<unsigned>(Explanation::kFlagsOfString));
  translated_.outcome->cpu.eflags ^= flag::kDf;
  EXPECT_EQ(explained(), 0u) << "no flag of a comparison";
}

TEST_F(ComparisonTest, ExplainsTheTopOfTheX87StackWhereMmxHasFaulted) {
  constexpr size_t kRegisterBytes = 16;
  constexpr size_t kTop = 3;
  const auto explained = [this] { return Explain(case_, table_, {native_, lines_}, translated_); };
  CpuImage& here = translated_.outcome->cpu;
  case_.instructions = {0};
  for (size_t i = 0; i < 8; ++i) {
    native_.cpu.fx[kFxX87 + i * kRegisterBytes] = static_cast<uint8_t>(i + 1);
    here.fx[kFxX87 + ((i + 8 - kTop) % 8) * kRegisterBytes] = static_cast<uint8_t>(i + 1);
  }
  native_.cpu.fx[3] = 0;
  here.fx[3] = kTop << 3;
  case_.code = {0x8B, 0x00};  // mov eax, [eax]
  EXPECT_EQ(explained(), 0u);
  case_.code = {0x0F, 0x6F, 0x00};  // movq mm0, [eax]
  EXPECT_EQ(explained(), 1u << static_cast<unsigned>(Explanation::kStackTopOfMmx));
  here.fx[kFxX87] ^= 1;
  EXPECT_EQ(explained(), 0u) << "another register";
}

TEST_F(ComparisonTest, ExplainsStringInstructionsThatAreOverwritten) {
  case_.code = {0xF3, 0xAB, 0x90};  // rep stosd ; nop
  case_.instructions = {0};
  Note(Mnemonic::kStosd);
  native_.cpu.gpr[kEcx] ^= 1;
  const auto explained = [this] { return Explain(case_, table_, {native_, lines_}, translated_); };
  EXPECT_EQ(explained(), 0u);
  ChangedLine far_behind{kCode + 0x40, {0x90}};
  lines_ = {far_behind};
  EXPECT_EQ(explained(), 0u) << "neither itself nor the next";
  ChangedLine itself{kCode, {0xF3, 0xAB, 0x41}};
  std::fill(itself.bytes.begin() + 3, itself.bytes.end(), kCaseEnd);
  lines_ = {itself};
  EXPECT_EQ(explained(), 1u << static_cast<unsigned>(Explanation::kStringOverItself));
}

TEST_F(ComparisonTest, ExplainsLostFpuPointersOfAProgramThatChangedItself) {
  constexpr uint32_t kImage = kData + 0x40;
  case_.code = {0xDD, 0x35, 0x40, 0x00, 0x50, 0x00};  // fnsave [image]
  case_.instructions = {0};
  Note(Mnemonic::kFnsave);
  ChangedLine natively{kImage, {}};
  natively.bytes[12] = 0x78;  // FIP
  lines_ = {natively};
  translated_.lines = {{kImage, {}}};
  const auto explained = [this] { return Explain(case_, table_, {native_, lines_}, translated_); };
  EXPECT_EQ(explained(), 0u) << "the program would have overwritten it";
  lines_.push_back({kCode + 0x80, {0x90}});
  translated_.lines.push_back(lines_.back());
  EXPECT_EQ(explained(), 1u << static_cast<unsigned>(Explanation::kFpuPointers));
  translated_.lines[0].bytes[12] = 0x70;
  EXPECT_EQ(explained(), 0u) << "not lost, but wrong";
  translated_.lines[0].bytes[12] = 0;
  lines_[0].bytes[28] = 1;
  EXPECT_EQ(explained(), 0u) << "no pointer";
}

// One run stops at an instruction that the other executes: what may explain that, and what not.
class RefusalTest : public ComparisonTest {
 protected:
  // The translated run refuses the instruction at the program's start, the native one goes on.
  void RefuseHere(std::vector<uint8_t> code, uint8_t vector) {
    case_.code = std::move(code);
    translated_.outcome->vector = vector;
    translated_.outcome->selectors[kCs] = native_.selectors[kCs] = kFlatCode;
    native_.cpu.eip = kCode + 0x40;
  }
  [[nodiscard]] unsigned Explained() const {
    return Explain(case_, table_, {native_, lines_}, translated_);
  }
  static constexpr unsigned Only(Explanation one) { return 1u << static_cast<unsigned>(one); }
};

TEST_F(RefusalTest, ByALaterInstruction) {
  constexpr uint8_t kUndefined = 6;
  RefuseHere({0x66, 0x0F, 0x38, 0x17, 0xC1}, kUndefined);  // ptest, SSE4.1
  EXPECT_EQ(Explained(), Only(Explanation::kLaterInstruction));
  case_.code = {0x90};
  EXPECT_EQ(Explained(), 0u) << "what stands there is none";
}

TEST_F(RefusalTest, ByALaterInstructionThatFaultsNativelyDemandsAllElse) {
  constexpr uint8_t kUndefined = 6;
  RefuseHere({0x66, 0x0F, 0x38, 0x17, 0x00}, kUndefined);  // ptest xmm0, [eax]
  native_.cpu.eip = kCode;
  EXPECT_EQ(Explained(), Only(Explanation::kLaterInstruction));
  native_.cpu.gpr[kEdx] ^= 1;
  EXPECT_EQ(Explained(), 0u);
}

TEST_F(RefusalTest, ByMisalignedModeInTheImageAndNothingElse) {
  constexpr uint32_t kImage = kData + 0x40;
  RefuseHere({0x0F, 0xAE, 0x0D, 0x40, 0x00, 0x50, 0x00}, kVectorProtection);  // fxrstor [image]
  native_.cpu.fx[kFxMxcsr + 2] = 2;
  translated_.lines = {{kImage, {}}};
  uint8_t* mxcsr = &translated_.lines[0].bytes[kFxMxcsr];
  EXPECT_EQ(Explained(), 0u) << "the image has no such bit";
  StoreLittle<uint32_t>(mxcsr, 0x21F80);
  EXPECT_EQ(Explained(), Only(Explanation::kMxcsrMask));
  StoreLittle<uint32_t>(mxcsr, 0x61F80);
  EXPECT_EQ(Explained(), 0u) << "another reserved bit";
  StoreLittle<uint32_t>(mxcsr, 0x21F80);
  case_.code.insert(case_.code.begin(), 0x90);
  EXPECT_EQ(Explained(), 0u) << "another instruction is refused";
}

TEST_F(RefusalTest, ByASegmentOfTheHost) {
  RefuseHere({0x8E, 0xD8}, kVectorProtection);  // mov ds, ax
  translated_.outcome->error_code = 0x30;
  EXPECT_EQ(Explained(), 0u) << "the host has not loaded it either";
  native_.selectors[kDs] = 0x33;
  EXPECT_EQ(Explained(), Only(Explanation::kHostSelector));
  translated_.outcome->error_code = 0x48;
  EXPECT_EQ(Explained(), 0u);
}

TEST_F(RefusalTest, ByTheHostOfABranchThatEndsWithItsSegment) {
  table_[0] = {.base = kCode, .limit = 1, .code = true};
  case_.code = {0xEB, 0xFE};  // jmp $
  native_.vector = kVectorProtection;
  native_.cpu.eip = 0;
  native_.selectors[kCs] = translated_.outcome->selectors[kCs] = LdtSelector(0);
  translated_.outcome->cpu.eip = 0x40;
  EXPECT_EQ(Explained(), Only(Explanation::kBranchAtLimit));
  translated_.outcome->cpu.eip = 2;
  EXPECT_EQ(Explained(), 0u) << "not taken: both report the next one";
  translated_.outcome->cpu.gpr[kEcx] ^= 1;
  EXPECT_EQ(Explained(), Only(Explanation::kBranchAtLimit)) << "more rounds of another count";
  case_.code = {0xE2, 0xFE};  // loop $
  EXPECT_EQ(Explained(), 0u) << "LOOP that was not taken";
  translated_.outcome->cpu.gpr[kEbx] ^= 1;
  EXPECT_EQ(Explained(), Only(Explanation::kBranchAtLimit)) << "not taken after more rounds";
  translated_.outcome->cpu.gpr = native_.cpu.gpr;
  translated_.outcome->cpu.eip = 0;
  translated_.outcome->vector = kVectorProtection;
  translated_.outcome->cpu.gpr[kEax] ^= 1;
  EXPECT_EQ(Explained(), 0u) << "both refuse it, and differ in something else";
  translated_.outcome->cpu.eip = 0x40;
  table_[0].limit = 2;
  EXPECT_EQ(Explained(), 0u) << "the segment goes on";
}

// call 7:2000h, beyond the limit: the host has pushed the frame by then, around the end of 64 KiB.
TEST_F(ComparisonTest, ExplainsWhatIsPushedBeforeAFaultOnAStackThatWraps) {
  // Offsets F000h to FFFFh are in the area.
  table_[1] = {.base = kCaseStack.start - 0xF000, .limit = 0xFFFF, .big = false};
  case_.code = {0x9A, 0x00, 0x20, 0x00, 0x00, 0x07, 0x00};
  native_.vector = translated_.outcome->vector = kVectorProtection;
  native_.selectors = {kFlatData, kFlatCode, LdtSelector(1), kFlatData, 0, 0};
  native_.cpu.gpr[kEsp] = 0x21870004;
  translated_.outcome->selectors = native_.selectors;
  translated_.outcome->cpu.gpr[kEsp] = native_.cpu.gpr[kEsp];
  const MemoryImage image;
  const auto changed_at = [&](uint32_t address) {
    ChangedLine line{address & ~(kLineBytes - 1), {}};
    for (uint32_t i = 0; i < kLineBytes; ++i) line.bytes[i] = image.At(line.address + i);
    line.bytes[address - line.address] ^= 1;
    return line;
  };
  translated_.lines.clear();
  lines_ = {changed_at(table_[1].base + 0xFFFD)};
  EXPECT_EQ(Explain(case_, table_, {native_, lines_}, translated_),
            1u << static_cast<unsigned>(Explanation::kAccessOrder));
  lines_ = {changed_at(table_[1].base + 0xF800)};
  EXPECT_EQ(Explain(case_, table_, {native_, lines_}, translated_), 0u) << "not of the frame";
}

TEST(MemoryImage, TellsEachByteThatChanged) {
  MemoryImage image;
  image.Set(1, kCode + 0x123, std::vector<uint8_t>{1, 2, 3});
  std::vector<uint8_t> memory(kArenaEnd);
  const auto changed = [&] {
    std::vector<uint32_t> lines;
    image.ForEachDifference(memory.data(),
                            [&](uint32_t address, const uint8_t* wanted, const uint8_t*) {
                              lines.push_back(address);
                              std::memcpy(&memory[address], wanted, kLineBytes);
                            });
    return lines;
  };
  EXPECT_EQ(changed().size(), kImageLines) << "all of it is filled";
  EXPECT_THAT(changed(), testing::IsEmpty());
  for (const CaseArea& area : kCaseAreas) {
    for (const uint32_t offset : {0u, 0x7FFu, area.bytes - 1}) {
      memory[area.start + offset] ^= 1;
      EXPECT_THAT(changed(), testing::ElementsAre((area.start + offset) & ~(kLineBytes - 1)));
    }
  }
  EXPECT_EQ(memory[kCode + 0x124], 2);
  EXPECT_EQ(memory[kCode + 0x126], kCaseEnd);
}

TEST(Shrink, KeepsWhatMattersAndNothingElse) {
  Case one = CaseOf({0x40, 0x41, 0x42, 0x43});
  one.instructions = {0, 1, 2, 3};
  one.start.gpr[kEsi] = 7;
  one.start.gpr[kEdi] = 8;
  const Case small = Shrink(one, [](const Case& candidate) {
    return candidate.code[2] == 0x42 && candidate.start.gpr[kEsi] == 7;
  });
  EXPECT_THAT(small.code, testing::ElementsAre(0x90, 0x90, 0x42, 0x90));
  EXPECT_EQ(small.start.gpr[kEsi], 7u);
  EXPECT_EQ(small.start.gpr[kEdi], CpuImage::Typical().gpr[kEdi]);
}

// Through everything that a campaign's job does, with an error in the outcome of every 100th case.
class PlantTest : public testing::TestWithParam<Plant> {};

TEST_P(PlantTest, EachPlantedErrorIsFound) {
  constexpr uint64_t kCasesRun = 301;
  const auto status = std::make_unique<JobStatus>();
  std::vector<uint64_t> coverage(Coverage::Slots());
  const auto job = Job::Create({.plant = GetParam()}, *status, coverage);
  ASSERT_TRUE(job.has_value()) << job.error().message;
  ASSERT_TRUE((*job)->RunSeed(kSeed, 0, kCasesRun, Job::Clock::time_point::max()).has_value());
  std::vector<uint64_t> found;
  for (uint64_t i = 0; i < std::min<uint64_t>(status->findings, kFindingsKept); ++i) {
    found.push_back(status->kept[i].index);
  }
  EXPECT_THAT(found, testing::IsSupersetOf({0, 100, 200, 300}));
}

INSTANTIATE_TEST_SUITE_P(All, PlantTest,
                         testing::Values(Plant::kFlag, Plant::kRegister, Plant::kMemory,
                                         Plant::kSelector, Plant::kErrorCode));

}  // namespace
}  // namespace verbatim::test
