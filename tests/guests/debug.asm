; SPDX-License-Identifier: Apache-2.0
; Breakpoints in debug registers, the single step, and what shares vector 1 with them (SDM vol. 3,
; 17.2 and 17.3).
%include "privileged.inc"

kB0 equ 1
kB1 equ 2
kB2 equ 4
kBd equ 1 << 13
kBs equ 1 << 14
kDr6Bits equ 0xE00F

; DR7 values for breakpoint 0: global enable, condition and length.
kOnExecute equ 0x00000002
kOnWrite1 equ 0x00010002
kOnWrite2 equ 0x00050002
kOnWrite4 equ 0x000D0002
kOnPort1 equ 0x00020002
kOnPort2 equ 0x00060002
kOnAccess1 equ 0x00030002
kOnAccess4 equ 0x000F0002

section .data
align 16, db 0
Watched: times 64 db 0
Source: times 64 db 0x5A
FarPointer: dd FarTarget
  dw kKernelCode
Table: dw 0
  dd 0

section .text
%macro SET_DR 2
  mov eax, %2
  mov dr%1, eax
%endmacro
; WATCH address, DR7 value
%macro WATCH 2
  SET_DR 0, %1
  SET_DR 7, %2
%endmacro
%macro UNWATCH 0
  push eax
  xor eax, eax
  mov dr7, eax
  pop eax
%endmacro
; The single step from the instruction behind this macro on; each is logged.
%macro TRACE_ON 0
  mov dword [TraceOn], 1
  pushf
  or dword [esp], kTf
  popf
