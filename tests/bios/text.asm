; SPDX-License-Identifier: Apache-2.0
; Int 10h in text modes, from real mode: by its vector, by a hook that chains, by the entry of the
; system board and by a far call; and what is in memory and in the registers of the adapter then.
%include "bios.inc"
%include "load.inc"

start:
  LOAD_REST

  ; The vectors of a VGA.
  mov ax, [es:0x10 * 4 + 2]
  cmp ax, 0xC000
  EXPECT e, "vector 10h is not in the video ROM"
  mov ax, [es:0x43 * 4 + 2]
  cmp ax, 0xC000
  EXPECT e, "vector 43h is not in the video ROM"
  push ds
  mov ax, 0xC000
  mov ds, ax
  cmp word [0], 0xAA55
  pop ds
  EXPECT e, "no adapter ROM at C000:0"
  call CheckRomSum

  mov ax, 0x0003
  int 0x10
  cmp al, 0x30
  EXPECT e, "mode 3: al is not 30h"
  mov ax, 0xB800
  mov es, ax
  cmp word [es:0], 0x0720
  EXPECT e, "mode 3: the screen is not clear"
  cmp word [es:0x7FFE], 0x0720
  EXPECT e, "mode 3: the last page is not clear"

  ; Teletype, by each way in.
  mov ax, 0x0E00 | 'i'
  xor bx, bx
  int 0x10
  mov ax, 0x0E00 | 's'
  pushf
  call 0xF000:0xF065
  mov ax, 0x0E00 | 'm'
  int 0x6D
  mov eax, [0x10 * 4]
  mov [OldVector], eax
  mov word [0x10 * 4], Hook
  mov [0x10 * 4 + 2], cs
  mov ax, 0x0E00 | 'h'
  int 0x10
  mov eax, [OldVector]
  mov [0x10 * 4], eax
  cmp dword [es:0], 0x07730769
  EXPECT e, "teletype: not what was written"
  cmp dword [es:4], 0x0748076D
  EXPECT e, "teletype: the hook did not chain"
  mov ax, 0x0300
  xor bx, bx
  int 0x10
  cmp dx, 4
  EXPECT e, "teletype: the cursor is elsewhere"
  cmp word [0x450], 4
  EXPECT e, "40:50 is not the cursor"
  mov al, 0x0F
  call ReadCrtc
  cmp al, 4
  EXPECT e, "the cursor of the CRTC is elsewhere"

  ; A hundred lines scroll the screen, and leave the rest of the memory alone.
  mov word [es:4000], 0xBEEF
  mov cx, 100
.lines:
  push cx
  mov ax, cx
  aam
  add ax, 0x3030
  push ax
  mov al, ah
  mov ah, 0x0E
  int 0x10
  pop ax
  mov ah, 0x0E
  int 0x10
  mov ax, 0x0E0D
  int 0x10
  mov ax, 0x0E0A
  int 0x10
  pop cx
  loop .lines
  cmp dword [es:0], 0x07340732   ; 24 to 01, and an empty line
  EXPECT e, "scrolling: the first line"
  cmp dword [es:23 * 160], 0x07310730
  EXPECT e, "scrolling: the last line"
  cmp word [es:4000], 0xBEEF
  EXPECT e, "scrolling: what lies behind the screen"

  ; 50 lines by the 8 by 8 font.
  mov ax, 0x1112
  xor bx, bx
  int 0x10
  cmp byte [0x484], 49
  EXPECT e, "8x8 font: not 50 rows"
  mov al, 9
  call ReadCrtc
  and al, 0x1F
  cmp al, 7
  EXPECT e, "8x8 font: the CRTC has other rows"
  mov ax, 0x1130
  mov bh, 0
  push es
  int 0x10
  mov ax, es
  pop es
  cmp ax, 0xC000
  EXPECT e, "font information: the segment"
  cmp cx, 8
  EXPECT e, "font information: the height"
  cmp dl, 49
  EXPECT e, "font information: the rows"

  ; Palette and DAC.
  mov ax, 0x0003
  int 0x10
  mov ax, 0x1010
  mov bx, 1
  mov ch, 10
  mov cl, 20
  mov dh, 30
  int 0x10
  xor cx, cx
  xor dx, dx
  mov ax, 0x1015
  mov bx, 1
  int 0x10
  cmp cx, 10 * 256 + 20
  EXPECT e, "DAC: green or blue"
  cmp dh, 30
  EXPECT e, "DAC: red"

  ; The display, and the state.
  mov ax, 0x1A00
  int 0x10
  cmp al, 0x1A
  EXPECT e, "1Ah: not there"
  cmp bx, 0x0008
  EXPECT e, "1Ah: not a VGA with a colour display"
  push es
  push ds
  pop es
  mov ax, 0x1B00
  xor bx, bx
  mov di, Buffer
  int 0x10
  pop es
  cmp al, 0x1B
  EXPECT e, "1Bh: not there"
  cmp byte [Buffer + 4], 3
  EXPECT e, "1Bh: the mode"
  cmp word [Buffer + 5], 80
  EXPECT e, "1Bh: the columns"
  cmp byte [Buffer + 0x22], 25
  EXPECT e, "1Bh: the rows"
  cmp byte [Buffer + 0x2A], 2
  EXPECT e, "1Bh: not 400 lines"

  ; The parameters that int 1Dh points to: of 80 columns.
  les di, [0x1D * 4]
  cmp dword [es:di + 16], 0x0A5A5071
  EXPECT e, "text: not the registers of 80 columns"
  cmp byte [es:di + 16 + 6], 25
  EXPECT e, "text: not 25 rows"
  cmp dword [es:di + 64], 4096 << 16 | 2048
  EXPECT e, "text: not the bytes of a page"
  cmp word [es:di + 72 + 2], 80 << 8 | 80
  EXPECT e, "text: not the columns"
  xor ax, ax
  mov es, ax
  VERDICT "text"

; Makes capitals.
Hook:
  and al, 0xDF
  jmp far [cs:OldVector]

; al: index; al: its value.
ReadCrtc:
  push dx
  mov dx, [0x463]
  out dx, al
  inc dx
  in al, dx
  pop dx
  ret

CheckRomSum:
  push ds
  mov ax, 0xC000
  mov ds, ax
  movzx cx, byte [2]
  shl cx, 9
  xor si, si
  xor bl, bl
.next:
  lodsb
  add bl, al
  loop .next
  or bl, bl
  pop ds
  EXPECT z, "the sum of the video ROM is not 0"
  ret

OldVector: dd 0
END_OF_IMAGE

Buffer equ 0x9000
