; SPDX-License-Identifier: Apache-2.0
; The BIOS below a memory manager: a loader that hooks int 13h, 15h and 21h, and a monitor that then
; runs the same 16-bit code in virtual-8086 mode, with IOPL 0 and upper memory made by paging. What the
; BIOS did before, it must do there: read disks into paged memory, count time, wait, end interrupts.
; The monitor reflects interrupts and stands in for cli, sti, pushf, popf, int, iret and hlt (SDM vol.
; 3, 21.3).
%include "bios.inc"
%include "load.inc"

kPages equ 0x20000               ; a directory, then a table for the first 4 MiB
kTask equ 0x24000                ; a task state segment with a bitmap that allows all ports
kTaskBytes equ 0x68 + 0x2000 + 1
kMonitorStack equ 0x1F000
kLowStack equ 0x3000             ; segments of the 16-bit code
kReference equ 0x4000            ; what was read before the monitor came
kUpper equ 0xD000                ; 64 KiB at linear D0000h, at kUpperPhysical in memory
kUpperPhysical equ 0x150000
kSectorsRead equ 4
kCode32 equ 8
kData32 equ 16
kTaskSelector equ 24
kIf equ 0x200
kVm equ 0x20000
kFlagsKept equ 0x0DD5            ; what popf and iret take from the stack; IF is virtual

start:
  push dx
  LOAD_REST
  pop dx
  xor ax, ax
  mov ss, ax
  mov sp, 0x7C00
  mov [Drive], dl

  ; The loader: in front of the BIOS for 13h and 15h, alone for 21h.
  cli
  mov eax, [0x13 * 4]
  mov [Old13], eax
  mov dword [0x13 * 4], Hook13
  mov eax, [0x15 * 4]
  mov [Old15], eax
  mov dword [0x15 * 4], Hook15
  mov dword [0x21 * 4], Int21
  sti

  push word kReference
  pop es
  call ReadSectors
  EXPECT nc, "the disk cannot be read through a hook"
  cmp word [es:510], 0xAA55
  EXPECT e, "something else was read"
  call Services

  mov ax, 0x2401                 ; A20 on
  int 0x15
  EXPECT nc, "A20 stays off"
  jmp EnterMonitor

; The sectors from 0 on to es:0, by int 13h/02h.
ReadSectors:
  mov ax, 0x0200 | kSectorsRead
  xor bx, bx
  mov cx, 1
  mov dh, 0
  mov dl, [Drive]
  int 0x13
  ret

; What both modes ask for.
Services:
  mov word [Calls], 0
  mov ah, 0x88
  int 0x15
  EXPECT nc, "int 15h/88h failed"
  cmp ax, 0x1234
  EXPECT e, "int 15h/88h went past the hook"
  mov ax, 0xE820
  movzx eax, ax
  mov edx, 0x534D4150
  xor ebx, ebx
  mov ecx, 20
  mov di, Map
  push es
  push ds
  pop es
  int 0x15
  pop es
  EXPECT nc, "int 15h/E820h failed behind the hook"
  cmp eax, 0x534D4150
  EXPECT e, "int 15h/E820h answered something else"
  mov ah, 0x30
  int 0x21
  cmp ax, 5
  EXPECT e, "int 21h/30h"
  mov ah, 9
  mov dx, Dots
  int 0x21
  cmp word [Calls], 4
  EXPECT e, "the hooks were called another number of times"

  ; Time goes on, by interrupts that the BIOS takes.
  xor ah, ah
  int 0x1A
  mov bp, dx
  mov ecx, 50000000
.tick:
  sti
  xor ah, ah
  push ecx
  int 0x1A
  pop ecx
  cmp bp, dx
  loope .tick, ecx
  EXPECT ne, "the clock stands still"
  xor ah, ah
  int 0x1A
  mov bp, dx
.halt:
  sti
  hlt
  xor ah, ah
  int 0x1A
  cmp bp, dx
  je .halt

  mov ah, 0x86                   ; 30 ms, by the alarm clock's interrupt
  xor cx, cx
  mov dx, 30000
  int 0x15
  EXPECT nc, "int 15h/86h failed"

  mov ah, 1
  int 0x16
  EXPECT z, "a key that nobody typed"
  mov al, 0xD2                   ; what follows is as if from the keyboard: A
  out 0x64, al
  mov al, 0x1E
  out 0x60, al
  xor ah, ah
  int 0x16                       ; waits for the interrupt
  cmp ax, 0x1E61
  EXPECT e, "another key"

  ; IF is what was asked for, if only to the eye of this code.
  cli
  pushf
  pop ax
  test ax, kIf
  EXPECT z, "IF is set after cli"
  push ax
  or byte [esp + 1], kIf >> 8
  popf
  pushf
  pop ax
  test ax, kIf
  EXPECT nz, "IF is clear after popf"
  ret

