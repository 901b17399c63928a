; SPDX-License-Identifier: Apache-2.0
; Alignment checking (SDM vol. 3, 6.15, interrupt 17, and table 6-7), and when it is off.
%include "privileged.inc"

section .user
align 64, db 0
Data: times 192 db 0

section .text
; MISALIGNED "name", alignment, instruction with its operand at ebx: #AC when one byte, and half of
; the alignment, off; none when aligned to it. edi and esi are ebx, too; the operand is zero.
%macro MISALIGNED 3+
  CASE %1
  mov ebx, Data + 64 + %2 / 2
  call %%set
  IN_RING_3 kAc
  AT
  %3
  END_RING_3
  RAISES 17, 0
  EXPECT_BITS [CaughtFlags], kAc, kAc
  mov dword [CaughtVector], kNothing
  mov dword [Resume], %%aligned
  mov ebx, Data + 64 + %2
  call %%set
  push dword kAc | 2
  push dword %$user
  jmp EnterRing3
%%set:
  xor eax, eax
  mov edi, Data
  mov ecx, 48
  cld
  rep stosd
  mov esi, ebx
  mov edi, ebx
  inc ecx
  ret
%%aligned:
  EXPECT [CaughtVector], kUndisturbed
  DONE
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitPrivileged
  mov eax, cr0
  or eax, 1 << 18  ; AM
  mov cr0, eax

  MISALIGNED "word", 2, mov ax, [ebx]
  MISALIGNED "word, stored", 2, mov [ebx], ax
  MISALIGNED "doubleword", 4, mov eax, [ebx]
  MISALIGNED "doubleword, read-modify-write", 4, add [ebx], eax
  MISALIGNED "doubleword, compare", 4, cmp eax, [ebx]
  MISALIGNED "doubleword, exchanged", 4, xchg eax, [ebx]
  MISALIGNED "doubleword, locked", 4, lock inc dword [ebx]
  MISALIGNED "word operand of movzx", 2, movzx eax, word [ebx]
  MISALIGNED "push from memory", 4, push dword [ebx]
  MISALIGNED "pop to memory", 4, pop dword [ebx]
  MISALIGNED "movs", 4, movsd
  MISALIGNED "repeated movs", 4, rep movsd
  MISALIGNED "repeated stos of words", 2, rep stosw
  MISALIGNED "lods", 4, lodsd
  MISALIGNED "cmps", 2, cmpsw
  MISALIGNED "scas", 4, scasd
  MISALIGNED "bit string of doublewords", 4, bt [ebx], eax
  MISALIGNED "bit string of words", 2, bts word [ebx], 3
  MISALIGNED "quadword of cmpxchg8b", 8, cmpxchg8b [ebx]
  MISALIGNED "single real", 4, fld dword [ebx]
  fninit
  MISALIGNED "double real", 8, fld qword [ebx]
  fninit
  MISALIGNED "extended real", 8, fld tword [ebx]
  fninit
  MISALIGNED "packed decimal", 8, fbld [ebx]
  fninit
  MISALIGNED "word integer of x87", 2, fild word [ebx]
  fninit
  MISALIGNED "x87 control word", 2, fnstcw [ebx]
  MISALIGNED "x87 environment", 4, fnstenv [ebx]
  MISALIGNED "x87 environment, 16 bits", 2, o16 fnstenv [ebx]
  MISALIGNED "x87 state", 4, fnsave [ebx]
  MISALIGNED "MMX register", 8, movq mm0, [ebx]
  MISALIGNED "MMX operand", 8, paddb mm0, [ebx]
  emms
  MISALIGNED "movd", 4, movd xmm0, [ebx]
  MISALIGNED "SSE scalar", 4, movss xmm0, [ebx]
  MISALIGNED "SSE2 scalar", 8, movsd xmm0, [ebx]
  MISALIGNED "half of an SSE register", 8, movlps xmm0, [ebx]
  MISALIGNED "unaligned SSE move", 16, movups xmm0, [ebx]
  MISALIGNED "unaligned SSE2 store", 16, movdqu [ebx], xmm0
  MISALIGNED "mxcsr", 4, stmxcsr [ebx]
  MISALIGNED "bound of doublewords", 4, bound eax, [ebx]
  MISALIGNED "sgdt", 4, sgdt [ebx]
  MISALIGNED "far pointer of 48 bits", 4, les ecx, [ebx]
  MISALIGNED "far pointer of 32 bits", 2, les cx, [ebx]
  MISALIGNED "segment register, stored", 2, mov [ebx], ds

  CASE "push onto a misaligned stack"
  mov ebx, Data + 66
  IN_RING_3 kAc
  mov esp, ebx
  AT
  push eax
  END_RING_3
  RAISES 17, 0
  DONE

  CASE "call on a misaligned stack"
  mov ebx, Data + 66
  IN_RING_3 kAc
  mov esp, ebx
  AT
  call %$at
  END_RING_3
  RAISES 17, 0
  DONE

  CASE "ret from a misaligned stack"
  mov ebx, Data + 66
  IN_RING_3 kAc
  mov esp, ebx
  AT
  ret
  END_RING_3
  RAISES 17, 0
  DONE

  CASE "pusha onto a misaligned stack"
  mov ebx, Data + 130
  IN_RING_3 kAc
  mov esp, ebx
  AT
  pusha
  END_RING_3
  RAISES 17, 0
  DONE

  CASE "aligned SSE operand"  ; vol. 1, 11.6.10: #GP(0), whatever AC
  mov ebx, Data + 8
  IN_RING_3 kAc
  AT
  movaps xmm0, [ebx]
  END_RING_3
  RAISES 13, 0
  DONE

  CASE "bytes"  ; table 6-7
  mov ebx, Data + 1
  mov al, 0
  IN_RING_3 kAc
  mov al, [ebx]
  xlatb
  END_RING_3
  RAISES_AT kUndisturbed, 0, [CaughtEip]
  DONE

  CASE "instructions need no alignment"  ; 6.15: data accesses only
  IN_RING_3 kAc
  db 0xEB, 1, 0x90
  nop
  jmp %$odd
  align 4, nop
  nop