%endmacro
; Ends it; what these two instructions log is the last of it.
%macro TRACE_OFF 0
  pushf
  and dword [esp], ~kTf
  popf
  mov dword [TraceOn], 0
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitPrivileged
  SET_DR 7, 0
  SET_DR 6, 0xFFFF0FF0

  CASE "execute breakpoint is a fault"  ; 17.2.4, 17.3.1.1: eip of the instruction, not executed
  mov ebx, 0
  WATCH %$at, kOnExecute
  AT
  inc ebx
  RAISES 1
  UNWATCH
  EXPECT [CaughtEbx], 0
  EXPECT_BITS [CaughtDr6], kDr6Bits, kB0
  EXPECT_BITS [CaughtFlags], kRf, 0
  DONE

  CASE "execute breakpoint, locally enabled"  ; 17.2.4: L0 alone
  WATCH %$at, 1
  AT
  nop
  RAISES 1
  UNWATCH
  DONE

  CASE "execute breakpoint that is not enabled"  ; 17.2.4: L and G clear
  WATCH %$at, 0x300
  AT
  nop
  COMPLETES
  DONE

  CASE "execute breakpoint must be at the first byte"  ; 17.2.5: first byte, prefixes included
  WATCH %$at + 1, kOnExecute
  AT
  db 0x3E
  mov eax, [Watched]
  COMPLETES
  UNWATCH
  DONE

  CASE "execute breakpoint at a prefix"  ; 17.2.5
  WATCH %$at, kOnExecute
  AT
  db 0x3E
  mov eax, [Watched]
  RAISES 1
  UNWATCH
  DONE

  CASE "RF suppresses an execute breakpoint once"  ; 17.3.1.1: for one instruction
  mov ecx, 2
  WATCH %$at, kOnExecute
  pushf
  or dword [esp], kRf
  push cs
  push dword %$at
  iret
  AT
  dec ecx
  jnz %$at
  RAISES 1
  UNWATCH
  EXPECT [CaughtEcx], 1
  DONE

  CASE "popf does not set RF"  ; vol. 2, POPF: RF is cleared
  WATCH %$at, kOnExecute
  pushf
  or dword [esp], kRf
  popf
  AT
  nop
  RAISES 1
  UNWATCH
  DONE

  CASE "a fault pushes RF set"  ; 17.3.1.1
  AT
  ud2
  RAISES 6
  EXPECT_BITS [CaughtFlags], kRf, kRf
  DONE

  CASE "execute breakpoint on an instruction that faults goes first"  ; table 6-2
  WATCH %$at, kOnExecute
  AT
  ud2
  RAISES 1
  UNWATCH
  DONE

  CASE "execute breakpoint after mov ss is suppressed"  ; 17.3.1.1, 6.8.3
  mov bx, ss
  WATCH %$at, kOnExecute
  mov ss, bx
  AT
  nop
  COMPLETES
  UNWATCH
  DONE

  CASE "execute breakpoint two behind mov ss"  ; 6.8.3: one instruction only
  mov bx, ss
  WATCH %$at, kOnExecute
  mov ss, bx
  nop
  AT
  nop
  RAISES 1
  UNWATCH
  DONE

  CASE "execute breakpoint after sti is not suppressed"  ; 6.8.3: STI inhibits interrupts only
  WATCH %$at, kOnExecute
  sti
  AT
  cli
  RAISES 1
  cli
  UNWATCH
  DONE

  CASE "two breakpoints at once"  ; 17.2.3: all that match
  SET_DR 1, %$at
  SET_DR 2, %$at
  SET_DR 7, 0x28
  AT
  nop
  RAISES 1
  UNWATCH
  EXPECT_BITS [CaughtDr6], kDr6Bits, kB1 | kB2
  DONE

  CASE "write breakpoint is a trap"  ; 17.2.4: the next instruction, memory written
  mov dword [Watched], 0
  WATCH Watched, kOnWrite4
  mov dword [Watched], 7
  RAISES_AFTER 1
  UNWATCH
  EXPECT [Watched], 7
  EXPECT_BITS [CaughtDr6], kDr6Bits, kB0
  EXPECT_BITS [CaughtFlags], kRf, 0
  DONE

  CASE "write breakpoint ignores reads"  ; 17.2.4, R/W 01
  WATCH Watched, kOnWrite4
  mov ecx, [Watched]
  cmp [Watched], ecx
  push dword [Watched]
  pop ecx
  COMPLETES
  UNWATCH
  DONE

  CASE "access breakpoint takes reads"  ; 17.2.4, R/W 11
  WATCH Watched, kOnAccess4
  mov ecx, [Watched]
  RAISES_AFTER 1
  UNWATCH
  DONE

  CASE "access breakpoint ignores fetches"  ; 17.2.4: but not instruction fetches
  WATCH %$at, kOnAccess1
  AT
  nop
  COMPLETES
  UNWATCH
  DONE

  CASE "write just below a breakpoint"  ; 17.2.5
  WATCH Watched + 4, kOnWrite4
  mov [Watched], eax
  COMPLETES
  UNWATCH
  DONE

  CASE "write just above a breakpoint"  ; 17.2.5
  WATCH Watched + 4, kOnWrite1
  mov [Watched + 5], al
  COMPLETES
  UNWATCH
  DONE

  CASE "write that overlaps the last byte"  ; 17.2.5: any byte in common
  WATCH Watched + 4, kOnWrite4
  mov [Watched + 7], ax
  RAISES_AFTER 1
  UNWATCH
  DONE

  CASE "wide write over a byte breakpoint"  ; 17.2.5
  WATCH Watched + 6, kOnWrite1
  movups [Watched], xmm0
  RAISES_AFTER 1
  UNWATCH
  DONE

  CASE "breakpoint of two bytes is aligned"  ; 17.2.5: low bits ignored, 5 means 4 and 5
  WATCH Watched + 5, kOnWrite2
  mov byte [Watched + 4], 1
  RAISES_AFTER 1
  UNWATCH
  DONE

  CASE "breakpoint of two bytes ends there"  ; 17.2.5
  WATCH Watched + 5, kOnWrite2
  mov byte [Watched + 6], 1
  COMPLETES
  UNWATCH
  DONE

  CASE "breakpoint of four bytes is aligned"  ; 17.2.5: 7 means 4 to 7
  WATCH Watched + 7, kOnWrite4
  mov byte [Watched + 4], 1
  RAISES_AFTER 1
  UNWATCH
  DONE

  CASE "push onto a watched word"  ; 17.2.4: the stack is data
  WATCH StackTop - 1024, kOnWrite4
  mov ebx, esp
  mov esp, StackTop - 1020
  push eax
  RAISES_AFTER 1
  UNWATCH
  EXPECT [CaughtEsp], StackTop - 1024
  DONE

  CASE "call pushes onto a watched word"  ; 17.2.4: eip is the target
  WATCH StackTop - 1024, kOnWrite4
  mov esp, StackTop - 1020
  call %$target
  nop
