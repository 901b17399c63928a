; SPDX-License-Identifier: Apache-2.0
; The boot image of a disc, without emulation (disc_around.asm is the disc): it finds the drive it came
; from, reads itself by blocks of 2048 bytes, and then makes the disc a diskette.
%include "bios.inc"

kImageBlock equ 20
kBuffer equ 0x9000

start:
  mov [Drive], dl
  cmp dl, 0xE0
  EXPECT e, "disc: is not drive E0h"
  mov si, packet
  mov ah, 0x42
  int 0x13
  EXPECT nc, "disc: extended read"
  call CompareWithSelf
  EXPECT e, "disc: reads something else than itself"

  mov ax, 0x4B01                ; what was booted?
  mov dl, [Drive]
  mov si, kBuffer
  int 0x13
  EXPECT nc, "disc: no emulation status"
  cmp byte [kBuffer + 2], 0xE0
  EXPECT e, "disc: the status has another drive"
  cmp dword [kBuffer + 4], kImageBlock
  EXPECT e, "disc: the status has another image"

  mov byte [kBuffer + 1], 2     ; 1.44 MB
  mov ax, 0x4A00
  mov dl, [Drive]
  mov si, kBuffer
  int 0x13
  EXPECT nc, "disc: emulation is refused"
  mov ax, 0x0201
  mov bx, kBuffer
  mov cx, 1
  xor dx, dx
  int 0x13
  EXPECT nc, "disc: the emulated diskette cannot be read"
  call CompareWithSelf
  EXPECT e, "disc: the emulated diskette is not the image"
  mov ax, 0x4B00
  mov dl, 0x7F
  mov si, kBuffer
  int 0x13
  EXPECT nc, "disc: emulation does not end"
  int 0x11
  test al, 1
  EXPECT z, "disc: the emulated diskette is still there"
  VERDICT "disc"

; ZF: the buffer begins as the code here does, up to what changes.
CompareWithSelf:
  mov si, 0x7C00
  mov di, kBuffer
  mov cx, Verdict - 0x7C00
  repe cmpsb
  ret

Drive: db 0
align 4, db 0
packet:
  db 16, 0
  dw 1, kBuffer, 0
  dq kImageBlock
times 2048 - ($ - $$) db 0