%$odd:
  END_RING_3
  RAISES_AT kUndisturbed, 0, [CaughtEip]
  DONE

  CASE "alignment goes before presence"  ; the address is checked before it is translated
  mov ebx, 0x800001
  IN_RING_3 kAc
  AT
  mov eax, [ebx]
  END_RING_3
  RAISES 17, 0
  DONE

  CASE "AC clear"  ; 6.15
  mov ebx, Data + 1
  IN_RING_3
  mov eax, [ebx]
  END_RING_3
  RAISES_AT kUndisturbed, 0, [CaughtEip]
  DONE

  CASE "AC set by popf takes effect at once"  ; 6.15
  mov ebx, Data + 1
  IN_RING_3
  mov ecx, [ebx]
  pushf
  or dword [esp], kAc
  popf
  AT
  mov eax, [ebx]
  END_RING_3
  RAISES 17, 0
  DONE

  CASE "AC cleared by popf takes effect at once"  ; 6.15
  mov ebx, Data + 1
  IN_RING_3 kAc
  pushf
  and dword [esp], ~kAc
  popf
  mov eax, [ebx]
  END_RING_3
  RAISES_AT kUndisturbed, 0, [CaughtEip]
  DONE

  CASE "not at CPL 0"  ; 6.15
  pushf
  or dword [esp], kAc
  popf
  mov eax, [Data + 1]
  pushf
  and dword [esp], ~kAc
  popf
  COMPLETES
  DONE

  CASE "the frame of an exception is an implicit access"  ; 6.15: implicit accesses at CPL 0
  mov dword [TaskState + 4], InterruptStackTop - 2
  IN_RING_3 kAc
  END_RING_3
  RAISES_AT kUndisturbed, 0, [CaughtEip]
  mov dword [TaskState + 4], InterruptStackTop
  DONE

  CASE "AM clear"  ; 2.5, CR0.AM
  mov eax, cr0
  and eax, ~(1 << 18)
  mov cr0, eax
  mov ebx, Data + 1
  IN_RING_3 kAc
  mov eax, [ebx]
  END_RING_3
  RAISES_AT kUndisturbed, 0, [CaughtEip]
  DONE

  FINISH "alignment"
