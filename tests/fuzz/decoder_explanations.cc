// SPDX-License-Identifier: Apache-2.0
// The model of the decoder is an SSSE3 processor of 2006 (decoder/classification.cc). Section
// numbers are those of SDM volume 2.
#include "tests/fuzz/decoder_explanations.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace verbatim {
namespace {

struct Absent {
  unsigned number;
  const char* reason;
};

// Groups of Capstone that the model does not have: #UD (chapters 3 to 5, "CPUID feature flag").
constexpr Absent kAbsentGroups[] = {
    {X86_GRP_3DNOW, "3DNow!"}, {X86_GRP_ADX, "ADX"},      {X86_GRP_AES, "AES-NI"},
    {X86_GRP_AVX, "AVX"},      {X86_GRP_AVX2, "AVX2"},    {X86_GRP_AVX512, "AVX-512"},
    {X86_GRP_BMI, "BMI1"},     {X86_GRP_BMI2, "BMI2"},    {X86_GRP_BWI, "AVX-512"},
    {X86_GRP_CDI, "AVX-512"},  {X86_GRP_DQI, "AVX-512"},  {X86_GRP_ERI, "AVX-512"},
    {X86_GRP_FMA, "FMA"},      {X86_GRP_FMA4, "FMA4"},    {X86_GRP_FSGSBASE, "FSGSBASE"},
    {X86_GRP_HLE, "TSX"},      {X86_GRP_NOVLX, "AVX"},    {X86_GRP_PCLMUL, "PCLMULQDQ"},
    {X86_GRP_PFI, "AVX-512"},  {X86_GRP_RTM, "TSX"},      {X86_GRP_SHA, "SHA"},
    {X86_GRP_SMAP, "SMAP"},    {X86_GRP_SSE41, "SSE4.1"}, {X86_GRP_SSE42, "SSE4.2"},
    {X86_GRP_SSE4A, "SSE4a"},  {X86_GRP_TBM, "TBM"},      {X86_GRP_VLX, "AVX-512"},
    {X86_GRP_VM, "VMX, SVM"},  {X86_GRP_XOP, "XOP"},
};

// What Capstone puts into no group.
constexpr Absent kAbsentInstructions[] = {
    {X86_INS_CLAC, "SMAP"},
    {X86_INS_STAC, "SMAP"},
    {X86_INS_CLFLUSHOPT, "CLFLUSHOPT"},
    {X86_INS_CLWB, "CLWB"},
    {X86_INS_PCOMMIT, "PCOMMIT"},
    {X86_INS_ENCLS, "SGX"},
    {X86_INS_ENCLU, "SGX"},
    {X86_INS_GETSEC, "SMX"},
    {X86_INS_INVPCID, "INVPCID"},
    {X86_INS_INVEPT, "VMX"},
    {X86_INS_INVVPID, "VMX"},
    {X86_INS_LZCNT, "LZCNT"},
    {X86_INS_MONITOR, "MONITOR"},
    {X86_INS_MWAIT, "MONITOR"},
    {X86_INS_MOVBE, "MOVBE"},
    {X86_INS_POPCNT, "POPCNT"},
    {X86_INS_RDRAND, "RDRAND"},
    {X86_INS_RDSEED, "RDSEED"},
    {X86_INS_RDTSCP, "RDTSCP"},
    {X86_INS_XTEST, "TSX"},
    {X86_INS_XGETBV, "XSAVE"},
    {X86_INS_XSETBV, "XSAVE"},
    {X86_INS_XSAVE, "XSAVE"},
    {X86_INS_XSAVEC, "XSAVE"},
    {X86_INS_XSAVEOPT, "XSAVE"},
    {X86_INS_XSAVES, "XSAVE"},
    {X86_INS_XRSTOR, "XSAVE"},
    {X86_INS_XRSTORS, "XSAVE"},
    {X86_INS_MONTMUL, "VIA PadLock"},
    {X86_INS_XCRYPTCBC, "VIA PadLock"},
    {X86_INS_XCRYPTCFB, "VIA PadLock"},
    {X86_INS_XCRYPTCTR, "VIA PadLock"},
    {X86_INS_XCRYPTECB, "VIA PadLock"},
    {X86_INS_XCRYPTOFB, "VIA PadLock"},
    {X86_INS_XSHA1, "VIA PadLock"},
    {X86_INS_XSHA256, "VIA PadLock"},
    {X86_INS_XSTORE, "VIA PadLock"},
    {X86_INS_VRCPSS, "AVX"},
    {X86_INS_VRSQRTSS, "AVX"},
    {X86_INS_VSQRTSS, "AVX"},
    {X86_INS_VSQRTSD, "AVX"},
    // These exist and are #UD where the guest is.
    {X86_INS_RSM, "RSM outside of SMM (4.3)"},
    {X86_INS_SWAPGS, "SWAPGS outside of 64-bit mode (4.3)"},
    {X86_INS_SYSCALL, "SYSCALL outside of 64-bit mode (4.3)"},
    {X86_INS_SYSRET, "SYSRET outside of 64-bit mode (4.3)"},
    {X86_INS_UD0, "UD0 (4.3)"},
    {X86_INS_UD2, "UD2 (4.3)"},
    {X86_INS_UD2B, "UD1 (4.3)"},
};

const char* Find(std::span<const Absent> rows, unsigned number) {
  const auto row = std::ranges::find(rows, number, &Absent::number);
  return row == rows.end() ? nullptr : row->reason;
}

// 3.3, "LOCK": only these may have it, and only with a memory operand as destination.
bool MayBeLocked(const Encoding& in) {
  if (in.mod() == 3) return false;
  const unsigned group = in.opcode & 0xFE;
  if (in.map == 0) {
    if (in.opcode < 0x38) return (in.opcode & 6) == 0;                 // ADD to XOR, store form
    if (in.opcode >= 0x80 && in.opcode <= 0x83) return in.reg() != 7;  // not CMP
    if (group == 0x86) return true;                                    // XCHG
    if (group == 0xF6) return in.reg() == 2 || in.reg() == 3;          // NOT, NEG
    return group == 0xFE && in.reg() < 2;                              // INC, DEC
  }
  if (in.map != 1) return false;
  if (in.opcode == 0xBA) return in.reg() >= 5;                                   // BTS, BTR, BTC
  if (in.opcode == 0xC7) return in.reg() == 1;                                   // CMPXCHG8B
  if (in.opcode == 0xAB || in.opcode == 0xB3 || in.opcode == 0xBB) return true;  // BTS, BTR, BTC
  return group == 0xB0 || group == 0xC0;                                         // CMPXCHG, XADD
}

// 4.3, "MOV - Move to/from Control Registers": CR0, CR2, CR3, CR4. All debug registers exist here.
bool IsAbsentControlRegister(const Encoding& in) {
  const bool control = in.map == 1 && (in.opcode == 0x20 || in.opcode == 0x22);
  return control && in.reg() != 0 && (in.reg() < 2 || in.reg() > 4);
}

// 4.3, "MOV": "attempt to load the CS register" and segment registers 6 and 7.
bool IsBadSegmentLoad(const Encoding& in) {
  return in.map == 0 && in.opcode == 0x8E && (in.reg() == 1 || in.reg() >= 6);
}

bool InSimdGroup(csh handle, const cs_insn& instruction) {
  return std::ranges::any_of(
      std::array{X86_GRP_MMX, X86_GRP_SSE1, X86_GRP_SSE2, X86_GRP_SSE3, X86_GRP_SSSE3},
      [&](x86_insn_group group) { return ::cs_insn_group(handle, &instruction, group); });
}

// 3.1.1.1: where the opcode column says NP, or names another mandatory prefix, these prefixes make
// a reserved encoding (appendix A, tables: blank). Capstone ignores them.
bool HasPrefixThatMakesAnother(const Encoding& in) {
  return in.map != 0 && (in.repeat || in.operand_size);
}

// 2.1.1: a repeat prefix means nothing to CALL, so 66 selects the operand size as ever, and with it
// the displacement's (3.3, "CALL"). The processor agrees: tests/oracle/oracle_test.cc. Capstone
// looks for 32 bits, and finds no instruction where those would be cut off by the input's end or go
// beyond 15 bytes.
bool HasLongDisplacementInCapstone(const Encoding& in) {
  return in.map == 0 && in.opcode == 0xE8 && in.operand_size && in.repeat;
}

}  // namespace

