; SPDX-License-Identifier: Apache-2.0
; When the floating-point units are not available, how their exceptions arrive, and what the saved
; images say of the instruction that failed (SDM vol. 1, 8.1.8 to 8.7; vol. 3, 2.5 and 13.1).
%include "privileged.inc"
%include "timer.inc"

kMp equ 1 << 1
kEm equ 1 << 2
kTs equ 1 << 3
kNe equ 1 << 5
kOsfxsr equ 1 << 9
kOsxmmexcpt equ 1 << 10
kFpuVector equ 0x2D

section .data
align 16, db 0
Image: times 1024 db 0
Zero: dq 0
One: dq 0x3FF0000000000000
Operand: dd 0
align 16, db 0
Ones: dd 0x3F800000, 0x3F800000, 0x3F800000, 0x3F800000
Unmasked: dw 0x037B   ; division by zero
AllMasked: dw 0x037F
SimdUnmasked: dd 0x1D80
SimdMasked: dd 0x1F80
SimdReserved: dd 0x00011F80

section .user
align 16, db 0
UserUnmasked: dw 0x037B
align 8, db 0
UserZero: dq 0

section .text
; UNAVAILABLE "name", CR0 bits, CR4 bits to clear, vector or kNothing, instruction
%macro UNAVAILABLE 5+
  CASE %1
  mov eax, cr4
  and eax, ~(%3)
  mov cr4, eax
  mov eax, cr0
  and eax, ~(kEm | kTs | kMp)
  or eax, %2
  mov cr0, eax
  xor ebx, ebx
  AT
  %5
  RAISES %4, 0
  mov eax, cr0
  and eax, ~(kEm | kTs)
  or eax, kMp
  mov cr0, eax
  mov eax, cr4
  or eax, kOsfxsr | kOsxmmexcpt
  mov cr4, eax
  fninit
  DONE
%endmacro
; Leaves a division by zero pending; %$divide is the instruction that failed.
%macro DIVIDE_BY_ZERO 0
  fninit
  fldcw [Unmasked]
  fld1
%$divide:
  fdiv qword [Zero]
