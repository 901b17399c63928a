; SPDX-License-Identifier: Apache-2.0
; A boot sector for debuggers: real mode, with a stack and data that do not begin at address 0, and
; a code segment that does not either. The table at its end is as step.inc says.
bits 16
org 0x7C00

%include "step.inc"

; Segments do not overlap with each other's offsets: a linear address says which is meant.
kCodeSegment equ 0x07A0
kCodeOffset equ 0x7C00 - 0x7A00
kOtherSegment equ 0x07B0  ; shows the same code at other offsets
kStackSegment equ 0x2000
kDataSegment equ 0x3000
kExitPort equ 0xF4
%define AT(label) (label - Start + kCodeOffset)
%define AT_OTHER(label) (AT(label) - 0x100)

%macro STEP16 3
%%here:
  %1
%%next:
  STEP_ENTRY AT(%%here), AT(%%next), %2, %3
%endmacro
%macro STEP16_TO 4
%%here:
  %1
  STEP_ENTRY AT(%%here), %2, %3, %4
%endmacro

section .text
section .steps follows=.text align=4
Table:
section .text
Start:
  jmp kCodeSegment:AT(First)
First:
  cli
  xor eax, eax
  push dword 2
  popfd
  xor ebx, ebx
  mov ss, bx
  mov esp, 0x1000
  xor ecx, ecx
  xor edx, edx
  xor esi, esi
  xor edi, edi
  ; Where interrupt 60h leads.
  mov ds, bx
  mov word [0x60 * 4], AT(OnInterrupt)
  mov word [0x60 * 4 + 2], kCodeSegment
  xor ebp, ebp
  ; It is known by then where this leads, and how to get there without leaving translated code.
  mov cx, 5
.warm:
  call kOtherSegment:AT_OTHER(FarRoutine)
  loop .warm
Steps:
  STEP16 {mov ax, kStackSegment}, kEax, kStackSegment
  STEP16 {mov ss, ax}, kSs, kStackSegment
  STEP16 {mov sp, 0x200}, kEsp, 0x200
  STEP16 {mov ax, kDataSegment}, kEax, kDataSegment
  STEP16 {mov ds, ax}, kDs, kDataSegment
  STEP16 {mov word [0x10], 0x1234}, kEax, kDataSegment
  STEP16 {mov bx, [0x10]}, kEbx, 0x1234
  STEP16 {push bx}, kEsp, 0x1FE
  STEP16 {pop cx}, kEcx, 0x1234
  STEP16_TO {call Routine}, AT(Routine), kEsp, 0x1FE
Back:
  STEP16_TO {call kOtherSegment:AT_OTHER(FarRoutine)}, AT_OTHER(FarRoutine), kEsp, 0x1FC
FarBack:
  STEP16_TO {int 0x60}, AT(OnInterrupt), kEsp, 0x1FA
Serviced:
  STEP16 {mov eax, 0x89ABCDEF}, kEax, 0x89ABCDEF
  STEP16 {shr eax, 16}, kEax, 0x89AB
Last:
  mov al, 0
  out kExitPort, al
  hlt
Routine:
  STEP16_TO {ret}, AT(Back), kEsp, 0x200
FarRoutine:
  retf
  STEP_ENTRY AT_OTHER(FarRoutine), AT(FarBack), kEsp, 0x200
OnInterrupt:
  STEP16_TO {iret}, AT(Serviced), kEsp, 0x200

section .steps
TableEnd:

; Where the test finds the table, and the offsets of the first and the last step.
section .ending start=0x7DEE
  dd Table, TableEnd, AT(Steps), AT(Last)
  dw 0xAA55
