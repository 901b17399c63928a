; SPDX-License-Identifier: Apache-2.0
; A kernel in small: GDT, IDT, TSS and paging, a ring-3 program that makes system calls through int
; 80h, takes a page fault that is handled by mapping a page, a divide error that is handled by
; stepping over the instruction, and timer interrupts from PIT and PIC both in ring 3 and in hlt.
; Exits with 0, or prints what went wrong and exits with another value.
%define WITH_PROTECTION
kIdtVectors equ 256
%include "common.inc"

extern UserBegin
extern UserEnd

; System calls: number in eax, argument in ebx.
kSysExit equ 0
kSysPrint equ 1
kSysWaitForTicks equ 2  ; sleeps in hlt until ebx ticks have been counted

kDemandTable equ 2  ; the page directory entry of the page that is mapped on demand
kDemandAddress equ (kDemandTable << 22) + 0x5123
kDemandValue equ 0xC0FFEE42
kTicksInRing3 equ 3
kTicksInAll equ 10

; FAIL value, "text": prints the text and exits with the value. FAIL_HEX value, "text", number prints
; the number as well.
%macro FAIL 2+
  PRINT "FAIL: ", %2, 10
  EXIT %1
%endmacro
%macro FAIL_HEX 3
  PRINT "FAIL: ", %2, " "
  PRINT_HEX %3
  PRINT 10
  EXIT %1
%endmacro

section .user progbits alloc exec write align=4096
%macro SYSCALL 2
  mov eax, %1
  mov ebx, %2
  int 0x80
%endmacro

User:
  mov ecx, 0x11111111
  mov edx, 0x22222222
  mov esi, 0x33333333
  mov edi, 0x44444444
  mov ebp, 0x55555555
  SYSCALL kSysPrint, .hello
  cmp ecx, 0x11111111
  jne .registers_lost
  cmp edx, 0x22222222
  jne .registers_lost
  cmp esi, 0x33333333
  jne .registers_lost
  cmp edi, 0x44444444
  jne .registers_lost
  cmp ebp, 0x55555555
  jne .registers_lost

  mov dword [kDemandAddress], kDemandValue
  cmp dword [kDemandAddress], kDemandValue
  jne .page_lost
  SYSCALL kSysPrint, .page_mapped

  xor ecx, ecx
  mov eax, 1
  xor edx, edx
.divide:
  div ecx
.divide_end:
  SYSCALL kSysPrint, .divide_handled

.spin:
  cmp dword [UserTicks], kTicksInRing3
  jb .spin
  SYSCALL kSysPrint, .ticks_in_ring3
  SYSCALL kSysWaitForTicks, kTicksInAll
  SYSCALL kSysPrint, .ticks_in_hlt
  SYSCALL kSysExit, 0

.registers_lost:
  SYSCALL kSysPrint, .registers_lost_text
  SYSCALL kSysExit, 1
.page_lost:
  SYSCALL kSysPrint, .page_lost_text
  SYSCALL kSysExit, 2

.hello: db "hello from ring 3", 10, 0
.page_mapped: db "page mapped on demand", 10, 0
.divide_handled: db "divide error handled", 10, 0
.ticks_in_ring3: db "timer interrupts in ring 3", 10, 0
.ticks_in_hlt: db "timer interrupts in hlt", 10, 0
.registers_lost_text: db "FAIL: a system call changed registers", 10, 0
.page_lost_text: db "FAIL: the page mapped on demand lost its contents", 10, 0
align 4, db 0
UserTicks: dd 0
  times 1024 db 0
UserStackTop:

section .bss
alignb 4096
DemandPageTable: resb 4096
DemandPage: resb 4096
DemandFaults: resd 1
DivideErrors: resd 1

section .text
global Start
Start:
  mov esp, StackTop
  call InitSerial
  call InitDescriptors
  call SetGates
  mov dword [PageDirectory + kDemandTable * 4], DemandPageTable + (kPresent | kWritable | kUser)
  call InitPaging
  call InitTimer
  mov ax, kUserData
  mov ds, ax
  mov es, ax
  mov fs, ax
  mov gs, ax
  push dword kUserData
  push dword UserStackTop
  push dword 0x202  ; IF
  push dword kUserCode
  push dword User
  iret

