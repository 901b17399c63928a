; SPDX-License-Identifier: Apache-2.0
; A multiboot kernel in one page: switches paging on and goes to ring 3. The program there adds numbers,
; stores the sum in a page that is not there yet, and makes one system call. The kernel gives it
; the page when it faults, prints the message of the call, and leaves through port F4h with 0.
bits 32
org 0x100000

kUserCode equ 0x18 | 3
kUserData equ 0x20 | 3
kLarge equ 0x87                          ; a 4 MiB page: present, writable, user
kHeap equ 0x400000                       ; the second 4 MiB, mapped on demand
kPageDirectory equ 0x101000

Header:                                  ; multiboot 1, with the addresses to load to
  dd 0x1BADB002, 0x10000, -(0x1BADB002 + 0x10000), Header, 0x100000, End, 0x103000, Start

Start:                                   ; the loader left flat 32-bit segments, paging off
  cli
  mov esp, 0x103000
  lgdt [GdtPointer]
  jmp 0x08:.reload
.reload:                                 ; the data segments stay the loader's
  lidt [IdtPointer]
  mov eax, 0x28
  ltr ax
  mov dword [kPageDirectory], kLarge     ; the first 4 MiB where they are; nothing else
  mov eax, kPageDirectory
  mov cr3, eax
  mov eax, 0x10                          ; CR4.PSE
  mov cr4, eax
  mov eax, cr0
  or eax, 0x80000000                     ; CR0.PG
  mov cr0, eax
  push kUserData                         ; iret to ring 3: ss, esp, eflags, cs, eip
  push 0x102800
  push 2
  push kUserCode
  push User
  iret

User:                                    ; ring 3
  mov eax, kUserData                     ; iret took ds away, which was the kernel's
  mov ds, eax
  mov ecx, 1000
  xor eax, eax
.next:  add eax, ecx
  dec ecx
  jnz .next
  mov [kHeap], eax                       ; faults, once
  mov esi, Message
  int 0x80

PageFault:                               ; ring 0: maps the second 4 MiB
  mov dword [kPageDirectory + 4], kHeap | kLarge
  add esp, 4                             ; the error code
  iret

SystemCall:                              ; ring 0: esi, up to a zero, to COM1; does not return
  mov edx, 0x3F8
.next:  lodsb
  test al, al
  jz .exit
  out dx, al
  jmp .next
.exit:  out 0xF4, al                     ; al is 0

Message: db "hello from ring 3", 10, 0
align 8
Gdt: dq 0, 0x00CF9A000000FFFF, 0x00CF92000000FFFF, 0x00CFFA000000FFFF, 0x00CFF2000000FFFF
  dw 103, Tss - 0x100000, 0x8910, 0      ; the TSS: available, base 1xxxxxh, limit 103
GdtPointer: dw GdtPointer - Gdt - 1, Gdt - 0x100000, 0x10
IdtPointer: dw 0x81 * 8 - 1, Idt - 0x100000, 0x10
Idt: times 14 dq 0                       ; gates for the vectors 14 and 80h
  dw PageFault - 0x100000, 0x08, 0x8E00, 0x10
  times 0x80 - 15 dq 0
  dw SystemCall - 0x100000, 0x08, 0xEE00, 0x10
Tss: dd 0, 0x103000, 0x10                ; the stack for calls from ring 3
  times 23 dd 0
End:
