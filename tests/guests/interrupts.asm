; SPDX-License-Identifier: Apache-2.0
; Timer interrupts amid running code (SDM vol. 3, 6.3.1, 6.12, 7.3, 20.3.1): in each ring, in 16-bit
; segments and in virtual-8086 mode; through interrupt gates of both sizes and task gates, in every
; case back to where it was. The loops count in registers and memory in a way that shows a lost or
; repeated instruction.
%include "v86.inc"

kTimerVector equ 0x28
kTicks equ 5
kTimerTask equ SPARE(0)
kNear3 equ SPARE(1)
kStack3 equ SPARE(2)
; In the data segment of virtual-8086 code
kLowSteps equ 0
kLowTicks equ 8  ; a copy of Ticks

section .bss
alignb 16
TimerTask: resb kTssBytes
TimerStack: resb 256
TimerStackTop:
Ticks: resd 1
Steps: resd 1
SeenFlags: resd 1  ; of all interrupted code, or-ed
SeenCs: resd 1

section .text
; Until kTicks ticks: eax, the pushed word and the dword Steps must step together.
%macro LOOP_BODY 2  ; address of Steps, address of Ticks
%$again:
  stc
  inc dword [%1]
  push ax
  adc eax, 0
  pop bx
  inc bx
  cmp ax, bx
  jne %$wrong
  cmp eax, [%1]
  jne %$wrong
  cmp dword [%2], kTicks
  jb %$again
%endmacro

%macro TIMER_CASE 1+
  CASE %1
  mov dword [Ticks], 0
  mov dword [kLowDs * 16 + kLowTicks], 0
  mov dword [Steps], 0
  mov dword [SeenFlags], 0
  mov dword [SeenCs], 0
  IDT_GATE kTimerVector, kCode0, TimerTick, kInterrupt32
  call StartTimer
  xor eax, eax
%endmacro
; Around the loop in 32-bit code
%macro SPIN 0
  LOOP_BODY Steps, Ticks
  LEAVE_CASE
%$wrong:
  ud2
%endmacro
%macro SPUN 0
  CAUGHT kLeave
  call StopTimer
  SAME [Ticks], kTicks
  MASKED [SeenFlags], kIf, kIf
  mov eax, [Steps]
  SAME [CaughtEax], eax
%endmacro

%macro PORT 2
  mov al, %2
  out %1, al
%endmacro
; The PIC at kTimerVector, only the timer let through, a tick per millisecond.
StartTimer:
  PORT 0x20, 0x11
  PORT 0x21, kTimerVector
  PORT 0x21, 4
  PORT 0x21, 1
  PORT 0x43, 0x34
  PORT 0x40, 1193 & 0xFF
  PORT 0x40, 1193 >> 8
  PORT 0x21, 0xFE
  ret
StopTimer:
  PORT 0x21, 0xFF
  PORT 0x43, 0x30  ; ends what is periodic
  ret

; The frame lies on the stack of whatever ring the handler runs in.
TimerTick:
  push eax
  push ds
  mov eax, kData3
  mov ds, ax
  mov eax, [esp + 16]
  or [SeenFlags], eax
  mov eax, [esp + 12]
  mov [SeenCs], eax
  call CountTick
  pop ds
  pop eax
  iretd
; With ds flat.
CountTick:
  push eax
  inc dword [Ticks]
  mov eax, [Ticks]
  mov [kLowDs * 16 + kLowTicks], eax
  cmp eax, kTicks
  jb .acknowledge
  mov al, 0xFF  ; no more: the loop sees exactly this many
  out 0x21, al
.acknowledge:
  mov al, 0x20
  out 0x20, al
  pop eax
  ret

TimerTick16:
  push eax
  push ds
  mov eax, kData3
  mov ds, ax
  movzx eax, word [esp + 12]
  or [SeenFlags], eax
  call CountTick
  pop ds
  pop eax
  o16 iret

TimerTaskBegin:
  mov eax, [Task + TssEflags]
  or [SeenFlags], eax
  movzx eax, word [Task + TssCs]
  mov [SeenCs], eax
  call CountTick
  iretd
  jmp TimerTaskBegin

