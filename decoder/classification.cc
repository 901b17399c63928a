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
  std::initializer_list<ZydisMnemonic> mnemonics;
};

#define M(name) ZYDIS_MNEMONIC_##name

// clang-format off
const Row kRows[] = {
    {Handling::kIdent, Extension::kBase, {
        M(ADC), M(ADD), M(AND), M(BSF), M(BSR), M(BSWAP), M(BT), M(BTC), M(BTR), M(BTS), M(CBW),
        M(CDQ), M(CLC), M(CLD), M(CMC), M(CMP), M(CMPXCHG), M(CWD), M(CWDE), M(DEC), M(DIV),
        M(F2XM1), M(FABS), M(FADD), M(FADDP), M(FBLD), M(FBSTP), M(FCHS), M(FCOM), M(FCOMP),
        M(FCOMPP), M(FCOS), M(FDECSTP), M(FDISI8087_NOP), M(FDIV), M(FDIVP), M(FDIVR), M(FDIVRP),
        M(FENI8087_NOP), M(FFREE), M(FFREEP), M(FIADD), M(FICOM), M(FICOMP), M(FIDIV), M(FIDIVR),
        M(FILD), M(FIMUL), M(FINCSTP), M(FIST), M(FISTP), M(FISUB), M(FISUBR), M(FLD), M(FLD1),
        M(FLDCW), M(FLDL2E), M(FLDL2T), M(FLDLG2), M(FLDLN2), M(FLDPI), M(FLDZ), M(FMUL),
        M(FMULP), M(FNCLEX), M(FNINIT), M(FNOP), M(FNSTCW), M(FNSTSW), M(FPATAN), M(FPREM),
        M(FPREM1), M(FPTAN), M(FRNDINT), M(FSCALE), M(FSETPM287_NOP), M(FSIN), M(FSINCOS),
        M(FSQRT), M(FST), M(FSTP), M(FSTPNCE), M(FSUB), M(FSUBP), M(FSUBR), M(FSUBRP), M(FTST),
        M(FUCOM), M(FUCOMP), M(FUCOMPP), M(FWAIT), M(FXAM), M(FXCH), M(FXTRACT), M(FYL2X),
        M(FYL2XP1), M(IDIV), M(IMUL), M(INC), M(LAHF), M(LEA), M(MOV), M(MOVSX), M(MOVZX), M(MUL),
        M(NEG), M(NOT), M(OR), M(RCL), M(RCR), M(ROL), M(ROR), M(SAHF), M(SAR), M(SBB), M(SETB),
        M(SETBE), M(SETL), M(SETLE), M(SETNB), M(SETNBE), M(SETNL), M(SETNLE), M(SETNO), M(SETNP),
        M(SETNS), M(SETNZ), M(SETO), M(SETP), M(SETS), M(SETZ), M(SHL), M(SHLD), M(SHR), M(SHRD),
        M(STC), M(STD), M(SUB), M(TEST), M(XADD), M(XCHG), M(XLAT), M(XOR)}},
    {Handling::kIdent, Extension::kCmov, {
        M(CMOVB), M(CMOVBE), M(CMOVL), M(CMOVLE), M(CMOVNB), M(CMOVNBE), M(CMOVNL), M(CMOVNLE),
        M(CMOVNO), M(CMOVNP), M(CMOVNS), M(CMOVNZ), M(CMOVO), M(CMOVP), M(CMOVS), M(CMOVZ),
        M(FCMOVB), M(FCMOVBE), M(FCMOVE), M(FCMOVNB), M(FCMOVNBE), M(FCMOVNE), M(FCMOVNU),
        M(FCMOVU), M(FCOMI), M(FCOMIP), M(FUCOMI), M(FUCOMIP)}},
    {Handling::kIdent, Extension::kCx8, {
        M(CMPXCHG8B)}},
    {Handling::kIdent, Extension::kMmx, {
        M(EMMS), M(MOVD), M(MOVQ), M(PACKSSDW), M(PACKSSWB), M(PACKUSWB), M(PADDB), M(PADDD),
        M(PADDSB), M(PADDSW), M(PADDUSB), M(PADDUSW), M(PADDW), M(PAND), M(PANDN), M(PCMPEQB),
        M(PCMPEQD), M(PCMPEQW), M(PCMPGTB), M(PCMPGTD), M(PCMPGTW), M(PMADDWD), M(PMULHW),
        M(PMULLW), M(POR), M(PSLLD), M(PSLLQ), M(PSLLW), M(PSRAD), M(PSRAW), M(PSRLD), M(PSRLQ),
        M(PSRLW), M(PSUBB), M(PSUBD), M(PSUBSB), M(PSUBSW), M(PSUBUSB), M(PSUBUSW), M(PSUBW),
        M(PUNPCKHBW), M(PUNPCKHDQ), M(PUNPCKHWD), M(PUNPCKLBW), M(PUNPCKLDQ), M(PUNPCKLWD),
        M(PXOR)}},
    {Handling::kIdent, Extension::kSse, {
        M(ADDPS), M(ADDSS), M(ANDNPS), M(ANDPS), M(CMPPS), M(CMPSS), M(COMISS), M(CVTPI2PS),
        M(CVTPS2PI), M(CVTSI2SS), M(CVTSS2SI), M(CVTTPS2PI), M(CVTTSS2SI), M(DIVPS), M(DIVSS),
        M(LDMXCSR), M(MASKMOVQ), M(MAXPS), M(MAXSS), M(MINPS), M(MINSS), M(MOVAPS), M(MOVHLPS),
        M(MOVHPS), M(MOVLHPS), M(MOVLPS), M(MOVMSKPS), M(MOVNTPS), M(MOVNTQ), M(MOVSS), M(MOVUPS),
        M(MULPS), M(MULSS), M(ORPS), M(PAVGB), M(PAVGW), M(PEXTRW), M(PINSRW), M(PMAXSW),
        M(PMAXUB), M(PMINSW), M(PMINUB), M(PMOVMSKB), M(PMULHUW), M(PREFETCHNTA), M(PREFETCHT0),
        M(PREFETCHT1), M(PREFETCHT2), M(PSADBW), M(PSHUFW), M(RCPPS), M(RCPSS), M(RSQRTPS),
        M(RSQRTSS), M(SFENCE), M(SHUFPS), M(SQRTPS), M(SQRTSS), M(STMXCSR), M(SUBPS), M(SUBSS),
        M(UCOMISS), M(UNPCKHPS), M(UNPCKLPS), M(XORPS)}},
    {Handling::kIdent, Extension::kSse2, {
        M(ADDPD), M(ADDSD), M(ANDNPD), M(ANDPD), M(CMPPD), M(CMPSD), M(COMISD), M(CVTDQ2PD),
        M(CVTDQ2PS), M(CVTPD2DQ), M(CVTPD2PI), M(CVTPD2PS), M(CVTPI2PD), M(CVTPS2DQ), M(CVTPS2PD),
        M(CVTSD2SI), M(CVTSD2SS), M(CVTSI2SD), M(CVTSS2SD), M(CVTTPD2DQ), M(CVTTPD2PI),
        M(CVTTPS2DQ), M(CVTTSD2SI), M(DIVPD), M(DIVSD), M(LFENCE), M(MASKMOVDQU), M(MAXPD),
        M(MAXSD), M(MFENCE), M(MINPD), M(MINSD), M(MOVAPD), M(MOVDQ2Q), M(MOVDQA), M(MOVDQU),
        M(MOVHPD), M(MOVLPD), M(MOVMSKPD), M(MOVNTDQ), M(MOVNTI), M(MOVNTPD), M(MOVQ2DQ),
        M(MOVSD), M(MOVUPD), M(MULPD), M(MULSD), M(ORPD), M(PADDQ), M(PMULUDQ), M(PSHUFD),
        M(PSHUFHW), M(PSHUFLW), M(PSLLDQ), M(PSRLDQ), M(PSUBQ), M(PUNPCKHQDQ), M(PUNPCKLQDQ),
        M(SHUFPD), M(SQRTPD), M(SQRTSD), M(SUBPD), M(SUBSD), M(UCOMISD), M(UNPCKHPD), M(UNPCKLPD),
        M(XORPD)}},
    {Handling::kIdent, Extension::kSse3, {
        M(ADDSUBPD), M(ADDSUBPS), M(FISTTP), M(HADDPD), M(HADDPS), M(HSUBPD), M(HSUBPS), M(LDDQU),
        M(MOVDDUP), M(MOVSHDUP), M(MOVSLDUP)}},
    {Handling::kIdent, Extension::kSsse3, {
        M(PABSB), M(PABSD), M(PABSW), M(PALIGNR), M(PHADDD), M(PHADDSW), M(PHADDW), M(PHSUBD),
        M(PHSUBSW), M(PHSUBW), M(PMADDUBSW), M(PMULHRSW), M(PSHUFB), M(PSIGNB), M(PSIGND),
        M(PSIGNW)}},
    {Handling::kIdent, Extension::kClflush, {
        M(CLFLUSH)}},
    {Handling::kString, Extension::kBase, {
        M(CMPSB), M(CMPSW), M(LODSB), M(LODSD), M(LODSW), M(MOVSB), M(MOVSW), M(SCASB), M(SCASD),
        M(SCASW), M(STOSB), M(STOSD), M(STOSW)}},
    {Handling::kStack, Extension::kBase, {
        M(LEAVE), M(POP), M(PUSH)}},
    {Handling::kControlFlow, Extension::kBase, {
        M(CALL), M(JB), M(JBE), M(JCXZ), M(JECXZ), M(JL), M(JLE), M(JMP), M(JNB), M(JNBE), M(JNL),
        M(JNLE), M(JNO), M(JNP), M(JNS), M(JNZ), M(JO), M(JP), M(JS), M(JZ), M(LOOP), M(LOOPE),
        M(LOOPNE), M(RET)}},
    {Handling::kNoOperation, Extension::kBase, {
        M(NOP), M(PAUSE), M(PREFETCH), M(PREFETCHW), M(PREFETCHWT1)}},
    {Handling::kSensitive, Extension::kBase, {
        M(AAA), M(AAD), M(AAM), M(AAS), M(ARPL), M(BOUND), M(CLI), M(CLTS), M(CPUID), M(DAA),
        M(DAS), M(ENTER), M(FLDENV), M(FNSAVE), M(FNSTENV), M(FRSTOR), M(HLT), M(IN), M(INSB),
        M(INSD), M(INSW), M(INT), M(INT1), M(INT3), M(INTO), M(INVD), M(INVLPG), M(IRET),
        M(IRETD), M(LAR), M(LDS), M(LES), M(LFS), M(LGDT), M(LGS), M(LIDT), M(LLDT), M(LMSW),
        M(LSL), M(LSS), M(LTR), M(OUT), M(OUTSB), M(OUTSD), M(OUTSW), M(POPA), M(POPAD), M(POPF),
        M(POPFD), M(PUSHA), M(PUSHAD), M(PUSHF), M(PUSHFD), M(RDMSR), M(RDPMC), M(RDTSC), M(SALC),
        M(SGDT), M(SIDT), M(SLDT), M(SMSW), M(STI), M(STR), M(VERR), M(VERW), M(WBINVD), M(WRMSR)}},
    {Handling::kSensitive, Extension::kFxsr, {
        M(FXRSTOR), M(FXSAVE)}},
    {Handling::kSensitive, Extension::kSysenter, {
        M(SYSENTER), M(SYSEXIT)}},
    {Handling::kUndefined, Extension::kBase, {
        M(RSM), M(UD0), M(UD1), M(UD2)}},
};
// clang-format on

#undef M

using Table = std::array<Classification, ZYDIS_MNEMONIC_MAX_VALUE + 1>;

Table BuildTable() {
  Table table{};
  for (const Row& row : kRows) {
    for (const ZydisMnemonic mnemonic : row.mnemonics) {
      table[static_cast<size_t>(mnemonic)] = {row.handling, row.extension, true};
    }
  }
  return table;
}

}  // namespace

Classification Classify(ZydisMnemonic mnemonic) {
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
  }
  return false;
}

}  // namespace verbatim
