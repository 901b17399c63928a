// SPDX-License-Identifier: Apache-2.0
// Does the validator see what goes wrong? Blocks of all kinds of code, in all modes that make
// different code, pass as they are; then their host bytes are damaged. Each mutant that a reference
// analysis calls dangerous must be rejected. What is rejected beyond that is counted.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/bits.h"
#include "tests/translator/mutation_reference.h"
#include "tests/translator/translation.h"
#include "translator/validator/validator.h"

namespace verbatim {
namespace {

// Guest code that makes every expansion there is, in pieces that do not end a block early.
const std::vector<std::vector<uint8_t>>& Snippets() {
  static const std::vector<std::vector<uint8_t>> snippets{
      {0x8B, 0x44, 0x8B, 0x08, 0x01, 0x0D, 0x78, 0x56, 0x34, 0x12, 0x88, 0x65, 0xFF, 0x40},
      {0x8A, 0x64, 0x24, 0x03, 0x83, 0xC4, 0x10, 0x54, 0x5C, 0xFF, 0x34, 0x24, 0x8F, 0x44, 0x24,
       0x04},
      {0xF3, 0xA5, 0xA4, 0xF2, 0xAE, 0xF3, 0xA7, 0xAB, 0xAC},
      {0x64, 0xA1, 0x14, 0x00, 0x00, 0x00, 0x65, 0x8B, 0x03, 0x36, 0x89, 0x45, 0x08},
      {0x9C, 0x9D, 0xFA, 0xFB, 0x90, 0x0F, 0x31},
      {0xFF, 0x13, 0xFF, 0xD0, 0xE8, 0x10, 0x00, 0x00, 0x00, 0xFF, 0x23},
      {0xE8, 0x00, 0x20, 0x00, 0x00, 0x74, 0x05, 0x0F, 0x85, 0x00, 0x30, 0x00, 0x00, 0xC2, 0x08,
       0x00},
      {0xE2, 0x10, 0xE1, 0x10, 0xE3, 0x10, 0x67, 0xE2, 0x04, 0xC9, 0xC3},
      {0x0F, 0x28, 0x03, 0x66, 0x0F, 0xF7, 0xCA, 0x0F, 0xF7, 0xC1, 0xF3, 0x0F, 0x2C, 0xC1, 0xD9,
       0x06, 0xDD, 0x1E},
      {0x0F, 0xA3, 0x03, 0x0F, 0xAB, 0x0B, 0x66, 0x0F, 0xB3, 0x0B, 0x0F, 0xBA, 0x2B, 0x05, 0xF0,
       0x0F, 0xC7, 0x0B},
      {0xF0, 0x0F, 0xB1, 0x0B, 0x87, 0x03, 0x0F, 0xC1, 0x0B, 0xF7, 0x33, 0xD3, 0x23, 0x0F, 0xA5,
       0x03},
      {0xD7, 0x67, 0x8B, 0x07, 0x66, 0x89, 0x03, 0xC8, 0x10, 0x00, 0x00, 0x0F, 0x18, 0x0B, 0x0F,
       0xAE, 0x3B},
      {0x0F, 0x20, 0xC0, 0xF4, 0x90},
      {0x8E, 0xC0, 0x8E, 0x1F, 0x1E, 0x07, 0xC4, 0x1F, 0x0F, 0xA8, 0x8C, 0xD8, 0x8C, 0x07},
      {0x9C, 0x9D, 0x66, 0x9C, 0x66, 0x9D, 0x66, 0x1F, 0xC5, 0x5C, 0x24, 0x04},
      {0x2E, 0x8B, 0x03, 0x26, 0x88, 0x07, 0x66, 0x60, 0x61, 0x0F, 0x0B},
      {0x90, 0x9A, 0x00, 0x10, 0x34, 0x12, 0x56, 0x78},
      {0x90, 0xCA, 0x04, 0x00},
  };
  return snippets;
}

struct Mode {
  const char* name;
  BlockMode mode;
  uint32_t cs_limit = 0xFFFFFFFFu;
  bool probed = false;
  std::optional<Optimisation> without = std::nullopt;
};

std::vector<Mode> Modes() {
  CpuState based = FlatCpu();
  for (const uint8_t segment : {kDs, kSs, kEs}) based.segments[segment].base = 0x10000;
  CpuState limited = based;
  for (const uint8_t segment : {kDs, kSs, kEs}) limited.segments[segment].limit = 0x12345;
  CpuState checked = FlatCpu();
  for (const uint8_t segment : {kDs, kSs, kEs}) checked.segments[segment].attributes = 0xC097;
  CpuState small = FlatCpu();
  for (const uint8_t segment : {kEs, kCs, kSs, kDs}) {
    small.segments[segment].attributes &= 0xBFFF;  // D and B clear
    small.segments[segment].limit = 0xFFFF;
  }
  CpuState real = small;
  real.cr0 &= ~cr0::kPe;
  return {{"flat", FlatMode()},
          {"based", BlockMode::Of(based, 0)},
          {"limited", BlockMode::Of(limited, 0), 0x00401120},
          {"checked", BlockMode::Of(checked, 0)},
          {"16-bit", BlockMode::Of(small, 0)},
          {"real", BlockMode::Of(real, 0)},
          {"software", FlatMode().InSoftware()},
          {"single", FlatMode().Single()},
          {"probed", FlatMode(), 0xFFFFFFFFu, true},
          {"zero checks", FlatMode(), 0xFFFFFFFFu, false, Optimisation::kSumChecks},
          {"no guesses", FlatMode(), 0xFFFFFFFFu, false, Optimisation::kGuessTargets}};
}

struct Tally {
  uint64_t mutants = 0;
  uint64_t killed = 0;
  uint64_t dangerous = 0;
  uint64_t dangerous_killed = 0;
};

class ValidatorMutation : public Translation {
 protected:
  // Calls `mutate` with each block of the corpus.
  template <typename Mutate>
  void ForEachBlock(Mutate mutate) {
    Validator validator(stubs_, sites_);
    ExecutionCounts counts;
    unsigned first_kind = 0;
    for (const Mode& mode : Modes()) {
      unsigned next_kind = first_kind++;
      policy_.all_probed = mode.probed;
      UseOptimisations(mode.without ? OptimisationSet::AllBut(*mode.without) : OptimisationSet{});
      for (const std::vector<uint8_t>& snippet : Snippets()) {
        Reset();
        page_.fill(0xC3);
        Write(snippet);
        TranslationRequest request = RequestAt(kStart, mode.mode);
        request.cs_limit = mode.cs_limit;
        // Only what does neither may be entered inside.
        const unsigned kind = next_kind++ % 3;
        if (kind == 1) request.executions = &counts;
        if (kind == 2) request.record_number = 0x12345678;
        const Block block = Translate(request);
        const std::span<const uint8_t> code = HostBytes(block);
        const Validation valid = validator.Check(block, code);
        ASSERT_TRUE(valid) << mode.name << ": " << valid.error().reason;
        MutationReference reference(block, stubs_, code);
        mutate(validator, block, std::vector<uint8_t>(code.begin(), code.end()), reference);
        if (HasFatalFailure()) return;
      }
    }
  }

