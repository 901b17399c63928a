; SPDX-License-Identifier: Apache-2.0
; A guest for debuggers: instructions of all kinds with what a step over each must leave behind, and
; parts for breakpoints, watchpoints and interruption. The tests know its labels.
%define WITH_PROTECTION
%define kIdtVectors 0x31
%include "common.inc"
%include "timer.inc"
%include "step.inc"

extern UserBegin
extern UserEnd

section .steps progbits alloc noexec nowrite align=4
global Steps
Steps:

section .data
global Variable
Variable: dd 0
global Pair
Pair: dd 0x11, 0x22
global Counter
Counter: dd 0
global Ticks
Ticks: dd 0
Source: db "abcd"
Target: times 8 db 0

section .bss
alignb 4096
global Unmapped
Unmapped: resb 4096
alignb 4096

section .text
global Start
Start:
  mov esp, StackTop
  call InitSerial
  call InitDescriptors
  call InitTimer
  SET_GATE 0x00, OnDivide, 0
  SET_GATE 0x06, OnUndefined, 0
  SET_GATE 0x0E, OnPageFault, 0
  SET_GATE 0x20, OnTimer, 0
  SET_GATE 0x30, OnService, 0
  call InitPaging
  mov eax, cr4
  or eax, 0x200  ; OSFXSR
  mov cr4, eax
  mov eax, Unmapped
  shr eax, 12
  and dword [LowPageTable + eax * 4], ~kPresent
  invlpg [Unmapped]

  ; Every register and flag is known from here on.
  xor eax, eax
  push dword 2
  popfd
  mov ecx, 0
  mov edx, 0
  mov ebx, 0
  mov ebp, 0
  mov esi, 0
  mov edi, 0
  mov esp, StackTop

; ---- One step after the other.
global FirstStep
FirstStep:
  STEP {mov eax, 0x12345678}, kEax, 0x12345678
  STEP {mov ah, 0x9A}, kEax, 0x12349A78
  STEP {add eax, 0x80000000}, kEax, 0x92349A78
  STEP {cmp eax, eax}, kFlags, 0x46
  STEP_TO {jne .missed}, .next, kFlags, 0x46
.next:
  STEP_TO {je .taken}, .taken, kFlags, 0x46
.missed:
  hlt
.taken:
  STEP {push eax}, kEsp, StackTop - 4
  STEP {pop ebx}, kEbx, 0x92349A78
  STEP {nop}, kEsp, StackTop
  STEP_TO {call .routine}, .routine, kEsp, StackTop - 4
.back:
  STEP {mov ecx, 3}, kEcx, 3
.loop:
  STEP_TO {loop .loop}, .loop, kEcx, 2
  STEP_ENTRY .loop, .loop, kEcx, 1
  STEP_ENTRY .loop, .looped, kEcx, 0
.looped:
  STEP_TO {jmp .far_away}, .far_away, kEax, 0x92349A78
.routine:
  STEP_TO {ret}, .back, kEsp, StackTop

  times 5000 nop  ; another page
.far_away:
  STEP {mov esi, Source}, kEsi, Source
  STEP {mov edi, Target}, kEdi, Target
  STEP {lodsb}, kEax, 0x92349A61
  STEP {stosb}, kEdi, Target + 1
  STEP {mov ecx, 3}, kEcx, 3
  ; Each iteration of a repeated string is a step.
.again:
  STEP_TO {rep movsb}, .again, kEcx, 2
  STEP_ENTRY .again, .again, kEcx, 1
  STEP_ENTRY .again, .moved, kEcx, 0
.moved:
  STEP {mov eax, [Target]}, kEax, 0x64636261
  STEP {xchg [Variable], eax}, kEax, 0
  STEP {mov eax, [Variable]}, kEax, 0x64636261
  STEP {inc dword [Variable]}, kFlags, 0x02
  STEP {cmpxchg [Variable], ecx}, kEax, 0x64636262
  STEP {pushad}, kEsp, StackTop - 32
  STEP {popad}, kEsp, StackTop
  STEP {enter 16, 0}, kEsp, StackTop - 20
  STEP {leave}, kEsp, StackTop
  STEP {std}, kFlags, 0x497
  STEP {cld}, kFlags, 0x97
  STEP {clc}, kFlags, 0x96

  ; What only a kernel does.
  STEP {cli}, kFlags, 0x96
  STEP {sti}, kFlags, 0x296
  STEP {mov eax, ss}, kEax, kKernelData
  STEP {mov ss, ax}, kSs, kKernelData
  STEP {nop}, kCs, kKernelCode
  STEP {mov ds, ax}, kDs, kKernelData
  STEP {pushfd}, kEsp, StackTop - 4
  STEP {popfd}, kFlags, 0x296
  STEP {cli}, kFlags, 0x96
  STEP {mov eax, cr0}, kEax, 0x80000011
  STEP {mov cr0, eax}, kEax, 0x80000011
  STEP {mov edx, kCom1 + 7}, kEdx, kCom1 + 7
  STEP {mov al, 0x5A}, kEax, 0x8000005A
  STEP {out dx, al}, kEax, 0x8000005A
  STEP {xor eax, eax}, kEax, 0
  STEP {in al, dx}, kEax, 0x5A
  STEP {wbinvd}, kEax, 0x5A

  ; Into handlers and out of them.
  STEP_TO {int 0x30}, OnService, kEsp, StackTop - 12
