// SPDX-License-Identifier: Apache-2.0
// Integers, flags, x87, MMX and SSE2.
#include <stddef.h>

#include "kernels.h"

static const double kDoubles[4]
    __attribute__((aligned(16), used)) = {1.25, 0.75, 1.0000001, 0.9999999};
static const float kFloats[4] __attribute__((aligned(16), used)) = {1.25f, 0.75f, 1.5f, 0.5f};

KERNEL(Add, "add %%edx, %%eax")
KERNEL(Lea, "lea 7(%%eax, %%edx, 2), %%eax")
KERNEL(Multiply, "imul $1664525, %%eax")
KERNEL(Divide, "mov $0x12345678, %%eax; xor %%edx, %%edx; mov $1000, %%ecx; div %%ecx")
KERNEL(Rotate, "rol $5, %%eax; shr $1, %%edx; xor %%eax, %%edx")
KERNEL(ShiftDouble, "shld $7, %%edx, %%eax; shrd $3, %%eax, %%edx")
KERNEL(AddWithCarry, "add %%edx, %%eax; adc %%eax, %%ecx; adc %%ecx, %%edx; adc $0, %%eax")
KERNEL(AddWithCarryLoop,
       "mov $16, %%ecx; clc; 2: lea -1(%%ecx), %%ecx; "
       "mov (%%esi, %%ecx, 4), %%edx; adc %%edx, %%eax; "
       "inc %%ecx; dec %%ecx; jnz 2b; xor %%edx, %%edx")
KERNEL(SetCondition, "cmp %%ebx, %%eax; setb %%cl; seto %%dl; add %%edx, %%eax")
KERNEL(ConditionalMove, "cmp %%edx, %%eax; cmovb %%edx, %%eax; inc %%edx")
KERNEL(LoadStoreFlags, "add %%edx, %%eax; lahf; inc %%al; sahf; adc $1, %%edx")
KERNEL(PushPopFlags, "add %%edx, %%eax; pushf; inc %%edx; popf; adc $0, %%edx")
KERNEL(PushFlags, "add %%edx, %%eax; pushf; pop %%ecx; and $0x8D5, %%ecx")
KERNEL(Direction, "std; cld")
KERNEL(BitScan, "or $64, %%eax; bsf %%eax, %%ecx; bsr %%eax, %%edx; add %%ecx, %%eax")
KERNEL(BitTestMemory, "mov %%ebx, %%ecx; and $0x3FF, %%ecx; bts %%ecx, (%%edi); adc $0, %%eax")
KERNEL(ByteSwap, "bswap %%eax; xchg %%al, %%ah; inc %%eax")
KERNEL(Decimal,
       "mov $0x29, %%al; add $0x18, %%al; daa; movzbl %%al, %%eax; aam; and $0xFFFF, %%eax")

KERNEL(X87Add, "fldl kDoubles; faddl kDoubles + 8; fstpl (%%edi)")
KERNEL(X87Chain, "fld1; .rept 16; faddl kDoubles; .endr; fstpl (%%edi)")
KERNEL(X87Multiply, "fldl kDoubles; .rept 16; fmull kDoubles + 16; .endr; fstpl (%%edi)")
KERNEL(X87Divide, "fld1; fdivl kDoubles; fstpl (%%edi)")
KERNEL(X87SquareRoot, "fldl kDoubles; fsqrt; fstpl (%%edi)")
KERNEL(X87Stack,
       "fldl kDoubles; fldl kDoubles + 8; fld %%st(1); fxch %%st(2); faddp; fmulp; "
       "fstpl (%%edi)")
KERNEL(X87Integer, "fildl (%%esi); fistpl (%%edi); mov (%%edi), %%ecx")
KERNEL(X87Compare, "fldl kDoubles; fldl kDoubles + 8; fcomip %%st(1); fstp %%st; adc $0, %%eax")
KERNEL(X87Status, "fldl kDoubles; fcompl kDoubles + 8; fnstsw %%ax; and $0x4500, %%eax")
KERNEL(X87ControlWord, "fnstcw (%%edi); fldcw (%%edi)")
KERNEL(MmxAdd, "movq (%%esi), %%mm0; paddd %%mm0, %%mm0; movd %%mm0, %%ecx; emms")
KERNEL(SseScalarDouble,
       "movsd kDoubles, %%xmm0; .rept 16; mulsd kDoubles + 16, %%xmm0; .endr; "
       "movsd %%xmm0, (%%edi)")
KERNEL(SsePackedDouble,
       "movapd kDoubles, %%xmm0; .rept 16; addpd kDoubles + 16, %%xmm0; .endr; "
       "movapd %%xmm0, (%%edi)")
KERNEL(SsePackedSingle,
       "movaps kFloats, %%xmm0; .rept 16; mulps kFloats, %%xmm0; .endr; "
       "movaps %%xmm0, (%%edi)")
KERNEL(SseInteger,
       "movdqa (%%esi), %%xmm0; pshufd $0x1B, %%xmm0, %%xmm1; paddd %%xmm0, %%xmm1; "
       "pxor %%xmm1, %%xmm0; movd %%xmm0, %%ecx")
KERNEL(SseDivide, "movsd kDoubles, %%xmm0; divsd kDoubles + 8, %%xmm0; sqrtsd %%xmm0, %%xmm0")
KERNEL(SseConvert, "cvtsi2sd %%ebx, %%xmm0; cvttsd2si %%xmm0, %%ecx; cvtsd2ss %%xmm0, %%xmm1")
KERNEL(SseCompareBytes, "movdqu 1(%%esi), %%xmm0; pcmpeqb (%%edi), %%xmm0; pmovmskb %%xmm0, %%ecx")

extern const struct Kernel kArithmeticKernels[];
const struct Kernel kArithmeticKernels[] = {
    {"add", Add, 1},
    {"lea", Lea, 1},
    {"imul", Multiply, 1},
    {"div", Divide, 1},
    {"rotate-shift", Rotate, 1},
    {"shld-shrd", ShiftDouble, 1},
    {"adc-chain", AddWithCarry, 4},
    {"adc-loop", AddWithCarryLoop, 16},
    {"setcc", SetCondition, 1},
    {"cmov", ConditionalMove, 1},
    {"lahf-sahf", LoadStoreFlags, 1},
    {"pushf-popf", PushPopFlags, 1},
    {"pushf-pop", PushFlags, 1},
    {"std-cld", Direction, 1},
    {"bsf-bsr", BitScan, 1},
    {"bts-memory", BitTestMemory, 1},
    {"bswap-xchg", ByteSwap, 1},
    {"daa-aam", Decimal, 1},
    {"x87-add", X87Add, 1},
    {"x87-add-16", X87Chain, 16},
    {"x87-mul-16", X87Multiply, 16},
    {"x87-div", X87Divide, 1},
    {"x87-sqrt", X87SquareRoot, 1},
    {"x87-stack", X87Stack, 1},
    {"x87-integer", X87Integer, 1},
    {"x87-compare-flags", X87Compare, 1},
    {"x87-compare-status", X87Status, 1},
    {"x87-control-word", X87ControlWord, 1},
    {"mmx", MmxAdd, 1},
    {"sse2-mulsd-16", SseScalarDouble, 16},
    {"sse2-addpd-16", SsePackedDouble, 16},
    {"sse-mulps-16", SsePackedSingle, 16},
    {"sse2-integer", SseInteger, 1},
    {"sse2-divsd-sqrtsd", SseDivide, 1},
    {"sse2-convert", SseConvert, 1},
    {"sse2-compare-bytes", SseCompareBytes, 1},
    {NULL, NULL, 0},
};
