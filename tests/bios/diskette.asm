; SPDX-License-Identifier: Apache-2.0
; Int 13h of the floppy disk that this guest came from: drive and parameters, a read that goes on from
; one side to the other and to the next cylinder, the DMA page, the data area. The image is as long as
; the guest; the rest of the disk is blank.
%include "bios.inc"

kBuffer equ 0x9000
kSectors equ 4

start:
  mov [Drive], dl
  mov ax, 0x0200 + kSectors - 1
  mov bx, 0x7E00
  mov cx, 2
  xor dx, dx
  int 0x13
  jmp 0:rest
Drive: db 0
END_OF_GUEST

rest:
  cmp byte [Drive], 0
  EXPECT e, "diskette: is not drive 00h"
  int 0x11
  test al, 1
  EXPECT nz, "diskette: the equipment word has none"
  mov ah, 8
  xor dl, dl
  int 0x13
  EXPECT nc, "diskette: no parameters"
  cmp cx, 0x4F12
  EXPECT e, "diskette: not 80 cylinders of 18 sectors"
  cmp dx, 0x0101
  EXPECT e, "diskette: not two sides, or not one drive"
  mov ax, es
  shl eax, 16
  mov ax, di
  xor dx, dx
  mov es, dx
  cmp eax, [0x1E * 4]
  EXPECT e, "diskette: the parameter table is not that of int 1Eh"

  mov ax, 0x0200 + 40           ; 18 of one side, 18 of the other, 4 of the next cylinder
  mov bx, kBuffer
  mov cx, 1
  xor dx, dx
  int 0x13
  EXPECT nc, "diskette: 40 sectors"
  cmp al, 40
  EXPECT e, "diskette: a read does not tell its sectors"
  mov si, 0x7C00
  mov di, kBuffer
  mov cx, Verdict - 0x7C00
  repe cmpsb
  EXPECT e, "diskette: reads something else than itself"
  cmp dword [kBuffer + 39 * 512], 0
  EXPECT e, "diskette: what the image does not have is not blank"

  mov ax, 0x0202
  mov bx, 0xFF00                ; FF00h to 102FFh
  mov cx, 1
  xor dx, dx
  int 0x13
  EXPECT c, "diskette: a buffer across a DMA page"
  cmp ah, 9
  EXPECT e, "diskette: not 'DMA boundary'"
  mov ax, 0x0201
  mov bx, kBuffer
  mov cx, 19
  int 0x13
  EXPECT c, "diskette: sector 19"
  cmp byte [0x441], 4
  EXPECT e, "diskette: the status is not in the data area"
  VERDICT "diskette"
times kSectors * 512 - ($ - $$) db 0
