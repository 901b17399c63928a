; SPDX-License-Identifier: Apache-2.0
; The display adapter for `scripts/bench pc`: stores to its memory one by one and by string
; instructions, in text, planar and byte modes, and characters by the BIOS. As in compute.asm, each
; case prints `NAME COUNT` (hexadecimal, events), does them, and prints `done` on COM1; the last line
; is `end`.
kText equ 0xB800
kGraphics equ 0xA000
kSectors equ 7

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

; EACH count: the instructions of the second argument for each of so many di upwards, by 1.
%macro EACH 2+
  xor di, di
  mov cx, %1
%%next:
  %2
  inc di
  loop %%next
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

  CASE "planar-loads", "258000"
  TIMES_BEGIN 64
  EACH 38400, mov al, [es:di]
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
  CASE "byte-stores", "3E80000"  ; 1024 times 64000 bytes
  TIMES_BEGIN 1024
  xor di, di
  mov cx, 64000
.byte:
  mov [es:di], al
  inc di
  loop .byte
  AGAIN
  DONE

  CASE "byte-loads", "3E80000"
  TIMES_BEGIN 1024
  EACH 64000, mov al, [es:di]
  AGAIN
  DONE

  CASE "byte-dwords", "FA0000"
  TIMES_BEGIN 1024
  xor di, di
  mov cx, 16000
.dword:
  mov [es:di], eax
  add di, 4
  loop .dword
  AGAIN
  DONE

  CASE "byte-stosd", "FA0000"  ; dwords
  TIMES_BEGIN 1024
  xor di, di
  mov cx, 16000
  rep stosd
  AGAIN
  DONE

  ; Mode X: unchained, one plane after the other, and from page to page by latches.
  mov dx, 0x3C4
  mov ax, 0x0604
  out dx, ax
  CASE "unchained-stores", "FA000"  ; 64 times 4 planes of 4000 bytes
  TIMES_BEGIN 64
  mov ax, 0x0102
.plane_mask:
  mov dx, 0x3C4
  out dx, ax
  EACH 4000, mov [es:di], al
  shl ah, 1
  cmp ah, 0x10
  jne .plane_mask
  AGAIN
  DONE
  mov dx, 0x3C4
  mov ax, 0x0F02
  out dx, ax
  mov dx, 0x3CE
  mov ax, 0x4105  ; write mode 1
  out dx, ax
  CASE "unchained-copies", "FA000"
  TIMES_BEGIN 64
  xor di, di
  mov cx, 16000
.latch:
  mov al, [es:di]
  mov [es:di + 0x4000], al
  inc di
  loop .latch
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
