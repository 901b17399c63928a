// SPDX-License-Identifier: Apache-2.0
// Floating-point results, to the last bit, of the C library, of SSE2 and MMX, and of the x87.
//
// fpmath exact      what IEEE 754 and the manuals define to the bit, so equal on any processor
// fpmath hardware   approximations that each processor design makes in its own way; equal only
//                   where the guest's instructions run on the very processor compared with
// fpmath churn N    a long chaotic orbit in x87 and SSE registers, to run several at a time: one
//                   register lost at a context switch changes the result
//
// Operands are volatile so that nothing is computed by the compiler.
#include <emmintrin.h>
#include <fenv.h>
#include <math.h>
#include <mmintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void PrintExtended(const char* name, int index, long double value) {
  uint64_t significand;
  uint16_t exponent;
  memcpy(&significand, &value, sizeof significand);
  memcpy(&exponent, (const char*)&value + sizeof significand, sizeof exponent);
  printf("check: fp.%s.%d %04x:%016llx\n", name, index, exponent, (unsigned long long)significand);
}

static void PrintDouble(const char* name, int index, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  printf("check: fp.%s.%d %016llx %.17g\n", name, index, (unsigned long long)bits, value);
}

static const double kArguments[] = {0.0,    -0.0, 0.1,    0.5,    1.0,     1.5,
                                    2.75,   3.25, 10.125, -7.5,   123.456, 1e-3,
                                    1e-300, 1e22, 1e300,  5e-324, -1e10,   0.99999999};
enum { kArgumentCount = sizeof kArguments / sizeof kArguments[0] };

static void Library(void) {
  for (int i = 0; i < kArgumentCount; ++i) {
    volatile double x = kArguments[i];
    PrintDouble("sin", i, sin(x));
    PrintDouble("cos", i, cos(x));
    PrintDouble("tan", i, tan(x));
    PrintDouble("atan", i, atan(x));
    PrintDouble("sqrt", i, sqrt(fabs(x)));
    PrintDouble("exp", i, exp(x));
    PrintDouble("log", i, log(fabs(x)));
    PrintDouble("pow", i, pow(fabs(x), 0.3));
    PrintDouble("cbrt", i, cbrt(x));
    PrintDouble("fmod", i, fmod(x, 0.7));
    volatile long double y = x;
    PrintExtended("sqrtl", i, sqrtl(fabsl(y)));
    PrintExtended("divl", i, 1.0L / (y + 3.0L));
    PrintExtended("mull", i, y * 1.1L);
  }
}

static void Rounding(void) {
  static const int kModes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
  for (int mode = 0; mode < 4; ++mode) {
    fesetround(kModes[mode]);
    for (int i = 0; i < kArgumentCount; ++i) {
      volatile long double y = kArguments[i];
      volatile __m128d v = _mm_set_pd(kArguments[i], kArguments[(i + 1) % kArgumentCount]);
      const int index = mode * 100 + i;
      PrintExtended("rint", index, rintl(y));
      PrintExtended("third", index, y / 3.0L);
      double lanes[2];
      _mm_storeu_pd(lanes, _mm_div_pd(v, _mm_set1_pd(3.0)));
      PrintDouble("divpd", index, lanes[0] + lanes[1]);
      printf("check: fp.cvt.%d %d\n", index, _mm_cvtsd_si32(v));
    }
  }
  fesetround(FE_TONEAREST);
}

static void Flags(void) {
  volatile double zero = 0, one = 1, tiny = 5e-324, huge = 1e308, result;
  volatile float narrow;
  const unsigned kept = _mm_getcsr();
  _mm_setcsr(0x1f80);
  volatile __m128d v = _mm_set_sd(one);
  volatile __m128d w = _mm_div_sd(v, _mm_set_sd(zero));
  printf("check: fp.mxcsr.0 %04x\n", _mm_getcsr());
  _mm_setcsr(0x1f80 | 0x8040);  // flush to zero, denormals are zero
  w = _mm_mul_sd(_mm_set_sd(tiny), _mm_set_sd(huge));
  PrintDouble("daz", 0, _mm_cvtsd_f64(w));
  printf("check: fp.mxcsr.1 %04x\n", _mm_getcsr());
  _mm_setcsr(kept);
  // The status word after each of the six exceptions, all masked.
  unsigned short status;
  feclearexcept(FE_ALL_EXCEPT);
  result = one / zero;
  __asm__ volatile("fnstsw %0" : "=am"(status));
  printf("check: fp.fsw.0 %04x\n", status & 0x7f);
  feclearexcept(FE_ALL_EXCEPT);
  result = zero / zero;
  __asm__ volatile("fnstsw %0" : "=am"(status));
  printf("check: fp.fsw.1 %04x\n", status & 0x7f);
  feclearexcept(FE_ALL_EXCEPT);
  result = huge * huge;
  narrow = (float)huge;
  __asm__ volatile("fnstsw %0" : "=am"(status));
  printf("check: fp.fsw.2 %04x\n", status & 0x7f);
  feclearexcept(FE_ALL_EXCEPT);
  result = tiny / 3;
  __asm__ volatile("fnstsw %0" : "=am"(status));
  printf("check: fp.fsw.3 %04x\n", status & 0x7f);
  feclearexcept(FE_ALL_EXCEPT);
  PrintDouble("last", 0, result + narrow);
}

