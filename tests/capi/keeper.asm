; SPDX-License-Identifier: Apache-2.0
; Has a number and a control word in the x87 unit while it prints, and looks whether they are still
; there: verdict 0 if so, else 1. Its time stamp counter goes on evenly: verdict 2 if it jumped.
%include "common.inc"

kControl equ 0x0A7F                      ; round up, 53 bits
kLines equ 200
kJump equ 1000000000                     ; cycles: no line takes so long

global Start
Start:
  mov esp, StackTop
  call InitSerial
  fninit
  fldcw [.control]
  fld1
  fldpi
  rdtsc
  mov [.seen], eax
  mov [.seen + 4], edx
  mov ecx, kLines
.next:
  PRINT "line", 10
  rdtsc
  mov esi, eax
  mov edi, edx
  sub esi, [.seen]
  sbb edi, [.seen + 4]
  jnz .jumped
  cmp esi, kJump
  ja .jumped
  mov [.seen], eax
  mov [.seen + 4], edx
  dec ecx
  jnz .next
  fldpi
  fcompp                                 ; pi is where it was
  fnstsw ax
  test ah, 0x40
  jz .lost
  fld1
  fcompp
  fnstsw ax
  test ah, 0x40
  jz .lost
  fnstcw [.seen]
  cmp word [.seen], kControl
  jne .lost
  EXIT 0
.lost:
  EXIT 1
.jumped:
  EXIT 2

[section .data]
.control: dw kControl
.seen: dq 0
