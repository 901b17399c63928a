// SPDX-License-Identifier: Apache-2.0
// Calls, returns, indirect and conditional branches. Tables and callees are in assembly, so that
// their pages are known: .text.far begins a page.
#include <stddef.h>

#include "kernels.h"

__asm__(
    ".text\n"
    ".p2align 4\nLeaf: ret\n"
    ".p2align 4\nNested1: call Leaf; ret\n"
    ".p2align 4\nNested2: call Nested1; ret\n"
    ".p2align 4\nNested3: call Nested2; ret\n"
    // eax = fib(ecx), counted as calls in edx.
    ".p2align 4\nFib:\n"
    "  inc %edx; cmp $2, %ecx; jb 8f\n"
    "  push %ecx; dec %ecx; call Fib; pop %ecx; push %eax\n"
    "  sub $2, %ecx; call Fib; pop %ecx; add %ecx, %eax; ret\n"
    "8: mov %ecx, %eax; ret\n"
    // Eight methods, and objects whose first word points to a table with one of them.
    ".altmacro\n"
    ".macro METHOD n\n.p2align 4\nMethod\\n: add $\\n, %eax; ret\n.endm\n"
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7\nMETHOD \\n\n.endr\n"
    // 64 cases of a switch, each of which goes on at [SwitchEnd].
    ".macro CASE n\nCase\\n: add $\\n, %ecx; jmp *SwitchEnd\n.endm\n"
    ".set n, 0\n.rept 64\nCASE %n\n.set n, n + 1\n.endr\n"
    // Callees that begin pages of their own.
    ".macro FAR n\n.p2align 12\nFar\\n: inc %eax; ret\n.endm\n"
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\nFAR \\n\n.endr\n"
    ".p2align 12\nFarJump: jmp *%edx\n"
    ".p2align 12\n"
    ".data\n"
    ".p2align 2\nMethods: .long Method0, Method1, Method2, Method3, Method4, Method5, Method6, "
    "Method7\n"
    ".macro ENTRY n\n.long Case\\n\n.endm\n"
    "Switch:\n.set n, 0\n.rept 64\nENTRY %n\n.set n, n + 1\n.endr\n"
    "SwitchEnd: .long 0\n"
    ".noaltmacro\n.text\n");

#define RANDOM "imul $1664525, %%eax; add $1013904223, %%eax; "

KERNEL(Empty, "")
KERNEL(CallReturn, "call Leaf")
KERNEL(CallNested, "call Nested3")
KERNEL(Recursion, "mov $12, %%ecx; call Fib")
KERNEL(Indirect1, "call *Methods")
KERNEL(Indirect2, "mov %%ebx, %%ecx; and $1, %%ecx; call *Methods(, %%ecx, 4)")
KERNEL(Indirect8, "mov %%ebx, %%ecx; and $7, %%ecx; call *Methods(, %%ecx, 4)")
KERNEL(Indirect8Random, RANDOM "mov %%eax, %%ecx; shr $29, %%ecx; call *Methods(, %%ecx, 4)")
KERNEL(SwitchRandom, "movl $2f, SwitchEnd; " RANDOM
                     "mov %%eax, %%edx; shr $26, %%edx; jmp *Switch(, %%edx, 4); 2:")
KERNEL(SwitchSequence,
       "movl $2f, SwitchEnd; mov %%ebx, %%edx; and $63, %%edx; "
       "jmp *Switch(, %%edx, 4); 2:")
KERNEL(PushReturn, "push $2f; ret; 2:")
KERNEL(PopCaller, "call 2f; 2: pop %%edx; xor %%edx, %%edx")
KERNEL(CallOtherPage, "call Far0")
KERNEL(Call16Pages,
       "call Far0; call Far1; call Far2; call Far3; call Far4; call Far5; call Far6; call Far7; "
       "call Far8; call Far9; call Far10; call Far11; call Far12; call Far13; call Far14; "
       "call Far15")
KERNEL(JumpOtherPage, "mov $2f, %%edx; jmp FarJump; 2: xor %%edx, %%edx")
KERNEL(BranchAlternating, "test $1, %%ebx; jz 2f; inc %%eax; 2:")
KERNEL(BranchRandom, RANDOM "test %%eax, %%eax; js 2f; inc %%ecx; 2:")
KERNEL(Branches8,
       "cmp $1, %%ebx; je 2f; cmp $0, %%ebx; je 2f; cmp $-1, %%ebx; je 2f; "
       "test $15, %%bl; jp 2f; inc %%eax; 2: jmp 3f; 3: jmp 4f; 4: jmp 5f; 5:")
KERNEL(StraightLine,
       ".rept 32\nadd %%edx, %%eax; lea 3(%%eax, %%edx), %%ecx; xor %%ecx, %%edx; "
       "rol $3, %%edx\n.endr")

extern const struct Kernel kControlKernels[];
const struct Kernel kControlKernels[] = {
    {"loop-empty", Empty, 1},
    {"call-return", CallReturn, 1},
    {"call-return-nested", CallNested, 4},
    {"recursion", Recursion, 465},
    {"call-indirect-1-target", Indirect1, 1},
    {"call-indirect-2-targets", Indirect2, 1},
    {"call-indirect-8-targets", Indirect8, 1},
    {"call-indirect-8-random", Indirect8Random, 1},
    {"switch-64-sequence", SwitchSequence, 1},
    {"switch-64-random", SwitchRandom, 1},
    {"push-address-return", PushReturn, 1},
    {"call-next-pop", PopCaller, 1},
    {"call-other-page", CallOtherPage, 1},
    {"call-16-pages", Call16Pages, 16},
    {"jump-other-page-indirect", JumpOtherPage, 1},
    {"branch-alternating", BranchAlternating, 1},
    {"branch-random", BranchRandom, 1},
    {"branches-not-taken", Branches8, 1},
    {"straight-line-128", StraightLine, 128},
    {NULL, NULL, 0},
};
