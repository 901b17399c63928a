; SPDX-License-Identifier: Apache-2.0
; What demonstrations do that need no operating system: mode 13h with a palette that their own timer
; interrupt turns at 500 Hz, the keyboard by an interrupt handler of their own in the manner of the PC/XT,
; the beam waited for at port 3DAh. The BIOS's clock goes on with every 27th or so of the
; interrupts, and both vectors are given back.
%include "bios.inc"
%include "load.inc"

kDivisor equ 2386                ; 1193182 Hz / 500
kTurns equ 300

start:
  LOAD_REST
  xor ax, ax
  mov ss, ax
  mov sp, 0x7C00
  mov ax, 0x0013
  int 0x10
  push word 0xA000
  pop es
  xor di, di
  xor bx, bx                     ; dot (x, y) has the colour x ^ y
.row:
  xor cx, cx
.dot:
  mov al, cl
  xor al, bl
  stosb
  inc cx
  cmp cx, 320
  jb .dot
  inc bx
  cmp bx, 200
  jb .row

  cli
  mov eax, [8 * 4]
  mov [OldTimer], eax
  mov dword [8 * 4], Timer
  mov eax, [9 * 4]
  mov [OldKeyboard], eax
  mov dword [9 * 4], Keyboard
  mov al, 0x36
  out 0x43, al
  mov ax, kDivisor
  out 0x40, al
  mov al, ah
  out 0x40, al
  mov eax, [0x46C]
  mov [Before], eax
  sti

  ; While it turns: each frame has a vertical retrace, and keys come.
  xor bp, bp
.frame:
  mov dx, 0x3DA
.shown:
  in al, dx
  test al, 8
  jnz .shown
.retrace:
  in al, dx
  test al, 8
  jz .retrace
  inc bp
  cmp bp, 3
  jne .no_key
  mov al, 0xD2                   ; the controller gives this byte as if a key was pressed
  out 0x64, al
  mov al, 0x10                   ; Q
  out 0x60, al
.no_key:
  cmp word [Turns], kTurns
  jb .frame
  cmp bp, 5                      ; 42 frames in 600 ms, fewer on a busy host
  EXPECT a, "the beam seldom comes back"
  cmp byte [Key], 0x10
  EXPECT e, "the keyboard's interrupt brought no key"
  cmp byte [Keys], 1
  EXPECT e, "the keyboard's interrupt came another number of times"

  cli
  mov al, 0x36
  out 0x43, al
  xor al, al
  out 0x40, al
  out 0x40, al
  mov eax, [OldTimer]
  mov [8 * 4], eax
  mov eax, [OldKeyboard]
  mov [9 * 4], eax

  ; The palette is what the last turn made of it: colour i has red (i + turns) & 63.
  mov dx, 0x3C7
  mov al, 5
  out dx, al
  mov dx, 0x3C9
  in al, dx
  mov ah, al
  mov bl, [Turns]
  add bl, 5
  and bl, 63
  cmp ah, bl
  EXPECT e, "red is another"
  in al, dx
  not bl
  and bl, 63
  cmp al, bl
  EXPECT e, "green is another"
  in al, dx
  cmp al, 5
  EXPECT e, "blue is another"
  push word 0xA000
  pop es
  cmp byte [es:100 * 320 + 77], 100 ^ 77
  EXPECT e, "the picture changed"

  mov eax, [0x46C]
  sub eax, [Before]
  cmp eax, kTurns * kDivisor / 0x10000 - 1
  EXPECT ae, "the BIOS's clock was late"
  cmp eax, kTurns * kDivisor / 0x10000 + 1
  EXPECT be, "the BIOS's clock was early"
  sti
  mov eax, [0x46C]
.tick:
  hlt
  cmp eax, [0x46C]
  je .tick
  mov ax, 0x0003
  int 0x10
  VERDICT "demo"

; Turns 256 colours, and calls the BIOS's handler as often as it expects.
Timer:
  pusha
  push ds
  xor ax, ax
  mov ds, ax
  inc word [Turns]
  mov dx, 0x3C8
  xor al, al
  out dx, al
  inc dx
  xor cx, cx
.colour:
  mov al, cl
  add al, [Turns]
  and al, 63
  out dx, al
  not al
  and al, 63
  out dx, al
  mov al, cl
  and al, 63
  out dx, al
  inc cl
  jnz .colour
  add word [Fraction], kDivisor
  pop ds
  popa
  jnc .ours
  jmp far [cs:OldTimer]
.ours:
  push ax
  mov al, 0x20
  out 0x20, al
  pop ax
  iret

; With the acknowledgement that keyboards of the PC/XT want in port 61h.
Keyboard:
  push ax
  in al, 0x60
  mov [cs:Key], al
  inc byte [cs:Keys]
  in al, 0x61
  or al, 0x80
  out 0x61, al
  and al, 0x7F
  out 0x61, al
  mov al, 0x20
  out 0x20, al
  pop ax
  iret

align 4
OldTimer: dd 0
OldKeyboard: dd 0
Before: dd 0
Turns: dw 0
Fraction: dw 0
Key: db 0
Keys: db 0
END_OF_IMAGE