%endmacro
%macro CLEAR_FPU 0
  fninit
  mov dword [Image], 0
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitPrivileged
  call InitTimer
  mov al, 0xFB
  out 0x21, al  ; only the second controller
  mov al, 0xDF
  out 0xA1, al  ; and there IRQ 13

  ; Vol. 3, table 2-2 and section 2.5.
  UNAVAILABLE "x87, all clear", 0, 0, kNothing, fld1
  UNAVAILABLE "x87 with TS", kTs, 0, 7, fld1
  UNAVAILABLE "x87 with EM", kEm, 0, 7, fld1
  UNAVAILABLE "x87 with MP", kMp, 0, kNothing, fld1
  UNAVAILABLE "x87 without operands, with TS", kTs, 0, 7, fnclex
  UNAVAILABLE "fnstsw with EM", kEm, 0, 7, fnstsw ax
  UNAVAILABLE "fwait with TS", kTs, 0, kNothing, fwait
  UNAVAILABLE "fwait with TS and MP", kTs | kMp, 0, 7, fwait
  UNAVAILABLE "fwait with EM", kEm, 0, kNothing, fwait
  UNAVAILABLE "fnsave with TS", kTs, 0, 7, fnsave [Image]
  UNAVAILABLE "frstor with EM", kEm, 0, 7, frstor [Image]
  UNAVAILABLE "fxsave with TS", kTs, 0, 7, fxsave [Image]
  UNAVAILABLE "fxsave with EM", kEm, 0, 7, fxsave [Image]
  UNAVAILABLE "fxrstor with TS", kTs, 0, 7, fxrstor [Image]
  ; Vol. 3, table 12-1 (MMX).
  UNAVAILABLE "MMX with TS", kTs, 0, 7, {movd mm0, eax}
  UNAVAILABLE "MMX with EM", kEm, 0, 6, {movd mm0, eax}
  UNAVAILABLE "MMX with EM and TS", kEm | kTs, 0, 6, {movd mm0, eax}
  UNAVAILABLE "emms with EM", kEm, 0, 6, emms
  UNAVAILABLE "MMX without OSFXSR", 0, kOsfxsr, kNothing, {movd mm0, eax}
  ; Vol. 3, table 13-1 (SSE).
  UNAVAILABLE "SSE with TS", kTs, 0, 7, {movaps xmm0, xmm1}
  UNAVAILABLE "SSE with EM", kEm, 0, 6, {movaps xmm0, xmm1}
  UNAVAILABLE "SSE without OSFXSR", 0, kOsfxsr, 6, {movaps xmm0, xmm1}
  UNAVAILABLE "SSE2 without OSFXSR", 0, kOsfxsr, 6, {paddq xmm0, xmm1}
  UNAVAILABLE "SSE2 on an MMX register, without OSFXSR", 0, kOsfxsr, kNothing, {paddq mm0, mm1}
  UNAVAILABLE "ldmxcsr with EM", kEm, 0, 6, ldmxcsr [SimdMasked]
  UNAVAILABLE "ldmxcsr with TS", kTs, 0, 7, ldmxcsr [SimdMasked]
  UNAVAILABLE "stmxcsr without OSFXSR", 0, kOsfxsr, 6, stmxcsr [Operand]
  UNAVAILABLE "sfence with EM", kEm, 0, kNothing, sfence
  UNAVAILABLE "movnti with EM and TS", kEm | kTs, 0, kNothing, {movnti [Operand], eax}
  UNAVAILABLE "prefetch with EM and TS", kEm | kTs, 0, kNothing, prefetcht0 [Operand]
  UNAVAILABLE "#UD goes before #NM", kEm | kTs, kOsfxsr, 6, {addps xmm0, xmm1}

  CASE "clts in ring 3"  ; vol. 2, CLTS: #GP(0)
  IN_RING_3
  AT
  clts
  END_RING_3
  RAISES 13, 0
  DONE

  CASE "math fault waits for the next x87 instruction"  ; vol. 1, 8.7.1
  DIVIDE_BY_ZERO
  inc eax
  AT
  fld1
  RAISES 16
  CLEAR_FPU
  DONE

  CASE "math fault at fwait"  ; vol. 1, 8.7.1
  DIVIDE_BY_ZERO
  AT
  fwait
  RAISES 16
  CLEAR_FPU
  DONE

  CASE "math fault at an MMX instruction"  ; vol. 3, 12.5
  DIVIDE_BY_ZERO
  AT
  movd mm0, eax
  RAISES 16
  CLEAR_FPU
  DONE

  CASE "math fault at frstor"  ; vol. 2, FRSTOR
  DIVIDE_BY_ZERO
  AT
  frstor [Image]
  RAISES 16
  CLEAR_FPU
  DONE

  CASE "math fault at fldenv"  ; vol. 2, FLDENV
  DIVIDE_BY_ZERO
  AT
  fldenv [Image]
  RAISES 16
  CLEAR_FPU
  DONE

  CASE "no math fault at what does not wait"  ; vol. 1, 8.3.12
  DIVIDE_BY_ZERO
  fnstsw [Operand]
  fnstcw [Operand]
  fxsave [Image]
  fnstenv [Image]
  fnclex
  fld1
  COMPLETES
  CLEAR_FPU
  DONE

  CASE "no math fault at SSE"  ; vol. 3, 13.1
  DIVIDE_BY_ZERO
  movaps xmm0, xmm1
  fnclex
  COMPLETES
  CLEAR_FPU
  DONE

  CASE "fldcw that unmasks a recorded exception"  ; vol. 2, FLDCW: at the next waiting instruction
  fninit
  fld1
  fdiv qword [Zero]
  fldcw [Unmasked]
  AT
  fwait
  RAISES 16
  CLEAR_FPU
  DONE

  CASE "#NM goes before #MF"  ; vol. 3, table 6-2
  DIVIDE_BY_ZERO
  mov eax, cr0
  or eax, kTs
  mov cr0, eax
  AT
  fld1
  RAISES 7
  clts
  CLEAR_FPU
  DONE

  CASE "pointers in fnstenv"  ; vol. 1, 8.1.8 and figure 8-9
  DIVIDE_BY_ZERO
  fnstenv [Image]
  COMPLETES
  EXPECT [Image + 12], %$divide
  EXPECT [Image + 16], kKernelCode + (0x435 << 16)  ; DC /6, disp32
  EXPECT [Image + 20], Zero
  EXPECT_BITS [Image + 24], 0xFFFF, kKernelData
  CLEAR_FPU
  DONE

  CASE "pointers in fnsave"  ; vol. 1, 8.1.10
  DIVIDE_BY_ZERO
  fnsave [Image]
  COMPLETES
  EXPECT [Image + 12], %$divide
  EXPECT [Image + 20], Zero
  CLEAR_FPU
  DONE

  CASE "pointers in fxsave"  ; vol. 1, 10.5.1
  DIVIDE_BY_ZERO
  fxsave [Image]
  COMPLETES
  EXPECT_BITS [Image + 4], 0x07FF0000, 0x435 << 16
  EXPECT [Image + 8], %$divide
  EXPECT_BITS [Image + 12], 0xFFFF, kKernelCode
  EXPECT [Image + 16], Zero
  EXPECT_BITS [Image + 20], 0xFFFF, kKernelData
  CLEAR_FPU
  DONE

  CASE "pointers, 16-bit format"  ; vol. 1, figure 8-10
  DIVIDE_BY_ZERO
  o16 fnstenv [Image]
  COMPLETES
  mov eax, %$divide
  and eax, 0xFFFF
  EXPECT_BITS [Image + 6], 0xFFFF, eax
  EXPECT_BITS [Image + 8], 0xFFFF, kKernelCode
  EXPECT_BITS [Image + 12], 0xFFFF, kKernelData
  CLEAR_FPU
  DONE

  CASE "pointers of an instruction with registers in its operand"  ; vol. 1, 8.1.8
  fninit
  fldcw [Unmasked]
  fld1
  mov ebx, Zero - 64
  mov ecx, 8
  AT
  fdiv qword [ebx + ecx * 8]
  fnstenv [Image]
  RAISES kNothing
  EXPECT [Image + 12], %$at
  EXPECT [Image + 16], kKernelCode + (0x434 << 16)
  EXPECT [Image + 20], Zero
  CLEAR_FPU
  DONE

  CASE "pointers in the handler of a ring-3 fault"  ; vol. 1, 8.1.8: of the instruction that failed
  IN_RING_3
  fninit
  fldcw [UserUnmasked]
  fld1