%$target:
  RAISES_AFTER 1
  UNWATCH
  DONE

  CASE "pusha over a watched word"  ; 17.2.4
  WATCH StackTop - 1024, kOnWrite4
  mov esp, StackTop - 1000
  pusha
  RAISES_AFTER 1
  UNWATCH
  EXPECT [CaughtEsp], StackTop - 1032
  DONE

  CASE "enter does not touch its locals"  ; vol. 2, ENTER: only a probe where esp ends up
  WATCH StackTop - 1024, kOnAccess4
  mov esp, StackTop - 1000
  enter 20, 0
  COMPLETES
  UNWATCH
  DONE

  CASE "read-modify-write"  ; 17.2.4
  WATCH Watched, kOnWrite4
  lock add dword [Watched], 1
  RAISES_AFTER 1
  UNWATCH
  DONE

  CASE "cmpxchg that fails still writes"  ; vol. 2, CMPXCHG: always a write cycle
  mov dword [Watched], 5
  mov eax, Watched
  WATCH Watched, kOnWrite4
  mov eax, 6
  cmpxchg [Watched], ecx
  RAISES_AFTER 1
  UNWATCH
  EXPECT [CaughtEax], 5
  DONE

  CASE "sgdt into a watched word"  ; 17.2.4
  WATCH Table, kOnWrite2
  sgdt [Table]
  RAISES_AFTER 1
  UNWATCH
  DONE

  CASE "fst into a watched word"  ; 17.2.4
  fldz
  WATCH Watched, kOnWrite4
  fstp qword [Watched]
  RAISES_AFTER 1
  UNWATCH
  DONE

  CASE "an access that faults does not trap"  ; 17.2.4: after the instruction, which never completes
  WATCH 0x3FF000, kOnAccess4
  and dword [LowPageTable + 0x3FF * 4], ~kPresent
  invlpg [0x3FF000]
  AT
  mov eax, [0x3FF000]
  RAISES 14, 0
  UNWATCH
  or dword [LowPageTable + 0x3FF * 4], kPresent
  DONE

  CASE "repeated string stops after the iteration"  ; 17.3.1.2: trap between iterations, RF set
  WATCH Watched + 8, kOnWrite4
  mov esi, Source
  mov edi, Watched
  mov ecx, 8
  cld
  AT
  rep movsd
  RAISES 1
  UNWATCH
  EXPECT [CaughtEcx], 5
  EXPECT [CaughtEdi], Watched + 12
  EXPECT_BITS [CaughtFlags], kRf, kRf
  DONE

  CASE "last iteration of a repeated string"  ; 17.3.1.1: eip behind it, RF clear
  WATCH Watched + 8, kOnWrite4
  mov edi, Watched
  mov ecx, 3
  rep stosd
  RAISES_AFTER 1
  UNWATCH
  EXPECT [CaughtEcx], 0
  EXPECT_BITS [CaughtFlags], kRf, 0
  DONE

  CASE "port breakpoint with DE"  ; 17.2.4, R/W 10
  mov eax, cr4
  or eax, 8
  mov cr4, eax
  WATCH 0x80, kOnPort1
  out 0x80, al
  RAISES_AFTER 1
  UNWATCH
  EXPECT_BITS [CaughtDr6], kDr6Bits, kB0
  DONE

  CASE "port breakpoint elsewhere"  ; 17.2.5
  WATCH 0x81, kOnPort1
  out 0x80, al
  COMPLETES
  UNWATCH
  DONE

  CASE "port breakpoint of two ports"  ; 17.2.5: aligned
  WATCH 0x81, kOnPort2
  out 0x80, al
  RAISES_AFTER 1
  UNWATCH
  DONE

  CASE "port breakpoint at outs"  ; 17.3.1.2: after the iteration
  WATCH 0x80, kOnPort1
  mov esi, Source
  mov dx, 0x80
  mov ecx, 3
  AT
  rep outsb
  RAISES 1
  UNWATCH
  EXPECT [CaughtEcx], 2
  DONE

  CASE "dr4 with DE"  ; 17.2.2: #UD
  AT
  mov eax, dr4
  RAISES 6
  DONE

  CASE "port breakpoint without DE"  ; 17.2.4: R/W 10 is undefined, no breakpoint here
  mov eax, cr4
  and eax, ~8
  mov cr4, eax
  WATCH 0x80, kOnPort1
  out 0x80, al
  COMPLETES
  UNWATCH
  DONE

  CASE "dr4 and dr5 without DE"  ; 17.2.2: aliases of DR6 and DR7
  SET_DR 7, 0x300
  mov ebx, dr5
  SET_DR 6, 0xFFFF0FF1
  mov ecx, dr4
  mov edx, 0xFFFF0FF0
  mov dr4, edx
  mov esi, dr6
  COMPLETES
  EXPECT ebx, 0x700
  EXPECT ecx, 0xFFFF0FF1
  EXPECT esi, 0xFFFF0FF0
  DONE

  CASE "fixed bits of dr6 and dr7"  ; figure 17-1
  mov eax, 0
  mov dr6, eax
  mov ebx, dr6
  mov eax, 0xFFFFDFFF  ; all but GD
  and eax, 0xFFFF0000
  mov dr7, eax
  mov ecx, dr7
  mov eax, 0x0000DC00
  mov dr7, eax
  mov edx, dr7
  UNWATCH
  COMPLETES
  EXPECT ebx, 0xFFFF0FF0
  EXPECT ecx, 0xFFFF0400
  EXPECT edx, 0x00000400
  SET_DR 6, 0xFFFF0FF0
  DONE

  CASE "general detect"  ; 17.2.4: fault before the access, BD, GD cleared on the way
  SET_DR 7, 0x2000
  AT
  mov ecx, dr3
  RAISES 1
  EXPECT_BITS [CaughtDr6], kDr6Bits, kBd
  EXPECT_BITS [CaughtFlags], kRf, kRf
  mov ecx, dr7
  EXPECT ecx, 0x400
  DONE

  CASE "general detect is cleared by icebp"  ; 17.2.4: on entry to the handler
  SET_DR 7, 0x2000
  db 0xF1
  RAISES_AFTER 1
  mov ecx, dr7
  EXPECT ecx, 0x400
  DONE

  CASE "icebp reports nothing in dr6"  ; vol. 2, INT n: INT1
  db 0xF1
  RAISES_AFTER 1
  EXPECT_BITS [CaughtDr6], kDr6Bits, 0
  DONE

  CASE "debug registers in ring 3"  ; vol. 2, MOV DR: #GP(0)
  IN_RING_3
  AT
  mov eax, dr7
  END_RING_3
  RAISES 13, 0
  DONE

  CASE "write breakpoint in ring 3"  ; 17.2: linear addresses, any privilege
  WATCH UserStackTop - 4, kOnWrite4
  IN_RING_3
  push eax
  AT
  END_RING_3
  RAISES 1
  UNWATCH
  EXPECT [CaughtCs], kUserCode
  DONE

  CASE "software interrupt pushes onto a watched word"  ; 17.2.4: trap at the handler's first
  mov esp, StackTop - 1012
  WATCH StackTop - 1024, kOnWrite4
  int kBackToRing0
  RAISES_AT 1, 0, BackToRing0
  UNWATCH
  DONE

  CASE "single step"  ; 17.3.1.4: after each instruction, eip of the next
  TRACE_ON
