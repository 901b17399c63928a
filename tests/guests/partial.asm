; SPDX-License-Identifier: Apache-2.0
; Instructions that do several things and fault between them: what the state is afterwards; LOCK,
; undefined opcodes and over-long instructions (SDM vol. 2; vol. 3, 6.5 and 6.15).
%include "privileged.inc"

kGone equ 0x3FE000      ; not present
kPageEnd equ kGone      ; the end of what is mapped in front of it
kReadOnly equ 0x3FC000
kBehindGone equ kGone + 4096

section .data
align 16, db 0
Data: times 64 db 0
Source: times 64 db 0x5A
Bad: dd 0, 0x1F8

section .text
; STACK_AT address: esp, with registers that can be told apart.
%macro STACK_AT 1
  mov eax, 0xA
  mov ecx, 0xC
  mov edx, 0xD
  mov ebx, 0xB
  mov ebp, 0xE
  mov esi, 0x51
  mov edi, 0xD1
  mov esp, %1
%endmacro
%macro REGISTERS_KEPT 0
  EXPECT [CaughtEax], 0xA
  EXPECT [CaughtEcx], 0xC
  EXPECT [CaughtEdx], 0xD
  EXPECT [CaughtEbx], 0xB
  EXPECT [CaughtEsi], 0x51
  EXPECT [CaughtEdi], 0xD1
%endmacro
; Faults whose stack is bad are taken in ring 3, whence the handler gets a stack of its own.
%macro USER_STACK_FAULT 4+  ; name, esp, cr2, instruction
  CASE %1
  STACK_AT StackTop - 256
  mov eax, %2
  IN_RING_3
  mov esp, eax
  mov eax, 0xA
  AT
  %4
  END_RING_3
  RAISES_AT 14, [CaughtError], %$at
  EXPECT [CaughtCr2], %3
  EXPECT [InterruptStackTop - 8], %2
  REGISTERS_KEPT
  DONE
%endmacro
%macro UNDEFINED 2+
  CASE %1
  mov ecx, Data
  mov edi, Data
  mov esi, Data
  AT
  %2
  RAISES 6
  DONE
%endmacro
%macro UNDEFINED_LOCKED 2+
  CASE %1
  mov ecx, Data
  mov edi, Data
  mov esi, Data
  AT
  db 0xF0
  %2
  RAISES 6
  DONE