%$divide:
  fdiv qword [UserZero]
  AT
  fwait
  END_RING_3
  RAISES 16
  fnstenv [Image]
  EXPECT [Image + 12], %$divide
  EXPECT_BITS [Image + 16], 0xFFFF, kUserCode
  EXPECT [Image + 20], UserZero
  EXPECT_BITS [Image + 24], 0xFFFF, kUserData
  CLEAR_FPU
  DONE

  CASE "pointers survive fnsave and frstor"  ; vol. 2, FRSTOR
  DIVIDE_BY_ZERO
  fnsave [Image]
  frstor [Image]
  fnstenv [Image + 512]
  COMPLETES
  EXPECT [Image + 512 + 12], %$divide
  EXPECT [Image + 512 + 16], [Image + 16]
  EXPECT [Image + 512 + 20], Zero
  CLEAR_FPU
  DONE

  CASE "pointers survive fxsave and fxrstor"  ; vol. 2, FXRSTOR
  DIVIDE_BY_ZERO
  fxsave [Image]
  fninit
  fxrstor [Image]
  fnstenv [Image + 512]
  COMPLETES
  EXPECT [Image + 512 + 12], %$divide
  EXPECT [Image + 512 + 20], Zero
  CLEAR_FPU
  DONE

  CASE "fninit clears the pointers"  ; vol. 2, FINIT
  DIVIDE_BY_ZERO
  fninit
  fnstenv [Image]
  COMPLETES
  EXPECT [Image + 12], 0
  EXPECT [Image + 20], 0
  DONE

  CASE "pointers of an access that is watched"  ; in whatever way the access is made
  fninit
  fldcw [Unmasked]
  fld1
  mov eax, Operand
  mov dr0, eax
  mov eax, 0x000D0002
  mov dr7, eax
