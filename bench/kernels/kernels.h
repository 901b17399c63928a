// SPDX-License-Identifier: Apache-2.0
// What bench/kernels/main.c runs: small loops, each of which spends its time on one thing. The
// groups of `scripts/bench kernels` are in this folder, those of `scripts/bench system` in
// bench/system.
#ifndef VERBATIM_BENCH_KERNELS_KERNELS_H_
#define VERBATIM_BENCH_KERNELS_KERNELS_H_

#include <stdint.h>

struct Kernel {
  const char* name;
  // Runs the loop `count` times and returns something that depends on what it computed.
  uint32_t (*run)(uint32_t count);
  // Events in one iteration; what is reported is the time of one.
  uint32_t events;
};

// The program's groups; NULL after the last. Each group ends with a nameless kernel.
extern const struct Kernel* const kKernelGroups[];

enum { kBufferBytes = 1 << 18 };
// Two areas of data, page-aligned, with the same contents before each kernel.
extern uint8_t kernel_source[kBufferBytes];
extern uint8_t kernel_target[kBufferBytes];

// KERNEL(name, body): the loop around `body`, which may use eax, ecx, edx, esi, edi, the stack
// below esp, the x87 (empty before and after) and xmm0 to xmm7. At first esi and edi hold the two
// areas, eax is 1, ecx 0 and edx 2; the result is made of these three. ebx counts. Labels in `body`
// are 2 to 9.
#define KERNEL(name, body)                                                                     \
  static uint32_t name(uint32_t count) {                                                       \
    uint32_t a = 1, c = 0, d = 2;                                                              \
    uint8_t *s = kernel_source, *t = kernel_target;                                            \
    __asm__ volatile(".p2align 6\n1:\n" body "\n\tdec %%ebx\n\tjnz 1b"                         \
                     : "+a"(a), "+b"(count), "+c"(c), "+d"(d), "+S"(s), "+D"(t)                \
                     :                                                                         \
                     : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", \
                       "xmm7", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)",     \
                       "st(7)");                                                               \
    return a ^ c ^ d;                                                                          \
  }

#endif  // VERBATIM_BENCH_KERNELS_KERNELS_H_