static void PackedAndDecimal(void) {
  for (int i = 0; i < 8; ++i) {
    const __m64 a = _mm_set_pi16((short)(i * 977), -1234, 32767, (short)(i * -3001));
    const __m64 b = _mm_set_pi16(31, (short)(i + 5), 2, 255);
    int64_t lanes;
    const __m64 sum = _mm_add_pi32(_mm_madd_pi16(a, b), _mm_packs_pi16(a, b));
    memcpy(&lanes, &sum, sizeof lanes);
    _mm_empty();
    printf("check: fp.mmx.%d %016llx\n", i, (unsigned long long)lanes);
    const __m128i c = _mm_set_epi32(i * 123457, -i, 0x7fffffff, i << 20);
    uint64_t words[2];
    _mm_storeu_si128((__m128i*)words, _mm_shufflelo_epi16(_mm_mul_epu32(c, c), 0x1b));
    printf("check: fp.sse.%d %016llx%016llx\n", i, (unsigned long long)words[1],
           (unsigned long long)words[0]);
    unsigned char decimal[10];
    const long double value = (i - 4) * 12345678901.5L;
    __asm__ volatile("fldt %1\n\tfbstp %0" : "=m"(decimal) : "m"(value));
    printf("check: fp.fbstp.%d ", i);
    for (int digit = 9; digit >= 0; --digit) printf("%02x", decimal[digit]);
    printf("\n");
  }
}

static void Trigonometric(int index, long double x) {
  long double result, second;
  __asm__ volatile("fsin" : "=t"(result) : "0"(x));
  PrintExtended("fsin", index, result);
  __asm__ volatile("fsincos" : "=t"(result), "=u"(second) : "0"(x));
  PrintExtended("fcos", index, result);
  __asm__ volatile("fptan" : "=t"(second), "=u"(result) : "0"(x));
  PrintExtended("fptan", index, result);
}

static void Hardware(void) {
  for (int i = 0; i < kArgumentCount; ++i) {
    const long double x = kArguments[i];
    long double result;
    // Beyond 2^63 these push nothing and only set C2.
    if (fabsl(x) < 0x1p63L) Trigonometric(i, x);
    __asm__ volatile("fpatan" : "=t"(result) : "0"(1.0L), "u"(x) : "st(1)");
    PrintExtended("fpatan", i, result);
    __asm__ volatile("fyl2x" : "=t"(result) : "0"(fabsl(x)), "u"(1.5L) : "st(1)");
    PrintExtended("fyl2x", i, result);
    __asm__ volatile("f2xm1" : "=t"(result) : "0"(x / 1e301L));
    PrintExtended("f2xm1", i, result);
    float lanes[4];
    _mm_storeu_ps(lanes, _mm_add_ps(_mm_rcp_ps(_mm_set1_ps((float)x)),
                                    _mm_rsqrt_ps(_mm_set1_ps(fabsf((float)x)))));
    PrintDouble("rcpps", i, lanes[2]);
  }
}

static void Churn(long steps) {
  volatile long double seed = 0.3L;
  long double x = seed;
  __m128d v = _mm_set_pd(0.2, 0.7);
  const __m128d r = _mm_set1_pd(3.9999), one = _mm_set1_pd(1.0);
  for (long i = 0; i < steps; ++i) {
    x = 3.9999L * x * (1.0L - x);
    v = _mm_mul_pd(_mm_mul_pd(r, v), _mm_sub_pd(one, v));
  }
  double lanes[2];
  _mm_storeu_pd(lanes, v);
  PrintExtended("churn", 0, x);
  PrintDouble("churn", 1, lanes[0] - lanes[1]);
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "exact") == 0) {
    Library();
    Rounding();
    Flags();
    PackedAndDecimal();
  } else if (argc == 2 && strcmp(argv[1], "hardware") == 0) {
    Hardware();
  } else if (argc == 3 && strcmp(argv[1], "churn") == 0) {
    Churn(atol(argv[2]));
  } else {
    fprintf(stderr, "usage: fpmath exact|hardware|churn STEPS\n");
    return 2;
  }
  return 0;
}
