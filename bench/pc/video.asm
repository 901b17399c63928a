; SPDX-License-Identifier: Apache-2.0
; Int 10h for `scripts/bench pc`: teletype, scrolling, characters, dots and mode sets. The lines that
; it prints are those of compute.asm.
kSectors equ 3

; CASE name, count (hexadecimal, as text and as the number of calls of what follows).
%macro CASE 2
  %defstr EVENTS %2
  mov si, %%name
  call Print
  mov edi, 0x%2
  jmp %%run
%%name: db %1, " ", EVENTS, 10, 0
%%run:
%endmacro

; Goes back to the label until all events are done.
%macro NEXT 1
  dec edi
  jnz %1
  mov si, DoneText
  call Print
%endmacro

%include "boot.inc"

Cases:
  ; An event is a character; every eightieth goes to a new line, and past row 25 the screen scrolls.
  CASE "teletype", 40000
.teletype:
  mov ax, 0x0E00 | 'x'
  xor bx, bx
  int 0x10
  NEXT .teletype

  CASE "scroll", 2000
.scroll:
  mov ax, 0x0601
  mov bh, 7
  xor cx, cx
  mov dx, 24 * 256 + 79
  int 0x10
  NEXT .scroll

  CASE "set_cursor", 40000
.cursor:
  mov ah, 2
  xor bx, bx
  mov dx, di
  and dx, 0x0F3F
  int 0x10
  NEXT .cursor

  ; Eighty characters with their attribute in one call.
  CASE "characters", 8000
.characters:
  mov ax, 0x0900 | 'y'
  mov bx, 0x1E
  mov cx, 80
  int 0x10
  NEXT .characters

  ; In 640 by 480 with sixteen colours.
  mov ax, 0x0012
  int 0x10
  CASE "dot_planar", 8000
.dot:
  mov ax, 0x0C0B
  xor bx, bx
  mov cx, di
  and cx, 0x1FF
  mov dx, 100
  int 0x10
  NEXT .dot

  CASE "glyph_planar", 2000
.glyph:
  mov ax, 0x0E00 | 'z'
  mov bx, 0x000E
  int 0x10
  mov ax, 0x0E00 | 13
  int 0x10
  NEXT .glyph

  CASE "scroll_planar", 80
.scroll_planar:
  mov ax, 0x0601
  xor bx, bx
  xor cx, cx
  mov dx, 29 * 256 + 79
  int 0x10
  NEXT .scroll_planar

  ; In 320 by 200 with a byte a pixel.
  mov ax, 0x0013
  int 0x10
  CASE "scroll_linear", 80
.scroll_linear:
  mov ax, 0x0601
  xor bx, bx
  xor cx, cx
  mov dx, 24 * 256 + 39
  int 0x10
  NEXT .scroll_linear

  CASE "mode_set", 40
.mode:
  mov ax, 0x0003
  int 0x10
  NEXT .mode

  mov si, EndText
  call Print
  xor al, al
  out 0xF4, al
  hlt

times kSectors * 512 - ($ - $$) db 0
