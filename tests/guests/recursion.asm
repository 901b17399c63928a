; SPDX-License-Identifier: Apache-2.0
; Keeps frame pointers and calls itself to a known depth, where it spends a quarter of its time in
; one leaf and the rest in another, for half a second or so: for profilers, and for coverage a
; function that is never called and a branch that is never taken. With the command line "1" it is
; through after the first round. Exits with 0.
%include "common.inc"

kDepth equ 5
kRounds equ 8000
kLoops equ 20000
kCommandLine equ 16  ; in the multiboot information

section .text
global Start
Start:
  mov esp, StackTop
  xor ebp, ebp
  mov esi, kRounds
  mov edi, [ebx + kCommandLine]
  cmp byte [edi], '1'
  jne .round
  mov esi, 1
.round:
  push dword kDepth
  call Recurse
  add esp, 4
  dec esi
  jnz .round
  EXIT 0

; Recurse(depth)
Recurse:
  push ebp
  mov ebp, esp
  mov eax, [ebp + 8]
  test eax, eax
  js .negative
  jz .bottom
  dec eax
  push eax
  call Recurse
  add esp, 4
  jmp .done
.negative:
  call NeverCalled
.bottom:
  call QuarterLeaf
  call RestLeaf
.done:
  pop ebp
  ret

QuarterLeaf:
  push ebp
  mov ebp, esp
  mov ecx, kLoops
.spin:
  dec ecx
  jnz .spin
  pop ebp
  ret

RestLeaf:
  push ebp
  mov ebp, esp
  mov ecx, kLoops * 3
.spin:
  dec ecx
  jnz .spin
  pop ebp
  ret

NeverCalled:
  mov eax, 1
  ret
