; SPDX-License-Identifier: Apache-2.0
; Counts the sectors of the disk that it came from by reading one after the other, tells how many there
; were and the status of the first one that was none. It may wait for a byte on COM1 first, so that a
; test can change the image under it.
%include "bios.inc"

kBuffer equ 0x9000
kMostSectors equ 200

start:
  mov [Drive], dl
  test byte [0x7C00 + 0x1FC], 1 ; set by the test: wait
  jz .next
  PRINT "waiting", 10
.wait:
  mov dx, kCom1 + 5
  in al, dx
  test al, 1
  jz .wait
.next:
  mov si, packet
  mov ah, 0x42
  mov dl, [Drive]
  int 0x13
  jc .end
  inc word [packet + 8]
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
END_OF_GUEST
