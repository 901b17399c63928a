; SPDX-License-Identifier: Apache-2.0
; Int 13h of the fixed disk that this guest came from: it loads the rest of itself by cylinder, head
; and sector, reads itself again by block number, calls through a hooked vector, reads code over code
; that has run, and finds the tables of the drive.
%include "bios.inc"

kBuffer equ 0x9000
kSectors equ 8

start:
  mov [Drive], dl
  mov ax, 0x0200 + kSectors - 1
  mov bx, 0x7E00
  mov cx, 2
  xor dh, dh
  int 0x13
  jnc rest
  PRINT "bad disk: the rest cannot be loaded", 10
  jmp finish
Drive: db 0
END_OF_GUEST

rest:
  cmp ax, kSectors - 1
  EXPECT e, "disk: a read does not tell its sectors"

  mov si, packet                ; by block number: the same
  mov ah, 0x42
  mov dl, [Drive]
  int 0x13
  EXPECT nc, "disk: extended read"
  mov si, 0x7E00
  mov di, kBuffer
  mov cx, 512 * 2
  repe cmpsb
  EXPECT e, "disk: the two ways of reading differ"

  mov ax, 0x0201                ; a sector that does not exist; the status stays
  mov bx, kBuffer
  xor cx, cx
  xor dh, dh
  mov dl, [Drive]
  int 0x13
  EXPECT c, "disk: sector 0 was read"
  cmp ax, 0x0400
  EXPECT e, "disk: sector 0: not 'sector not found'"
  mov al, [0x474]
  cmp al, 4
  EXPECT e, "disk: the status is not in the data area"
  mov ah, 1
  mov dl, [Drive]
  int 0x13
  EXPECT c, "disk: function 01h does not return the error"

  mov ax, 0x0301                ; the image is read-only
  mov bx, kBuffer
  mov cx, 1
  xor dh, dh
  mov dl, [Drive]
  int 0x13
  EXPECT c, "disk: a read-only disk was written"
  cmp ah, 3
  EXPECT e, "disk: not 'write-protected'"

  mov ah, 8
  mov dl, [Drive]
  xor di, di
  int 0x13
  EXPECT nc, "disk: parameters"
  cmp dl, [0x475]
  EXPECT e, "disk: the data area has another number of disks"
  and cl, 0x3F
  les bx, [0x41 * 4]
  cmp cl, [es:bx + 14]
  EXPECT e, "disk: int 41h has other sectors a track"
  xor ax, ax
  mov es, ax

  mov eax, [0x13 * 4]           ; a hook, which passes on
  mov [old], eax
  mov word [0x13 * 4], hook
  mov word [0x13 * 4 + 2], 0
  mov ah, 0x15
  mov dl, [Drive]
  int 0x13
  EXPECT nc, "disk: function 15h through a hook"
  cmp ah, 3
  EXPECT e, "disk: is no fixed disk"
  cmp byte [hooked], 1
  EXPECT e, "disk: the hook was not called once"
  mov eax, [old]
  mov [0x13 * 4], eax

  mov byte [kCode], 0xC3         ; code that a read replaces
  call kCode
  mov si, code_packet
  mov ah, 0x42
  mov dl, [Drive]
  int 0x13
  call kCode
  cmp al, 1
  EXPECT e, "disk: the first code read does not run"
  mov byte [code_packet + 8], 5
  mov si, code_packet
  mov ah, 0x42
  mov dl, [Drive]
  int 0x13
  call kCode
  cmp al, 2
  EXPECT e, "disk: the second code read does not run"
finish:
  VERDICT "disk"

hook:
  inc byte [cs:hooked]
  jmp far [cs:old]
hooked: db 0
old: dd 0

align 4, db 0
packet:
  db 16, 0
  dw 2, kBuffer, 0
  dq 1
code_packet:
  db 16, 0
  dw 1, kCode, 0
  dq 4

kCode equ 0xA000

times 4 * 512 - ($ - $$) db 0
  mov al, 1
  ret
times 5 * 512 - ($ - $$) db 0
  mov al, 2
  ret
times kSectors * 512 - ($ - $$) db 0