Hook13:
  inc word [cs:Calls]
  jmp far [cs:Old13]

Hook15:
  inc word [cs:Calls]
  cmp ah, 0x88
  je .extended
  jmp far [cs:Old15]
.extended:
  mov ax, 0x1234
  push bp
  mov bp, sp
  and byte [bp + 6], ~1          ; CF of the caller
  pop bp
  iret

Int21:
  inc word [cs:Calls]
  cmp ah, 0x30
  je .version
  push si
  mov si, dx
  call PrintText
  pop si
  iret
.version:
  mov ax, 5
  iret

InVirtual8086Mode:
  xor ax, ax
  mov ds, ax
  smsw ax
  test al, 1
  EXPECT nz, "the monitor does not run"
  call Services

  ; Into upper memory, which paging has put somewhere else: by tracks and by linear address.
  push word kUpper
  pop es
  call ReadSectors
  EXPECT nc, "the disk cannot be read below the monitor"
  call Compare
  EXPECT e, "int 13h/02h read something else to paged memory"
  xor di, di
  xor ax, ax
  mov cx, kSectorsRead * 256
  rep stosw
  mov ah, 0x42
  mov dl, [Drive]
  mov si, Packet
  int 0x13
  EXPECT nc, "int 13h/42h failed below the monitor"
  call Compare
  EXPECT e, "int 13h/42h read something else to paged memory"

  mov ax, 0x0003                 ; the video BIOS
  int 0x10
  mov ax, 0x0E00 | 'V'
  xor bx, bx
  int 0x10
  push word 0xB800
  pop es
  cmp byte [es:0], 'V'
  EXPECT e, "int 10h wrote nothing"
  VERDICT "monitor"

; ZF set if es:0 has what was read first.
Compare:
  push ds
  push word kReference
  pop ds
  xor si, si
  xor di, di
  mov cx, kSectorsRead * 256
  repe cmpsw
  pop ds
  ret

EnterMonitor:
  cli
  mov ax, kPages >> 4
  mov es, ax
  xor eax, eax
  xor di, di
  mov cx, 0x400
  rep stosd
  mov dword [es:0], kPages + 0x1000 + 7
  mov eax, 7
  mov cx, 0x400
.page:
  stosd
  add eax, 0x1000
  loop .page
  mov di, 0x1000 + 4 * (kUpper >> 8)
  mov eax, kUpperPhysical + 7
  mov cx, 16
.upper:
  stosd
  add eax, 0x1000
  loop .upper

  mov ax, kTask >> 4
  mov es, ax
  xor eax, eax
  xor di, di
  mov cx, kTaskBytes / 4 + 1
  rep stosd
  mov dword [es:4], kMonitorStack
  mov word [es:8], kData32
  mov word [es:0x66], 0x68
  mov byte [es:kTaskBytes - 1], 0xFF

  ; A gate for each vector, to its own `call Entry` of 5 bytes.
  push ds
  pop es
  mov di, Gates
  mov eax, Entries
  mov cx, 256
.gate:
  stosw
  mov word [di], kCode32
  mov word [di + 2], 0x8E00
  mov word [di + 4], 0
  add di, 6
  add eax, 5
  loop .gate
  lgdt [GlobalTable]
  lidt [GateTable]
  mov eax, kPages
  mov cr3, eax
  mov eax, cr0
  or eax, 0x80000001
  mov cr0, eax
  jmp dword kCode32:Protected

bits 32
Protected:
  mov ax, kData32
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, kMonitorStack
  mov ax, kTaskSelector
  ltr ax
  push dword 0                   ; gs, fs, ds, es
  push dword 0
  push dword 0
  push dword 0
  push dword kLowStack
  push dword 0xFFF0
  push dword kVm | kIf | 2
  push dword 0
  push dword InVirtual8086Mode
  iretd

Entries:
  %rep 256
  call Entry                     ; not `call near`: its 5 bytes tell the vector
  %endrep

; On the stack: the address behind the call, perhaps an error code, then the frame of the 16-bit code.
struc Frame
  .edi: resd 8
  .eip: resd 1
  .cs: resd 1
  .eflags: resd 1
  .esp: resd 1
  .ss: resd 1
endstruc

Entry:
  push eax
  mov ax, kData32
  mov ds, ax
  mov es, ax
  mov eax, [esp + 4]
  sub eax, Entries + 5
  push edx
  xor edx, edx
  push ecx
  mov ecx, 5
  div ecx
  mov [Vector], eax
  pop ecx
  pop edx
  pop eax
  add esp, 4
  cmp dword [Vector], 13
  jne .no_code
  add esp, 4
