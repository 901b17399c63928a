; SPDX-License-Identifier: Apache-2.0
; A change of media under a guest that came from the first floppy disk (1.44 MB): after "change" it waits
; for a byte on COM1. Then there is a disk of 720 KB in drive A and another disc in the CD drive, both
; filled with 5Ah; before, the first sector of the disc was filled with A5h.
%include "bios.inc"

kBuffer equ 0x9000
kSectors equ 5
kCd equ 0xE0
kFloppyOutput equ 0x3F2
kFloppyInput equ 0x3F7
kCalibrated equ 0x43E           ; bit 7: IRQ 6 has come

start:
  mov ax, 0x0200 + kSectors - 1
  mov bx, 0x7E00
  mov cx, 2
  xor dx, dx
  int 0x13
  jmp 0:rest
END_OF_GUEST

rest:
  mov ah, 0x16
  xor dl, dl
  int 0x13
  EXPECT nc, "media: a change before there was one"
  mov ah, 0x49
  mov dl, kCd
  int 0x13
  EXPECT nc, "media: a change of the disc before there was one"
  call ReadDisc
  EXPECT nc, "media: the first disc is not read"
  cmp byte [kBuffer], 0xA5
  EXPECT e, "media: not what is on the first disc"
  call StartController          ; a step, with the first disk inside
  in al, dx
  test al, 0x80
  EXPECT z, "media: the disk-change line is high before a change"

  PRINT "change", 10
.wait:
  mov dx, kCom1 + 5
  in al, dx
  test al, 1
  jz .wait

  mov dx, kFloppyInput
  in al, dx
  test al, 0x80
  EXPECT nz, "media: the disk-change line is low after a change"

  mov ah, 0x16
  xor dl, dl
  int 0x13
  EXPECT c, "media: function 16h does not tell of the change"
  cmp ah, 6
  EXPECT e, "media: function 16h, not status 6"
  call ReadDisk
  EXPECT c, "media: the first access does not tell of the change"
  cmp ah, 6
  EXPECT e, "media: the first access, not status 6"
  or al, al
  EXPECT z, "media: sectors by the access that failed"
  call ReadDisk
  EXPECT nc, "media: the new disk is not read"
  cmp byte [kBuffer], 0x5A
  EXPECT e, "media: not what is on the new disk"
  mov ah, 0x16
  xor dl, dl
  int 0x13
  EXPECT nc, "media: function 16h still tells of the change"
  mov ah, 8
  xor dl, dl
  int 0x13
  xor ax, ax
  mov es, ax
  cmp cl, 9
  EXPECT e, "media: not 9 sectors a track"

  mov ah, 0x49
  mov dl, kCd
  int 0x13
  EXPECT c, "media: function 49h does not tell of the new disc"
  cmp ah, 6
  EXPECT e, "media: function 49h, not status 6"
  mov ah, 0x49
  mov dl, kCd
  int 0x13
  EXPECT nc, "media: function 49h tells twice"
  call ReadDisc
  EXPECT nc, "media: the new disc is not read"
  cmp byte [kBuffer], 0x5A
  EXPECT e, "media: not what is on the new disc"

  call StartController
  in al, dx
  test al, 0x80
  EXPECT z, "media: the disk-change line is high after a step"
  VERDICT "media"

ReadDisk:
  mov ax, 0x0201
  mov bx, kBuffer
  mov cx, 1
  xor dx, dx
  int 0x13
  ret

ReadDisc:
  mov byte [kBuffer], 0
  mov ah, 0x42
  mov dl, kCd
  mov si, Packet
  int 0x13
  ret

; Motor of drive A on, heads to cylinder 2 and back; dx: the port with the disk-change line.
StartController:
  mov dx, kFloppyOutput
  mov al, 0x1C
  out dx, al
  mov si, SeekOut
  call Seek
  mov si, SeekBack
  call Seek
  mov dx, kFloppyInput
  ret

; Three bytes at si; returns when the BIOS has seen the interrupt, and the drive's state is read.
Seek:
  and byte [kCalibrated], 0x7F
  mov cx, 3
  call Send
.wait:
  test byte [kCalibrated], 0x80
  jz .wait
  mov si, SenseInterrupt
  mov cx, 1
  call Send
  mov cx, 2
.result:
  call Ready
  in al, dx
  loop .result
  ret

Send:
  call Ready
  outsb
  loop Send
  ret

; dx: the FIFO's port, once it may be used.
Ready:
  mov dx, 0x3F4
.wait:
  in al, dx
  test al, 0x80
  jz .wait
  inc dx
  ret

SeekOut: db 0x0F, 0, 2
SeekBack: db 0x0F, 0, 0
SenseInterrupt: db 8
align 4, db 0
Packet:
  db 16, 0
  dw 1, kBuffer, 0
  dq 0
  times kSectors * 512 - ($ - $$) db 0
