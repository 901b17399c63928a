// SPDX-License-Identifier: Apache-2.0
#include "decoder/flag_effects.h"

#include <algorithm>
#include <initializer_list>

#include "decoder/instruction.h"

namespace verbatim {
namespace {

using enum Mnemonic;
using flag::kAf;
using flag::kArithmetic;
using flag::kCf;
using flag::kDf;
using flag::kHostResident;
using flag::kOf;
using flag::kPf;
using flag::kSf;
using flag::kZf;

struct Row {
  FlagEffects effects;
  std::initializer_list<Mnemonic> mnemonics;
};

// clang-format off
const Row kRows[] = {
    {{0, kArithmetic}, {
        kAad, kAam, kAdd, kAnd, kCmp, kCmpxchg, kComisd, kComiss, kDiv, kFcomi, kFcomip, kFucomi,
        kFucomip, kIdiv, kImul, kMul, kNeg, kOr, kSar, kShl, kShld, kShr, kShrd, kSub, kTest,
        kUcomisd, kUcomiss, kXadd, kXor}},
    {{kCf, kArithmetic}, {kAdc, kSbb}},
    {{kAf, kArithmetic}, {kAaa, kAas}},
    {{kAf | kCf, kArithmetic}, {kDaa, kDas}},
    {{0, kArithmetic & ~kCf}, {kDec, kInc}},
    {{0, kCf | kOf}, {kRol, kRor}},
    {{kCf, kCf | kOf}, {kRcl, kRcr}},
    // The manual leaves the others undefined. Processors leave them alone: a guest may rely on it.
    {{0, kCf}, {kBt, kBtc, kBtr, kBts}},
    {{0, kZf}, {kBsf, kBsr}},
    {{0, kZf}, {kArpl, kCmpxchg8b, kLar, kLsl, kVerr, kVerw}},

    {{0, kCf}, {kClc, kStc}},
    {{kCf, kCf}, {kCmc}},
    {{0, kDf}, {kCld, kStd}},
    {{kSf | kZf | kAf | kPf | kCf, 0}, {kLahf}},
    {{0, kSf | kZf | kAf | kPf | kCf}, {kSahf}},
    {{kHostResident, 0}, {kPushf, kPushfd}},
    {{0, kHostResident}, {kIret, kIretd, kPopf, kPopfd, kRsm}},

    {{kDf, kArithmetic}, {kCmpsb, kCmpsw, kScasb, kScasd, kScasw}},
    {{kDf, 0}, {
        kInsb, kInsd, kInsw, kLodsb, kLodsd, kLodsw, kMovsb, kMovsw, kOutsb, kOutsd, kOutsw, kStosb,
        kStosd, kStosw}},

    {{kOf, 0}, {kCmovno, kCmovo, kInto, kJno, kJo, kSetno, kSeto}},
    {{kCf, 0}, {
        kCmovb, kCmovnb, kFcmovb, kFcmovnb, kJb, kJnb, kSalc, kSetb, kSetnb}},
    {{kZf, 0}, {
        kCmovnz, kCmovz, kFcmove, kFcmovne, kJnz, kJz, kLoope, kLoopne, kSetnz, kSetz}},
    {{kCf | kZf, 0}, {kCmovbe, kCmovnbe, kFcmovbe, kFcmovnbe, kJbe, kJnbe, kSetbe, kSetnbe}},
    {{kSf, 0}, {kCmovns, kCmovs, kJns, kJs, kSetns, kSets}},
    {{kPf, 0}, {kCmovnp, kCmovp, kFcmovnu, kFcmovu, kJnp, kJp, kSetnp, kSetp}},
    {{kSf | kOf, 0}, {kCmovl, kCmovnl, kJl, kJnl, kSetl, kSetnl}},
    {{kZf | kSf | kOf, 0}, {kCmovle, kCmovnle, kJle, kJnle, kSetle, kSetnle}},
};
// clang-format on

}  // namespace

FlagEffects FlagEffectsOf(Mnemonic mnemonic) {
  for (const Row& row : kRows) {
    if (std::ranges::find(row.mnemonics, mnemonic) != row.mnemonics.end()) return row.effects;
  }
  return {};
}

}  // namespace verbatim