PrepareTimerTask:
  mov dword [TimerTask + TssEip], TimerTaskBegin
  mov dword [TimerTask + TssEflags], 2
  mov dword [TimerTask + TssEsp], TimerStackTop
  mov dword [TimerTask + TssSs], kData0
  mov dword [TimerTask + TssCs], kCode0
  mov dword [TimerTask + TssDs], kData3
  mov dword [TimerTask + TssEs], kData3
  mov word [TimerTask + TssIoMap], kTssBytes
  DESCRIBE kTimerTask, TimerTask, kTssBytes - 1, kTss32
  IDT_GATE kTimerVector, kTimerTask, 0, kTaskGate
  ret

global Start
Start:
  mov esp, StackTop
  call InitCases
  call InitV86

%assign ring 0
%rep 4
  TIMER_CASE "6.12.1: the timer in ring ", '0' + ring
  IN_RING ring, kIf
  SPIN
  SPUN
  SAME16 [SeenCs], kCode %+ ring
  %assign ring ring + 1
%endrep

  TIMER_CASE "6.12.1: the timer in ring 3, handled in ring 1"
  IDT_GATE kTimerVector, kCode1, TimerTick, kInterrupt32
  IN_RING 3, kIf | kIopl1
  SPIN
  SPUN

  TIMER_CASE "6.12.1.1: the timer in ring 3, handled in ring 3 by conforming code"
  DESCRIBE SPARE(3), 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages
  IDT_GATE kTimerVector, SPARE(3), TimerTick, kTrap32
  IN_RING 3, kIf | kIopl3
  SPIN
  SPUN

  TIMER_CASE "6.12.1: the timer in ring 0 through a 16-bit gate"
  DESCRIBE SPARE(3), NearBase, 0xFFFF, kCodeReadable | kBig
  IDT_GATE kTimerVector, SPARE(3), TimerTick16 - NearBase, kInterrupt16
  jmp SPARE(3):(%$near - NearBase)
%$near:
  sti  ; not before: 16 bits do not hold an EIP of kCode0
  SPIN
  SPUN

  TIMER_CASE "6.12.1: the timer in ring 3 in segments with bases and limits"
  DESCRIBE kNear3, NearBase, 0xFFFF, kCodeReadable | kBig | kDpl3
  DESCRIBE kStack3, RingStack3, 1023, kDataWritable | kDpl3
  IN_RING 3, kIf
  mov ecx, kStack3 | 3
  mov ss, cx
  mov esp, 1024
  jmp (kNear3 | 3):(%$near - NearBase)
%$near:
  SPIN
  SPUN
  SAME16 [SeenCs], kNear3 | 3

  TIMER_CASE "20.3.1: the timer in virtual-8086 mode"
  mov dword [kLowDs * 16 + kLowSteps], 0
  V86 kIf
  LOOP_BODY kLowSteps, kLowTicks
  jmp %$end
%$wrong:
  ud2
  END_V86
  CAUGHT 3
  call StopTimer
  SAME [kLowDs * 16 + kLowTicks], kTicks
  mov eax, [kLowDs * 16 + kLowSteps]
  SAME [CaughtEax], eax
  MASKED [SeenFlags], kVm, kVm
  SAME [SeenCs], kLowCode

  TIMER_CASE "7.3: the timer in ring 0 through a task gate"
  call PrepareTimerTask
  IN_RING 0, kIf
  SPIN
  SPUN
  SAME [SeenCs], kCode0
  clts

  TIMER_CASE "7.3: the timer in ring 3 through a task gate"
  call PrepareTimerTask
  IN_RING 3, kIf
  SPIN
  SPUN
  SAME [SeenCs], kCode3
  clts

  TIMER_CASE "6.8.1: with IF clear nothing is delivered, STI lets it through behind the next"
  cli
  mov ecx, 3000000
%$wait:
  in al, 0x20  ; requests, until the timer's is there
  test al, 1
  loopz %$wait
  mov edx, [Ticks]
  xor eax, eax
  sti
  mov ebx, [Ticks]
  mov esi, [Ticks]
  cli
  UNDISTURBED
  call StopTimer
  SAME edx, 0
  SAME ebx, 0
  SAME esi, 1

  END_CASES "interrupts"
