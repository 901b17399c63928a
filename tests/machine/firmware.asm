; SPDX-License-Identifier: Apache-2.0
; A flat ROM of 64 KiB that starts at the reset vector and says on COM1 how it got there each time:
; by power-on, by INIT and by a triple fault with a shutdown status in CMOS, by a reset of everything.
; In between it tries the shadow RAM that the PAM registers open. Ends through the debug-exit port
; with 2Ah, or after the first failure with 01h.
bits 16
org 0

kPhase equ 0x500        ; in RAM, zero at power-on
kResume equ 0x467       ; far pointer, as the PC/AT's BIOS has it
kShutdownStatus equ 0x0F
kPam0 equ 0x80000058    ; the doubleword of configuration space
kPam0Port equ 0xCFD

%macro Say 1
  mov si, %%text
  call Print
  jmp %%end
%%text: db %1, 10, 0
%%end:
%endmacro

%macro Check 2  ; condition, what failed
  j%+1 %%good
  Say {"bad ", %2}
  mov al, 1
  out 0xF4, al
  hlt
%%good:
%endmacro

%macro SetPam0 1
  mov eax, kPam0
  mov dx, 0xCF8
  out dx, eax
  mov dx, kPam0Port
  mov al, %1
  out dx, al
%endmacro

%macro SetShutdown 2  ; code, where to resume
  mov al, kShutdownStatus
  out 0x70, al
  mov al, %1
  out 0x71, al
  mov word [kResume], %2
  mov word [kResume + 2], 0xF000
%endmacro

; Behind the instruction that resets none runs.
%macro TooFar 0
  mov al, 2
  out 0xF4, al
  hlt
%endmacro

Start:
  cli
  xor ax, ax
  mov ds, ax
  mov ss, ax
  mov sp, 0x7000
  mov al, kShutdownStatus
  out 0x70, al
  in al, 0x71
  test al, al
  jz .all
  mov al, kShutdownStatus
  out 0x70, al
  mov al, 0
  out 0x71, al
  jmp far [kResume]
.all:
  cmp word [kPhase], 0
  jne AfterReset

  mov edx, 0x3F8 + 3
  mov al, 0x03
  out dx, al
  Say "power-on"
  ; ROM takes no writes.
  mov byte [cs:Variable], 0x11
  cmp byte [cs:Variable], 0xA5
  Check e, "a write to ROM"
  ; Writes to RAM, reads from ROM: copy what is here, with one byte changed.
  SetPam0 0x20
  mov ax, 0xF000
  mov es, ax
  mov ds, ax
  xor si, si
  xor di, di
  mov cx, 0x4000
  cld
  rep movsd
  mov byte [Variable], 0x22
  cmp byte [Variable], 0xA5
  Check e, "a read of ROM while writes go to RAM"
  SetPam0 0x10
  cmp byte [Variable], 0x22
  Check e, "a read of shadow RAM"
  mov byte [Variable], 0x33
  cmp byte [Variable], 0x22
  Check e, "a write to protected shadow RAM"
  SetPam0 0x30
  mov byte [Variable], 0x44
  cmp byte [Variable], 0x44
  Check e, "a write to shadow RAM"

  xor ax, ax
  mov ds, ax
  SetShutdown 0x0A, AfterInit
  mov al, 0xFE
  out 0x64, al
  TooFar

AfterInit:
  Say "init"
  cmp byte [cs:Variable], 0x44
  Check e, "the shadow RAM after INIT"
  SetShutdown 0x05, AfterFault
  lidt [cs:NoTable]
  int3

AfterFault:
  Say "triple fault"
  mov word [kPhase], 1
  mov dx, 0xCF9
  mov al, 0x02
  out dx, al
  mov al, 0x06
  out dx, al
  TooFar

AfterReset:
  Say "reset"
  cmp byte [cs:Variable], 0xA5
  Check e, "the ROM after a reset"
  mov al, 0x2A
  out 0xF4, al
  hlt

Print:
  mov dx, 0x3F8
.next:
  mov al, [cs:si]
  inc si
  test al, al
  jz .end
  out dx, al
  jmp .next
.end:
  ret

Variable: db 0xA5
NoTable: dw 0
  dd 0

  times 0xFFF0 - ($ - $$) db 0xFF
  jmp 0xF000:Start
  times 0x10000 - ($ - $$) db 0xFF
