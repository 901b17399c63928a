// SPDX-License-Identifier: Apache-2.0
// One-byte opcodes (SDM vol. 2, tables ), apart from those of the x87.
#include "decoder/opcode_map.h"

namespace verbatim {
namespace {

using enum Mnemonic;

// clang-format off
constexpr OpcodeRow kRows[] = {
    // Arithmetic
    {"00", kAdd, "*Eb Gb"}, {"01", kAdd, "*Ev Gv"}, {"02", kAdd, "Gb Eb"},
    {"03", kAdd, "Gv Ev"},  {"04", kAdd, "al Bb"},  {"05", kAdd, "eax Bz"},
    {"08", kOr, "*Eb Gb"},  {"09", kOr, "*Ev Gv"},  {"0A", kOr, "Gb Eb"},
    {"0B", kOr, "Gv Ev"},   {"0C", kOr, "al Bb"},   {"0D", kOr, "eax Bz"},
    {"10", kAdc, "*Eb Gb"}, {"11", kAdc, "*Ev Gv"}, {"12", kAdc, "Gb Eb"},
    {"13", kAdc, "Gv Ev"},  {"14", kAdc, "al Bb"},  {"15", kAdc, "eax Bz"},
    {"18", kSbb, "*Eb Gb"}, {"19", kSbb, "*Ev Gv"}, {"1A", kSbb, "Gb Eb"},
    {"1B", kSbb, "Gv Ev"},  {"1C", kSbb, "al Bb"},  {"1D", kSbb, "eax Bz"},
    {"20", kAnd, "*Eb Gb"}, {"21", kAnd, "*Ev Gv"}, {"22", kAnd, "Gb Eb"},
    {"23", kAnd, "Gv Ev"},  {"24", kAnd, "al Bb"},  {"25", kAnd, "eax Bz"},
    {"28", kSub, "*Eb Gb"}, {"29", kSub, "*Ev Gv"}, {"2A", kSub, "Gb Eb"},
    {"2B", kSub, "Gv Ev"},  {"2C", kSub, "al Bb"},  {"2D", kSub, "eax Bz"},
    {"30", kXor, "*Eb Gb"}, {"31", kXor, "*Ev Gv"}, {"32", kXor, "Gb Eb"},
    {"33", kXor, "Gv Ev"},  {"34", kXor, "al Bb"},  {"35", kXor, "eax Bz"},
    {"38", kCmp, "Eb Gb"},  {"39", kCmp, "Ev Gv"},  {"3A", kCmp, "Gb Eb"},
    {"3B", kCmp, "Gv Ev"},  {"3C", kCmp, "al Bb"},  {"3D", kCmp, "eax Bz"},
    // Segment registers and the stack
    {"06", kPush, "es"}, {"07", kPop, "es"},  {"0E", kPush, "cs"}, {"16", kPush, "ss"},
    {"17", kPop, "ss"},  {"1E", kPush, "ds"}, {"1F", kPop, "ds"},
    // Decimal adjustment
    {"27", kDaa, ""}, {"2F", kDas, ""}, {"37", kAaa, ""}, {"3F", kAas, ""},
    // Registers
    {"40+r", kInc, "Zv"},  {"48+r", kDec, "Zv"},  {"50+r", kPush, "Zv"}, {"58+r", kPop, "Zv"},
    // 60
    {"60 o16", kPusha, ""},      {"60 o32", kPushad, ""},     {"61 o16", kPopa, ""},
    {"61 o32", kPopad, ""},      {"62", kBound, "Gv Ma"},     {"63", kArpl, "+Ew Gw"},
    {"68", kPush, "Bz"},         {"69", kImul, "Gv Ev Bz"},   {"6A", kPush, "Bb"},
    {"6B", kImul, "Gv Ev Bb"},   {"6C", kInsb, "Yb dx"},      {"6D o16", kInsw, "Yw dx"},
    {"6D o32", kInsd, "Yd dx"},  {"6E", kOutsb, "dx Xb"},     {"6F o16", kOutsw, "dx Xw"},
    {"6F o32", kOutsd, "dx Xd"},
    // Conditional jumps
    {"70", kJo, "Jb"},   {"71", kJno, "Jb"},  {"72", kJb, "Jb"},   {"73", kJnb, "Jb"},
    {"74", kJz, "Jb"},   {"75", kJnz, "Jb"},  {"76", kJbe, "Jb"},  {"77", kJnbe, "Jb"},
    {"78", kJs, "Jb"},   {"79", kJns, "Jb"},  {"7A", kJp, "Jb"},   {"7B", kJnp, "Jb"},
    {"7C", kJl, "Jb"},   {"7D", kJnl, "Jb"},  {"7E", kJle, "Jb"},  {"7F", kJnle, "Jb"},
    // Group 1
    {"80 /0", kAdd, "*Eb Bb"}, {"80 /1", kOr, "*Eb Bb"},  {"80 /2", kAdc, "*Eb Bb"},
    {"80 /3", kSbb, "*Eb Bb"}, {"80 /4", kAnd, "*Eb Bb"}, {"80 /5", kSub, "*Eb Bb"},
    {"80 /6", kXor, "*Eb Bb"}, {"80 /7", kCmp, "Eb Bb"},  {"81 /0", kAdd, "*Ev Bz"},
    {"81 /1", kOr, "*Ev Bz"},  {"81 /2", kAdc, "*Ev Bz"}, {"81 /3", kSbb, "*Ev Bz"},
    {"81 /4", kAnd, "*Ev Bz"}, {"81 /5", kSub, "*Ev Bz"}, {"81 /6", kXor, "*Ev Bz"},
    {"81 /7", kCmp, "Ev Bz"},  {"82 /0", kAdd, "*Eb Bb"}, {"82 /1", kOr, "*Eb Bb"},
    {"82 /2", kAdc, "*Eb Bb"}, {"82 /3", kSbb, "*Eb Bb"}, {"82 /4", kAnd, "*Eb Bb"},
    {"82 /5", kSub, "*Eb Bb"}, {"82 /6", kXor, "*Eb Bb"}, {"82 /7", kCmp, "Eb Bb"},
    {"83 /0", kAdd, "*Ev Bb"}, {"83 /1", kOr, "*Ev Bb"},  {"83 /2", kAdc, "*Ev Bb"},
    {"83 /3", kSbb, "*Ev Bb"}, {"83 /4", kAnd, "*Ev Bb"}, {"83 /5", kSub, "*Ev Bb"},
    {"83 /6", kXor, "*Ev Bb"}, {"83 /7", kCmp, "Ev Bb"},
    // 80
    {"84", kTest, "Eb Gb"},      {"85", kTest, "Ev Gv"},      {"86", kXchg, "*Eb Gb"},
    {"87", kXchg, "*Ev Gv"},     {"88", kMov, "=Eb Gb"},      {"89", kMov, "=Ev Gv"},
    {"8A", kMov, "Gb Eb"},       {"8B", kMov, "Gv Ev"},       {"8C /0-5", kMov, "=Ew Sw"},
    {"8D", kLea, "Gv -Mv"},      {"8E /0", kMov, "Sw Ew"},    {"8E /2-5", kMov, "Sw Ew"},
    {"8F /0", kPop, "=Ev"},
    // 90
    {"90", kNop, ""},        {"F3 90", kPause, ""},   {"91", kXchg, "Zv eax"},
    {"92", kXchg, "Zv eax"}, {"93", kXchg, "Zv eax"}, {"94", kXchg, "Zv eax"},
    {"95", kXchg, "Zv eax"}, {"96", kXchg, "Zv eax"}, {"97", kXchg, "Zv eax"},
    {"98 o16", kCbw, ""},    {"98 o32", kCwde, ""},   {"99 o16", kCwd, ""},
    {"99 o32", kCdq, ""},    {"9A", kCall, "Ap"},     {"9B", kFwait, ""},
    {"9C o16", kPushf, ""},  {"9C o32", kPushfd, ""}, {"9D o16", kPopf, ""},
    {"9D o32", kPopfd, ""},  {"9E", kSahf, ""},       {"9F", kLahf, ""},
    // A0
    {"A0", kMov, "al Ob"},        {"A1", kMov, "eax Ov"},       {"A2", kMov, "=Ob al"},
    {"A3", kMov, "=Ov eax"},      {"A4", kMovsb, "Yb Xb"},      {"A5 o16", kMovsw, "Yw Xw"},
    {"A5 o32", kMovsd, "Yd Xd"},  {"A6", kCmpsb, "Xb Yb"},      {"A7 o16", kCmpsw, "Xw Yw"},
    {"A7 o32", kCmpsd, "Xd Yd"},  {"A8", kTest, "al Bb"},       {"A9", kTest, "eax Bz"},
    {"AA", kStosb, "Yb al"},      {"AB o16", kStosw, "Yw ax"},  {"AB o32", kStosd, "Yd eax"},
    {"AC", kLodsb, "al Xb"},      {"AD o16", kLodsw, "ax Xw"},  {"AD o32", kLodsd, "eax Xd"},
    {"AE", kScasb, "al Yb"},      {"AF o16", kScasw, "ax Yw"},  {"AF o32", kScasd, "eax Yd"},
    // B0
    {"B0+r", kMov, "Zb Bb"}, {"B8+r", kMov, "Zv Bv"},
    // Group 2: shifts and rotates
    {"C0 /0", kRol, "+Eb Ib"},  {"C0 /1", kRor, "+Eb Ib"},  {"C0 /2", kRcl, "+Eb Ib"},
    {"C0 /3", kRcr, "+Eb Ib"},  {"C0 /4", kShl, "+Eb Ib"},  {"C0 /5", kShr, "+Eb Ib"},
    {"C0 /6", kShl, "+Eb Ib"},  {"C0 /7", kSar, "+Eb Ib"},  {"C1 /0", kRol, "+Ev Ib"},
    {"C1 /1", kRor, "+Ev Ib"},  {"C1 /2", kRcl, "+Ev Ib"},  {"C1 /3", kRcr, "+Ev Ib"},
    {"C1 /4", kShl, "+Ev Ib"},  {"C1 /5", kShr, "+Ev Ib"},  {"C1 /6", kShl, "+Ev Ib"},
    {"C1 /7", kSar, "+Ev Ib"},  {"D0 /0", kRol, "+Eb one"}, {"D0 /1", kRor, "+Eb one"},
    {"D0 /2", kRcl, "+Eb one"}, {"D0 /3", kRcr, "+Eb one"}, {"D0 /4", kShl, "+Eb one"},
    {"D0 /5", kShr, "+Eb one"}, {"D0 /6", kShl, "+Eb one"}, {"D0 /7", kSar, "+Eb one"},
    {"D1 /0", kRol, "+Ev one"}, {"D1 /1", kRor, "+Ev one"}, {"D1 /2", kRcl, "+Ev one"},
    {"D1 /3", kRcr, "+Ev one"}, {"D1 /4", kShl, "+Ev one"}, {"D1 /5", kShr, "+Ev one"},
    {"D1 /6", kShl, "+Ev one"}, {"D1 /7", kSar, "+Ev one"}, {"D2 /0", kRol, "+Eb cl"},
    {"D2 /1", kRor, "+Eb cl"},  {"D2 /2", kRcl, "+Eb cl"},  {"D2 /3", kRcr, "+Eb cl"},
    {"D2 /4", kShl, "+Eb cl"},  {"D2 /5", kShr, "+Eb cl"},  {"D2 /6", kShl, "+Eb cl"},
    {"D2 /7", kSar, "+Eb cl"},  {"D3 /0", kRol, "+Ev cl"},  {"D3 /1", kRor, "+Ev cl"},
    {"D3 /2", kRcl, "+Ev cl"},  {"D3 /3", kRcr, "+Ev cl"},  {"D3 /4", kShl, "+Ev cl"},
    {"D3 /5", kShr, "+Ev cl"},  {"D3 /6", kShl, "+Ev cl"},  {"D3 /7", kSar, "+Ev cl"},
    // C0
    {"C2", kRet, "Iw"},        {"C3", kRet, ""},          {"C4", kLes, "Gv Mp"},
    {"C5", kLds, "Gv Mp"},     {"C6 /0", kMov, "=Eb Bb"}, {"C7 /0", kMov, "=Ev Bz"},
    {"C8", kEnter, "Iw Ib"},   {"C9", kLeave, ""},        {"CA", kRet, "Iw far"},
    {"CB", kRet, "far"},       {"CC", kInt3, ""},         {"CD", kInt, "Ib"},
    {"CE", kInto, ""},         {"CF o16", kIret, ""},     {"CF o32", kIretd, ""},
    // D0
    {"D4", kAam, "Ib"}, {"D5", kAad, "Ib"}, {"D6", kSalc, ""},  {"D7", kXlat, ""},
    // E0
    {"E0", kLoopne, "Jb"},    {"E1", kLoope, "Jb"},     {"E2", kLoop, "Jb"},
    {"E3 a16", kJcxz, "Jb"},  {"E3 a32", kJecxz, "Jb"}, {"E4", kIn, "al Ib"},
    {"E5", kIn, "eax Ib"},    {"E6", kOut, "Ib al"},    {"E7", kOut, "Ib eax"},
    {"E8", kCall, "Jz"},      {"E9", kJmp, "Jz"},       {"EA", kJmp, "Ap"},
    {"EB", kJmp, "Jb"},       {"EC", kIn, "al dx"},     {"ED", kIn, "eax dx"},
    {"EE", kOut, "dx al"},    {"EF", kOut, "dx eax"},
    // F0
    {"F1", kInt1, ""}, {"F4", kHlt, ""},  {"F5", kCmc, ""},  {"F8", kClc, ""},  {"F9", kStc, ""},
    {"FA", kCli, ""},  {"FB", kSti, ""},  {"FC", kCld, ""},  {"FD", kStd, ""},
    // Group 3
    {"F6 /0", kTest, "Eb Bb"}, {"F6 /1", kTest, "Eb Bb"}, {"F6 /2", kNot, "*Eb"},
    {"F6 /3", kNeg, "*Eb"},    {"F6 /4", kMul, "Eb"},     {"F6 /5", kImul, "Eb"},
    {"F6 /6", kDiv, "Eb"},     {"F6 /7", kIdiv, "Eb"},    {"F7 /0", kTest, "Ev Bz"},
    {"F7 /1", kTest, "Ev Bz"}, {"F7 /2", kNot, "*Ev"},    {"F7 /3", kNeg, "*Ev"},
    {"F7 /4", kMul, "Ev"},     {"F7 /5", kImul, "Ev"},    {"F7 /6", kDiv, "Ev"},
    {"F7 /7", kIdiv, "Ev"},
    // Groups 4 and 5
    {"FE /0", kInc, "*Eb"}, {"FE /1", kDec, "*Eb"}, {"FF /0", kInc, "*Ev"}, {"FF /1", kDec, "*Ev"},
    {"FF /2", kCall, "Ev"}, {"FF /3", kCall, "Mp"}, {"FF /4", kJmp, "Ev"},  {"FF /5", kJmp, "Mp"},
    {"FF /6", kPush, "Ev"},
};
// clang-format on

}  // namespace

std::span<const OpcodeRow> OneByteOpcodes() { return kRows; }

}  // namespace verbatim
