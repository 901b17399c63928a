; SPDX-License-Identifier: Apache-2.0
; Int 15h: A20, memory sizes and map, block moves, waits, the pointing device, the way to protected
; mode.
%include "bios.inc"
%include "load.inc"

; CARRY what: int 15h has failed as it should; NO_CARRY what: it has not.
%macro CARRY 1
  EXPECT c, %1
%endmacro
%macro NO_CARRY 1
  EXPECT nc, %1
%endmacro

start:
  LOAD_REST
  ; A20: FFFF:0510 is 0:500 while the gate is shut.
  mov ax, 0x2403
  int 0x15
  NO_CARRY "24h: support is unknown"
  test bl, 2
  EXPECT nz, "24h: no port 92h"
  mov ax, 0x2400
  int 0x15
  NO_CARRY "24h: cannot disable A20"
  mov ax, 0x2402
  int 0x15
  cmp al, 0
  EXPECT e, "24h: A20 is said to be on"
  mov ax, 0xFFFF
  mov es, ax
  mov byte [0x500], 0x11
  mov byte [es:0x510], 0x22
  cmp byte [0x500], 0x22
  EXPECT e, "24h: A20 is on"

  push es                        ; a block move works all the same, and leaves A20 off
  push cs
  pop es
  mov si, MoveTable
  mov cx, 8
  mov ah, 0x87
  int 0x15
  NO_CARRY "87h: failed"
  pop es
  mov byte [es:0x510], 0x33
  cmp byte [0x500], 0x33
  EXPECT e, "87h: A20 is on after it"

  mov ax, 0x2401
  int 0x15
  NO_CARRY "24h: cannot enable A20"
  mov ax, 0x2402
  int 0x15
  cmp al, 1
  EXPECT e, "24h: A20 is said to be off"
  mov byte [es:0x510], 0x44
  cmp byte [0x500], 0x33
  EXPECT e, "24h: A20 is off"
  mov di, 0x10
  mov si, Text
  mov cx, 8
  repe cmpsw
  EXPECT e, "87h: the data is not at 1 MiB"

  mov ah, 0x88
  int 0x15
  NO_CARRY "88h: failed"
  cmp ax, 0x3C00 - 0x400
  EXPECT ae, "88h: not 15 MiB"
  mov ax, 0xE801
  int 0x15
  NO_CARRY "E801h: failed"
  cmp ax, cx
  EXPECT e, "E801h: ax is not cx"
  cmp bx, dx
  EXPECT e, "E801h: bx is not dx"

  ; The map ends, and names memory at 0 and at 1 MiB.
  push cs
  pop es
  xor ebx, ebx
  xor bp, bp
.map:
  mov eax, 0xE820
  mov edx, 0x534D4150
  mov ecx, 20
  mov di, Entry
  int 0x15
  NO_CARRY "E820h: failed"
  cmp eax, 0x534D4150
  EXPECT e, "E820h: no signature"
  cmp ecx, 20
  EXPECT e, "E820h: not 20 bytes"
  cmp dword [Entry], 0x100000
  jne .next
  cmp dword [Entry + 16], 1
  EXPECT e, "E820h: memory at 1 MiB is reserved"
  inc bp
.next:
  or ebx, ebx
  jnz .map
  cmp bp, 1
  EXPECT e, "E820h: no entry for 1 MiB"
  mov eax, 0xE820
  mov edx, 0x534D4150
  mov ecx, 20
  mov ebx, 0x12345
  int 0x15
  CARRY "E820h: an entry behind the last"

  ; 86h waits for at least as long as it says: 120 ms are two ticks.
  mov cx, 1
  mov dx, 0xD4C0
  mov ah, 0x86
  sti
  push word [0x46C]
  int 0x15
  NO_CARRY "86h: failed"
  mov ax, [0x46C]
  pop bx
  sub ax, bx
  cmp ax, 2
  EXPECT ae, "86h: too short"
  cmp ax, 20
  EXPECT b, "86h: too long"
  cmp byte [0x4A0], 0
  EXPECT e, "86h: still active"
  ; 83h sets a flag.
  push cs
  pop es
  mov bx, Flag
  xor cx, cx
  mov dx, 2000
  mov ax, 0x8300
  int 0x15
  NO_CARRY "83h: failed"
  mov ax, 0x8300
  int 0x15
  CARRY "83h: two at a time"
