; SPDX-License-Identifier: Apache-2.0
; A multiboot kernel in one page: goes to ring 3, whose only program makes one system call. The kernel
; prints that and leaves through the debug-exit port F4h with 0.
bits 32
org 0x100000

kUserCode equ 0x18 | 3
kUserData equ 0x20 | 3

Header:                                  ; multiboot 1, with the addresses to load to
  dd 0x1BADB002, 0x10000, -(0x1BADB002 + 0x10000)
  dd Header, 0x100000, End, End + 8192, Start

Start:                                   ; the loader left flat 32-bit segments, paging off
  mov esp, End + 4096
  lgdt [GdtPointer]
  jmp 0x08:.reload
.reload:
  mov eax, 0x10
  mov ds, eax
  mov es, eax
  mov ss, eax
  lidt [IdtPointer]
  mov eax, 0x28
  ltr ax
  push kUserData                         ; iret to ring 3: ss, esp, eflags, cs, eip
  push End + 8192
  push 2
  push kUserCode
  push User
  iret

User:                                    ; ring 3: a loop, then int 80h with a message in esi
  mov ecx, 1000
  xor eax, eax
.next:
  add eax, ecx
  dec ecx
  jnz .next
  mov esi, Message
  int 0x80
  jmp User                               ; never reached

SystemCall:                              ; ring 0: esi, up to a zero, to COM1
  mov eax, 0x10                          ; iret to ring 3 took ds away
  mov ds, eax
  mov edx, 0x3F8
.next:
  lodsb
  test al, al
  jz .exit
  out dx, al
  jmp .next
.exit:
  out 0xF4, al                           ; al is 0

Message: db "hello from ring 3", 10, 0

align 8
Gdt:
  dq 0, 0x00CF9A000000FFFF, 0x00CF92000000FFFF, 0x00CFFA000000FFFF, 0x00CFF2000000FFFF
  dw 103, Tss - 0x100000                 ; the TSS descriptor: base 1xxxxxh, limit 103, available
  db 0x10, 0x89, 0, 0
GdtPointer:
  dw GdtPointer - Gdt - 1
  dd Gdt
IdtPointer:                              ; vector 80h is the last one; the others have no gate
  dw 0x81 * 8 - 1
  dd Gate - 0x80 * 8
Gate:
  dw SystemCall - 0x100000, 0x08, 0xEE00, 0x10
Tss:
  dd 0, End + 4096, 0x10                 ; the stack for calls from ring 3
  times 23 dd 0
End:
