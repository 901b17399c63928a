; SPDX-License-Identifier: Apache-2.0
; When a waiting interrupt gets through: the shadows of STI, MOV SS and POP SS, the instructions that
; change IF, HLT, and priorities (SDM vol. 3, 6.8.1, 6.8.3 and table 6-2).
%include "privileged.inc"
%include "timer.inc"

kBufferBytes equ 0x100000
Buffer equ 0x200000

section .data
StackPointer: dd 0

section .text
; An interrupt is expected at AT.
%macro INTERRUPTED 0
  RAISES_AT kTimer, 0, %$at
  cli
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitPrivileged
  call InitTimer
  mov bx, ss

  CASE "sti"  ; vol. 2, STI: after the next instruction
  call RaiseTimer
  sti
  nop
  AT
  nop
  INTERRUPTED
  DONE

  CASE "sti at the end of a page"  ; vol. 2, STI
  call RaiseTimer
  jmp AtPageEnd
  RAISES_AT kTimer, 0, BehindPageEnd
  cli
  DONE

  CASE "sti, sti"  ; vol. 2, STI: only with IF clear before does it delay
  call RaiseTimer
  sti
  sti
  AT
  nop
  INTERRUPTED
  DONE

  CASE "sti, cli"  ; vol. 2, STI: no interrupt is recognised
  call RaiseTimer
  sti
  cli
  nop
  COMPLETES
  DONE

  CASE "sti, hlt"  ; vol. 2, STI and HLT: wakes, eip behind it
  call RaiseTimer
  sti
  hlt
  AT
  nop
  INTERRUPTED
  DONE

  CASE "hlt that waits"  ; vol. 2, HLT
  push dword 200
  call StartTimer
  sti
  hlt
  AT
  nop
  INTERRUPTED
  DONE

  CASE "sti, jump to itself"  ; the shadow lasts for one instruction, however often it runs
  call RaiseTimer
  sti
  AT
  jmp %$at
  INTERRUPTED
  DONE

  CASE "mov ss, jump to itself"  ; 6.8.3
  push dword 500
  call StartTimer
  sti
  nop
  mov ss, bx
  AT
  jmp %$at
  INTERRUPTED
  DONE

  CASE "pop ss, jump to itself"  ; 6.8.3
  push dword 500
  call StartTimer
  push ss
  sti
  nop
  pop ss
  AT
  jmp %$at
  INTERRUPTED
  DONE

  CASE "sti, ret"  ; vol. 2, STI: the idiom, STI and RET at the end of a procedure
  call RaiseTimer
  push dword %$at
  sti
  ret
  AT
  nop
  INTERRUPTED
  DONE

  CASE "sti, taken branch"  ; vol. 2, STI
  call RaiseTimer
  sti
  jmp %$at
  nop
  AT
  nop
  INTERRUPTED
  DONE

  CASE "sti, instruction that faults"  ; table 6-2: the fault comes first; its handler has IF clear
  call RaiseTimer
  sti
  AT
  ud2
  RAISES 6
  EXPECT_BITS [CaughtFlags], kIf, kIf
  cli
  DONE

  CASE "sti, sensitive instruction"  ; vol. 2, STI
  call RaiseTimer
  sti
  mov eax, cr0
  AT
  nop
  INTERRUPTED
  DONE

  CASE "sti, store to a device"  ; vol. 2, STI
  call RaiseTimer
  sti
  mov [0xB8000], al
  AT
  nop
  INTERRUPTED
  DONE

  CASE "popf"  ; 6.8.1: no shadow
  call RaiseTimer
  pushf
  or dword [esp], kIf
  popf
  AT
  cli
  INTERRUPTED
  DONE

  CASE "iret"  ; 6.8.1: no shadow
  call RaiseTimer
  pushf
  or dword [esp], kIf
  push cs
  push dword %$at
  iret
  AT
  cli
  INTERRUPTED
  DONE

  CASE "iret to ring 3"  ; 6.8.1
  call RaiseTimer
  IN_RING_3 kIf
  AT
  nop
  END_RING_3
  INTERRUPTED
  EXPECT [CaughtCs], kUserCode
  DONE

  CASE "popf in ring 3 leaves IF alone"  ; vol. 2, POPF: CPL > IOPL
  call RaiseTimer
  IN_RING_3
  pushf
  or dword [esp], kIf
  popf
  nop
  END_RING_3
  RAISES_AT kUndisturbed, 0, [CaughtEip]
  EXPECT_BITS [CaughtFlags], kIf, 0
  DONE

  CASE "popf in ring 3 with IOPL 3"  ; vol. 2, POPF
  call RaiseTimer
  IN_RING_3 0x3000
  pushf
  or dword [esp], kIf
  popf
  AT
  nop
  END_RING_3
  INTERRUPTED
  DONE

  CASE "sti in ring 3 with IOPL 3"  ; vol. 2, STI
  call RaiseTimer
  IN_RING_3 0x3000
  sti
  nop
  AT
  nop
  END_RING_3
  INTERRUPTED
  DONE

  CASE "interrupt after mov ss waits for the next instruction"  ; 6.8.3: lss is no such
  mov dword [StackPointer], esp
  push dword 1
  call StartTimer
  mov ecx, 4000
  sti
  nop
