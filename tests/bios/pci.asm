; SPDX-License-Identifier: Apache-2.0
; The PCI bus as firmware has set it up, PCI BIOS in real mode and, found by the BIOS32 directory, in
; protected mode, and the tables in the BIOS area.
%include "bios.inc"
%include "load.inc"

start:
  LOAD_REST
  mov ax, 0xB101
  int 0x1A
  EXPECT nc, "B101h: failed"
  cmp edx, 'PCI '
  EXPECT e, "B101h: no signature"
  or ah, ah
  EXPECT z, "B101h: ah is not 0"
  test al, 1
  EXPECT nz, "B101h: no mechanism 1"
  cmp bx, 0x0210
  EXPECT e, "B101h: not version 2.1"

  mov ax, 0xB102                 ; the host bridge
  mov cx, 0x1237
  mov dx, 0x8086
  xor si, si
  int 0x1A
  EXPECT nc, "B102h: no host bridge"
  or bx, bx
  EXPECT z, "B102h: the host bridge is not at 0"
  mov ax, 0xB102
  mov si, 1
  int 0x1A
  EXPECT c, "B102h: two host bridges"
  cmp ah, 0x86
  EXPECT e, "B102h: not 86h"
  mov ax, 0xB102
  mov dx, 0xFFFF
  int 0x1A
  cmp ah, 0x83
  EXPECT e, "B102h: not 83h"

  mov ax, 0xB103                 ; the IDE controller, by class
  mov ecx, 0x010180
  xor si, si
  int 0x1A
  EXPECT nc, "B103h: no IDE controller"
  mov ax, 0xB10A
  mov di, 0x20
  int 0x1A
  EXPECT nc, "B10Ah: failed"
  test cl, 1
  EXPECT nz, "IDE: no ports"
  and ecx, ~15
  cmp ecx, 0xC000
  EXPECT ae, "IDE: bus master below C000h"
  mov ax, 0xB109
  mov di, 4
  int 0x1A
  and cx, 5
  cmp cx, 5
  EXPECT e, "IDE: no decoding or no bus master"
  mov ax, 0xB109
  mov di, 5
  int 0x1A
  EXPECT c, "B109h: a word at an odd offset"
  cmp ah, 0x87
  EXPECT e, "B109h: not 87h"

  mov ax, 0xB103                 ; the display adapter has memory in the window
  mov ecx, 0x030000
  xor si, si
  int 0x1A
  EXPECT nc, "B103h: no display adapter"
  mov ax, 0xB10A
  mov di, 0x10
  int 0x1A
  and ecx, ~15
  cmp ecx, 0xE0000000
  EXPECT ae, "VGA: frame buffer below the window"
  mov ax, 0xB10B                 ; interrupt line: writes stick
  mov cl, 0x5A
  mov di, 0x3C
  int 0x1A
  EXPECT nc, "B10Bh: failed"

  mov ax, 0xB10E
  push cs
  pop es
  mov di, RouteHeader
  int 0x1A
  EXPECT c, "B10Eh: no bytes suffice"
  cmp ah, 0x89
  EXPECT e, "B10Eh: not 89h"
  mov ax, 0xB10E
  int 0x1A
  EXPECT nc, "B10Eh: failed"
  test word [RouteHeader], 15
  EXPECT z, "B10Eh: not entries of 16 bytes"

  mov dword [Signature], '$PIR'
  call FindTable
  EXPECT c, "no interrupt routing table"
  mov ecx, [es:6]
  movzx ecx, cx
  call Sum
  EXPECT z, "$PIR: checksum"
  mov dword [Signature], '_SM_'
  call FindTable
  EXPECT c, "no SMBIOS"
  movzx ecx, byte [es:5]
  call Sum
  EXPECT z, "_SM_: checksum"
  cmp dword [es:16], '_DMI'
  EXPECT e, "_SM_: no _DMI_"
  mov dword [Signature], '_32_'
  call FindTable
  EXPECT c, "no BIOS32 directory"
  mov ecx, 16
  call Sum
  EXPECT z, "_32_: checksum"
  mov eax, [es:4]
  mov [Directory], eax

  cli                            ; protected mode, flat
  mov [Stack], sp
  lgdt [GdtPointer]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  jmp 0x08:.flat
bits 32
.flat:
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  movzx esp, sp
  mov eax, '$PCI'
  xor ebx, ebx
  call far [Directory]
  mov [Found], al
  add ebx, edx
  mov [Service], ebx
  mov eax, '$ABC'
  xor ebx, ebx
  call far [Directory]
  mov [Unknown], al
  mov eax, 0xB101
  xor edx, edx
  call far [Service]
  setc [Carry]
  mov [Present], edx
  mov eax, 0xB102
  mov cx, 0x1237
  mov dx, 0x8086
  mov esi, 1
  call far [Service]
  setc [Missing]
  jmp 0x18:.small
bits 16
.small:
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
  sti
  cmp byte [Found], 0
  EXPECT e, "directory: no PCI service"
  cmp byte [Unknown], 0x80
  EXPECT e, "directory: knows everything"
  cmp byte [Carry], 0
  EXPECT e, "B101h: failed in protected mode"
  cmp dword [Present], 'PCI '
  EXPECT e, "B101h: no signature in protected mode"
  cmp byte [Missing], 1
  EXPECT e, "B102h: no carry in protected mode"
  VERDICT "pci"

; CF: the table with that signature lies at es:0.
FindTable:
  mov ax, 0xF000
.next:
  mov es, ax
  mov ebx, [es:0]
  cmp ebx, [Signature]
  stc
  je .done
  inc ax
  or ax, ax
  jnz .next
  clc
.done:
  ret

; ZF: cx bytes at es:0 add up to 0.
Sum:
  xor si, si
  xor al, al
.next:
  add al, [es:si]
  inc si
  loop .next
  or al, al
  ret

align 8, db 0
Gdt:
  dq 0
  dq 0x00CF9B000000FFFF
  dq 0x00CF93000000FFFF
  dq 0x00009B000000FFFF
GdtPointer:
  dw $ - Gdt - 1
  dd Gdt
Directory: dd 0
  dw 8
Service: dd 0
  dw 8
Signature: dd 0
Present: dd 0
RouteHeader:
  dw 0, 0x9000, 0
Stack: dw 0
Found: db 0xFF
Unknown: db 0xFF
Carry: db 0xFF
Missing: db 0xFF
END_OF_IMAGE
