; SPDX-License-Identifier: Apache-2.0
; A boot sector is entered as int 19h promises: at 0000:7C00, dl the drive, interrupts on, and the
; tick of the timer counts.
%include "bios.inc"

start:
  cmp dl, 0x80
  EXPECT e, "boot: the first disk is not drive 80h"
  mov ax, cs
  or ax, ax
  EXPECT z, "boot: cs is not 0"
  pushf
  pop ax
  test ah, 2
  EXPECT nz, "boot: interrupts are off"
  int 0x12
  cmp ax, 639
  EXPECT e, "int 12h: not 639 KiB"

  xor ah, ah                     ; ticks go on
  int 0x1A
  mov bx, dx
.wait:
  hlt
  xor ah, ah
  int 0x1A
  cmp dx, bx
  je .wait
  VERDICT "boot"
END_OF_GUEST