%$again:
  mov ss, bx
  mov esp, [StackPointer]
  dec ecx
  jnz %$again
  RAISES_AT kTimer, 0, [CaughtEip]
  cli
  ; Never between the two.
  xor eax, eax
  cmp dword [CaughtEip], %$again + 2
  sete al
  EXPECT eax, 0
  DONE

  CASE "interrupt goes before an execute breakpoint"  ; table 6-2: 6 before 7
  call RaiseTimer
  mov eax, %$at
  mov dr0, eax
  mov eax, 2
  mov dr7, eax
  pushf
  or dword [esp], kIf
  popf
  AT
  nop
  INTERRUPTED
  EXPECT_BITS [CaughtDr6], 15, 0
  xor eax, eax
  mov dr7, eax
  DONE

  CASE "single-step trap goes before an interrupt"  ; table 6-2: 4 before 6
  call RaiseTimer
  mov al, 0xFF
  out 0x21, al  ; mask it for now
  mov al, 0xFE
  pushf
  or dword [esp], kTf | kIf
  popf
  out 0x21, al
  RAISES_AFTER 1
  cli
  EXPECT_BITS [CaughtFlags], kIf, kIf
  DONE

  CASE "interrupt behind popf that sets TF and IF"  ; 17.3.1.4, 6.8.1: saved TF set
  call RaiseTimer
  pushf
  or dword [esp], kTf | kIf
  popf
  AT
  nop
  INTERRUPTED
  EXPECT_BITS [CaughtFlags], kTf, kTf
  EXPECT_BITS [CaughtDr6], 0x4000, 0
  DONE

  CASE "interrupt in a repeated string"  ; vol. 2, REP: between iterations, registers up to date
  push dword 20
  call StartTimer
  mov ecx, kBufferBytes / 4
  mov edi, Buffer
  cld
  sti
  AT
  rep stosd
  jmp %$at
  RAISES_AT kTimer, 0, [CaughtEip]
  cli
  mov eax, [CaughtEcx]
  shl eax, 2
  add eax, [CaughtEdi]
  EXPECT eax, Buffer + kBufferBytes
  DONE

  CASE "interrupt while IF is clear waits"  ; 6.8.1
  call RaiseTimer
  mov ecx, 10000
%$again:
  loop %$again
  COMPLETES
  DONE

  FINISH "shadows"

align 4096, nop
  times 4093 nop
AtPageEnd:
  nop
  nop
  sti
  nop
BehindPageEnd:
  nop
  ud2
