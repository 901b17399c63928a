/* SPDX-License-Identifier: Apache-2.0 */
/* See far_entry.h. rdi: FarEntry, whose selectors are in the order es, cs, ss, ds, fs, gs. */
        .intel_syntax noprefix
        .text
        .globl  VerbatimEnterFar, kVerbatimEnterFarEnd, VerbatimLeaveToEntry
        .type   VerbatimEnterFar, @function
        .type   VerbatimLeaveToEntry, @function
VerbatimEnterFar:
        push    rbx
        push    rbp
        push    r12
        push    r13
        push    r14
        push    r15
        mov     [rdi + 40], rsp
        fxrstor64 [rdi + 80]
        push    qword ptr [rdi + 32]
        popfq
        /* From here on no instruction changes flags, and nothing uses the host's stack or fs. */
        mov     es, [rdi + 54]
        mov     ds, [rdi + 60]
        mov     fs, [rdi + 62]
        mov     gs, [rdi + 64]
        mov     r8, rdi
        mov     eax, [r8]
        mov     ecx, [r8 + 4]
        mov     edx, [r8 + 8]
        mov     ebx, [r8 + 12]
        mov     ebp, [r8 + 20]
        mov     esi, [r8 + 24]
        mov     edi, [r8 + 28]
        mov     ss, [r8 + 58]
        mov     esp, [r8 + 16]
        jmp     fword ptr [r8 + 48]
kVerbatimEnterFarEnd:
VerbatimLeaveToEntry:
        mov     rsp, [rdi + 40]
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbp
        pop     rbx
        ret
        .section .note.GNU-stack, "", @progbits
