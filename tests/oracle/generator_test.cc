// SPDX-License-Identifier: Apache-2.0
// The table of forms and the cases made of it, without running any.
#include "tests/oracle/generator.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "decoder/classification.h"
#include "tests/oracle/avoided.h"
#include "tests/oracle/coverage.h"
#include "tests/oracle/segments.h"

namespace verbatim::test {
namespace {

constexpr uint64_t kSeed = 20061109;
constexpr uint64_t kPrograms = 60'000;
constexpr uint64_t kCases = kPrograms * Generator::kStartsOfEach;

std::string Hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02X} ", byte);
  return text;
}

// The bytes of instruction `i`, which may be followed by others.
GuestInstruction Decode(const Case& made, size_t i) {
  const size_t end = i + 1 < made.instructions.size() ? made.instructions[i + 1] : made.code.size();
  const std::span<const uint8_t> bytes(made.code.data() + made.instructions[i],
                                       end - made.instructions[i]);
  return FormTable::Get().decoder().Decode(bytes, made.notes[i].code32);
}

TEST(Forms, CoverEveryMnemonicOfTheClassification) {
  std::set<Mnemonic> covered;
  for (const Form& form : FormTable::Get().forms()) covered.insert(form.mnemonic);
  for (uint16_t i = 0; i < static_cast<uint16_t>(Mnemonic::kCount); ++i) {
    const Mnemonic mnemonic{i};
    EXPECT_EQ(covered.contains(mnemonic), Classify(mnemonic).known) << MnemonicName(mnemonic);
  }
}

TEST(Forms, AreFoundByWhatTheyDecodeTo) {
  const FormTable& table = FormTable::Get();
  for (uint32_t i = 0; i < table.forms().size(); ++i) {
    EXPECT_EQ(table.Find(table.forms()[i].example), i) << table.forms()[i].Name();
  }
}

TEST(Forms, TellDigitsRegistersAndSizesApart) {
  const FormTable& table = FormTable::Get();
  const auto find = [&](std::initializer_list<uint8_t> bytes) {
    std::vector<uint8_t> padded(bytes);
    padded.resize(kMaxInstructionBytes);
    return table.Find(table.decoder().Decode(padded, true));
  };
  const auto add = find({0x01, 0xC8});
  ASSERT_TRUE(add);
  EXPECT_EQ(find({0x01, 0xD1}), add);                       // other registers
  EXPECT_EQ(find({0x2E, 0x67, 0x01, 0xD1}), add);           // prefixes without effect
  EXPECT_NE(find({0x66, 0x01, 0xC8}), add);                 // operand size
  EXPECT_NE(find({0x01, 0x08}), add);                       // memory
  EXPECT_NE(find({0x01, 0x08}), find({0x67, 0x01, 0x08}));  // address size
  EXPECT_NE(find({0xF7, 0xD8}), find({0xF7, 0xD0}));        // neg, not
  EXPECT_NE(find({0xD9, 0xE8}), find({0xD9, 0xE9}));        // fld1, fldl2t
  EXPECT_EQ(find({0xD9, 0xC1}), find({0xD9, 0xC2}));        // fld st(i)
  EXPECT_NE(find({0xA4}), find({0xF3, 0xA4}));              // movsb, rep movsb
  EXPECT_EQ(find({0x0F, 0x38, 0xF0, 0x00}), std::nullopt);  // movbe
}

