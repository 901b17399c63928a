; SPDX-License-Identifier: Apache-2.0
; Int 14h through the serial port's loop, int 17h and int 05h without a printer.
%include "bios.inc"
%include "load.inc"

start:
  LOAD_REST
  cmp word [0x400], kCom1
  EXPECT e, "data area: COM1 is not at 3F8h"
  int 0x11
  and ax, 0xCE00
  cmp ax, 0x0200
  EXPECT e, "int 11h: not one serial port and no parallel ports"

  mov dx, 0
  mov ax, 0x00E3                 ; 9600 baud, 8 bits
  int 0x14
  test ah, 0x20
  EXPECT nz, "14h/00h: no room"
  mov dx, kCom1 + 4              ; the loop
  mov al, 0x13
  out dx, al
  xor dx, dx
  mov ax, 0x0141
  int 0x14
  mov bl, ah
  mov ah, 3
  int 0x14
  mov bh, ah
  mov ah, 2
  int 0x14
  mov cx, ax
  push word [0x46C]
  mov byte [0x47C], 1
  mov ah, 2
  int 0x14
  mov si, ax
  mov ax, [0x46C]
  pop di
  sub ax, di
  mov di, ax
  mov dx, kCom1 + 4
  mov al, 3
  out dx, al
  test bl, 0x80
  EXPECT z, "14h/01h: timed out"
  test bh, 1
  EXPECT nz, "14h/03h: no character"
  cmp cx, 0x0041
  EXPECT e, "14h/02h: not the character"
  test si, 0x8000
  EXPECT nz, "14h/02h: no time-out"
  cmp di, 10
  EXPECT ae, "14h/02h: timed out too early"
  mov dx, 1
  mov ax, 0x0141
  int 0x14
  test ah, 0x80
  EXPECT nz, "14h/01h: COM2 is there"

  xor dx, dx
  mov ah, 2
  int 0x17
  test ah, 0x29
  EXPECT nz, "17h/02h: a printer is there"
  mov ah, 2
  mov dx, 0x0305
  xor bh, bh
  int 0x10
  sti
  mov bp, 0x1234
  int 0x05
  cmp byte [0x500], 0xFF
  EXPECT e, "05h: no error"
  cmp bp, 0x1234
  EXPECT e, "05h: bp is gone"
  mov ah, 3
  xor bh, bh
  int 0x10
  cmp dx, 0x0305
  EXPECT e, "05h: the cursor has moved"
  mov byte [0x500], 1
  int 0x05
  cmp byte [0x500], 1
  EXPECT e, "05h: printed while printing"
  VERDICT "ports"
END_OF_IMAGE
