; SPDX-License-Identifier: Apache-2.0
; Does one ill-behaved thing after another and compares the exception each raises: vector, error
; code, eip and, for page faults, CR2 (SDM vol. 3, chapter 6). Prints a line for each and exits with
; the number of bad ones.
%define WITH_PROTECTION
%define EXTRA_DESCRIPTORS 0x00CF13000000FFFF  ; at 30h: a data segment that is not present
kIdtVectors equ 49
%include "common.inc"

extern UserBegin
extern UserEnd

kNotPresentData equ 0x30
kBeyondGdt equ 0x1F8
kNoTable equ 0x00800000  ; its page directory entry is not present
kNoPage equ 0x003FF000   ; its page table entry is not present

kNothing equ -1  ; no exception at all
kUndisturbed equ 48  ; ring 3 came through: the vector its code ends with

; A case is CASE name; what leads up to it; AT at the instruction; the instruction; RAISES. eip is
; expected to be that of the instruction, or that after it for a trap (RAISES_AFTER).
%macro CASE 1
  %push case
  [section .rodata]
%$name: db %1, 0
  __SECT__
  mov dword [Resume], %$after
  mov [ResumeStack], esp
  mov dword [CaughtVector], kNothing
%endmacro
%macro AT 0
%$at:
%endmacro
; RAISES_EIP vector, error code, CR2 (kNothing: not compared), eip
%macro RAISES_EIP 4
%$after:
  push dword %3
  push dword %2
  push dword %4
  push dword %1
  push dword %$name
  call Judge
  add esp, 20
  %pop
%endmacro
%macro RAISES 2-3 kNothing
  RAISES_EIP %1, %2, %3, %$at
%endmacro
%macro RAISES_AFTER 1
  RAISES_EIP %1, 0, kNothing, %$after
%endmacro
; The instruction in ring 3.
%macro IN_RING_3 1+
  [section .user]
%$at:
  %1
  int kUndisturbed
  __SECT__
  push dword %$at
  jmp EnterRing3
%endmacro

section .user progbits alloc exec write align=4096
  times 1024 db 0
UserStackTop:

section .data
align 16, db 0
AlignedData: times 32 db 0
BoundPair: dd 10, 20

section .bss
alignb 4096
ReadOnlyPage: resb 4096
Resume: resd 1
ResumeStack: resd 1
CaughtVector: resd 1
CaughtError: resd 1
CaughtEip: resd 1
CaughtCr2: resd 1
BadCases: resd 1