%endmacro
%macro LOCKED 1+
  CASE "lock is legal"
  mov ebx, Data
  AT
  db 0xF0
  %1
  RAISES kNothing
  DONE
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitPrivileged
  or dword [LowPageTable + (kGone >> 12) * 4], kUser
  and dword [LowPageTable + (kGone >> 12) * 4], ~kPresent
  or dword [LowPageTable + (kGone >> 12) * 4 - 4], kUser
  or dword [LowPageTable + (kBehindGone >> 12) * 4], kUser
  or dword [LowPageTable + (kReadOnly >> 12) * 4], kUser
  and dword [LowPageTable + (kReadOnly >> 12) * 4], ~kWritable
  mov eax, cr3
  mov cr3, eax

  USER_STACK_FAULT "pusha across a page", kBehindGone + 8, kBehindGone - 24, pusha
  USER_STACK_FAULT "push", kBehindGone, kGone + 4092, push eax
  USER_STACK_FAULT "push of 16 bits", kBehindGone, kGone + 4094, push ax
  USER_STACK_FAULT "push from memory", kBehindGone, kGone + 4092, push dword [kPageEnd - 8]
  USER_STACK_FAULT "pushf", kBehindGone, kGone + 4092, pushf
  USER_STACK_FAULT "call", kBehindGone, kGone + 4092, call UserTarget
  USER_STACK_FAULT "call through memory", kBehindGone, kGone + 4092, call [kPageEnd - 8]
  USER_STACK_FAULT "popa across a page", kPageEnd - 12, kGone, popa
  USER_STACK_FAULT "pop", kGone, kGone, pop ecx
  USER_STACK_FAULT "pop to memory that is not there", kPageEnd - 64, kGone + 8, pop dword [kGone + 8]
  USER_STACK_FAULT "ret", kGone, kGone, ret
  USER_STACK_FAULT "ret with release", kGone, kGone, ret 16
  USER_STACK_FAULT "far ret across a page", kPageEnd - 4, kGone, retf
  USER_STACK_FAULT "iret across a page", kPageEnd - 8, kGone, iret
  USER_STACK_FAULT "popf", kGone, kGone, popf
  USER_STACK_FAULT "pop of a segment", kGone, kGone, pop es
  USER_STACK_FAULT "enter", kBehindGone, kGone + 4092, {enter 16, 0}
  USER_STACK_FAULT "enter whose locals end where nothing is", kBehindGone + 64, kGone + 0xF3C, {enter 256, 0}

  CASE "enter with levels whose frame is not there"  ; vol. 2, ENTER
  mov ebp, kGone + 64
  mov eax, kBehindGone + 256
  IN_RING_3
  mov esp, eax
  AT
  enter 16, 3
  END_RING_3
  RAISES_AT 14, 4, %$at
  EXPECT [InterruptStackTop - 8], kBehindGone + 256
  EXPECT [CaughtEbp], kGone + 64
  DONE

  CASE "leave whose frame is not there"  ; vol. 2, LEAVE: nothing has changed
  mov ebp, kGone
  mov eax, kBehindGone + 256
  IN_RING_3
  mov esp, eax
  AT
  leave
  END_RING_3
  RAISES_AT 14, 4, %$at
  EXPECT [InterruptStackTop - 8], kBehindGone + 256
  EXPECT [CaughtEbp], kGone
  DONE

  CASE "pusha writes nothing if it faults"  ; all or nothing here
  mov dword [kBehindGone], 0x77777777
  mov eax, kBehindGone + 8
  IN_RING_3
  mov esp, eax
  pusha
  END_RING_3
  RAISES_AT 14, 6, [CaughtEip]
  EXPECT [kBehindGone], 0x77777777
  DONE

  CASE "popa keeps all registers if it faults"
  STACK_AT StackTop - 256
  mov eax, kPageEnd - 28
  IN_RING_3
  mov esp, eax
  mov eax, 0xA
  popa
  END_RING_3
  RAISES_AT 14, 4, [CaughtEip]
  REGISTERS_KEPT
  DONE

  CASE "rep movs into a page that is not there"  ; vol. 2, REP: registers after whole iterations
  mov esi, Source
  mov edi, kPageEnd - 12
  mov ecx, 8
  cld
  AT
  rep movsd
  RAISES 14, 2
  EXPECT [CaughtEcx], 5
  EXPECT [CaughtEsi], Source + 12
  EXPECT [CaughtEdi], kPageEnd
  EXPECT [CaughtCr2], kGone
  DONE

  CASE "rep movs from a page that is not there"
  mov esi, kPageEnd - 8
  mov edi, Data
  mov ecx, 8
  AT
  rep movsd
  RAISES 14, 0
  EXPECT [CaughtEcx], 6
  EXPECT [CaughtEsi], kPageEnd
  EXPECT [CaughtEdi], Data + 8
  DONE

  CASE "rep movs whose element straddles the end"
  mov esi, Source
  mov edi, kPageEnd - 6
  mov ecx, 8
  AT
  rep movsd
  RAISES 14, 2
  EXPECT [CaughtEcx], 7
  EXPECT [CaughtEdi], kPageEnd - 2
  EXPECT [CaughtCr2], kGone
  DONE

  CASE "rep stos downwards"
  mov edi, kBehindGone + 8
  mov ecx, 8
  std
  AT
  rep stosd
  RAISES 14, 2
  EXPECT [CaughtEcx], 5
  EXPECT [CaughtEdi], kBehindGone - 4
  EXPECT [CaughtCr2], kBehindGone - 4
  DONE

  CASE "repe cmps into a page that is not there"  ; the flags are those of the last compare
  mov dword [kPageEnd - 4], 0
  mov dword [Data], 0
  mov esi, kPageEnd - 4
  mov edi, Data
  mov ecx, 4
  mov eax, 1
  cmp eax, 2
  AT
  repe cmpsd
  RAISES 14, 0
  EXPECT [CaughtEcx], 3
  EXPECT [CaughtEsi], kPageEnd
  DONE

  CASE "repne scas into a page that is not there"
  mov edi, kPageEnd - 2
  mov eax, 0x99
  mov ecx, 9
  AT
  repne scasb
  RAISES 14, 0
  EXPECT [CaughtEcx], 7
  EXPECT [CaughtEdi], kPageEnd
  DONE

  CASE "rep lods from a page that is not there"
  mov esi, kPageEnd - 4
  mov ecx, 4
  AT
  rep lodsw
  RAISES 14, 0
  EXPECT [CaughtEcx], 2
  EXPECT [CaughtEsi], kPageEnd
  DONE

  CASE "rep ins into a page that is not there"  ; vol. 2, INS
  mov edi, kPageEnd - 2
  mov ecx, 4
  mov edx, 0x80
  AT
  rep insb
  RAISES 14, 2
  EXPECT [CaughtEcx], 2
  EXPECT [CaughtEdi], kPageEnd
  DONE

  CASE "rep outs from a page that is not there"  ; vol. 2, OUTS
  mov esi, kPageEnd - 2
  mov ecx, 4
  mov edx, 0x80
  AT
  rep outsb
  RAISES 14, 0
  EXPECT [CaughtEcx], 2
  EXPECT [CaughtEsi], kPageEnd
  DONE

  CASE "ins in ring 3"  ; vol. 2, INS: permission first
  mov edi, kGone
  mov edx, 0x80
  IN_RING_3
  AT
  insb
  END_RING_3
  RAISES 13, 0
  EXPECT [CaughtEdi], kGone
  DONE

  CASE "cmpxchg8b that fails needs a writable operand"  ; vol. 2, CMPXCHG8B: always written
  mov eax, 1
  mov edx, 2
  AT
  lock cmpxchg8b [kReadOnly]
  RAISES 14, 3
  EXPECT [CaughtEax], 1
  EXPECT [CaughtEdx], 2
  DONE

  CASE "cmpxchg that fails needs a writable operand"  ; vol. 2, CMPXCHG
  mov eax, 1
  AT
  cmpxchg [kReadOnly], ecx
  RAISES 14, 3
  EXPECT [CaughtEax], 1
  DONE

  CASE "xchg with a read-only operand"
  mov eax, 5
  AT
  xchg eax, [kReadOnly]
  RAISES 14, 3
  EXPECT [CaughtEax], 5
  DONE

  CASE "xadd with a read-only operand"
  mov eax, 5
  AT
  xadd [kReadOnly], eax
  RAISES 14, 3
  EXPECT [CaughtEax], 5
  DONE

  CASE "bts needs a writable operand even if the bit is set"
  mov eax, 0
  clc
  AT
  bts dword [kReadOnly], eax
  RAISES 14, 3
  DONE

  CASE "shift by zero of a read-only operand"  ; a read-modify-write whatever the count
  mov cl, 0
  AT
  shl dword [kReadOnly], cl
  RAISES 14, 3
  DONE

  CASE "div that faults keeps its operands"  ; 6.5: a fault
  mov eax, 7
  mov edx, 9
  AT
  div dword [kReadOnly]
  RAISES 0
  EXPECT [CaughtEax], 7
  EXPECT [CaughtEdx], 9
  DONE

  CASE "lds keeps both registers if its selector is bad"  ; vol. 2, LDS
  mov ebx, 0xB
  AT
  les ebx, [Bad]
  RAISES 13, 0x1F8
  EXPECT [CaughtEbx], 0xB
  DONE

  CASE "far call whose selector is bad"  ; vol. 2, CALL
  mov esp, StackTop - 512
  AT
  call far [Bad]
  RAISES 13, 0x1F8
  EXPECT [CaughtEsp], StackTop - 512
  DONE

  CASE "far pointer over the end of a page"
  AT
  jmp far [kPageEnd - 4]
  RAISES 14, 0
  EXPECT [CaughtCr2], kGone
  DONE

  CASE "bound over the end of a page"
  AT
  bound eax, [kPageEnd - 4]
  RAISES 14, 0
  EXPECT [CaughtCr2], kGone
  DONE

  CASE "sgdt over the end of a page"  ; all or nothing
  mov dword [kPageEnd - 4], 0x11111111
  AT
  sgdt [kPageEnd - 4]
  RAISES 14, 2
  EXPECT [kPageEnd - 4], 0x11111111
  DONE

  CASE "movups store over the end of a page"
  mov dword [kPageEnd - 4], 0x22222222
  AT
  movups [kPageEnd - 8], xmm0
  RAISES 14, 2
  EXPECT [kPageEnd - 4], 0x22222222
  DONE

  CASE "fstp over the end of a page keeps the register"
  fninit
  fld1
  AT
  fstp tword [kPageEnd - 4]
  RAISES 14, 2
  fnstsw ax
  EXPECT_BITS eax, 0x3800, 7 << 11
  fninit
  DONE

  ; Vol. 2, LOCK: #UD but with these instructions and a memory destination.
  LOCKED add [ebx], eax
  LOCKED adc dword [ebx], 1
  LOCKED and byte [ebx], 1
  LOCKED btc [ebx], eax
  LOCKED bts dword [ebx], 1
  LOCKED btr dword [ebx], 1
  LOCKED cmpxchg [ebx], ecx
  LOCKED cmpxchg8b [ebx]
  LOCKED dec byte [ebx]
  LOCKED inc word [ebx]
  LOCKED neg dword [ebx]
  LOCKED not dword [ebx]
  LOCKED or [ebx], al
  LOCKED sbb [ebx], eax
  LOCKED sub [ebx], eax
  LOCKED xor [ebx], eax
  LOCKED xadd [ebx], eax
  LOCKED xchg [ebx], eax
  UNDEFINED_LOCKED "lock cmp", cmp [ecx], eax
  UNDEFINED_LOCKED "lock test", test [ecx], eax
  UNDEFINED_LOCKED "lock bt", bt [ecx], eax
  UNDEFINED_LOCKED "lock mov", mov [ecx], eax
  UNDEFINED_LOCKED "lock add with a register destination", add eax, [ecx]
  UNDEFINED_LOCKED "lock inc of a register", inc eax
  UNDEFINED_LOCKED "lock xchg of registers", xchg eax, ecx
  UNDEFINED_LOCKED "lock push", push eax
  UNDEFINED_LOCKED "lock pop", pop dword [ecx]
  UNDEFINED_LOCKED "lock shl", shl dword [ecx], 1
  UNDEFINED_LOCKED "lock mul", mul dword [ecx]
  UNDEFINED_LOCKED "lock movs", movsd
  UNDEFINED "lock nop", db 0xF0, 0x90
  UNDEFINED "lock jmp", db 0xF0, 0xEB, 0
  UNDEFINED "lock ret", db 0xF0, 0xC3
  UNDEFINED "lock int3", db 0xF0, 0xCC
  UNDEFINED "lock cli", db 0xF0, 0xFA
  UNDEFINED "lock hlt", db 0xF0, 0xF4
  UNDEFINED "lock out", db 0xF0, 0xE6, 0x80
  UNDEFINED "lock mov to cr0", db 0xF0, 0x0F, 0x22, 0xC0
  UNDEFINED "lock cpuid", db 0xF0, 0x0F, 0xA2
  UNDEFINED "lock sgdt", db 0xF0, 0x0F, 0x01, 0x01
  UNDEFINED "lock fld", db 0xF0, 0xD9, 0x01
  UNDEFINED "lock movaps", db 0xF0, 0x0F, 0x28, 0x01
  UNDEFINED "lock lea", db 0xF0, 0x8D, 0x01
  UNDEFINED "lock enter", db 0xF0, 0xC8, 0, 0, 0
  UNDEFINED "lock pusha", db 0xF0, 0x60
  UNDEFINED "lock iret", db 0xF0, 0xCF

  ; Vol. 2, appendix A: opcodes that are not there, or not with this operand.
  UNDEFINED "ud0", db 0x0F, 0xFF, 0xC0
  UNDEFINED "ud1", db 0x0F, 0xB9, 0xC0
  UNDEFINED "ud2", ud2
  UNDEFINED "0F 04", db 0x0F, 0x04
  UNDEFINED "0F 0A", db 0x0F, 0x0A
  UNDEFINED "0F 24", db 0x0F, 0x24, 0xC0
  UNDEFINED "rsm outside of SMM", rsm
  UNDEFINED "FE /2", db 0xFE, 0xD0
  UNDEFINED "FF /7", db 0xFF, 0xF8
  UNDEFINED "8F /1", db 0x8F, 0xC8
  UNDEFINED "C6 /1", db 0xC6, 0xC8, 0
  UNDEFINED "C7 /1", db 0xC7, 0xC8, 0, 0, 0, 0
  UNDEFINED "0F C7 /1 with a register", db 0x0F, 0xC7, 0xC8
  UNDEFINED "0F BA /0", db 0x0F, 0xBA, 0xC0, 0
  UNDEFINED "lea of a register", db 0x8D, 0xC0
  UNDEFINED "les of a register", db 0xC4, 0xC0
  UNDEFINED "bound of a register", db 0x62, 0xC0
  UNDEFINED "mov to cs", db 0x8E, 0xC8
  UNDEFINED "mov to segment 6", db 0x8E, 0xF0
  UNDEFINED "mov from segment 7", db 0x8C, 0xF8
  UNDEFINED "lgdt of a register", db 0x0F, 0x01, 0xD0
  UNDEFINED "invlpg of a register", db 0x0F, 0x01, 0xF8
  UNDEFINED "far jump through a register", db 0xFF, 0xE8
  UNDEFINED "far call through a register", db 0xFF, 0xD8
  UNDEFINED "x87 D9 D1", db 0xD9, 0xD1
  UNDEFINED "x87 DB E5", db 0xDB, 0xE5
  UNDEFINED "sse4", db 0x66, 0x0F, 0x38, 0x10, 0xC1
  UNDEFINED "popcnt", db 0xF3, 0x0F, 0xB8, 0xC1
  UNDEFINED "syscall", db 0x0F, 0x05
  UNDEFINED "xgetbv", db 0x0F, 0x01, 0xD0
  UNDEFINED "vmcall", db 0x0F, 0x01, 0xC1
  UNDEFINED "monitor", db 0x0F, 0x01, 0xC8
  UNDEFINED "rdtscp", db 0x0F, 0x01, 0xF9
  UNDEFINED "rdrand", db 0x0F, 0xC7, 0xF0

  ; Vol. 3, 6.15, interrupt 13: more than 15 bytes.
  CASE "15 bytes"
  mov ecx, Data
  AT
  times 9 db 0x3E
  mov dword [ecx], 0
  COMPLETES
  DONE

  CASE "16 bytes"
  mov ecx, Data
  AT
  times 10 db 0x3E
  mov dword [ecx], 0
  RAISES 13, 0
  DONE

  CASE "prefixes without end"
  AT
  times 20 db 0x66
  nop
  RAISES 13, 0
  DONE

  CASE "16 bytes over the end of a page"  ; the fetch of bytes that never count does not fault
  mov edi, kPageEnd - 15
  mov ecx, 15
  mov al, 0x66
  cld
  rep stosb
  mov eax, kPageEnd - 15
  jmp eax
  RAISES_AT 13, 0, kPageEnd - 15
  DONE

  CASE "14 prefixes at the end of a page"  ; the 15th byte is fetched
  mov eax, kPageEnd - 14
  jmp eax
  RAISES_AT 14, 0, kPageEnd - 14
  EXPECT [CaughtCr2], kGone
  DONE

  FINISH "partial"

section .user
UserTarget:
  ret