.serviced:
  STEP {mov ecx, 0}, kEcx, 0
.divides:
  STEP_TO {div ecx}, OnDivide, kEsp, StackTop - 12
.divided:
  STEP_TO {ud2}, OnUndefined, kEsp, StackTop - 12
.undefined:
  STEP_TO {mov eax, [Unmapped]}, OnPageFault, kEsp, StackTop - 16
.unmapped:
  STEP {mov ecx, 7}, kEcx, 7

  ; The processor's own numbers.
  STEP {fninit}, kEcx, 7
  STEP {fld1}, kEcx, 7
  STEP {fldpi}, kEcx, 7
  STEP {fistp dword [Variable]}, kEcx, 7
  STEP {mov eax, [Variable]}, kEax, 3
  STEP {movd xmm1, eax}, kEax, 3
  STEP {paddd xmm1, xmm1}, kEax, 3
  STEP {movd edx, xmm1}, kEdx, 6
global LastStep
LastStep:
  nop

; ---- A loop that breakpoints are set in while it runs.
global Loop
Loop:
  mov ecx, 10
.next:
  inc dword [Counter]
global InLoop
InLoop:
  lea eax, [eax + 1]
  call Leaf
  loop Loop.next
global AfterLoop
AfterLoop:
  nop

; ---- Memory that is watched.
global Watched
Watched:
  mov eax, [Pair]
global AfterRead
AfterRead:
  mov dword [Pair + 4], 0x33
global AfterWrite
AfterWrite:
  xor eax, eax
  xchg [Pair], eax
global AfterExchange
AfterExchange:
  mov ecx, 2
  mov edi, Pair
  rep stosd
global AfterFill
AfterFill:
  push dword 1
  add esp, 4

global PageFault
PageFault equ FirstStep.undefined
global LowPageTable
global Idt
global IdtBytes
IdtBytes equ kIdtVectors * 8
global Undefined
Undefined equ FirstStep.divided

; ---- What the code's own bytes add up to, where breakpoints may be.
global Checksum
Checksum:
  xor eax, eax
  mov esi, Start
.next:
  movzx edx, byte [esi]
  rol eax, 1
  add eax, edx
  inc esi
  cmp esi, Checksum
  jb .next
global Checked
Checked:
  nop

; ---- Idle, interrupted again and again, until somebody says that it is enough.
global Idle
Idle:
  push dword 100
  call StartTimer
  sti
  hlt
global AfterHalt
AfterHalt:
  cli
  cmp dword [Variable], 0xE0D
  jne Idle

; ---- Busy until likewise.
global Busy
Busy:
  cmp dword [Variable], 0xE0E
  jne Busy
  PRINT "done", 10
  EXIT 3

global Leaf
Leaf:
  ret

OnService:
  STEP_TO {iretd}, FirstStep.serviced, kEsp, StackTop

OnDivide:
  STEP {add dword [esp], FirstStep.divided - FirstStep.divides}, kEsp, StackTop - 12
  STEP_TO {iretd}, FirstStep.divided, kEsp, StackTop

OnUndefined:
  STEP {add dword [esp], 2}, kEsp, StackTop - 12
  STEP_TO {iretd}, FirstStep.undefined, kEsp, StackTop

global OnPageFault
OnPageFault:
  STEP {add esp, 4}, kEsp, StackTop - 12
  STEP {mov dword [esp], FirstStep.unmapped}, kEsp, StackTop - 12
  STEP_TO {iretd}, FirstStep.unmapped, kEsp, StackTop

global OnTimer
OnTimer:
  inc dword [Ticks]
  iretd

section .steps
global StepsEnd
StepsEnd:
