; SPDX-License-Identifier: Apache-2.0
; A kernel as people write them: a VBE mode with a linear frame buffer asked for in real mode, then
; protected mode, interrupt controllers moved to 20h, a timer at 1 kHz, paging with pages of 4 KiB
; and 4 MiB, memory given on demand, and a task in ring 3 that draws, calls int 80h and is
; interrupted. What it drew is read from physical memory.
%include "bios.inc"
%include "load.inc"

kPages equ 0x20000               ; directory, low 4 MiB, memory on demand
kTask equ 0x24000
kKernelStack equ 0x2F000
kUser equ 0x9000                 ; the page of the task's code
kUserStack equ 0x31000           ; and the page below
kFrames equ 0x200000             ; memory to give
kDemand equ 0x400000             ; where it appears
kDemanded equ 16                 ; pages that the task touches
kPicture equ 0xE0000000          ; the frame buffer, linear
kWidth equ 800
kHeight equ 600
kTicks equ 200
kCode equ 8
kData equ 16
kUserCode equ 24 | 3
kUserData equ 32 | 3
kTaskSelector equ 40

start:
  LOAD_REST
  xor ax, ax
  mov ss, ax
  mov sp, 0x7C00
  mov di, Info
  mov dword [di], 'VBE2'
  mov ax, 0x4F00
  int 0x10
  cmp ax, 0x004F
  EXPECT e, "no VBE"
  lfs si, [Info + 14]
.mode:
  mov cx, [fs:si]
  add si, 2
  cmp cx, 0xFFFF
  EXPECT ne, "no mode of 800 by 600 with 32 bits"
  je .end
  mov di, Mode
  mov ax, 0x4F01
  int 0x10
  cmp ax, 0x004F
  jne .mode
  cmp word [Mode + 18], kWidth
  jne .mode
  cmp word [Mode + 20], kHeight
  jne .mode
  cmp byte [Mode + 25], 32
  jne .mode
  test byte [Mode], 0x80         ; a linear frame buffer
  jz .mode
  mov bx, cx
  or bx, 0x4000
  mov ax, 0x4F02
  int 0x10
  cmp ax, 0x004F
  EXPECT e, "the mode cannot be set"

  cli
  in al, 0x92
  or al, 2
  out 0x92, al
  lgdt [GlobalTable]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  jmp dword kCode:Kernel
.end:
  VERDICT "kernel"

; EXPECT32 condition, "what": as EXPECT.
%macro EXPECT32 2+
  j%1 %%good
  mov esi, %%text
  call Print32
  mov byte [Verdict], 1
  jmp %%good
%%text: db "bad ", %2, 10, 0
%%good:
%endmacro

bits 32
Kernel:
  mov ax, kData
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, kKernelStack

  ; Directory: the low 4 MiB for the kernel, of them the task's pages for all; memory on demand; the picture.
  mov edi, kPages
  xor eax, eax
  mov ecx, 0x3000 / 4
  rep stosd
  mov dword [kPages], kPages + 0x1000 + 7
  mov dword [kPages + 4 * (kDemand >> 22)], kPages + 0x2000 + 7
  mov eax, [Mode + 40]
  and eax, 0xFFC00000
  or eax, 0x87
  mov [kPages + 4 * (kPicture >> 22)], eax
  mov edi, kPages + 0x1000
  mov eax, 3
  mov ecx, 1024
.page:
  stosd
  add eax, 0x1000
  loop .page
  or dword [kPages + 0x1000 + 4 * (kUser >> 12)], 4
  or dword [kPages + 0x1000 + 4 * ((kUserStack >> 12) - 1)], 4
  mov eax, cr4
  or al, 0x10                    ; 4 MiB pages
  mov cr4, eax
  mov eax, kPages
  mov cr3, eax
  mov eax, cr0
  or eax, 0x80010000             ; and read-only pages hold for the kernel
  mov cr0, eax

  mov esi, Gates
.gate:
  lodsd
  or eax, eax
  jz .gates_done
  mov edi, eax
  lodsd
  mov ebx, eax
  lodsd
  mov [edi * 8 + InterruptTable], bx
  mov word [edi * 8 + InterruptTable + 2], kCode
  mov [edi * 8 + InterruptTable + 4], ax
  mov word [edi * 8 + InterruptTable + 6], 0
  jmp .gate
.gates_done:
  lidt [GateTable]

  mov edi, kTask
  xor eax, eax
  mov ecx, 0x68 / 4
  rep stosd
  mov dword [kTask + 4], kKernelStack
  mov word [kTask + 8], kData
  mov word [kTask + 0x66], 0x68
  mov ax, kTaskSelector
  ltr ax

  mov al, 0x11
  out 0x20, al
  out 0xA0, al
  mov al, 0x20
  out 0x21, al
  mov al, 0x28
  out 0xA1, al
  mov al, 4
  out 0x21, al
  mov al, 2
  out 0xA1, al
  mov al, 1
  out 0x21, al
  out 0xA1, al
  mov al, 0xFE
  out 0x21, al
  mov al, 0xFF
  out 0xA1, al
  mov al, 0x34
  out 0x43, al
  mov al, 1193 & 0xFF
  out 0x40, al
  mov al, 1193 >> 8
  out 0x40, al

  movzx esi, word [Mode + 16]
  push dword kUserData
  push dword kUserStack
  push dword 0x202
  push dword kUserCode
  push dword User
  iretd

