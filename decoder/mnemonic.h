// SPDX-License-Identifier: Apache-2.0
// The names of the instructions that the decoder knows: those of an SSSE3-class 32-bit processor,
// as the manual spells them (SDM vol. 2, chapters 3 and 4). Where it has several names for one
// instruction this is the one that tells what is tested (JNB, not JAE), or how wide (MOVSD).
#ifndef VERBATIM_DECODER_MNEMONIC_H_
#define VERBATIM_DECODER_MNEMONIC_H_

#include <cstdint>
#include <string_view>

namespace verbatim {

// clang-format off
#define VERBATIM_MNEMONICS(V) \
  V(Aaa) V(Aad) V(Aam) V(Aas) V(Adc) V(Add) V(Addpd) V(Addps) V(Addsd) V(Addss) V(Addsubpd)      \
  V(Addsubps) V(And) V(Andnpd) V(Andnps) V(Andpd) V(Andps) V(Arpl) V(Bound) V(Bsf) V(Bsr)        \
  V(Bswap) V(Bt) V(Btc) V(Btr) V(Bts) V(Call) V(Cbw) V(Cdq) V(Clc) V(Cld) V(Clflush) V(Cli)      \
  V(Clts) V(Cmc) V(Cmovb) V(Cmovbe) V(Cmovl) V(Cmovle) V(Cmovnb) V(Cmovnbe) V(Cmovnl) V(Cmovnle) \
  V(Cmovno) V(Cmovnp) V(Cmovns) V(Cmovnz) V(Cmovo) V(Cmovp) V(Cmovs) V(Cmovz) V(Cmp) V(Cmppd)    \
  V(Cmpps) V(Cmpsb) V(Cmpsd) V(Cmpss) V(Cmpsw) V(Cmpxchg) V(Cmpxchg8b) V(Comisd) V(Comiss)       \
  V(Cpuid) V(Cvtdq2pd) V(Cvtdq2ps) V(Cvtpd2dq) V(Cvtpd2pi) V(Cvtpd2ps) V(Cvtpi2pd) V(Cvtpi2ps)   \
  V(Cvtps2dq) V(Cvtps2pd) V(Cvtps2pi) V(Cvtsd2si) V(Cvtsd2ss) V(Cvtsi2sd) V(Cvtsi2ss)            \
  V(Cvtss2sd) V(Cvtss2si) V(Cvttpd2dq) V(Cvttpd2pi) V(Cvttps2dq) V(Cvttps2pi) V(Cvttsd2si)       \
  V(Cvttss2si) V(Cwd) V(Cwde) V(Daa) V(Das) V(Dec) V(Div) V(Divpd) V(Divps) V(Divsd) V(Divss)    \
  V(Emms) V(Enter) V(F2xm1) V(Fabs) V(Fadd) V(Faddp) V(Fbld) V(Fbstp) V(Fchs) V(Fcmovb)          \
  V(Fcmovbe) V(Fcmove) V(Fcmovnb) V(Fcmovnbe) V(Fcmovne) V(Fcmovnu) V(Fcmovu) V(Fcom) V(Fcomi)   \
  V(Fcomip) V(Fcomp) V(Fcompp) V(Fcos) V(Fdecstp) V(Fdisi8087Nop) V(Fdiv) V(Fdivp) V(Fdivr)      \
  V(Fdivrp) V(Feni8087Nop) V(Ffree) V(Ffreep) V(Fiadd) V(Ficom) V(Ficomp) V(Fidiv) V(Fidivr)     \
  V(Fild) V(Fimul) V(Fincstp) V(Fist) V(Fistp) V(Fisttp) V(Fisub) V(Fisubr) V(Fld) V(Fld1)       \
  V(Fldcw) V(Fldenv) V(Fldl2e) V(Fldl2t) V(Fldlg2) V(Fldln2) V(Fldpi) V(Fldz) V(Fmul) V(Fmulp)   \
  V(Fnclex) V(Fninit) V(Fnop) V(Fnsave) V(Fnstcw) V(Fnstenv) V(Fnstsw) V(Fpatan) V(Fprem)        \
  V(Fprem1) V(Fptan) V(Frndint) V(Frstor) V(Fscale) V(Fsetpm287Nop) V(Fsin) V(Fsincos) V(Fsqrt)  \
  V(Fst) V(Fstp) V(Fstpnce) V(Fsub) V(Fsubp) V(Fsubr) V(Fsubrp) V(Ftst) V(Fucom) V(Fucomi)       \
  V(Fucomip) V(Fucomp) V(Fucompp) V(Fwait) V(Fxam) V(Fxch) V(Fxrstor) V(Fxsave) V(Fxtract)       \
  V(Fyl2x) V(Fyl2xp1) V(Haddpd) V(Haddps) V(Hlt) V(Hsubpd) V(Hsubps) V(Idiv) V(Imul) V(In)       \
  V(Inc) V(Insb) V(Insd) V(Insw) V(Int) V(Int1) V(Int3) V(Into) V(Invd) V(Invlpg) V(Iret)        \
  V(Iretd) V(Jb) V(Jbe) V(Jcxz) V(Jecxz) V(Jl) V(Jle) V(Jmp) V(Jnb) V(Jnbe) V(Jnl) V(Jnle)       \
  V(Jno) V(Jnp) V(Jns) V(Jnz) V(Jo) V(Jp) V(Js) V(Jz) V(Lahf) V(Lar) V(Lddqu) V(Ldmxcsr) V(Lds)  \
  V(Lea) V(Leave) V(Les) V(Lfence) V(Lfs) V(Lgdt) V(Lgs) V(Lidt) V(Lldt) V(Lmsw) V(Lodsb)        \
  V(Lodsd) V(Lodsw) V(Loop) V(Loope) V(Loopne) V(Lsl) V(Lss) V(Ltr) V(Maskmovdqu) V(Maskmovq)    \
  V(Maxpd) V(Maxps) V(Maxsd) V(Maxss) V(Mfence) V(Minpd) V(Minps) V(Minsd) V(Minss) V(Mov)       \
  V(Movapd) V(Movaps) V(Movd) V(Movddup) V(Movdq2q) V(Movdqa) V(Movdqu) V(Movhlps) V(Movhpd)     \
  V(Movhps) V(Movlhps) V(Movlpd) V(Movlps) V(Movmskpd) V(Movmskps) V(Movntdq) V(Movnti)          \
  V(Movntpd) V(Movntps) V(Movntq) V(Movq) V(Movq2dq) V(Movsb) V(Movsd) V(Movshdup) V(Movsldup)   \
  V(Movss) V(Movsw) V(Movsx) V(Movupd) V(Movups) V(Movzx) V(Mul) V(Mulpd) V(Mulps) V(Mulsd)      \
  V(Mulss) V(Neg) V(Nop) V(Not) V(Or) V(Orpd) V(Orps) V(Out) V(Outsb) V(Outsd) V(Outsw) V(Pabsb) \
  V(Pabsd) V(Pabsw) V(Packssdw) V(Packsswb) V(Packuswb) V(Paddb) V(Paddd) V(Paddq) V(Paddsb)     \
  V(Paddsw) V(Paddusb) V(Paddusw) V(Paddw) V(Palignr) V(Pand) V(Pandn) V(Pause) V(Pavgb)         \
  V(Pavgw) V(Pcmpeqb) V(Pcmpeqd) V(Pcmpeqw) V(Pcmpgtb) V(Pcmpgtd) V(Pcmpgtw) V(Pextrw) V(Phaddd) \
  V(Phaddsw) V(Phaddw) V(Phsubd) V(Phsubsw) V(Phsubw) V(Pinsrw) V(Pmaddubsw) V(Pmaddwd)          \
  V(Pmaxsw) V(Pmaxub) V(Pminsw) V(Pminub) V(Pmovmskb) V(Pmulhrsw) V(Pmulhuw) V(Pmulhw) V(Pmullw) \
  V(Pmuludq) V(Pop) V(Popa) V(Popad) V(Popf) V(Popfd) V(Por) V(Prefetch) V(Prefetchnta)          \
  V(Prefetcht0) V(Prefetcht1) V(Prefetcht2) V(Prefetchw) V(Prefetchwt1) V(Psadbw) V(Pshufb)      \
  V(Pshufd) V(Pshufhw) V(Pshuflw) V(Pshufw) V(Psignb) V(Psignd) V(Psignw) V(Pslld) V(Pslldq)     \
  V(Psllq) V(Psllw) V(Psrad) V(Psraw) V(Psrld) V(Psrldq) V(Psrlq) V(Psrlw) V(Psubb) V(Psubd)     \
  V(Psubq) V(Psubsb) V(Psubsw) V(Psubusb) V(Psubusw) V(Psubw) V(Punpckhbw) V(Punpckhdq)          \
  V(Punpckhqdq) V(Punpckhwd) V(Punpcklbw) V(Punpckldq) V(Punpcklqdq) V(Punpcklwd) V(Push)        \
  V(Pusha) V(Pushad) V(Pushf) V(Pushfd) V(Pxor) V(Rcl) V(Rcpps) V(Rcpss) V(Rcr) V(Rdmsr)         \
  V(Rdpmc) V(Rdtsc) V(Ret) V(Rol) V(Ror) V(Rsm) V(Rsqrtps) V(Rsqrtss) V(Sahf) V(Salc) V(Sar)     \
  V(Sbb) V(Scasb) V(Scasd) V(Scasw) V(Setb) V(Setbe) V(Setl) V(Setle) V(Setnb) V(Setnbe)         \
  V(Setnl) V(Setnle) V(Setno) V(Setnp) V(Setns) V(Setnz) V(Seto) V(Setp) V(Sets) V(Setz)         \
  V(Sfence) V(Sgdt) V(Shl) V(Shld) V(Shr) V(Shrd) V(Shufpd) V(Shufps) V(Sidt) V(Sldt) V(Smsw)    \
  V(Sqrtpd) V(Sqrtps) V(Sqrtsd) V(Sqrtss) V(Stc) V(Std) V(Sti) V(Stmxcsr) V(Stosb) V(Stosd)      \
  V(Stosw) V(Str) V(Sub) V(Subpd) V(Subps) V(Subsd) V(Subss) V(Sysenter) V(Sysexit) V(Test)      \
  V(Ucomisd) V(Ucomiss) V(Ud0) V(Ud1) V(Ud2) V(Unpckhpd) V(Unpckhps) V(Unpcklpd) V(Unpcklps)     \
  V(Verr) V(Verw) V(Wbinvd) V(Wrmsr) V(Xadd) V(Xchg) V(Xlat) V(Xor) V(Xorpd) V(Xorps)
// clang-format on

enum class Mnemonic : uint16_t {
  kInvalid,  // no such instruction
#define V(name) k##name,
  VERBATIM_MNEMONICS(V)
#undef V
      kCount
};

// In lower case; "invalid" for kInvalid.
[[nodiscard]] std::string_view MnemonicName(Mnemonic mnemonic);

}  // namespace verbatim

#endif  // VERBATIM_DECODER_MNEMONIC_H_
