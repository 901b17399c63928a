; SPDX-License-Identifier: Apache-2.0
; VBE from inside: the lists and pointers that the BIOS returns, the window function by far call, the
; linear frame buffer, the protected-mode interface from 32-bit code, and characters in modes of all
; depths.
%include "bios.inc"
%include "load.inc"

; VBE ax, "what": calls int 10h, which must succeed.
%macro VBE 2
  mov ax, %1
  int 0x10
  cmp ax, 0x004F
  EXPECT e, %2
%endmacro

%macro ReadVbe 1                ; to ax
  mov dx, 0x1CE
  mov ax, %1
  out dx, ax
  inc dx
  in ax, dx
%endmacro

start:
  LOAD_REST

  mov di, Information
  mov dword [di], 'VBE2'
  VBE 0x4F00, "4F00h failed"
  cmp dword [Information], 'VESA'
  EXPECT e, "4F00h: no signature"
  cmp word [Information + 4], 0x0300
  EXPECT e, "4F00h: not version 3.0"
  push es
  les di, [Information + 14]     ; the list must have mode 114h
  mov cx, 256
.list:
  mov ax, [es:di]
  add di, 2
  cmp ax, 0x114
  je .listed
  cmp ax, 0xFFFF
  je .unlisted
  loop .list
.unlisted:
  PRINT "bad 4F00h: mode 114h is not in the list", 10
  mov byte [Verdict], 1
.listed:
  pop es

  mov di, Mode
  mov cx, 0x114
  VBE 0x4F01, "4F01h failed"
  mov ax, [Mode]
  and ax, 0x0081
  cmp ax, 0x0081
  EXPECT e, "4F01h: not supported, or no linear frame buffer"
  cmp dword [Mode + 0x12], 800 + (600 << 16)
  EXPECT e, "4F01h: the size"
  cmp word [Mode + 0x10], 1600
  EXPECT e, "4F01h: the bytes of a line"
  mov eax, [Mode + 0x28]
  cmp eax, 0x100000
  EXPECT a, "4F01h: the frame buffer is in RAM"

  mov bx, 0x0114
  VBE 0x4F02, "4F02h failed"
  VBE 0x4F03, "4F03h failed"
  cmp bx, 0x0114
  EXPECT e, "4F03h: another mode"

  ; The window function, by the pointer that 4F01h gave: bank 1 is line 40, pixel 768.
  xor bx, bx
  mov dx, 1
  call far [Mode + 0x0C]
  push es
  push word 0xA000
  pop es
  mov word [es:0], 0x1234
  pop es
  mov bx, 0x0100
  xor dx, dx
  call far [Mode + 0x0C]
  cmp dx, 1
  EXPECT e, "window function: another position"
  xor bx, bx
  VBE 0x4F05, "4F05h failed"     ; dx is 1 still
  mov bx, 0x0100
  xor dx, dx
  VBE 0x4F05, "4F05h failed to tell"
  cmp dx, 1
  EXPECT e, "4F05h: another position"

  ; With a linear frame buffer, the memory as it is; lines of 1024 pixels.
  mov bx, 0xC114
  VBE 0x4F02, "4F02h failed for the linear frame buffer"
  mov ax, 0x4F05
  xor bx, bx
  int 0x10
  cmp ax, 0x034F
  EXPECT e, "4F05h: there is a window beside the linear frame buffer"
  xor bx, bx
  mov cx, 1024
  VBE 0x4F06, "4F06h failed"
  cmp bx, 2048
  EXPECT e, "4F06h: another length of lines"

  ; The protected-mode interface, copied to a place of ours.
  mov bl, 0
  push es
  VBE 0x4F0A, "4F0Ah failed"
  push ds
  push es
  pop ds
  push word 0
  pop es
  mov si, di
  mov di, Interface
  rep movsb
  pop ds
  pop es

  cli
  lgdt [Gdtr]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  jmp 0x08:Protected
bits 32
Protected:
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  movzx esp, sp
  mov ebx, [Mode + 0x28]
  mov ax, [ebx + 0x10000]        ; what the window wrote
  mov [Found], ax
  mov word [ebx], 0xF800
  mov word [ebx + 599 * 2048 + 1598], 0x1235
  mov ax, [ebx + 599 * 2048 + 1598]
  mov [Last], ax

  mov dword [Colours], 0x00112233
  xor ebx, ebx                   ; palette: one entry, 5
  mov ecx, 1
  mov edx, 5
  mov edi, Colours
  movzx eax, word [Interface + 4]
  add eax, Interface
  call eax
  mov ebx, 0                     ; start: line 2, pixel 4
  mov ecx, (2 * 2048 + 8) / 4
  xor edx, edx
  movzx eax, word [Interface + 2]
  add eax, Interface
  call eax
  mov [Status], ax
  xor ebx, ebx                   ; window: bank 3
  mov edx, 3
  movzx eax, word [Interface]
  add eax, Interface
  call eax
  mov [Status + 2], ax
  jmp 0x18:Back
