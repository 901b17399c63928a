; SPDX-License-Identifier: Apache-2.0
; Resets of the processor alone, by which systems of the 286 come back from protected mode: memory
; stays, and CMOS byte 0Fh says where to go on. And what uses of the BIOS from unusual places need:
; large segments in real mode, and interrupts of a virtual-8086 task.
%include "bios.inc"
%include "load.inc"

; SHUT_DOWN reason, offset: the way to go on, for the BIOS.
%macro SHUT_DOWN 2
  mov al, 0x0F
  out 0x70, al
  mov al, %1
  out 0x71, al
  mov word [0x467], %2
  mov word [0x469], 0
%endmacro

kV86Buffer equ 0x5000

start:
  LOAD_REST
  SHUT_DOWN 0x0A, .jumped        ; by the keyboard controller
  mov al, 0xFE
  out 0x64, al
.halted:
  hlt
  jmp .halted
.jumped:
  call Segments
  SHUT_DOWN 0x05, .ended         ; by port 92h, with an end of interrupt
  in al, 0x92
  and al, 0xFE
  out 0x92, al
  or al, 1
  out 0x92, al
  jmp .halted
.ended:
  call Segments
  mov word [Frame], .returned    ; by a triple fault, from protected mode
  mov word [Frame + 2], 0
  mov word [Frame + 4], 0x0002
  SHUT_DOWN 0x0B, Frame
  cli
  lgdt [GdtPointer]
  lidt [NoIdt]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  jmp 8:.protected
.protected:
  ud2
.returned:
  call Segments
  mov word [Frame], .far
  SHUT_DOWN 0x0C, Frame
  mov al, 0xFE
  out 0x64, al
  jmp .halted
.far:
  call Segments

  ; Large segments: calls of the BIOS leave their limits alone.
  cli
  lgdt [GdtPointer]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  mov bx, 16
  mov fs, bx
  and al, 0xFE
  mov cr0, eax
  xor ax, ax
  mov fs, ax
  sti
  mov ah, 0x88
  int 0x15
  mov ah, 1
  int 0x16
  xor ah, ah
  int 0x1A
  mov word [0x0D * 4], .limit
  mov word [0x0D * 4 + 2], 0
  mov ax, 0x2401
  int 0x15
  mov ebx, 0x180000
  mov dword [fs:ebx], 0x12345678
  cmp dword [fs:ebx], 0x12345678
  EXPECT e, "a large segment: lost memory"
  jmp .task
.limit:
  EXPECT nz, "a large segment: its limit is gone"

  ; A virtual-8086 task without rights of its own calls the BIOS through the vectors: int 10h, 12h,
  ; 13h, 14h, 15h and 1Ah.
.task:
  mov word [0x0D * 4], 0xFF53
  mov word [0x0D * 4 + 2], 0xF000
  mov ah, 0x88
  int 0x15
  mov [Kib], ax
  cli
  mov [Stack], sp
  mov eax, Tss
  mov [GdtTss + 2], ax
  lidt [Idt]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  jmp 8:.monitor
.monitor:
  mov ax, 16
  mov ds, ax
  mov es, ax
  mov ss, ax
  movzx esp, word [Stack]
  mov ax, 24
  ltr ax
  xor eax, eax
  push eax                       ; gs, fs, ds, es, ss, esp, eflags, cs, eip
  push eax
  push eax
  push eax
  push eax
  push dword 0x7000
  push dword 0x20002
  push eax
  push dword .v86
  iretd
.v86:
  int 0x12
  mov bx, ax
  mov ah, 0x88
  int 0x15
  mov cx, ax
  push cx
  push bx
  mov ah, 0x0F
  int 0x10
  mov [V86Video], ax
  mov ax, 0x0201
  mov bx, kV86Buffer
  mov cx, 1
  mov dx, 0x80
  int 0x13
  setc [V86Carry]
  mov [V86Disk], ax
  mov ax, 0x0201                 ; and one that fails
  mov cx, 0x3F
  mov dx, 0xFF80
  int 0x13
  setc [V86Carry + 1]
  mov ah, 3
  xor dx, dx
  int 0x14
  mov [V86Line], ax
  xor ah, ah
  int 0x1A
  mov [V86Ticks], dx
  mov [V86Ticks + 2], cx
  pop bx
  pop cx
  int 0xFF                       ; the monitor ends it