TEST(Generator, MakesTheSameCaseWheneverItIsAsked) {
  const Generator first(kSeed);
  const Generator second(kSeed);
  (void)second.Make(7);
  for (uint64_t index = 0; index < 300; ++index) {
    const Case a = first.Make(index);
    const Case b = second.Make(index);
    EXPECT_EQ(a.code, b.code);
    EXPECT_EQ(a.code_at, b.code_at);
    EXPECT_EQ(a.instructions, b.instructions);
    EXPECT_EQ(a.start.gpr, b.start.gpr);
    EXPECT_EQ(a.start.fx, b.start.fx);
    EXPECT_EQ(a.start.eflags, b.start.eflags);
    EXPECT_EQ(a.selectors, b.selectors);
    EXPECT_EQ(a.memory_seed, b.memory_seed);
    EXPECT_EQ(a.flags, b.flags);
  }
  EXPECT_EQ(first.table(), second.table());
  EXPECT_NE(first.Make(0).start.gpr, first.Make(1).start.gpr);
  EXPECT_NE(first.Make(1).start.gpr, Generator(kSeed + 1).Make(1).start.gpr);
}

// The longest sequences there are, at every distance behind a branch that waits for its label.
TEST(Generator, ShortBranchesReachOverStoresOfTheState) {
  const FormChoice forms(FormTable::Get());
  const LdtTable table = Generator(kSeed).table();
  for (uint64_t stream = 0; stream < 20'000; ++stream) {
    Random random(kSeed, stream);
    Case made;
    Program program(forms, table, random, made, 0);
    program.Append(forms.jump_short);
    for (uint32_t left = random.Below(8); left != 0; --left) {
      program.Append(random.Pick(forms.integer[1]));
    }
    program.Append(random.Pick(forms.saves));
    program.Finish();
    const size_t target = 2 + size_t{made.code[1]};
    EXPECT_THAT(made.instructions, testing::Contains(target)) << stream;
  }
}

TEST(Generator, MakesInstructionsOfTheFormsMeant) {
  const Generator generator(kSeed);
  const FormTable& table = FormTable::Get();
  for (uint64_t index = 0; index < kCases; index += Generator::kStartsOfEach) {
    const Case made = generator.Make(index);
    ASSERT_EQ(made.instructions.size(), made.notes.size());
    ASSERT_FALSE(made.instructions.empty());
    for (size_t i = 0; i < made.notes.size(); ++i) {
      const GuestInstruction in = Decode(made, i);
      const std::optional<uint32_t> form = table.Find(in);
      ASSERT_EQ(form.value_or(InstructionNote::kNoForm), made.notes[i].form)
          << index << ", instruction " << i << " at " << made.instructions[i] << " of "
          << Hex(made.code);
    }
  }
}

TEST(Generator, KeepsProgramsInTheCodeArea) {
  const Generator generator(kSeed);
  for (uint64_t index = 0; index < kCases; index += Generator::kStartsOfEach) {
    const Case made = generator.Make(index);
    ASSERT_LE(made.code.size(), kMaxCaseCode);
    ASSERT_GE(made.code_at, kCaseCode.start);
    ASSERT_LT(made.code_at + made.code.size(), kCaseCode.start + kCaseCode.bytes);
  }
}

TEST(Generator, GivesAProgramSeveralStarts) {
  const Generator generator(kSeed);
  std::vector<Case> all;
  generator.MakeAll(3, 800, all);
  ASSERT_EQ(all.size(), 797u);
  uint64_t others = 0;
  for (const Case& made : all) {
    const Case alone = generator.Make(made.index);
    const Case first = generator.Make(made.index - made.index % Generator::kStartsOfEach);
    ASSERT_EQ(made.code, alone.code);
    ASSERT_EQ(made.start.gpr, alone.start.gpr);
    ASSERT_EQ(made.start.fx, alone.start.fx);
    ASSERT_EQ(made.code, first.code);
    ASSERT_EQ(made.start.gpr[kEsp], first.start.gpr[kEsp]);
    for (uint8_t gpr = 0; gpr < 8; ++gpr) {
      if (made.start.gpr[gpr] == first.start.gpr[gpr]) continue;
      ++others;
      ASSERT_NE((made.free_registers >> gpr) & 1, 0);
    }
  }
  EXPECT_GT(others, all.size());
}