%$one:
  nop
%$two:
  nop
%$three:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$two
  EXPECT [TraceEip + 4], %$three
  EXPECT_BITS [TraceDr6], kDr6Bits, kBs
  EXPECT_BITS [TraceFlags], kTf | kRf, kTf
  EXPECT [TraceCount], 5
  DONE

  CASE "single step of jumps and calls"  ; 17.3.1.4: eip of the target
  xor ecx, ecx
  TRACE_ON
  jmp %$one
  nop
%$one:
  call %$two
%$back:
  jecxz %$three
  nop
%$two:
  ret
%$three:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$one
  EXPECT [TraceEip + 4], %$two
  EXPECT [TraceEip + 8], %$back
  EXPECT [TraceEip + 12], %$three
  DONE

  CASE "single step of a repeated string"  ; 17.3.1.4: after each iteration, RF but for the last
  mov ecx, 3
  mov edi, Watched
  TRACE_ON
%$at:
  rep stosd
%$one:
  nop
%$two:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$at
  EXPECT [TraceEip + 4], %$at
  EXPECT [TraceEip + 8], %$one
  EXPECT [TraceEip + 12], %$two
  EXPECT [TraceEcx], 2
  EXPECT [TraceEcx + 4], 1
  EXPECT [TraceEcx + 8], 0
  EXPECT_BITS [TraceFlags], kRf, kRf
  EXPECT_BITS [TraceFlags + 8], kRf, 0
  DONE

  CASE "single step of a repeated string of none"  ; 17.3.1.4: one step
  xor ecx, ecx
  TRACE_ON
  rep stosd