%$divide:
  fdiv qword [Zero]
  xor eax, eax
  mov dr7, eax
  fnstenv [Image]
  COMPLETES
  EXPECT [Image + 12], %$divide
  EXPECT [Image + 20], Zero
  CLEAR_FPU
  DONE

  CASE "fnsave that faults keeps the state"  ; vol. 2, FSAVE
  fninit
  fld1
  AT
  fnsave [0x800000]
  RAISES 14, 2
  fnstsw [Operand]
  EXPECT_BITS [Operand], 0x3800, 7 << 11
  CLEAR_FPU
  DONE

  CASE "fxsave over the end of what is mapped"  ; vol. 2, FXSAVE: #PF
  AT
  fxsave [0x400000 - 256]
  RAISES 14, 2
  EXPECT [CaughtCr2], 0x400000
  EXPECT [0x400000 - 256], 0
  DONE

  CASE "misaligned fxsave"  ; vol. 2, FXSAVE: #GP(0)
  AT
  fxsave [Image + 8]
  RAISES 13, 0
  DONE

  CASE "misaligned fxrstor"  ; vol. 2, FXRSTOR: #GP(0)
  AT
  fxrstor [Image + 4]
  RAISES 13, 0
  DONE

  CASE "fxrstor with a reserved bit of MXCSR"  ; vol. 1, 11.6.6: #GP(0)
  fxsave [Image]
  mov dword [Image + 24], 0x11F80
  AT
  fxrstor [Image]
  RAISES 13, 0
  DONE

  CASE "ldmxcsr with a reserved bit"  ; vol. 2, LDMXCSR: #GP(0)
  AT
  ldmxcsr [SimdReserved]
  RAISES 13, 0
  DONE

  CASE "SIMD exception"  ; vol. 1, 11.5.2.2: #XM, the operands unchanged
  ldmxcsr [SimdUnmasked]
  movaps xmm0, [Ones]
  xorps xmm1, xmm1
  AT
  divps xmm0, xmm1
  RAISES 19
  ldmxcsr [SimdMasked]
  movd eax, xmm0
  EXPECT eax, 0x3F800000
  DONE

  CASE "SIMD exception without OSXMMEXCPT"  ; vol. 3, 2.5: #UD
  mov eax, cr4
  and eax, ~kOsxmmexcpt
  mov cr4, eax
  ldmxcsr [SimdUnmasked]
  AT
  divps xmm0, xmm1
  RAISES 6
  ldmxcsr [SimdMasked]
  mov eax, cr4
  or eax, kOsxmmexcpt
  mov cr4, eax
  DONE

  ; CR0.NE clear: FERR#, IRQ 13 (vol. 1, 8.7.2; vol. 3, 2.5).
  mov eax, cr0
  and eax, ~kNe
  mov cr0, eax

  CASE "math error by interrupt"  ; vol. 1, 8.7.2: in front of the next waiting instruction
  DIVIDE_BY_ZERO
  sti
  nop
  AT
  fld1
  RAISES kFpuVector
  cli
  call EndFpuInterrupt
  CLEAR_FPU
  DONE

  CASE "math error by interrupt at frstor"  ; vol. 2, FRSTOR: checks for pending exceptions
  DIVIDE_BY_ZERO
  sti
  nop
  AT
  frstor [Image]
  RAISES kFpuVector
  cli
  call EndFpuInterrupt
  CLEAR_FPU
  DONE

  CASE "math error by interrupt at an MMX instruction"  ; vol. 3, 12.5
  DIVIDE_BY_ZERO
  sti
  nop
  AT
  movd mm0, eax
  RAISES kFpuVector
  cli
  call EndFpuInterrupt
  CLEAR_FPU
  DONE

  CASE "the instruction goes on after the interrupt"  ; vol. 1, 8.7.2
  SET_GATE kFpuVector, ClearAndReturn, 0
  DIVIDE_BY_ZERO
  sti
  nop
  fld1
  cli
  fnstsw [Operand]
  COMPLETES
  EXPECT_BITS [Operand], 0x3880, 6 << 11
  SET_GATE kFpuVector, Stubs + kFpuVector * StubBytes, 0
  CLEAR_FPU
  DONE

  FINISH "fpu"

EndFpuInterrupt:
  xor al, al
  out 0xF0, al
  mov al, 0x20
  out 0xA0, al
  out 0x20, al
  ret

ClearAndReturn:
  push eax
  call EndFpuInterrupt
  fnclex
  pop eax
  iret