TEST(Generator, ContainsNothingThatIsAvoided) {
  const Generator generator(kSeed);
  for (uint64_t index = 0; index < kCases; index += Generator::kStartsOfEach) {
    const Case made = generator.Make(index);
    for (size_t i = 0; i < made.notes.size(); ++i) {
      const GuestInstruction in = Decode(made, i);
      ASSERT_EQ(WhyAvoided(in), "") << index << ": " << Hex(made.code);
      // Far jumps and calls leave the local table for the flat segments only.
      if (in.map == 0 && (in.opcode == 0xEA || in.opcode == 0x9A)) {
        const auto selector = static_cast<uint16_t>(in.immediate2 & 0xFFFC);
        const bool known = (selector & 4) != 0 || selector == 0 ||
                           selector == (kFlatCode & 0xFFFC) || selector == (kFlatData & 0xFFFC);
        ASSERT_TRUE(known) << index << ": " << Hex(made.code);
      }
    }
  }
}

TEST(Generator, StartsInSegmentsThatTheProcessorTakes) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const Generator generator(seed);
    const Segments segments(generator.table());
    for (uint64_t index = 0; index < 24'000; index += 5) {
      const Case made = generator.Make(index);
      ASSERT_TRUE(segments.GoodForCode(made.selectors[kCs])) << index;
      ASSERT_TRUE(segments.GoodForStack(made.selectors[kSs])) << index;
      for (const uint8_t segment : {kEs, kDs, kFs, kGs}) {
        ASSERT_TRUE(segments.GoodForData(made.selectors[segment])) << index;
      }
      const LdtSegment& code = segments.Of(made.selectors[kCs]);
      ASSERT_LE(made.start.eip, Segments::LastOffset(code)) << index;
      ASSERT_EQ(made.start.eip + code.base, made.code_at + made.instructions[0]) << index;
      ASSERT_EQ(made.notes[0].code32, code.big) << index;
    }
  }
}

// An all-zero row would be an empty one, a present conforming one is refused.
TEST(Generator, MakesSegmentsThatLinuxTakes) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Generator generator(seed);
    for (const LdtSegment& segment : generator.table()) {
      EXPECT_FALSE(segment.base == 0 && segment.limit == 0);
      EXPECT_LE(segment.limit, 0xFFFFFu);
      EXPECT_FALSE(segment.conforming && (!segment.code || segment.present));
      EXPECT_FALSE(segment.expand_down && segment.code);
    }
  }
}

TEST(Coverage, FindsEveryFormThatIsNotAvoided) {
  const Generator generator(kSeed);
  std::vector<uint64_t> counts(Coverage::Slots());
  Coverage coverage(counts);
  for (uint64_t index = 0; index < kCases; index += Generator::kStartsOfEach)
    coverage.Count(generator.Make(index));
  const auto forms = FormTable::Get().forms();
  for (uint32_t i = 0; i < forms.size(); ++i) {
    const bool avoided = !WhyAvoided(forms[i]).empty();
    EXPECT_EQ(coverage.Cases(i) == 0, avoided) << forms[i].Name();
  }
  EXPECT_THAT(coverage.Missing(), testing::IsEmpty());
}

TEST(Coverage, CountsACaseOnceForEachForm) {
  std::vector<uint64_t> counts(Coverage::Slots());
  Coverage coverage(counts);
  Case run;
  run.notes = {{3, true, true}, {3, true, false}, {5, true, false}};
  coverage.Count(run);
  EXPECT_EQ(coverage.Cases(3), 1u);
  EXPECT_EQ(coverage.Certain(3), 1u);
  EXPECT_EQ(coverage.Cases(5), 1u);
  EXPECT_EQ(coverage.Certain(5), 0u);
  EXPECT_EQ(
      coverage.Missing().size() + 2,
      static_cast<size_t>(std::ranges::count_if(
          FormTable::Get().forms(), [](const Form& form) { return WhyAvoided(form).empty(); })));
}

}  // namespace
}  // namespace verbatim::test
