; SPDX-License-Identifier: Apache-2.0
; A boot sector that draws in one mode after the other. In each it says on COM1 what it shows and
; waits for a byte:
;   text     80x25: "Hello" at the top left by the BIOS, a yellow A on blue in row 2 by a store
;   planar   mode 12h: sixteen bars of 30 rows, bar n filled with colour n by its planes
;   bytes    mode 13h: row y filled with colour y
;   linear   640x480, 32 bits, by the linear frame buffer: the pixel at x, y is x + y * 256
;   moved    the same after the frame buffer moved to E0000000h; its first row is white now
;   again    text, with "done" on the screen only
bits 16
org 0x7C00

kCom1 equ 0x3F8
kVbe equ 0x1CE
kFrameBufferBar equ 0x80001010  ; of 00:02.0
kMovedTo equ 0xE0000000

%macro SHOWN 1
  mov si, %%text
  call Say
  jmp %%after
%%text: db %1, 10, 0
%%after:
%endmacro

Start:
  xor ax, ax
  mov ds, ax
  mov ss, ax
  mov sp, 0x7C00
  cld
  mov dx, kCom1 + 3
  mov al, 3  ; 8N1
  out dx, al

  mov ax, 0x0003
  int 0x10
  mov si, .hello
  call Teletype
  mov ax, 0xB800
  mov es, ax
  mov word [es:2 * 160], 0x1E41
  SHOWN "text"

  mov ax, 0x0012
  int 0x10
  mov ax, 0xA000
  mov es, ax
  xor di, di
  xor bx, bx
.bar:
  mov dx, 0x3C4
  mov al, 2  ; map mask
  mov ah, bl
  out dx, ax
  mov al, 0xFF
  mov cx, 30 * 80
  rep stosb
  inc bx
  cmp bl, 16
  jb .bar
  SHOWN "planar"

  mov ax, 0x0013
  int 0x10
  xor di, di
  xor ax, ax
.row:
  mov cx, 320
  rep stosb
  inc ax
  cmp al, 200
  jb .row
  SHOWN "bytes"

  mov si, .mode
.register:
  lodsw
  mov dx, kVbe
  out dx, ax
  lodsw
  inc dx
  out dx, ax
  cmp si, .mode_end
  jb .register
  call FlatEs
  call BarAddress
  in eax, dx
  and al, 0xF0
  mov edi, eax
  xor eax, eax
.line:
  mov ecx, 640
.pixel:
  mov [es:edi], eax
  add edi, 4
  inc eax
  loop .pixel
  add eax, 256 - 640
  cmp eax, 480 * 256
  jb .line
  SHOWN "linear"

  call BarAddress
  mov eax, kMovedTo
  out dx, eax
  mov edi, eax
  mov cx, 640
  mov eax, 0xFFFFFF
  a32 rep stosd
  SHOWN "moved"

  mov ax, 0x0003
  int 0x10
  mov si, .done
  call Teletype
.wait:
  hlt
  jmp .wait

.hello: db "Hello", 0
.done: db "done", 0
.mode:
  dw 4, 0, 1, 640, 2, 480, 3, 32, 4, 0x41
.mode_end:

; PCI configuration: the data port in dx.
BarAddress:
  mov dx, 0xCF8
  mov eax, kFrameBufferBar
  out dx, eax
  mov dx, 0xCFC
  ret

; es: base 0, limit 4 GiB, which stays behind in real mode, without interrupts whose handlers would
; load it.
FlatEs:
  cli
  lgdt [.gdt_register]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  mov bx, 8
  mov es, bx
  and al, 0xFE
  mov cr0, eax
  ret
.gdt_register:
  dw 15
  dd .gdt
.gdt:
  dq 0, 0x00CF92000000FFFF

Teletype:
  mov ah, 0x0E
  mov bx, 7
.next:
  lodsb
  test al, al
  jz .end
  int 0x10
  jmp .next
.end:
  ret

; Prints on COM1 and waits for a byte from it.
Say:
  lodsb
  mov dx, kCom1
  test al, al
  jz .answer
  out dx, al
  jmp Say
.answer:
  mov dx, kCom1 + 5
  in al, dx
  test al, 1
  jz .answer
  mov dx, kCom1
  in al, dx
  ret

times 510 - ($ - $$) db 0
dw 0xAA55