section .text
global Start
Start:
  mov esp, StackTop
  call InitSerial
  call InitDescriptors
  call SetGates
  call InitPaging
  mov eax, ReadOnlyPage
  shr eax, 12
  and dword [LowPageTable + eax * 4], ~kWritable
  mov dword [LowPageTable + (kNoPage >> 12) * 4], 0
  mov eax, cr4
  or eax, 0x200  ; OSFXSR
  mov cr4, eax
  mov eax, cr0
  and eax, ~0xC  ; EM, TS
  or eax, 0x10002  ; WP, MP
  mov cr0, eax
  mov eax, cr3
  mov cr3, eax

  CASE "jump to a page without table"
  mov eax, kNoTable
  jmp eax
  RAISES_EIP 14, 0, kNoTable, kNoTable

  CASE "jump to a page that is not present"
  mov eax, kNoPage + 0x123
  jmp eax
  RAISES_EIP 14, 0, kNoPage + 0x123, kNoPage + 0x123

  CASE "read of a page that is not present"
  AT
  mov eax, [kNoPage + 4]
  RAISES 14, 0, kNoPage + 4

  CASE "write to a page that is not present"
  AT
  mov [kNoPage + 8], eax
  RAISES 14, 2, kNoPage + 8

  CASE "read that ends in a page that is not present"
  AT
  mov eax, [kNoPage - 2]
  RAISES 14, 0, kNoPage

  CASE "write to a read-only page with WP"
  AT
  mov [ReadOnlyPage + 16], eax
  RAISES 14, 3, ReadOnlyPage + 16

  CASE "write to a read-only page without WP"
  mov eax, cr0
  and eax, ~0x10000
  mov cr0, eax
  AT
  mov [ReadOnlyPage + 16], eax
  RAISES kNothing, 0
  mov eax, cr0
  or eax, 0x10000
  mov cr0, eax

  CASE "ud2"
  AT
  ud2
  RAISES 6, 0

  CASE "lock on mov"
  mov ecx, AlignedData
  AT
  db 0xF0
  mov [ecx], edx
  RAISES 6, 0

  CASE "lock on add to a register"
  AT
  db 0xF0
  add ecx, edx
  RAISES 6, 0

  CASE "lock on add to memory"
  mov ecx, AlignedData
  AT
  lock add [ecx], edx
  RAISES kNothing, 0

  CASE "int3"
  int3
  RAISES_AFTER 3

  CASE "into with overflow"
  mov eax, 0x7FFFFFFF
  add eax, 1
  into
  RAISES_AFTER 4

  CASE "into without overflow"
  xor eax, eax
  AT
  into
  RAISES kNothing, 0

  CASE "bound below"
  mov eax, 9
  AT
  bound eax, [BoundPair]
  RAISES 5, 0

  CASE "bound inside"
  mov eax, 20
  AT
  bound eax, [BoundPair]
  RAISES kNothing, 0

  CASE "div by zero"
  xor ecx, ecx
  AT
  div ecx
  RAISES 0, 0

  CASE "div overflow"
  mov edx, 1
  xor eax, eax
  mov ecx, 1
  AT
  div ecx
  RAISES 0, 0

  CASE "idiv overflow"
  mov eax, 0x80000000
  cdq
  mov ecx, -1
  AT
  idiv ecx
  RAISES 0, 0

  CASE "aam 0"
  AT
  aam 0
  RAISES 0, 0

  CASE "load of a segment that is not present"
  mov ax, kNotPresentData
  AT
  mov es, ax
  RAISES 11, kNotPresentData

  CASE "load of ss with a segment that is not present"
  mov ax, kNotPresentData
  AT
  mov ss, ax
  RAISES 12, kNotPresentData

  CASE "load of a selector beyond the GDT"
  mov ax, kBeyondGdt
  AT
  mov fs, ax
  RAISES 13, kBeyondGdt

  CASE "load of ss with a null selector"
  xor eax, eax
  AT
  mov ss, ax
  RAISES 13, 0

  CASE "int beyond the IDT"
  AT
  int 0x80
  RAISES 13, 0x80 * 8 + 2

  CASE "instruction of 15 bytes"
  AT
  times 14 db 0x3E
  nop
  RAISES kNothing, 0

  CASE "instruction of 16 bytes"
  AT
  times 15 db 0x3E
  nop
  RAISES 13, 0

  CASE "aligned movaps"
  AT
  movaps xmm0, [AlignedData]
  RAISES kNothing, 0

  CASE "misaligned movaps load"
  AT
  movaps xmm0, [AlignedData + 4]
  RAISES 13, 0

  CASE "misaligned movaps store"
  AT
  movaps [AlignedData + 8], xmm0
  RAISES 13, 0

  CASE "ring-3 cli"
  IN_RING_3 cli
  RAISES 13, 0

  CASE "ring-3 sti"
  IN_RING_3 sti
  RAISES 13, 0

  CASE "ring-3 in"
  IN_RING_3 in al, 0x60
  RAISES 13, 0

  CASE "ring-3 out"
  IN_RING_3 out 0x80, al
  RAISES 13, 0

  CASE "ring-3 hlt"
  IN_RING_3 hlt
  RAISES 13, 0

  CASE "ring-3 mov from cr0"
  IN_RING_3 mov eax, cr0
  RAISES 13, 0

  CASE "ring-3 int to a ring-0 gate"
  IN_RING_3 int 3
  RAISES 13, 3 * 8 + 2

  CASE "ring-3 load of a ring-0 segment"
  IN_RING_3 mov ds, ax
  RAISES 13, kKernelData

  CASE "ring-3 read of a supervisor page"
  IN_RING_3 mov eax, [AlignedData]
  RAISES 14, 5, AlignedData

  CASE "ring-3 write to a supervisor page"
  IN_RING_3 mov [AlignedData], eax
  RAISES 14, 7, AlignedData

  CASE "ring-3 write to a page that is not present"
  IN_RING_3 mov [kNoPage], eax
  RAISES 14, 6, kNoPage

  CASE "ring-3 nop"
  IN_RING_3 nop
  RAISES_EIP kUndisturbed, 0, kNothing, %$at + 3

  PRINT "faults: "
  PRINT_HEX [BadCases]
  PRINT " bad", 10
  EXIT [BadCases]