bits 16
Back:
  mov ax, 0x20
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov eax, cr0
  and al, 0xFE
  mov cr0, eax
  jmp 0:Real
Real:
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  sti
  cmp word [Found], 0x1234
  EXPECT e, "the window and the frame buffer are not the same memory"
  cmp word [Last], 0x1235
  EXPECT e, "the frame buffer has no last pixel"
  cmp dword [Status], 0x004F004F
  EXPECT e, "the protected-mode interface failed"
  ReadVbe 8
  cmp ax, 4
  EXPECT e, "protected mode: the start's pixel"
  ReadVbe 9
  cmp ax, 2
  EXPECT e, "protected mode: the start's line"
  ReadVbe 5
  cmp ax, 3
  EXPECT e, "protected mode: the bank"
  mov dx, 0x3C7
  mov al, 5
  out dx, al
  mov dx, 0x3C9
  in al, dx
  cmp al, 0x11
  EXPECT e, "protected mode: the palette"

  mov si, Depths
.depth:
  call TestText
  add si, 4
  cmp word [si], 0
  jne .depth

  mov ax, 0x0003
  int 0x10
  ReadVbe 4
  test al, 1
  EXPECT z, "mode 3 leaves the VBE mode on"
  mov ah, 0x0F
  int 0x10
  cmp al, 3
  EXPECT e, "not in mode 3"
  VERDICT "vbe"

; The mode at si, of 800 by 600 pixels, and its bytes per pixel (0: planes): what is written in row 1
; is in row 0 after a line feed in the last row.
TestText:
  mov bx, [si]
  VBE 0x4F02, "text: no such mode"
  push si
  mov cx, [si]
  mov di, Mode
  VBE 0x4F01, "text: no such mode"
  pop si
  test byte [Mode], 4
  EXPECT nz, "text: said not to be supported"
  mov dx, 0x0100
  call SetCursor
  mov ax, 0x0E00 + 'A'
  mov bx, 0x000F
  int 0x10
  mov ax, 0x0900 + 'B'           ; beside it, three times; the cursor stays
  mov cx, 3
  int 0x10
  mov dx, 0x2400                 ; row 36, the last of 37
  call SetCursor
  mov ax, 0x0E0A
  int 0x10
  mov ah, 3
  xor bh, bh
  int 0x10
  cmp dx, 0x2400
  EXPECT e, "text: the cursor is not where it was before it scrolled"
  mov al, 'A'
  xor bx, bx
  call TestGlyph
  mov al, 'B'
  mov bx, 3
  call TestGlyph
  mov al, ' '
  mov bx, 4
  call TestGlyph
  ret

SetCursor:
  mov ah, 2
  xor bh, bh
  int 0x10
  ret

; Row 0, column bx has the character al of the font, other pixels are 0.
TestGlyph:
  pusha
  push es
  push fs
  lfs di, [0x43 * 4]
  xor ah, ah
  shl ax, 4
  add di, ax
  mov bp, [si + 2]
  mov ax, bp                     ; bx: the first byte
  shl ax, 3
  jnz .bytes
  inc ax
.bytes:
  mul bx
  mov bx, ax
  push word 0xA000
  pop es
  mov cx, 16
.line:
  or bp, bp
  jnz .pixels
  mov dl, [es:bx]                ; planes: the first
  jmp .compare
.pixels:
  push bx
  push cx
  mov cx, 8
.pixel:
  xor al, al
  push bp
.byte:
  or al, [es:bx]
  inc bx
  dec bp
  jnz .byte
  pop bp
  add al, 0xFF                   ; CF: not 0
  rcl dl, 1
  loop .pixel
  pop cx
  pop bx
.compare:
  cmp dl, [fs:di]
  EXPECT e, "text: a wrong line of a character"
  inc di
  add bx, [Mode + 0x10]
  dec cx
  jnz .line
  pop fs
  pop es
  popa
  ret

Depths:
  dw 0x102, 0
  dw 0x103, 1
  dw 0x113, 2
  dw 0x114, 2
  dw 0x4115, 3                   ; with the linear frame buffer
  dw 0x143, 4
  dw 0

align 8, db 0
Gdt:
  dq 0
  dw 0xFFFF, 0, 0x9A00, 0x00CF
  dw 0xFFFF, 0, 0x9200, 0x00CF
  dw 0xFFFF, 0, 0x9A00, 0
  dw 0xFFFF, 0, 0x9200, 0
Gdtr:
  dw $ - Gdt - 1
  dd Gdt
Found: dw 0
Last: dw 0
Status: dd 0
Colours: dd 0
END_OF_IMAGE

Information equ 0x9000
Mode equ 0x9400
Interface equ 0x9800
