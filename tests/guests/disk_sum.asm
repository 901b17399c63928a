; SPDX-License-Identifier: Apache-2.0
; Reads the first disk from end to end by DMA, 64 KiB a command, and prints how many sectors it has
; and the sum of one dword of each. For comparing, and for timing.
%define WITH_PROTECTION
kIdtVectors equ 0x30
UserBegin equ 0
UserEnd equ 0
%include "common.inc"
%include "ide.inc"

[section .bss]
Identity: resb 512
__SECT__

global Start
Start:
  mov esp, StackTop
  cld
  call InitSerial
  call InitDescriptors
  call InitIde
  mov ebx, 0
  push dword 0xEC
  call IdeCommand
  call WaitIde
  mov edi, Identity
  mov ecx, 128
  mov dx, kIde
  rep insd
  mov ebp, [Identity + 120]  ; sectors
  xor edi, edi               ; the sum
.next:
  mov ecx, ebp
  sub ecx, ebx
  jz .done
  cmp ecx, kDmaSectors
  jbe .read
  mov ecx, kDmaSectors
.read:
  push dword 8
  push dword 0xC8
  call DmaTransfer
  and al, 7
  cmp al, 4
  jne .bad
  mov esi, kDmaBuffer
  add ebx, ecx
.sum:
  add edi, [esi]
  add esi, 512
  loop .sum
  jmp .next
.done:
  PRINT_HEX ebp
  PRINT " sectors, sum "
  PRINT_HEX edi
  PRINT 10
  EXIT 0
.bad:
  PRINT "bad transfer", 10
  EXIT 1