%$one:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$one
  DONE

  CASE "single step of a repeated compare"  ; 17.3.1.4: ends with the compare
  mov ecx, 4
  mov esi, Source
  mov edi, Watched
  mov dword [Watched], 0x5A5A5A5A
  mov dword [Watched + 4], 0
  TRACE_ON
%$at:
  repe cmpsd
%$one:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$at
  EXPECT [TraceEip + 4], %$one
  EXPECT [TraceEcx + 4], 2
  DONE

  CASE "single step of repeated outs"  ; 17.3.1.4
  mov ecx, 2
  mov esi, Source
  mov dx, 0x80
  TRACE_ON
%$at:
  rep outsb
%$one:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$at
  EXPECT [TraceEip + 4], %$one
  EXPECT_BITS [TraceFlags], kRf, kRf
  DONE

  CASE "single step over mov ss"  ; 6.8.3: no trap between it and the next
  mov bx, ss
  TRACE_ON
  mov ss, bx
  nop
%$one:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$one
  DONE

  CASE "single step over pop ss"  ; 6.8.3
  push ss
  TRACE_ON
  pop ss
  nop
%$one:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$one
  DONE

  CASE "single step over sti"  ; 6.8.3: STI does not inhibit #DB
  TRACE_ON
  sti
%$one:
  cli
%$two:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$one
  EXPECT [TraceEip + 4], %$two
  DONE

  CASE "popf that sets TF is not traced"  ; 17.3.1.4: TF at the start of the instruction counts
  mov dword [TraceOn], 1
  pushf
  or dword [esp], kTf
  popf
%$one:
  nop
%$two:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$two
  DONE

  CASE "popf that clears TF is traced"  ; 17.3.1.4
  TRACE_ON
  pushf
  and dword [esp], ~kTf
  popf
%$last:
  mov dword [TraceOn], 0
  COMPLETES
  EXPECT [TraceCount], 3
  EXPECT [TraceEip + 8], %$last
  DONE

  CASE "iret that sets TF is not traced"  ; 17.3.1.4
  mov dword [TraceOn], 1
  pushf
  or dword [esp], kTf
  push cs
  push dword %$one
  iret
%$one:
  nop