.flag:
  hlt
  test byte [Flag], 0x80
  jz .flag

  ; The pointing device.
  mov ax, 0xC205
  mov bh, 3
  int 0x15
  NO_CARRY "C205h: failed"
  mov ax, 0xC200
  mov bh, 1
  int 0x15
  CARRY "C200h: without a driver"
  cmp ah, 5
  EXPECT e, "C200h: not 'no driver'"
  mov bx, Driver
  mov ax, 0xC207
  int 0x15
  NO_CARRY "C207h: failed"
  mov ax, 0xC202
  mov bh, 5
  int 0x15
  NO_CARRY "C202h: failed"
  mov ax, 0xC203
  mov bh, 9
  int 0x15
  CARRY "C203h: resolution 9"
  mov ax, 0xC200
  mov bh, 1
  int 0x15
  NO_CARRY "C200h: failed"
  mov ax, 0xC206
  mov bh, 0
  int 0x15
  NO_CARRY "C206h: failed"
  test bl, 0x20
  EXPECT nz, "C206h: not enabled"
  cmp dl, 100
  EXPECT e, "C206h: not 100 packets a second"
  ; The controller delivers a packet in the device's name.
  mov si, Packet
.byte:
  mov al, 0xD3
  out 0x64, al
  lodsb
  out 0x60, al
  nop
  cmp si, Packet.end
  jb .byte
  cmp word [Got], 0x18
  EXPECT e, "int 74h: status"
  cmp word [Got + 2], 0xF0
  EXPECT e, "int 74h: x"
  cmp word [Got + 4], 0x05
  EXPECT e, "int 74h: y"
  cmp word [Got + 6], 0
  EXPECT e, "int 74h: z"

  mov ah, 0xC0
  int 0x15
  NO_CARRY "C0h: failed"
  cmp byte [es:bx + 2], 0xFC
  EXPECT e, "C0h: not an AT"
  mov ah, 0xC1
  int 0x15
  NO_CARRY "C1h: failed"
  mov ax, es
  cmp ax, [0x40E]
  EXPECT e, "C1h: not the extended area"
  mov ax, 0xEF00
  int 0x15
  CARRY "EFh: not refused"
  cmp ah, 0x86
  EXPECT e, "EFh: not 86h"

  ; Protected mode by 89h, and back.
  push cs
  pop es
  mov [Stack], sp
  mov si, Gdt
  mov bx, 0x2028
  mov ah, 0x89
  int 0x15
  jc .refused
  mov bx, cs
  mov cx, ds
  smsw dx
  push ax
  in al, 0xA1
  mov bp, ax
  pop ax
  mov byte [0x500], 0x55         ; DS of the table
  cli
  mov eax, cr0
  and al, 0xFE
  mov cr0, eax
  jmp 0:.back
.refused:
  EXPECT nc, "89h: refused"
.back:
  xor si, si
  mov ds, si
  mov es, si
  mov ss, si
  mov sp, [Stack]
  lidt [RealIdt]
  or ah, ah
  EXPECT z, "89h: ah is not 0"
  cmp bx, 0x30
  EXPECT e, "89h: cs is not 30h"
  cmp cx, 0x18
  EXPECT e, "89h: ds is not 18h"
  test dl, 1
  EXPECT nz, "89h: not protected"
  mov ax, bp
  cmp al, 0xFF
  EXPECT e, "89h: interrupts are not masked"
  VERDICT "system"

Driver:
  push bp
  mov bp, sp
  push ax
  mov ax, [bp + 12]
  mov [cs:Got], ax
  mov ax, [bp + 10]
  mov [cs:Got + 2], ax
  mov ax, [bp + 8]
  mov [cs:Got + 4], ax
  mov ax, [bp + 6]
  mov [cs:Got + 6], ax
  pop ax
  pop bp
  retf

%macro DESCRIPTOR 3              ; base, limit, access
  dw %2 & 0xFFFF
  dw %1 & 0xFFFF
  db %1 >> 16 & 0xFF, %3, 0, 0
%endmacro
align 8, db 0
MoveTable:
  times 16 db 0
  dw 0xFFFF, Text
  db 0, 0x93, 0, 0
  dw 0xFFFF, 0
  db 0x10, 0x93, 0, 0
  times 16 db 0
Gdt:
  times 8 db 0
  dw 0x3F, Gdt
  db 0, 0x93, 0, 0
  dw 0x7FF, 0
  db 0, 0x93, 0, 0
  DESCRIPTOR 0, 0xFFFF, 0x93
  DESCRIPTOR 0, 0xFFFF, 0x93
  DESCRIPTOR 0, 0xFFFF, 0x93
  DESCRIPTOR 0, 0xFFFF, 0x9B
  times 8 db 0
RealIdt: dw 0x3FF, 0, 0
Text: db "sixteen letters."
Packet: db 0x18, 0xF0, 0x05
.end:
Entry: times 24 db 0
Got: times 4 dw 0xAAAA
Flag: db 0
Stack: dw 0
END_OF_IMAGE