; Int 80h: 0 ends, 1 tells the ticks in eax.
Call80:
  dec eax
  jnz .end
  mov eax, [Ticks]
  iretd
.end:
  mov esp, kKernelStack
  cmp dword [esp - 16], kUserCode
  EXPECT32 e, "int 80h came from elsewhere"
  cmp dword [Given], kDemanded
  EXPECT32 e, "another number of pages was given"
  cmp dword [Forbidden], 2
  EXPECT32 e, "the task was stopped another number of times"
  cmp ebp, 0x5A5A0000 + kDemanded * (kDemanded - 1) / 2
  EXPECT32 e, "the task found something else in its memory"

  mov eax, cr0
  and eax, 0x7FFFFFFF
  mov cr0, eax
  mov edi, [Mode + 40]
  xor ebx, ebx
.row:
  xor ecx, ecx
.dot:
  mov eax, ecx
  shl eax, 12
  or eax, ebx
  mov edx, [edi + ecx * 4]
  xor eax, edx
  test eax, 0x00FFFFFF
  EXPECT32 z, "a dot of the picture is not where it was drawn"
  jnz .drawn
  inc ecx
  cmp ecx, kWidth
  jb .dot
  movzx eax, word [Mode + 16]
  add edi, eax
  inc ebx
  cmp ebx, kHeight
  jb .row
.drawn:
  cmp byte [Verdict], 0
  jne .bad
  mov esi, .passed
  call Print32
.bad:
  mov al, [Verdict]
  out kExitPort, al
.passed: db "kernel: all passed", 10, 0

Timer:
  push eax
  inc dword [ss:Ticks]
  mov al, 0x20
  out 0x20, al
  pop eax
  iretd

; Gives a page for what the task touches for the first time: from the end of the memory backwards.
PageFault:
  pushad
  mov eax, cr2
  mov ecx, [esp + 32]
  and ecx, 5
  cmp ecx, 4                     ; by the task, not present
  jne Fatal
  sub eax, kDemand
  shr eax, 12
  cmp eax, 1024
  jae Fatal
  inc dword [Given]
  mov edx, kFrames + 0x100000
  mov ecx, [Given]
  shl ecx, 12
  sub edx, ecx
  or edx, 7
  mov [kPages + 0x2000 + eax * 4], edx
  popad
  add esp, 4
  iretd

; What a task may not do: goes on behind that byte.
Protection:
  inc dword [ss:Forbidden]
  inc dword [esp + 4]
  add esp, 4
  iretd

Fatal:
  mov esi, .text
  call Print32
  mov al, 1
  out kExitPort, al
.text: db "bad kernel: a page fault that should not be", 10, 0

%include "print32.inc"

align 4
Gates:                           ; vector, handler, the gate's flags
  dd 13, Protection, 0x8E00
  dd 14, PageFault, 0x8E00
  dd 0x20, Timer, 0x8E00
  dd 0x80, Call80, 0xEE00
  dd 0
Ticks: dd 0
Given: dd 0
Forbidden: dd 0
GlobalTable:
  dw 6 * 8 - 1
  dd Descriptors
GateTable:
  dw 0x81 * 8 - 1
  dd InterruptTable
align 8
Descriptors:
  dq 0
  dq 0x00CF9A000000FFFF
  dq 0x00CF92000000FFFF
  dq 0x00CFFA000000FFFF
  dq 0x00CFF2000000FFFF
  dw 0x67, kTask & 0xFFFF, 0x8900 | kTask >> 16, 0

times kUser - 0x7C00 - ($ - $$) db 0  ; a page of its own
; With the bytes of a line in esi.
User:
  mov ax, kUserData
  mov ds, ax
  mov es, ax
  mov edi, kPicture
  xor ebx, ebx
.row:
  xor ecx, ecx
.dot:
  mov eax, ecx
  shl eax, 12
  or eax, ebx
  mov [edi + ecx * 4], eax
  inc ecx
  cmp ecx, kWidth
  jb .dot
  add edi, esi
  inc ebx
  cmp ebx, kHeight
  jb .row

  cli
  sti
  mov edi, kDemand
  xor ecx, ecx
.fill:
  add [edi], ecx                 ; zero before: the machine's memory was never used
  add edi, 0x1000
  inc ecx
  cmp ecx, kDemanded
  jb .fill
  mov ebp, 0x5A5A0000
  xor ecx, ecx
.sum:
  sub edi, 0x1000
  add ebp, [edi]
  inc ecx
  cmp ecx, kDemanded
  jb .sum
.wait:
  mov eax, 1
  int 0x80
  cmp eax, kTicks
  jb .wait
  xor eax, eax
  int 0x80
bits 16
END_OF_IMAGE
Info equ 0x1000
Mode equ 0x1200
InterruptTable equ 0x2000