const char* WhyOnlyCapstone(const Encoding& encoding, csh handle, const cs_insn& instruction) {
  for (const Absent& group : kAbsentGroups) {
    if (::cs_insn_group(handle, &instruction, group.number)) return group.reason;
  }
  if (const char* reason = Find(kAbsentInstructions, instruction.id)) return reason;
  if (encoding.lock && !MayBeLocked(encoding)) return "LOCK where it is not allowed (3.3)";
  if (IsAbsentControlRegister(encoding)) return "no such control register (4.3)";
  if (IsBadSegmentLoad(encoding)) return "no such segment register to load (4.3)";
  if (HasPrefixThatMakesAnother(encoding)) {
    if (InSimdGroup(handle, instruction)) return "reserved by its prefix (3.1.1.1)";
    const bool fxsr = instruction.id == X86_INS_FXSAVE || instruction.id == X86_INS_FXRSTOR;
    if (fxsr) return "FXSAVE and FXRSTOR take no prefix (3.1.1.1)";
  }
  return nullptr;
}

const char* WhyOnlyOurs(const Encoding& in) {
  if (in.map == 0) {
    const bool offsets = in.opcode >= 0xA0 && in.opcode <= 0xA3;
    if (offsets && in.repeat) return "Capstone: MOV with an address, 66 and a repeat prefix";
    if (HasLongDisplacementInCapstone(in))
      return "Capstone: CALL that is too long or cut off there";
    return nullptr;
  }
  if (in.map != 1) return nullptr;
  switch (in.opcode) {
    case 0x0D:
    case 0x18:
    case 0x1A:
    case 0x1B:
    case 0x1C:
    case 0x1D:
    case 0x1E:
    case 0x1F:
      return "Capstone lacks reserved NOPs (appendix A, table A-3)";
    case 0x6C:
    case 0x6D:
    case 0x7C:
    case 0x7D:
    case 0xD0:
    case 0xD6:
    case 0xE6:
    case 0xF0:
      return "Capstone lacks the opcode (appendix A, table A-3: SSE2 and SSE3)";
    case 0x73:
      if (in.reg() == 3 || in.reg() == 7) return "Capstone lacks PSRLDQ and PSLLDQ (A-6)";
      return nullptr;
    case 0xAE:
      if (in.mod() == 3 && in.reg() >= 5) return "the fences ignore ModRM.rm (3.3, \"LFENCE\")";
      return nullptr;
    default:
      return nullptr;
  }
}

const char* WhyLengthsDiffer(const Encoding& in) {
  return HasLongDisplacementInCapstone(in)
             ? "Capstone: CALL with 66 and a repeat prefix has a displacement of the other size"
             : nullptr;
}

}  // namespace verbatim
