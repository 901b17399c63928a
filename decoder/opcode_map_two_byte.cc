// SPDX-License-Identifier: Apache-2.0
// Opcodes behind 0F (SDM vol. 2, tables) that have no SIMD register. What later
// processors made of the hints (CLDEMOTE, BND, ENDBR) is a hint here, F3 BSF is BSF.
#include "decoder/opcode_map.h"

namespace verbatim {
namespace {

using enum Mnemonic;

// clang-format off
constexpr OpcodeRow kRows[] = {
    // Groups 6 and 7
    {"0F 00 /0", kSldt, "=Ew"},  {"0F 00 /1", kStr, "=Ew"},   {"0F 00 /2", kLldt, "Ew"},
    {"0F 00 /3", kLtr, "Ew"},    {"0F 00 /4", kVerr, "Ew"},   {"0F 00 /5", kVerw, "Ew"},
    {"0F 01 /0", kSgdt, "=Ms"},  {"0F 01 /1", kSidt, "=Ms"},  {"0F 01 /2", kLgdt, "Ms"},
    {"0F 01 /3", kLidt, "Ms"},   {"0F 01 /4", kSmsw, "=Ew"},  {"0F 01 /6", kLmsw, "Ew"},
    {"0F 01 /7", kInvlpg, "Mb"},
    // System
    {"0F 02", kLar, "Gv Ew"},      {"0F 03", kLsl, "Gv Ew"},      {"0F 06", kClts, ""},
    {"0F 08", kInvd, ""},          {"0F 09", kWbinvd, ""},        {"0F 0B", kUd2, ""},
    {"0F 20 /0", kMov, "Rd Cd"},   {"0F 20 /2-4", kMov, "Rd Cd"}, {"0F 21", kMov, "Rd Dd"},
    {"0F 22 /0", kMov, "Cd Rd"},   {"0F 22 /2-4", kMov, "Cd Rd"}, {"0F 23", kMov, "Dd Rd"},
    {"0F 30", kWrmsr, ""},         {"0F 31", kRdtsc, ""},         {"0F 32", kRdmsr, ""},
    {"0F 33", kRdpmc, ""},         {"0F 34", kSysenter, ""},      {"0F 35", kSysexit, ""},
    {"0F A2", kCpuid, ""},         {"0F AA", kRsm, ""},
    // Hints
    {"0F 0D /0", kPrefetch, "-Mb"},    {"0F 0D /1", kPrefetchw, "-Mb"},
    {"0F 0D /2", kPrefetchwt1, "-Mb"}, {"0F 0D /3-7", kPrefetch, "-Mb"},
    {"0F 0D", kNop, "Hv"},             {"0F 18 /0", kPrefetchnta, "-Mb"},
    {"0F 18 /1", kPrefetcht0, "-Mb"},  {"0F 18 /2", kPrefetcht1, "-Mb"},
    {"0F 18 /3", kPrefetcht2, "-Mb"},  {"0F 18 /0-3", kNop, "Hv"},
    {"0F 18 /4-7", kNop, "-Ev"},       {"0F 19", kNop, "-Ev"},
    {"0F 1A", kNop, "-Ev"},            {"0F 1B", kNop, "-Ev"},
    {"0F 1C", kNop, "-Ev"},            {"0F 1D", kNop, "-Ev"},
    {"0F 1E", kNop, "-Ev"},            {"0F 1F", kNop, "-Ev"},
    // Conditional moves
    {"0F 40", kCmovo, "Gv Ev"},   {"0F 41", kCmovno, "Gv Ev"},  {"0F 42", kCmovb, "Gv Ev"},
    {"0F 43", kCmovnb, "Gv Ev"},  {"0F 44", kCmovz, "Gv Ev"},   {"0F 45", kCmovnz, "Gv Ev"},
    {"0F 46", kCmovbe, "Gv Ev"},  {"0F 47", kCmovnbe, "Gv Ev"}, {"0F 48", kCmovs, "Gv Ev"},
    {"0F 49", kCmovns, "Gv Ev"},  {"0F 4A", kCmovp, "Gv Ev"},   {"0F 4B", kCmovnp, "Gv Ev"},
    {"0F 4C", kCmovl, "Gv Ev"},   {"0F 4D", kCmovnl, "Gv Ev"},  {"0F 4E", kCmovle, "Gv Ev"},
    {"0F 4F", kCmovnle, "Gv Ev"},
    // Conditional jumps
    {"0F 80", kJo, "Jz"},   {"0F 81", kJno, "Jz"},  {"0F 82", kJb, "Jz"},   {"0F 83", kJnb, "Jz"},
    {"0F 84", kJz, "Jz"},   {"0F 85", kJnz, "Jz"},  {"0F 86", kJbe, "Jz"},  {"0F 87", kJnbe, "Jz"},
    {"0F 88", kJs, "Jz"},   {"0F 89", kJns, "Jz"},  {"0F 8A", kJp, "Jz"},   {"0F 8B", kJnp, "Jz"},
    {"0F 8C", kJl, "Jz"},   {"0F 8D", kJnl, "Jz"},  {"0F 8E", kJle, "Jz"},  {"0F 8F", kJnle, "Jz"},
    // Bytes set by conditions
    {"0F 90", kSeto, "=Eb"},   {"0F 91", kSetno, "=Eb"},  {"0F 92", kSetb, "=Eb"},
    {"0F 93", kSetnb, "=Eb"},  {"0F 94", kSetz, "=Eb"},   {"0F 95", kSetnz, "=Eb"},
    {"0F 96", kSetbe, "=Eb"},  {"0F 97", kSetnbe, "=Eb"}, {"0F 98", kSets, "=Eb"},
    {"0F 99", kSetns, "=Eb"},  {"0F 9A", kSetp, "=Eb"},   {"0F 9B", kSetnp, "=Eb"},
    {"0F 9C", kSetl, "=Eb"},   {"0F 9D", kSetnl, "=Eb"},  {"0F 9E", kSetle, "=Eb"},
    {"0F 9F", kSetnle, "=Eb"},
    // Segment registers
    {"0F A0", kPush, "fs"},   {"0F A1", kPop, "fs"},    {"0F A8", kPush, "gs"},
    {"0F A9", kPop, "gs"},    {"0F B2", kLss, "Gv Mp"}, {"0F B4", kLfs, "Gv Mp"},
    {"0F B5", kLgs, "Gv Mp"},
    // Bits and double shifts
    {"0F A3", kBt, "Ev Gv"},       {"0F AB", kBts, "*Ev Gv"},     {"0F B3", kBtr, "*Ev Gv"},
    {"0F BB", kBtc, "*Ev Gv"},     {"0F BA /4", kBt, "Ev Ib"},    {"0F BA /5", kBts, "*Ev Ib"},
    {"0F BA /6", kBtr, "*Ev Ib"},  {"0F BA /7", kBtc, "*Ev Ib"},  {"0F BC", kBsf, "Gv Ev"},
    {"0F BD", kBsr, "Gv Ev"},      {"0F A4", kShld, "+Ev Gv Ib"}, {"0F A5", kShld, "+Ev Gv cl"},
    {"0F AC", kShrd, "+Ev Gv Ib"}, {"0F AD", kShrd, "+Ev Gv cl"},
    // Moves, exchanges, and the rest
    {"0F AF", kImul, "Gv Ev"},       {"0F B6", kMovzx, "Gv Eb"},
    {"0F B7", kMovzx, "Gv Ew"},      {"0F BE", kMovsx, "Gv Eb"},
    {"0F BF", kMovsx, "Gv Ew"},      {"0F B0", kCmpxchg, "*Eb Gb"},
    {"0F B1", kCmpxchg, "*Ev Gv"},   {"0F C0", kXadd, "*Eb Gb"},
    {"0F C1", kXadd, "*Ev Gv"},      {"0F C7 /1", kCmpxchg8b, "*Mq"},
    {"0F C8+r", kBswap, "Zv"},       {"0F B9", kUd1, "Gd Ed"},
    {"0F FF", kUd0, "Gd Ed"},
};
// clang-format on

}  // namespace

std::span<const OpcodeRow> TwoByteOpcodes() { return kRows; }

}  // namespace verbatim
