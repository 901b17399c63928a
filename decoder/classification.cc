// SPDX-License-Identifier: Apache-2.0
// The table proper. One row per handling and extension; each mnemonic appears once.
#include "decoder/classification.h"

#include <array>
#include <initializer_list>

namespace verbatim {
namespace {

struct Row {
  Handling handling;
  Extension extension;
  std::initializer_list<Mnemonic> mnemonics;
};

using enum Mnemonic;

// clang-format off
const Row kRows[] = {
    {Handling::kIdent, Extension::kBase, {
        kAdc, kAdd, kAnd, kBsf, kBsr, kBswap, kBt, kBtc, kBtr, kBts, kCbw,
        kCdq, kClc, kCld, kCmc, kCmp, kCmpxchg, kCwd, kCwde, kDec, kDiv,
        kF2xm1, kFabs, kFadd, kFaddp, kFbld, kFbstp, kFchs, kFcom, kFcomp,
        kFcompp, kFcos, kFdecstp, kFdisi8087Nop, kFdiv, kFdivp, kFdivr, kFdivrp,
        kFeni8087Nop, kFfree, kFfreep, kFiadd, kFicom, kFicomp, kFidiv, kFidivr,
        kFild, kFimul, kFincstp, kFist, kFistp, kFisub, kFisubr, kFld, kFld1,
        kFldcw, kFldl2e, kFldl2t, kFldlg2, kFldln2, kFldpi, kFldz, kFmul,
        kFmulp, kFnclex, kFninit, kFnop, kFnstcw, kFnstsw, kFpatan, kFprem,
        kFprem1, kFptan, kFrndint, kFscale, kFsetpm287Nop, kFsin, kFsincos,
        kFsqrt, kFst, kFstp, kFstpnce, kFsub, kFsubp, kFsubr, kFsubrp, kFtst,
        kFucom, kFucomp, kFucompp, kFwait, kFxam, kFxch, kFxtract, kFyl2x,
        kFyl2xp1, kIdiv, kImul, kInc, kLahf, kLea, kMov, kMovsx, kMovzx, kMul,
        kNeg, kNot, kOr, kRcl, kRcr, kRol, kRor, kSahf, kSar, kSbb, kSetb,
        kSetbe, kSetl, kSetle, kSetnb, kSetnbe, kSetnl, kSetnle, kSetno, kSetnp,
        kSetns, kSetnz, kSeto, kSetp, kSets, kSetz, kShl, kShld, kShr, kShrd,
        kStc, kStd, kSub, kTest, kXadd, kXchg, kXlat, kXor}},
    {Handling::kIdent, Extension::kCmov, {
        kCmovb, kCmovbe, kCmovl, kCmovle, kCmovnb, kCmovnbe, kCmovnl, kCmovnle,
        kCmovno, kCmovnp, kCmovns, kCmovnz, kCmovo, kCmovp, kCmovs, kCmovz,
        kFcmovb, kFcmovbe, kFcmove, kFcmovnb, kFcmovnbe, kFcmovne, kFcmovnu,
        kFcmovu, kFcomi, kFcomip, kFucomi, kFucomip}},
    {Handling::kIdent, Extension::kCx8, {
        kCmpxchg8b}},
    {Handling::kIdent, Extension::kMmx, {
        kEmms, kMovd, kMovq, kPackssdw, kPacksswb, kPackuswb, kPaddb, kPaddd,
        kPaddsb, kPaddsw, kPaddusb, kPaddusw, kPaddw, kPand, kPandn, kPcmpeqb,
        kPcmpeqd, kPcmpeqw, kPcmpgtb, kPcmpgtd, kPcmpgtw, kPmaddwd, kPmulhw,
        kPmullw, kPor, kPslld, kPsllq, kPsllw, kPsrad, kPsraw, kPsrld, kPsrlq,
        kPsrlw, kPsubb, kPsubd, kPsubsb, kPsubsw, kPsubusb, kPsubusw, kPsubw,
        kPunpckhbw, kPunpckhdq, kPunpckhwd, kPunpcklbw, kPunpckldq, kPunpcklwd,
        kPxor}},
    {Handling::kIdent, Extension::kSse, {
        kAddps, kAddss, kAndnps, kAndps, kCmpps, kCmpss, kComiss, kCvtpi2ps,
        kCvtps2pi, kCvtsi2ss, kCvtss2si, kCvttps2pi, kCvttss2si, kDivps, kDivss,
        kLdmxcsr, kMaskmovq, kMaxps, kMaxss, kMinps, kMinss, kMovaps, kMovhlps,
        kMovhps, kMovlhps, kMovlps, kMovmskps, kMovntps, kMovntq, kMovss, kMovups,
        kMulps, kMulss, kOrps, kPavgb, kPavgw, kPextrw, kPinsrw, kPmaxsw,
        kPmaxub, kPminsw, kPminub, kPmovmskb, kPmulhuw, kPrefetchnta, kPrefetcht0,
        kPrefetcht1, kPrefetcht2, kPsadbw, kPshufw, kRcpps, kRcpss, kRsqrtps,
        kRsqrtss, kSfence, kShufps, kSqrtps, kSqrtss, kStmxcsr, kSubps, kSubss,
        kUcomiss, kUnpckhps, kUnpcklps, kXorps}},
    {Handling::kIdent, Extension::kSse2, {
        kAddpd, kAddsd, kAndnpd, kAndpd, kCmppd, kCmpsd, kComisd, kCvtdq2pd,
        kCvtdq2ps, kCvtpd2dq, kCvtpd2pi, kCvtpd2ps, kCvtpi2pd, kCvtps2dq, kCvtps2pd,
        kCvtsd2si, kCvtsd2ss, kCvtsi2sd, kCvtss2sd, kCvttpd2dq, kCvttpd2pi,
        kCvttps2dq, kCvttsd2si, kDivpd, kDivsd, kLfence, kMaskmovdqu, kMaxpd,
        kMaxsd, kMfence, kMinpd, kMinsd, kMovapd, kMovdq2q, kMovdqa, kMovdqu,
        kMovhpd, kMovlpd, kMovmskpd, kMovntdq, kMovnti, kMovntpd, kMovq2dq,
        kMovsd, kMovupd, kMulpd, kMulsd, kOrpd, kPaddq, kPmuludq, kPshufd,
        kPshufhw, kPshuflw, kPslldq, kPsrldq, kPsubq, kPunpckhqdq, kPunpcklqdq,
        kShufpd, kSqrtpd, kSqrtsd, kSubpd, kSubsd, kUcomisd, kUnpckhpd, kUnpcklpd,
        kXorpd}},
    {Handling::kIdent, Extension::kSse3, {
        kAddsubpd, kAddsubps, kFisttp, kHaddpd, kHaddps, kHsubpd, kHsubps, kLddqu,
        kMovddup, kMovshdup, kMovsldup}},
    {Handling::kIdent, Extension::kSsse3, {
        kPabsb, kPabsd, kPabsw, kPalignr, kPhaddd, kPhaddsw, kPhaddw, kPhsubd,
        kPhsubsw, kPhsubw, kPmaddubsw, kPmulhrsw, kPshufb, kPsignb, kPsignd,
        kPsignw}},
    {Handling::kIdent, Extension::kClflush, {
        kClflush}},
    {Handling::kString, Extension::kBase, {
        kCmpsb, kCmpsw, kLodsb, kLodsd, kLodsw, kMovsb, kMovsw, kScasb, kScasd,
        kScasw, kStosb, kStosd, kStosw}},
    {Handling::kStack, Extension::kBase, {
        kLeave, kPop, kPush}},
    {Handling::kControlFlow, Extension::kBase, {
        kCall, kJb, kJbe, kJcxz, kJecxz, kJl, kJle, kJmp, kJnb, kJnbe, kJnl,
        kJnle, kJno, kJnp, kJns, kJnz, kJo, kJp, kJs, kJz, kLoop, kLoope,
        kLoopne, kRet}},
    {Handling::kNoOperation, Extension::kBase, {
        kNop, kPause, kPrefetch, kPrefetchw, kPrefetchwt1}},
    {Handling::kSensitive, Extension::kBase, {
        kAaa, kAad, kAam, kAas, kArpl, kBound, kCli, kClts, kCpuid, kDaa,
        kDas, kEnter, kFldenv, kFnsave, kFnstenv, kFrstor, kHlt, kIn, kInsb,
        kInsd, kInsw, kInt, kInt1, kInt3, kInto, kInvd, kInvlpg, kIret,
        kIretd, kLar, kLds, kLes, kLfs, kLgdt, kLgs, kLidt, kLldt, kLmsw,
        kLsl, kLss, kLtr, kOut, kOutsb, kOutsd, kOutsw, kPopa, kPopad, kPopf,
        kPopfd, kPusha, kPushad, kPushf, kPushfd, kRdmsr, kRdpmc, kRdtsc, kSalc,
        kSgdt, kSidt, kSldt, kSmsw, kSti, kStr, kVerr, kVerw, kWbinvd, kWrmsr}},
    {Handling::kSensitive, Extension::kFxsr, {
        kFxrstor, kFxsave}},
    {Handling::kSensitive, Extension::kSysenter, {
        kSysenter, kSysexit}},
    {Handling::kUndefined, Extension::kBase, {
        kRsm, kUd0, kUd1, kUd2}},
};
// clang-format on

using Table = std::array<Classification, static_cast<size_t>(Mnemonic::kCount)>;

Table BuildTable() {
  Table table{};
  for (const Row& row : kRows) {
    for (const Mnemonic mnemonic : row.mnemonics) {
      table[static_cast<size_t>(mnemonic)] = {row.handling, row.extension, true};
    }
  }
  return table;
}

}  // namespace

Classification Classify(Mnemonic mnemonic) {
  static const Table table = BuildTable();
  return table[static_cast<size_t>(mnemonic)];
}

bool Offers(const CpuFeatures& features, Extension extension) {
  switch (extension) {
    case Extension::kBase:
      return true;
    case Extension::kCmov:
      return features.cmov;
    case Extension::kCx8:
      return features.cx8;
    case Extension::kMmx:
      return features.mmx;
    case Extension::kFxsr:
      return features.fxsr;
    case Extension::kSse:
      return features.sse;
    case Extension::kSse2:
      return features.sse2;
    case Extension::kSse3:
      return features.sse3;
    case Extension::kSsse3:
      return features.ssse3;
    case Extension::kSysenter:
      return features.sysenter;
    case Extension::kClflush:
      return features.clflush;
    case Extension::kCount:
      break;
  }
  return false;
}

}  // namespace verbatim