; Pops the address; eax is then a ring-0 selector for who wants to misuse it.
EnterRing3:
  pop ecx
  mov ax, kUserData
  mov ds, ax
  mov es, ax
  mov fs, ax
  mov gs, ax
  mov eax, kKernelData
  push dword kUserData
  push dword UserStackTop
  push dword 2
  push dword kUserCode
  push ecx
  iret

; Judge(name, vector, eip, error code, CR2): what was expected against what was caught.
kArguments equ 36
Judge:
  pusha
  mov eax, [esp + kArguments + 4]
  cmp eax, [CaughtVector]
  jne .bad
  cmp eax, kNothing
  je .ok
  mov eax, [esp + kArguments + 8]
  cmp eax, [CaughtEip]
  jne .bad
  mov eax, [esp + kArguments + 12]
  cmp eax, [CaughtError]
  jne .bad
  mov eax, [esp + kArguments + 16]
  cmp eax, kNothing
  je .ok
  cmp eax, [CaughtCr2]
  jne .bad
.ok:
  PRINT "ok "
  push dword [esp + kArguments]
  call PrintText
  add esp, 4
  jmp .done
.bad:
  inc dword [BadCases]
  PRINT "bad "
  push dword [esp + kArguments]
  call PrintText
  add esp, 4
  PRINT ": vector "
  PRINT_HEX [CaughtVector]
  PRINT " eip "
  PRINT_HEX [CaughtEip]
  PRINT " error "
  PRINT_HEX [CaughtError]
  PRINT " cr2 "
  PRINT_HEX [CaughtCr2]
  PRINT ", expected vector "
  PRINT_HEX [esp + kArguments + 4]
  PRINT " eip "
  PRINT_HEX [esp + kArguments + 8]
  PRINT " error "
  PRINT_HEX [esp + kArguments + 12]
  PRINT " cr2 "
  PRINT_HEX [esp + kArguments + 16]
.done:
  PRINT 10
  popa
  ret

; Every vector ends here, with its number and an error code (0 if it has none) on the stack.
Caught:
  cld
  mov ax, kKernelData
  mov ds, ax
  mov es, ax
  mov fs, ax
  mov gs, ax
  pop dword [CaughtVector]
  pop dword [CaughtError]
  pop dword [CaughtEip]
  mov eax, cr2
  mov [CaughtCr2], eax
  mov esp, [ResumeStack]
  jmp [Resume]

SetGates:
  xor ebx, ebx
  mov esi, Stubs
.next:
  SET_GATE ebx, esi, 0
  add esi, StubBytes
  inc ebx
  cmp ebx, kIdtVectors
  jb .next
  SET_GATE kUndisturbed, Stubs + kUndisturbed * StubBytes, 3
  ret

; Vectors 8, 10 to 14 and 17 come with an error code.
%macro STUB 1
%%begin:
  %if %1 = 8 || %1 >= 10 && %1 <= 14 || %1 = 17
  nop
  nop
  %else
  push byte 0
  %endif
  push dword %1
  jmp near Caught
  %if %1 = 0
StubBytes equ $ - %%begin
  %endif
%endmacro
Stubs:
%assign vector 0
%rep kIdtVectors
  STUB vector
  %assign vector vector + 1
%endrep
