; SPDX-License-Identifier: Apache-2.0
; The display adapter for `scripts/bench pc`: stores to its memory one by one and by string
; instructions, in text, planar and byte modes, and characters by the BIOS. As in compute.asm, each
; case prints `NAME COUNT` (hexadecimal, events), does them, and prints `done` on COM1; the last line
; is `end`.
kText equ 0xB800
kGraphics equ 0xA000
kSectors equ 4

%include "boot.inc"

; TIMES count: what follows up to AGAIN, so many times; bp counts.
%macro TIMES_BEGIN 1
  mov bp, %1
%%again:
%define Again %%again
%endmacro
%macro AGAIN 0
  dec bp
  jnz near Again
%endmacro

Cases:
  mov ax, 0x0003
  int 0x10
  mov ax, kText
  mov es, ax

  CASE "text-stores", "1F4000"  ; 1024 times 2000 words
  TIMES_BEGIN 1024
  xor di, di
  mov cx, 2000
  mov ax, 0x0741
.store:
  mov [es:di], ax
  add di, 2
  loop .store
  AGAIN
  DONE

  CASE "text-stosw", "1F4000"
  TIMES_BEGIN 1024
  xor di, di
  mov cx, 2000
  mov ax, 0x0742
  rep stosw
  AGAIN
  DONE

  ; A line up by words, as a BIOS or a console driver does it.
  CASE "text-scrolls", "400"
  push ds
  mov ax, kText
  mov ds, ax
  TIMES_BEGIN 1024
  mov si, 160
  xor di, di
  mov cx, 24 * 80
  rep movsw
  mov ax, 0x0720
  mov cx, 80
  rep stosw
  AGAIN
  pop ds
  DONE

  CASE "teletype", "4000"
  TIMES_BEGIN 0x4000
  mov ax, 0x0E2E
  mov bx, 7
  int 0x10
  AGAIN
  DONE

  mov ax, 0x0012
  int 0x10
  mov ax, kGraphics
  mov es, ax

  CASE "planar-stores", "258000"  ; 64 times 38400 bytes
  TIMES_BEGIN 64
  xor di, di
  mov cx, 38400
  mov al, 0x55
.plane:
  mov [es:di], al
  inc di
  loop .plane
  AGAIN
  DONE

  CASE "planar-stosb", "258000"
  TIMES_BEGIN 64
  xor di, di
  mov cx, 38400
  mov al, 0xAA
  rep stosb
  AGAIN
  DONE

  CASE "planar-stosd", "96000"  ; dwords
  TIMES_BEGIN 64
  xor di, di
  mov cx, 9600
  mov eax, 0x12345678
  rep stosd
  AGAIN
  DONE

  ; Pixels: latches read, a mask written, as line drawing does it.
  mov dx, 0x3CE
  mov ax, 0x0F01  ; enable set/reset
  out dx, ax
  mov ax, 0x8008  ; bit mask
  out dx, ax
  CASE "planar-pixels", "258000"
  TIMES_BEGIN 64
  xor di, di
  mov cx, 38400
.mask:
  xchg [es:di], al
  inc di
  loop .mask
  AGAIN
  DONE
  mov dx, 0x3CE
  mov ax, 0x0001
  out dx, ax
  mov ax, 0xFF08
  out dx, ax

  ; The screen moved up by latches: write mode 1.
  mov ax, 0x0105
  out dx, ax
  CASE "planar-scrolls", "40"
  push ds
  mov ax, kGraphics
  mov ds, ax
  TIMES_BEGIN 64
  mov si, 16 * 80
  xor di, di
  mov cx, 464 * 80
  rep movsb
  AGAIN
  pop ds
  DONE

  mov ax, 0x0013
  int 0x10
  CASE "byte-stores", "3E8000"  ; 64 times 64000 bytes
  TIMES_BEGIN 64
  xor di, di
  mov cx, 64000
.byte:
  mov [es:di], al
  inc di
  loop .byte
  AGAIN
  DONE

  CASE "byte-stosd", "FA000"  ; dwords
  TIMES_BEGIN 64
  xor di, di
  mov cx, 16000
  rep stosd
  AGAIN
  DONE

  mov ax, 0x0003
  int 0x10
  mov si, EndText
  call Print
  mov al, 0
  out 0xF4, al
  cli
  hlt

times kSectors * 512 - ($ - $$) db 0
