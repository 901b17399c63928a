; SPDX-License-Identifier: Apache-2.0
; Real-mode loops for `scripts/bench pc`.
kData equ 0x1000                ; segment of the working memory: 64 KiB
kSectors equ 4

%include "boot.inc"

Cases:
  mov ax, kData
  mov es, ax

  ; Sieve of Eratosthenes over 32768 bytes, 400 times: an event is a pass.
  CASE "sieve", "190"
  mov bp, 400
.sieve:
  xor di, di
  mov cx, 16384
  mov ax, 0x0101
  rep stosw
  mov si, 2
.outer:
  cmp byte [es:si], 0
  je .composite
  mov di, si
  add di, si
.strike:
  cmp di, 32768
  jae .composite
  mov byte [es:di], 0
  add di, si
  jmp .strike
.composite:
  inc si
  cmp si, 182
  jb .outer
  dec bp
  jnz .sieve
  DONE

  ; Near calls: an event is fib(24), 75025 leaves.
  CASE "fib", "28"
  mov bp, 40
.fib:
  mov ax, 24
  call Fib
  dec bp
  jnz .fib
  DONE

  ; Far calls and returns between two segments.
  CASE "farcall", "800000"
  mov bp, 128
.far_outer:
  xor cx, cx
.far:
  call 0x07C0:FarTarget - 0x7C00
  loop .far
  dec bp
  jnz .far_outer
  DONE

  ; 32-bit arithmetic in 16-bit code: a linear congruential generator.
  CASE "random", "8000000"
  mov ecx, 0x8000000
  mov eax, 1
.random:
  imul eax, eax, 1664525
  add eax, 1013904223
  dec ecx
  jnz .random
  DONE

  ; Strings: a segment copied within itself, an event is 32 KiB.
  CASE "movsw", "4000"
  push ds
  mov ax, kData
  mov ds, ax
  mov bp, 0x4000
.copy:
  xor si, si
  mov di, 0x8000
  mov cx, 0x4000
  rep movsw
  dec bp
  jnz .copy
  pop ds
  DONE

  ; A byte loop by lodsb and stosb, without REP.
  CASE "lodsb", "2000000"
  push ds
  mov ax, kData
  mov ds, ax
  mov bp, 0x200
.bytes:
  xor si, si
  xor di, di
  xor cx, cx
.byte:
  lodsb
  xor al, 0x55
  stosb
  loop .byte
  dec bp
  jnz .bytes
  pop ds
  DONE

  ; Data and code in one page: a counter beside the loop.
  CASE "beside", "80000"
  mov ecx, 0x80000
.beside:
  inc dword [cs:Counter]
  dec ecx
  jnz .beside
  DONE

  ; Calls with the stack in the page of the code, as boot sectors have it: an event is fib(12).
  CASE "stack", "200"
  mov bx, sp
  mov sp, 0x7C00
  mov bp, 0x200
.stack:
  mov ax, 12
  call Fib
  dec bp
  jnz .stack
  mov sp, bx
  DONE

  ; Software interrupts to a handler of the guest's own.
  CASE "int", "100000"
  mov word [0x60 * 4], Handler
  mov word [0x60 * 4 + 2], 0
  mov bp, 16
.int_outer:
  xor cx, cx
.int:
  int 0x60
  loop .int
  dec bp
  jnz .int_outer
  DONE

  ; BIOS calls.
  CASE "bios", "40000"
  mov ecx, 0x40000
.bios:
  push ecx
  int 0x12
  pop ecx
  dec ecx
  jnz .bios
  DONE

  mov si, EndText
  call Print
  mov al, 0
  out 0xF4, al
  cli
  hlt

Counter: dd 0

Handler:
  iret

Fib:
  cmp ax, 2
  jb .leaf
  push ax
  dec ax
  call Fib
  pop cx
  push ax
  mov ax, cx
  sub ax, 2
  call Fib
  pop cx
  add ax, cx
  ret
.leaf:
  ret

FarTarget:
  retf

times kSectors * 512 - ($ - $$) db 0
