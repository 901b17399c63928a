; SPDX-License-Identifier: Apache-2.0
; Int 10h in graphics modes, read back from the display memory: where planes, banks and bytes have
; the dots and characters; fonts of our own; state saved and restored.
%include "bios.inc"
%include "load.inc"

%macro SetMode 1
  mov ax, %1
  int 0x10
%endmacro

; DOT colour, x, y.
%macro DOT 3
  mov ax, 0x0C00 | %1
  xor bx, bx
  mov cx, %2
  mov dx, %3
  int 0x10
%endmacro

; PLANE number: reads come from it.
%macro PLANE 1
  mov dx, 0x3CE
  mov ax, 4 | (%1 << 8)
  out dx, ax
%endmacro

start:
  LOAD_REST
  mov ax, 0xA000
  mov fs, ax
  mov ax, 0xB800
  mov gs, ax

  SetMode 0x12
  DOT 0x05, 9, 3                 ; planes 0 and 2, bit 6 of byte 1
  PLANE 0
  cmp byte [fs:3 * 80 + 1], 0x40
  EXPECT e, "mode 12h: plane 0 has no dot"
  PLANE 1
  cmp byte [fs:3 * 80 + 1], 0
  EXPECT e, "mode 12h: plane 1 has a dot"
  PLANE 2
  cmp byte [fs:3 * 80 + 1], 0x40
  EXPECT e, "mode 12h: plane 2 has no dot"
  mov ah, 0x0D
  mov cx, 9
  mov dx, 3
  int 0x10
  cmp al, 5
  EXPECT e, "mode 12h: another dot is read"

  mov dword [0x43 * 4], Font     ; a font of our own: each line of A is AAh
  mov ax, 0x0200
  xor bx, bx
  mov dx, 0x0102
  int 0x10
  mov ax, 0x0900 | 'A'
  mov bx, 0x0002
  mov cx, 3
  int 0x10
  PLANE 1
  cmp word [fs:16 * 80 + 2], 0xAAAA
  EXPECT e, "mode 12h: the character is not of the font"
  cmp word [fs:31 * 80 + 4], 0x00AA
  EXPECT e, "mode 12h: the last line of the character"
  mov ah, 0x08
  int 0x10
  cmp al, 'A'
  EXPECT e, "mode 12h: the character is not recognised"

  SetMode 0x04
  DOT 0x03, 5, 3                 ; odd lines lie in the second bank
  cmp byte [gs:0x2000 + 80 + 1], 0x30
  EXPECT e, "mode 4: the dot"
  SetMode 0x06
  DOT 0x01, 5, 2
  cmp byte [gs:80], 0x04
  EXPECT e, "mode 6: the dot"

  SetMode 0x13
  DOT 0x9C, 319, 199
  cmp byte [fs:63999], 0x9C
  EXPECT e, "mode 13h: the dot"
  mov ax, 0x0E00 | 10            ; teletype at the end of the screen scrolls it
  mov bx, 0x000F
  push ax
  push bx
  mov ax, 0x0200
  xor bx, bx
  mov dx, 0x1800
  int 0x10
  pop bx
  pop ax
  int 0x10
  cmp byte [fs:63999 - 8 * 320], 0x9C
  EXPECT e, "mode 13h: the screen has not scrolled"
  cmp byte [fs:63999], 0
  EXPECT e, "mode 13h: the last line is not clear"

  ; State goes through a mode set.
  mov ax, 0x1C00
  mov cx, 7
  int 0x10
  cmp al, 0x1C
  EXPECT e, "1Ch: not there"
  cmp bx, 32
  EXPECT be, "1Ch: too large"
  mov ax, 0x1C01
  mov cx, 7
  mov bx, State
  int 0x10
  SetMode 0x83
  mov ax, 0x1C02
  mov cx, 7
  mov bx, State
  int 0x10
  cmp byte [0x449], 0x13
  EXPECT e, "1Ch: the mode"
  mov dx, 0x3C4
  mov al, 4
  out dx, al
  inc dx
  in al, dx
  cmp al, 0x0E
  EXPECT e, "1Ch: Memory Mode of the sequencer"
  cmp byte [fs:63999 - 8 * 320], 0x9C
  EXPECT e, "1Ch: the memory is shown otherwise"

  SetMode 0x03
  VERDICT "graphics"

; 128 characters of sixteen lines; all that is before A is whatever lies here.
Font equ Letter - 'A' * 16
Letter: times 16 db 0xAA
END_OF_IMAGE

State equ 0x9000
