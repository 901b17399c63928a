; SPDX-License-Identifier: Apache-2.0
; Counts the sectors of the drive that it came from, or of another, by reading one after the other,
; tells how many there were and the status of the first one that was none. It may wait for a byte on
; COM1 first, so that a test can change the image under it. A floppy disk has 1.44 MB, the sectors of
; a disc have 2 KiB.
%include "bios.inc"

kBuffer equ 0x9000
kMostSectors equ 200

start:
  mov [Drive], dl
  mov al, [0x7C00 + 0x1FD]      ; set by the test: the drive, FFh: its own
  cmp al, 0xFF
  je .own
  mov [Drive], al
.own:
  test byte [0x7C00 + 0x1FC], 1 ; set by the test: wait
  jz .next
  PRINT "waiting", 10
.wait:
  mov dx, kCom1 + 5
  in al, dx
  test al, 1
  jz .wait
.next:
  call ReadSector
  jc .end
  inc word [packet + 8]
  test byte [0x7C00 + 0x1FC], 2 ; set by the test: all of them
  jnz .next
  cmp word [packet + 8], kMostSectors
  jb .next
  xor ah, ah
.end:
  mov bl, ah
  mov ax, [packet + 8]
  call PrintNumber
  PRINT " sectors, then status "
  movzx ax, bl
  call PrintNumber
  PRINT 10
  VERDICT "sectors"

; As int 13h answers: the sector of which the packet has the number.
ReadSector:
  mov si, packet
  mov dl, [Drive]
  mov ah, 0x42
  test dl, 0x80
  jnz .call
  mov ax, [packet + 8]
  mov cl, 18
  div cl                        ; al: track, ah: sector in it
  mov cl, ah
  inc cl
  mov dh, al
  and dh, 1
  shr al, 1
  mov ch, al
  mov bx, kBuffer
  mov ax, 0x0201
.call:
  int 0x13
  ret

; AX in decimal.
PrintNumber:
  mov cx, 10
  xor di, di
.divide:
  xor dx, dx
  div cx
  push dx
  inc di
  or ax, ax
  jnz .divide
.digit:
  pop ax
  add al, '0'
  mov dx, kCom1
  out dx, al
  dec di
  jnz .digit
  ret

Drive: db 0
align 4, db 0
packet:
  db 16, 0
  dw 1, kBuffer, 0
  dq 0
times 0x1FC - ($ - $$) db 0
  db 0, 0xFF
END_OF_GUEST
