; SPDX-License-Identifier: Apache-2.0
; Prints "ready" and then obeys the bytes that come in on COM1:
;   q  ends with verdict 0      v  ends with verdict 5      d  triple fault
;   r  reset by port CF9h       f  prints 20000 numbered lines
; Any other byte is sent back.
%include "common.inc"

global Start
Start:
  mov esp, StackTop
  call InitSerial
  PRINT "ready", 10
.next:
  mov dx, kCom1 + 5
.wait:
  in al, dx
  test al, 1  ; data ready
  jz .wait
  mov dx, kCom1
  in al, dx
  cmp al, 'q'
  je .quit
  cmp al, 'v'
  je .verdict
  cmp al, 'd'
  je .die
  cmp al, 'r'
  je .reset
  cmp al, 'f'
  je .flood
  call PrintCharacter
  jmp .next

.quit:
  EXIT 0
.verdict:
  EXIT 5
.die:
  lidt [.no_table]
  int3
.reset:
  mov dx, 0xCF9
  mov al, 6
  out dx, al
  jmp $
.flood:
  xor ecx, ecx
.line:
  PRINT_HEX ecx
  mov al, 10
  call PrintCharacter
  inc ecx
  cmp ecx, 20000
  jb .line
  jmp .next

[section .rodata]
.no_table:
  dw 0
  dd 0
