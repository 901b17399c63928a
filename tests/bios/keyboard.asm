; SPDX-License-Identifier: Apache-2.0
; Keys from the controller through int 09h to int 16h. The controller itself is asked to deliver the
; scan codes, by its command D2h.
%include "bios.inc"
%include "load.inc"

; TYPE code: the keyboard sends it.
%macro TYPE 1
  mov al, %1
  call Type
%endmacro

start:
  LOAD_REST
  TYPE 0x2A                      ; Shift-A
  TYPE 0x1E
  TYPE 0x9E
  TYPE 0xAA
  xor ah, ah
  int 0x16
  cmp ax, 0x1E41
  EXPECT e, "int 16h: not Shift-A"
  mov ah, 1
  int 0x16
  EXPECT z, "int 16h: a key that nobody has typed"

  mov word [0x1C * 4], Tick      ; a key arrives while int 16h waits
  mov word [0x1C * 4 + 2], 0
  mov ah, 0x10
  int 0x16
  cmp ax, 0x2D78
  EXPECT e, "int 16h: not the key it has waited for"
  cmp byte [Ticks], 2
  EXPECT ae, "int 16h: has not waited"

  mov ax, [0x15 * 4]             ; a hook of int 15h swallows y, which makes z of x
  mov [Old15], ax
  mov ax, [0x15 * 4 + 2]
  mov [Old15 + 2], ax
  mov word [0x15 * 4], Hook
  mov word [0x15 * 4 + 2], 0
  TYPE 0x15
  TYPE 0x2D
  xor ah, ah
  int 0x16
  cmp ax, 0x2C7A
  EXPECT e, "int 15h/4Fh: not the changed key"
  mov ah, 1
  int 0x16
  EXPECT z, "int 15h/4Fh: a swallowed key"
  cmp byte [Posted], 1
  EXPECT e, "int 15h/9102h: not posted"
  VERDICT "keyboard"

Type:
  push ax
  mov al, 0xD2
  out 0x64, al
  pop ax
  out 0x60, al
  nop                            ; the interrupt comes here
  ret

Tick:
  inc byte [cs:Ticks]
  cmp byte [cs:Ticks], 2
  jne .done
  push ax
  TYPE 0x2D
  pop ax
.done:
  iret

Hook:
  cmp ax, 0x9102
  jne .key
  inc byte [cs:Posted]
.key:
  cmp ax, 0x4F15
  je .swallow
  cmp ax, 0x4F2D
  jne .chain
  mov al, 0x2C
.chain:
  jmp far [cs:Old15]
.swallow:
  push bp
  mov bp, sp
  and byte [bp + 6], 0xFE
  pop bp
  iret

Ticks: db 0
Posted: db 0
Old15: dd 0
END_OF_IMAGE