%$two:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$two
  DONE

  CASE "software interrupt clears TF"  ; 17.3.1.4: no trap at the handler
  TRACE_ON
  int kBackToRing0
  COMPLETES
  mov dword [TraceOn], 0
  EXPECT [TraceCount], 0
  DONE

  CASE "int3 while stepping"  ; 17.3.1.4: saved TF set, no trap
  pushf
  or dword [esp], kTf
  popf
  int3
  RAISES_AFTER 3
  EXPECT_BITS [CaughtFlags], kTf, kTf
  DONE

  CASE "fault while stepping"  ; 17.3.1.4: no trap, saved TF set
  pushf
  or dword [esp], kTf
  popf
  AT
  ud2
  RAISES 6
  EXPECT_BITS [CaughtFlags], kTf | kRf, kTf | kRf
  DONE

  CASE "single step of an x87 and an SSE instruction"  ; 17.3.1.4
  TRACE_ON
  fldz
%$one:
  movaps xmm0, xmm1
%$two:
  fstp st0
%$three:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$one
  EXPECT [TraceEip + 4], %$two
  EXPECT [TraceEip + 8], %$three
  DONE

  CASE "single step of sensitive instructions"  ; 17.3.1.4
  TRACE_ON
  mov eax, cr0
%$one:
  mov ds, bx
%$two:
  cpuid
%$three:
  TRACE_OFF
  COMPLETES
  EXPECT [TraceEip], %$one
  EXPECT [TraceEip + 4], %$two
  EXPECT [TraceEip + 8], %$three
  DONE

  CASE "single step and write breakpoint together"  ; 17.3.1.4: one #DB, both bits
  WATCH Watched, kOnWrite4
  TRACE_ON
  mov [Watched], eax
%$one:
  TRACE_OFF
  COMPLETES
  UNWATCH
  EXPECT [TraceEip], %$one
  EXPECT_BITS [TraceDr6], kDr6Bits, kBs | kB0
  DONE

  CASE "single step, then execute breakpoint"  ; table 6-2: trap of the last, then fault of the next
  WATCH %$at, kOnExecute
  mov dword [TraceOn], 1
  pushf
  or dword [esp], kTf
  popf
  nop
  AT
  inc ebx
  TRACE_OFF
  COMPLETES
  UNWATCH
  EXPECT [TraceEip], %$at
  EXPECT_BITS [TraceDr6], kDr6Bits, kBs
  EXPECT [TraceEip + 4], %$at
  EXPECT_BITS [TraceDr6 + 4], kDr6Bits, kB0
  DONE

  CASE "data breakpoint at mov ss waits for the next instruction"  ; 6.8.3
  mov dword [Watched], kKernelData
  WATCH Watched, kOnAccess4
  mov ss, [Watched]
  nop
  RAISES_AFTER 1
  UNWATCH
  EXPECT_BITS [CaughtDr6], kDr6Bits, kB0
  DONE

  CASE "single step in ring 3"  ; 17.3.1.4
  mov dword [TraceOn], 1
  IN_RING_3 kTf
%$one:
  nop
%$two:
  int kBackToRing0
  END_RING_3
  COMPLETES
  mov dword [TraceOn], 0
  EXPECT [TraceCount], 1
  EXPECT [TraceEip], %$two
  DONE

  CASE "single step into a page fault and back"  ; 17.3.1.4, 6-2: the fault, then the trap
  SET_GATE 14, MapAndReturn, 0
  and dword [LowPageTable + 0x3FF * 4], ~kPresent
  invlpg [0x3FF000]
  TRACE_ON
  mov eax, [0x3FF000]
%$one:
  TRACE_OFF
  COMPLETES
  SET_GATE 14, Stubs + 14 * StubBytes, 0
  EXPECT [TraceEip], %$one
  DONE

  FINISH "debug"

MapAndReturn:
  or dword [ss:LowPageTable + 0x3FF * 4], kPresent
  add esp, 4
  iret

FarTarget:
  ret