  static void Judge(Tally& tally, Validator& validator, const Block& block,
                    std::span<const uint8_t> mutant, const std::string& danger,
                    const std::string& what) {
    ++tally.mutants;
    const bool killed = !validator.Check(block, mutant);
    if (killed) ++tally.killed;
    if (danger.empty()) return;
    ++tally.dangerous;
    if (killed) {
      ++tally.dangerous_killed;
    } else {
      constexpr uint64_t kShown = 20;
      if (tally.dangerous - tally.dangerous_killed <= kShown) {
        ADD_FAILURE() << "passes: " << danger << "\ninstead of: " << what;
      }
    }
  }

  static void Report(const char* mutation, const Tally& tally) {
    EXPECT_GT(tally.dangerous, 0u);
    EXPECT_EQ(tally.dangerous_killed, tally.dangerous);
    std::cout << fmt::format(
        "{}: {} mutants, {} rejected ({:.1f} %); dangerous: {}, rejected {} ({:.1f} %)\n", mutation,
        tally.mutants, tally.killed,
        100.0 * static_cast<double>(tally.killed) / static_cast<double>(tally.mutants),
        tally.dangerous, tally.dangerous_killed,
        100.0 * static_cast<double>(tally.dangerous_killed) / static_cast<double>(tally.dangerous));
  }
};

TEST_F(ValidatorMutation, RejectsEveryDangerousFlippedBit) {
  Tally tally;
  ForEachBlock([&](Validator& validator, const Block& block, std::vector<uint8_t> code,
                   MutationReference& reference) {
    for (uint32_t at = 0; at < code.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        code[at] ^= static_cast<uint8_t>(1u << bit);
        Judge(tally, validator, block, code, reference.DangerOf(code, at),
              reference.instructions()[reference.IndexOf(at)].text);
        code[at] ^= static_cast<uint8_t>(1u << bit);
      }
    }
  });
  Report("flipped bits", tally);
}

// The rest of the instruction moves up, and a NOP fills the gap behind it.
TEST_F(ValidatorMutation, RejectsEveryDangerousLossOfAPrefix) {
  Tally tally;
  ForEachBlock([&](Validator& validator, const Block& block, const std::vector<uint8_t>& code,
                   MutationReference& reference) {
    for (const HostInstruction& in : reference.instructions()) {
      for (uint32_t at = in.offset; at + 1 < in.offset + in.length; ++at) {
        const uint8_t byte = code[at];
        const bool rex = (byte & 0xF0) == 0x40;
        if (byte != 0x65 && byte != 0x66 && byte != 0x67 && (byte & 0xFE) != 0xF2 && !rex) break;
        std::vector<uint8_t> mutant = code;
        mutant.erase(mutant.begin() + at);
        mutant.insert(mutant.begin() + in.offset + in.length - 1, 0x90);
        // Relative branches would lead one byte short.
        if (in.transfer) break;
        Judge(tally, validator, block, mutant, reference.DangerOf(mutant, in.offset), in.text);
        if (rex) break;
      }
    }
  });
  Report("lost prefixes", tally);
}

TEST_F(ValidatorMutation, RejectsEveryDangerousRegisterAndAddress) {
  Tally tally;
  std::mt19937 random(20260202);
  ForEachBlock([&](Validator& validator, const Block& block, std::vector<uint8_t> code,
                   MutationReference& reference) {
    for (const HostInstruction& in : reference.instructions()) {
      const cs_x86_encoding& encoding = in.detail.encoding;
      // Capstone takes the one byte of RORX for four.
      const auto replace = [&](uint32_t at, uint32_t size, int times) {
        const uint32_t bytes = std::min(size, in.offset + in.length - at);
        const std::vector<uint8_t> kept(code.begin() + at, code.begin() + at + bytes);
        for (int i = 0; i < times; ++i) {
          for (uint32_t byte = 0; byte < bytes; ++byte) {
            code[at + byte] = static_cast<uint8_t>(random());
          }
          Judge(tally, validator, block, code, reference.DangerOf(code, in.offset), in.text);
        }
        std::ranges::copy(kept, code.begin() + at);
      };
      if (encoding.modrm_offset != 0) replace(in.offset + encoding.modrm_offset, 1, 12);
      if (encoding.modrm_offset != 0 && encoding.modrm_offset + 1u < in.length) {
        replace(in.offset + encoding.modrm_offset, 2, 6);
      }
      if (encoding.disp_offset != 0 && encoding.disp_size != 0) {
        replace(in.offset + encoding.disp_offset, encoding.disp_size, 6);
      }
      if (encoding.imm_offset != 0 && encoding.imm_size != 0) {
        replace(in.offset + encoding.imm_offset, encoding.imm_size, 6);
      }
    }
  });
  Report("replaced registers, addresses and immediates", tally);
}

TEST_F(ValidatorMutation, RejectsEveryDangerousBranchTarget) {
  Tally tally;
  std::mt19937 random(20260303);
  ForEachBlock([&](Validator& validator, const Block& block, std::vector<uint8_t> code,
                   MutationReference& reference) {
    for (const HostInstruction& in : reference.instructions()) {
      if (!in.transfer || in.detail.operands[0].type != X86_OP_IMM || in.length < 5) continue;
      const uint32_t field = in.offset + in.length - 4;
      const auto kept = LoadLittle<uint32_t>(&code[field]);
      for (int i = 0; i < 60; ++i) {
        // Within the block mostly, or one of the stubs, or anywhere.
        uint32_t distance = static_cast<uint32_t>(random());
        if (i < 40) distance = static_cast<uint32_t>(random() % code.size()) - (field + 4);
        if (i >= 40 && i < 55) {
          const std::array<const uint8_t*, 7> stubs{
              stubs_.dispatch,     stubs_.dead,         stubs_.callout,   stubs_.load_segment,
              stubs_.far_transfer, stubs_.access_begin, stubs_.access_end};
          distance = static_cast<uint32_t>(stubs[random() % stubs.size()] + (i % 3) -
                                           (block.host_start + field + 4));
        }
        StoreLittle(&code[field], distance);
        if (distance == kept) continue;
        Judge(tally, validator, block, code, reference.DangerOf(code, in.offset), in.text);
      }
      StoreLittle(&code[field], kept);
    }
  });
  Report("other branch targets", tally);
}

// A table that says that jumps may enter where they may not.
TEST_F(ValidatorMutation, RejectsEveryDangerousStart) {
  Tally tally;
  ForEachBlock([&](Validator& validator, const Block& block, const std::vector<uint8_t>& code,
                   MutationReference& reference) {
    const std::vector<HostInstruction>& all = reference.instructions();
    for (size_t i = 0; i + 1 < all.size(); ++i) {
      const uint32_t offset = all[i + 1].offset;
      if (offset <= block.body_offset || offset >= block.stubs_offset) continue;
      std::vector<RecoveryPoint> points(block.recovery.begin(), block.recovery.end());
      std::erase_if(points, [offset](const auto& each) { return each.host_offset == offset; });
      points.insert(std::ranges::upper_bound(points, offset, {}, &RecoveryPoint::host_offset),
                    {.host_offset = offset, .start = true, .eip = block.eip});
      Block mutant = block;
      mutant.recovery = points;
      Judge(tally, validator, mutant, code, reference.DangerOfEntryBehind(i),
            all[i].text + "; " + all[i + 1].text);
    }
  });
  Report("starts elsewhere", tally);
}

TEST_F(ValidatorMutation, RejectsEveryDangerousSwap) {
  Tally tally;
  ForEachBlock([&](Validator& validator, const Block& block, const std::vector<uint8_t>& code,
                   MutationReference& reference) {
    const std::vector<HostInstruction>& all = reference.instructions();
    for (size_t i = 0; i + 1 < all.size(); ++i) {
      const HostInstruction& a = all[i];
      const HostInstruction& b = all[i + 1];
      // A relative branch would lead elsewhere.
      const auto is_relative = [](const HostInstruction& in) {
        return in.transfer && in.detail.operands[0].type == X86_OP_IMM;
      };
      if (is_relative(a) || is_relative(b) || a.text == b.text) continue;
      std::vector<uint8_t> mutant = code;
      std::rotate(mutant.begin() + a.offset, mutant.begin() + b.offset,
                  mutant.begin() + b.offset + b.length);
      Judge(tally, validator, block, mutant, reference.DangerOfSwap(i), a.text + "; " + b.text);
    }
  });
  Report("swapped instructions", tally);
}

}  // namespace
}  // namespace verbatim