SetGates:
  xor ebx, ebx
.next:
  SET_GATE ebx, Unexpected, 0
  inc ebx
  cmp ebx, kIdtVectors
  jb .next
  SET_GATE 0, DivideError, 0
  SET_GATE 14, PageFault, 0
  SET_GATE 0x20, TimerTick, 0
  SET_GATE 0x80, SystemCall, 3
  ret

; PICs to vectors 20h and 28h, only IRQ 0 let through; PIT channel 0 at 100 Hz.
InitTimer:
  mov esi, .settings
  mov ecx, (.settings_end - .settings) / 2
.next:
  movzx edx, byte [esi]
  mov al, [esi + 1]
  out dx, al
  add esi, 2
  loop .next
  ret
[section .rodata]
.settings:
  db 0x20, 0x11, 0xA0, 0x11, 0x21, 0x20, 0xA1, 0x28, 0x21, 0x04, 0xA1, 0x02, 0x21, 0x01, 0xA1, 0x01
  db 0x21, 0xFE, 0xA1, 0xFF, 0x43, 0x34, 0x40, 11932 & 0xFF, 0x40, 11932 >> 8
.settings_end:
__SECT__

; Handlers see the ring-3 registers and set their own segments.
%macro ENTER_KERNEL 0
  pusha
  push ds
  push es
  mov cx, kKernelData
  mov ds, cx
  mov es, cx
%endmacro
%macro LEAVE_KERNEL 0
  pop es
  pop ds
  popa
%endmacro
kFrame equ 8 + 32  ; from esp to what the processor pushed

SystemCall:
  ENTER_KERNEL
  cmp dword [esp + kFrame + 4], kUserCode
  jne .wrong_frame
  cmp dword [esp + kFrame + 16], kUserData
  jne .wrong_frame
  cmp eax, kSysExit
  je .exit
  cmp eax, kSysPrint
  je .print
  cmp eax, kSysWaitForTicks
  je .wait
  FAIL 3, "unknown system call"
.wrong_frame:
  FAIL 4, "int 80h pushed the wrong cs or ss"
.print:
  push ebx
  call PrintText
  add esp, 4
  jmp .done
.wait:
  cli
  cmp [UserTicks], ebx
  jae .done
  sti
  hlt
  jmp .wait
.done:
  LEAVE_KERNEL
  iret
.exit:
  test ebx, ebx
  jnz .exit_now
  cmp dword [DemandFaults], 1
  jne .wrong_count
  cmp dword [DivideErrors], 1
  jne .wrong_count
  PRINT "ring3: all passed", 10
.exit_now:
  EXIT bl
.wrong_count:
  FAIL 5, "a fault was not taken exactly once"

; The error code stands between pusha's registers and the frame.
PageFault:
  ENTER_KERNEL
  mov eax, cr2
  cmp eax, kDemandAddress
  jne .wrong_address
  cmp dword [esp + kFrame], 6  ; not present, write, user
  jne .wrong_error_code
  inc dword [DemandFaults]
  mov ecx, kDemandAddress >> 12 & 1023
  mov dword [DemandPageTable + ecx * 4], DemandPage + (kPresent | kWritable | kUser)
  LEAVE_KERNEL
  add esp, 4
  iret
.wrong_address:
  FAIL_HEX 6, "page fault with an unexpected cr2:", eax
.wrong_error_code:
  FAIL_HEX 7, "page fault with an error code other than 6:", [esp + kFrame]

DivideError:
  ENTER_KERNEL
  cmp dword [esp + kFrame], User.divide
  jne .wrong_eip
  inc dword [DivideErrors]
  mov dword [esp + kFrame], User.divide_end
  LEAVE_KERNEL
  iret
.wrong_eip:
  FAIL_HEX 8, "divide error with an unexpected eip:", [esp + kFrame]

TimerTick:
  ENTER_KERNEL
  inc dword [UserTicks]
  mov al, 0x20
  out 0x20, al
  LEAVE_KERNEL
  iret

; eip, or the error code if the exception has one.
Unexpected:
  ENTER_KERNEL
  FAIL_HEX 9, "unexpected exception or interrupt, on top of its frame:", [esp + kFrame]
