// SPDX-License-Identifier: Apache-2.0
// Opcodes of the x87 (SDM vol. 2, tables ), with those that the manual leaves out and
// every processor has: FFREEP, FSTPNCE and second encodings of FCOM, FCOMP, FXCH and FSTP.
#include "decoder/opcode_map.h"

namespace verbatim {
namespace {

using enum Mnemonic;

// clang-format off
constexpr OpcodeRow kRows[] = {
    // D8: arithmetic with 32-bit reals
    {"D8 /0", kFadd, "Md"},  {"D8 /1", kFmul, "Md"},  {"D8 /2", kFcom, "Md"},
    {"D8 /3", kFcomp, "Md"}, {"D8 /4", kFsub, "Md"},  {"D8 /5", kFsubr, "Md"},
    {"D8 /6", kFdiv, "Md"},  {"D8 /7", kFdivr, "Md"}, {"D8 /0", kFadd, "T"},
    {"D8 /1", kFmul, "T"},   {"D8 /2", kFcom, "T"},   {"D8 /3", kFcomp, "T"},
    {"D8 /4", kFsub, "T"},   {"D8 /5", kFsubr, "T"},  {"D8 /6", kFdiv, "T"},
    {"D8 /7", kFdivr, "T"},
    // D9: 32-bit reals, environment
    {"D9 /0", kFld, "Md"},      {"D9 /2", kFst, "=Md"},     {"D9 /3", kFstp, "=Md"},
    {"D9 /4", kFldenv, "Me"},   {"D9 /5", kFldcw, "Mw"},    {"D9 /6", kFnstenv, "=Me"},
    {"D9 /7", kFnstcw, "=Mw"},
    // D9: registers
    {"D9 /0", kFld, "T"},     {"D9 /1", kFxch, "T"},    {"D9 D0", kFnop, ""},
    {"D9 /3", kFstpnce, "T"}, {"D9 E0", kFchs, ""},     {"D9 E1", kFabs, ""},
    {"D9 E4", kFtst, ""},     {"D9 E5", kFxam, ""},     {"D9 E8", kFld1, ""},
    {"D9 E9", kFldl2t, ""},   {"D9 EA", kFldl2e, ""},   {"D9 EB", kFldpi, ""},
    {"D9 EC", kFldlg2, ""},   {"D9 ED", kFldln2, ""},   {"D9 EE", kFldz, ""},
    {"D9 F0", kF2xm1, ""},    {"D9 F1", kFyl2x, ""},    {"D9 F2", kFptan, ""},
    {"D9 F3", kFpatan, ""},   {"D9 F4", kFxtract, ""},  {"D9 F5", kFprem1, ""},
    {"D9 F6", kFdecstp, ""},  {"D9 F7", kFincstp, ""},  {"D9 F8", kFprem, ""},
    {"D9 F9", kFyl2xp1, ""},  {"D9 FA", kFsqrt, ""},    {"D9 FB", kFsincos, ""},
    {"D9 FC", kFrndint, ""},  {"D9 FD", kFscale, ""},   {"D9 FE", kFsin, ""},
    {"D9 FF", kFcos, ""},
    // DA: arithmetic with 32-bit integers, conditional moves
    {"DA /0", kFiadd, "Md"},  {"DA /1", kFimul, "Md"},  {"DA /2", kFicom, "Md"},
    {"DA /3", kFicomp, "Md"}, {"DA /4", kFisub, "Md"},  {"DA /5", kFisubr, "Md"},
    {"DA /6", kFidiv, "Md"},  {"DA /7", kFidivr, "Md"}, {"DA /0", kFcmovb, "T"},
    {"DA /1", kFcmove, "T"},  {"DA /2", kFcmovbe, "T"}, {"DA /3", kFcmovu, "T"},
    {"DA E9", kFucompp, ""},
    // DB: 32-bit integers, 80-bit reals, control, comparisons
    {"DB /0", kFild, "Md"},       {"DB /1", kFisttp, "=Md"},    {"DB /2", kFist, "=Md"},
    {"DB /3", kFistp, "=Md"},     {"DB /5", kFld, "Mt"},        {"DB /7", kFstp, "=Mt"},
    {"DB /0", kFcmovnb, "T"},     {"DB /1", kFcmovne, "T"},     {"DB /2", kFcmovnbe, "T"},
    {"DB /3", kFcmovnu, "T"},     {"DB E0", kFeni8087Nop, ""},  {"DB E1", kFdisi8087Nop, ""},
    {"DB E2", kFnclex, ""},       {"DB E3", kFninit, ""},       {"DB E4", kFsetpm287Nop, ""},
    {"DB /5", kFucomi, "T"},      {"DB /6", kFcomi, "T"},
    // DC: arithmetic with 64-bit reals
    {"DC /0", kFadd, "Mq"},  {"DC /1", kFmul, "Mq"},  {"DC /2", kFcom, "Mq"},
    {"DC /3", kFcomp, "Mq"}, {"DC /4", kFsub, "Mq"},  {"DC /5", kFsubr, "Mq"},
    {"DC /6", kFdiv, "Mq"},  {"DC /7", kFdivr, "Mq"}, {"DC /0", kFadd, "T"},
    {"DC /1", kFmul, "T"},   {"DC /2", kFcom, "T"},   {"DC /3", kFcomp, "T"},
    {"DC /4", kFsubr, "T"},  {"DC /5", kFsub, "T"},   {"DC /6", kFdivr, "T"},
    {"DC /7", kFdiv, "T"},
    // DD: 64-bit reals, state
    {"DD /0", kFld, "Mq"},     {"DD /1", kFisttp, "=Mq"}, {"DD /2", kFst, "=Mq"},
    {"DD /3", kFstp, "=Mq"},   {"DD /4", kFrstor, "Mf"},  {"DD /6", kFnsave, "=Mf"},
    {"DD /7", kFnstsw, "=Mw"}, {"DD /0", kFfree, "T"},    {"DD /1", kFxch, "T"},
    {"DD /2", kFst, "T"},      {"DD /3", kFstp, "T"},     {"DD /4", kFucom, "T"},
    {"DD /5", kFucomp, "T"},
    // DE: arithmetic with 16-bit integers, and with a pop
    {"DE /0", kFiadd, "Mw"},  {"DE /1", kFimul, "Mw"},  {"DE /2", kFicom, "Mw"},
    {"DE /3", kFicomp, "Mw"}, {"DE /4", kFisub, "Mw"},  {"DE /5", kFisubr, "Mw"},
    {"DE /6", kFidiv, "Mw"},  {"DE /7", kFidivr, "Mw"}, {"DE /0", kFaddp, "T"},
    {"DE /1", kFmulp, "T"},   {"DE /2", kFcomp, "T"},   {"DE D9", kFcompp, ""},
    {"DE /4", kFsubrp, "T"},  {"DE /5", kFsubp, "T"},   {"DE /6", kFdivrp, "T"},
    {"DE /7", kFdivp, "T"},
    // DF: 16- and 64-bit integers, decimals
    {"DF /0", kFild, "Mw"},    {"DF /1", kFisttp, "=Mw"}, {"DF /2", kFist, "=Mw"},
    {"DF /3", kFistp, "=Mw"},  {"DF /4", kFbld, "Mt"},    {"DF /5", kFild, "Mq"},
    {"DF /6", kFbstp, "=Mt"},  {"DF /7", kFistp, "=Mq"},  {"DF /0", kFfreep, "T"},
    {"DF /1", kFxch, "T"},     {"DF /2", kFstp, "T"},     {"DF /3", kFstp, "T"},
    {"DF E0", kFnstsw, "ax"},  {"DF /5", kFucomip, "T"},  {"DF /6", kFcomip, "T"},
};
// clang-format on

}  // namespace

std::span<const OpcodeRow> X87Opcodes() { return kRows; }

}  // namespace verbatim
