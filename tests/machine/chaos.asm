; SPDX-License-Identifier: Apache-2.0
; Runs 64 KiB of whatever the test appends at kRandom, in ring 0. Each exception leads to another
; place in it, chosen by the time-stamp counter.
%include "header.inc"
kIdt equ 0x200000
kStack equ 0x300000
kRandom equ 0x101000

  mov esp, kStack
  mov edi, kIdt
  mov ecx, 256
.gate:
  mov eax, Handler
  mov [edi], ax
  mov [edi + 2], cs
  mov word [edi + 4], 0x8E00
  shr eax, 16
  mov [edi + 6], ax
  add edi, 8
  loop .gate
  lidt [IdtPointer]
  jmp kRandom

Handler:
  mov esp, kStack
  mov ebx, esp
  rdtsc
  imul eax, eax, 0x9E3779B1
  shr eax, 16
  lea ebp, [eax + kRandom]
  rdtsc
  mov ecx, eax
  lea esi, [ebx + 0x1000]
  lea edi, [ebx + 0x2000]
  jmp ebp

IdtPointer:
  dw 256 * 8 - 1
  dd kIdt
  times kRandom - 0x100000 - ($ - $$) db 0