.no_code:
  pushad
  mov ebp, esp
  cld
  mov eax, [Vector]
  cmp eax, 13
  je Simulate
  cmp eax, 8
  je Interrupt
  cmp eax, 9
  je Interrupt
  mov edx, eax
  and edx, 0xF8
  cmp edx, 0x70
  je Interrupt
Fatal:
  mov esi, FatalText
  call Print32
  mov al, 1
  out kExitPort, al
  hlt

Interrupt:
  bts [Pending], eax
Resume:
  test byte [VirtualIf], 1
  jz .go
  mov eax, 0
  mov ecx, 4
.word:
  bsf edx, [Pending + eax * 4]
  jnz .found
  inc eax
  loop .word
  jmp .go
.found:
  btr [Pending + eax * 4], edx
  shl eax, 5
  add eax, edx
  call Reflect
.go:
  popad
  iretd

; The 16-bit code goes on at the vector in eax.
Reflect:
  push eax
  call VisibleFlags
  call Push16
  mov eax, [ebp + Frame.cs]
  call Push16
  mov eax, [ebp + Frame.eip]
  call Push16
  pop eax
  movzx edx, word [eax * 4]
  mov [ebp + Frame.eip], edx
  movzx edx, word [eax * 4 + 2]
  mov [ebp + Frame.cs], edx
  mov byte [VirtualIf], 0
  and dword [ebp + Frame.eflags], ~0x100
  ret

VisibleFlags:
  mov eax, [ebp + Frame.eflags]
  and eax, ~kIf
  test byte [VirtualIf], 1
  jz .clear
  or eax, kIf
.clear:
  ret

; From eax, as popf and iret do.
SetFlags:
  bt eax, 9
  setc [VirtualIf]
  and eax, kFlagsKept
  and dword [ebp + Frame.eflags], ~kFlagsKept
  or [ebp + Frame.eflags], eax
  ret

Push16:
  sub word [ebp + Frame.esp], 2
  call StackTop
  mov [edx], ax
  ret

Pop16:
  call StackTop
  movzx eax, word [edx]
  add word [ebp + Frame.esp], 2
  ret

StackTop:
  mov edx, [ebp + Frame.ss]
  shl edx, 4
  push ecx
  movzx ecx, word [ebp + Frame.esp]
  add edx, ecx
  pop ecx
  ret

; A general protection fault: what an IOPL of 0 forbids.
Simulate:
  mov esi, [ebp + Frame.cs]
  shl esi, 4
  add esi, [ebp + Frame.eip]
  inc word [ebp + Frame.eip]
  lodsb
  cmp al, 0xFA
  je .cli
  cmp al, 0xFB
  je .sti
  cmp al, 0x9C
  je .pushf
  cmp al, 0x9D
  je .popf
  cmp al, 0xCD
  je .int
  cmp al, 0xCF
  je .iret
  cmp al, 0xF4
  je Resume                      ; hlt: one may also wake up at once
  jmp Fatal
.cli:
  mov byte [VirtualIf], 0
  jmp Resume
.sti:
  mov byte [VirtualIf], 1
  jmp Resume
.pushf:
  call VisibleFlags
  call Push16
  jmp Resume
.popf:
  call Pop16
  call SetFlags
  jmp Resume
.int:
  inc word [ebp + Frame.eip]
  movzx eax, byte [esi]
  call Reflect
  jmp Resume
.iret:
  call Pop16
  mov [ebp + Frame.eip], eax
  call Pop16
  mov [ebp + Frame.cs], eax
  call Pop16
  call SetFlags
  jmp Resume

%include "print32.inc"
bits 16

FatalText: db "bad monitor: an instruction or exception that it does not know", 10, 0
Dots: db "...", 10, 0
Drive: db 0
VirtualIf: db 1
align 8
Packet:
  db 16, 0, kSectorsRead, 0
  dw 0, kUpper
  dq 0
Old13: dd 0
Old15: dd 0
Calls: dw 0
align 4
Vector: dd 0
Pending: times 8 dd 0
Map: times 24 db 0
GlobalTable:
  dw 4 * 8 - 1
  dd Descriptors
GateTable:
  dw 256 * 8 - 1
  dd Gates
align 8
Descriptors:
  dq 0
  dq 0x00CF9A000000FFFF
  dq 0x00CF92000000FFFF
  dw kTaskBytes - 1, kTask & 0xFFFF, 0x8900 | kTask >> 16, 0
END_OF_IMAGE
times 0x100000 - ($ - $$) db 0   ; a disk large enough for cylinders
Gates equ 0xC000