; #GP of the task: int N goes to the vector, FFh ends, iret returns, cli and sti do nothing.
Protect:
  push bp
  mov bp, sp                     ; bp, error code, eip, cs, eflags, esp, ss
  push eax
  push ebx
  push ds
  mov ax, 16
  mov ds, ax
  movzx ebx, word [bp + 10]
  shl ebx, 4
  add bx, [bp + 6]
  movzx eax, word [bp + 10]
  shl eax, 4
  movzx ebx, word [bp + 6]
  add ebx, eax
  mov al, [ebx]
  cmp al, 0xCF
  je .return
  mov ah, al
  and ah, 0xFE
  cmp ah, 0xFA
  je .skip
  cmp al, 0xCD
  jne .bad
  mov al, [ebx + 1]
  cmp al, 0xFF
  je .end
  movzx ebx, word [bp + 18]      ; push flags, cs, ip
  sub bx, 6
  mov [bp + 18], bx
  mov ax, [bp + 22]
  push ecx
  movzx ecx, ax
  shl ecx, 4
  add ecx, ebx
  mov ax, [bp + 14]
  mov [ecx + 4], ax
  mov ax, [bp + 10]
  mov [ecx + 2], ax
  mov ax, [bp + 6]
  add ax, 2
  mov [ecx], ax
  pop ecx
  movzx ebx, word [bp + 10]
  shl ebx, 4
  movzx eax, word [bp + 6]
  add ebx, eax
  movzx ebx, byte [ebx + 1]
  mov eax, [ebx * 4]
  mov [bp + 6], ax
  shr eax, 16
  mov [bp + 10], ax
  jmp .leave
.return:
  movzx ebx, word [bp + 22]
  shl ebx, 4
  movzx eax, word [bp + 18]
  add ebx, eax
  mov ax, [ebx]
  mov [bp + 6], ax
  mov ax, [ebx + 2]
  mov [bp + 10], ax
  mov ax, [ebx + 4]
  mov [bp + 14], ax
  add word [bp + 18], 6
  jmp .leave
.skip:
  inc word [bp + 6]
.leave:
  pop ds
  pop ebx
  pop eax
  pop bp
  add sp, 4
  iretd
.bad:
  mov byte [Verdict], 1
.end:
  pop ds
  pop ebx
  pop eax
  mov ax, 16
  mov ds, ax
  mov [V86Kib], cx
  mov [V86Base], bx
  mov eax, cr0
  and al, 0xFE
  mov cr0, eax
  jmp 0:.real
.real:
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov sp, [Stack]
  lidt [RealIdt]
  cmp word [V86Base], 639
  EXPECT e, "a virtual-8086 task: int 12h"
  mov ax, [Kib]
  cmp ax, [V86Kib]
  EXPECT e, "a virtual-8086 task: int 15h"
  cmp word [V86Video], 0x5003
  EXPECT e, "a virtual-8086 task: int 10h"
  cmp word [V86Disk], 0x0001
  EXPECT e, "a virtual-8086 task: int 13h"
  cmp word [kV86Buffer + 510], 0xAA55
  EXPECT e, "a virtual-8086 task: what int 13h read"
  cmp word [V86Carry], 0x0100
  EXPECT e, "a virtual-8086 task: the carry flag of int 13h"
  test word [V86Line], 0x6000
  EXPECT nz, "a virtual-8086 task: int 14h"
  mov eax, [0x46C]
  sub eax, [V86Ticks]
  cmp eax, 18 * 60
  EXPECT b, "a virtual-8086 task: int 1Ah"
  VERDICT "resets"

; Segments are those of real mode.
Segments:
  xor ax, ax
  mov ds, ax
  mov es, ax
  pop bx
  mov ss, ax
  mov sp, 0x7000
  push bx
  smsw ax
  test al, 1
  EXPECT z, "a reset: still protected"
  ret

align 8, db 0
Gdt:
  dq 0
  dq 0x00009B000000FFFF
  dq 0x00CF93000000FFFF
GdtTss:
  dw 0x67, 0
  db 0, 0x89, 0, 0
GdtPointer:
  dw $ - Gdt - 1
  dd Gdt
NoIdt:
  dw 0
  dd 0
RealIdt:
  dw 0x3FF
  dd 0
Idt:
  dw 14 * 8 - 1
  dd Gates
Gates:
  times 13 dq 0
  dw Protect, 8
  db 0, 0x8E
  dw 0
Tss:
  dd 0, 0x6800, 16
  times 0x68 - 12 db 0
Frame: times 3 dw 0
Stack: dw 0
Kib: dw 0
V86Kib: dw 0
V86Base: dw 0
V86Video: dw 0
V86Disk: dw 0
V86Carry: dw 0xFFFF
V86Line: dw 0
V86Ticks: dd 0
END_OF_IMAGE
