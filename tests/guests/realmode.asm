; SPDX-License-Identifier: Apache-2.0
; Real-address mode (SDM vol. 3, 20.1 and 9.9): the ways in and out, the interrupt table, segments of
; 64 KiB and bigger ones ("unreal"), A20. Exceptions push no error code there. v86.asm has the limits
; of the stack, which are fatal here; code16.asm has 16-bit code in general.
%include "realmode.inc"

global Start
Start:
  mov esp, StackTop
  call InitCases
  call InitReal

  ; Interrupts

  CASE "20.1.4: INT pushes flags, CS, IP as words and clears IF"
  REAL
  push word kIf | kDf | kCf | kNt | kIopl3
  popf
  AT
  int 0x21
  END_REAL
  CAUGHT 0x21
  SAME [CaughtEip], LOW(%$at) + 2
  SAME [CaughtCs], kLowCode
  SAME [CaughtEflags], kIf | kDf | kCf | kNt | kIopl3 | 2
  MASKED [HandlerFlags], 0xFFFF, kDf | kCf | kNt | kIopl3 | 2
  SAME [CaughtEsp], kLowStackTop

  CASE "20.1.4: exceptions push no error code"
  REAL
  AT
  mov ax, [0xFFFF]
  END_REAL
  CATCHES 13
  SAME [CaughtEsp], kLowStackTop

%macro EXCEPTION 3+  ; name, vector, instruction
  CASE "table 20-6: ", %1
  xor ecx, ecx
  REAL
  mov dword [0], 0x00020001
  xor ecx, ecx
  xor ax, ax
  AT
  %3
  END_REAL
  CATCHES %2
%endmacro
  EXCEPTION "#DE", 0, div cx
  EXCEPTION "#BR", 5, bound ax, [0]
  EXCEPTION "#UD", 6, ud2
  EXCEPTION "#GP of a write beyond the limit", 13, mov [es:0xFFFD], eax
  EXCEPTION "#GP of a 32-bit address", 13, mov al, [ecx + 0x10000]
  EXCEPTION "LLDT is #UD", 6, lldt ax
  EXCEPTION "LTR is #UD", 6, ltr ax
  EXCEPTION "SLDT is #UD", 6, sldt ax
  EXCEPTION "STR is #UD", 6, str ax
  EXCEPTION "LAR is #UD", 6, lar ax, ax
  EXCEPTION "LSL is #UD", 6, lsl ax, ax
  EXCEPTION "VERR is #UD", 6, verr ax
  EXCEPTION "VERW is #UD", 6, verw ax
  EXCEPTION "ARPL is #UD", 6, arpl ax, ax
  EXCEPTION "SYSENTER is #GP", 13, sysenter
  EXCEPTION "SYSEXIT is #GP", 13, sysexit
  EXCEPTION "LOCK on a MOV is #UD", 6, db 0xF0, 0x89, 0x07

  CASE "20.1.4: INTO"
  REAL
  mov al, 0x7F
  add al, 1
  AT
  into
  END_REAL
  CAUGHT 4
  SAME [CaughtEip], LOW(%$at) + 1

  CASE "17.3.1.4: TF"
  REAL
  push word kTf
  popf
  nop
  AT
  nop
  END_REAL
  CATCHES 1
  SAME [CaughtEflags], kTf | 2
  MASKED [HandlerFlags], kTf, 0

  CASE "20.1.4: the limit of the table"
  mov word [kLowDs * 16], 0x20 * 4 + 2
  mov dword [kLowDs * 16 + 2], 0
  REAL
  o32 lidt [0]
  AT
  int 0x20
  END_REAL
  CATCHES 13

  CASE "20.1.4: the base of the table"
  mov word [kLowDs * 16], 0x3FF
  mov dword [kLowDs * 16 + 2], 0x54320
  mov dword [0x54320 + 0x21 * 4], (kLowCode << 16) + LOW(LowStubs) + 0x55 * LowStubBytes
  REAL
  lidt [0]
  int 0x21
  END_REAL
  CAUGHT 0x55

  CASE "2, IRET: 16 bits, all flags"
  REAL
  push word kIf | kNt | kIopl2 | kOf
  push word kLowCode
  push word LOW(%$there)
  iret
%$there:
  END_REAL
  COMES_THROUGH
  SAME [CaughtEflags], kIf | kNt | kIopl2 | kOf | 2
  SAME [CaughtEsp], kLowStackTop

  CASE "2, IRET: 32 bits; VM, VIF and VIP stay"
  REAL
  push dword kAc | kId | kVm | kVif | kVip | kCf
  push dword kLowCode
  push dword LOW(%$there)
  iretd
%$there:
  pushfd
  pop eax
  END_REAL
  COMES_THROUGH
  SAME [CaughtEax], kAc | kId | kCf | 2

  CASE "2, POPF: IOPL and NT may be changed"
  REAL
  push word 0xFFFF & ~kTf
  popf
  pushf
  pop ax
  END_REAL
  COMES_THROUGH
  MASKED [CaughtEax], 0xFFFF, 0x7ED7

  CASE "6.8.3, 20.1.4: a timer interrupt through the table ends HLT"
  REAL
%macro PORT 2
  mov al, %2
  out %1, al
%endmacro
  PORT 0x20, 0x11
  PORT 0x21, 8
  PORT 0x21, 4
  PORT 0x21, 1
  PORT 0x43, 0x30
  PORT 0x40, 0
  PORT 0x40, 4
  PORT 0x21, 0xFE
  sti
  hlt
%$behind_hlt:
  nop
  END_REAL
  CAUGHT 8
  SAME [CaughtEip], LOW(%$behind_hlt)
  SAME [CaughtEflags], kIf | 2
  mov al, 0xFF
  out 0x21, al
  mov al, 0x20
  out 0x20, al

  ; Modes

  CASE "9.9.1: protected mode by LMSW, a 16-bit segment, and LMSW cannot leave it"
  DESCRIBE kCode16, kLow, 0xFFFF, kCodeReadable
  REAL
  o32 lgdt [cs:LOW(LowGdt)]
  mov ax, 1
  lmsw ax
  mov dx, [0x10]  ; DS is still that of real mode
  jmp kCode16:LOW(%$protected)
%$protected:
  mov cx, cs
  xor ax, ax
  lmsw ax
  smsw bx
  mov eax, cr0
  and al, ~1
  mov cr0, eax
  jmp kLowCode:LOW(%$real)
%$real:
  mov si, cs
  END_REAL
  COMES_THROUGH
  MASKED [CaughtEcx], 0xFFFF, kCode16
  MASKED [CaughtEbx], 1, 1
  MASKED [CaughtEsi], 0xFFFF, kLowCode

  CASE "9.9.1: between MOV CR0 and the far jump the old segments hold"
  DESCRIBE SPARE(0), 0x54320, 0xFFFF, kDataWritable
  mov word [kLowDs * 16 + 8], 0x1234
  mov word [0x54320 + 8], 0x5678
  REAL
  o32 lgdt [cs:LOW(LowGdt)]
  mov eax, cr0
  inc ax
  mov cr0, eax
  mov bx, [8]
  mov cx, cs
  mov dx, SPARE(0)
  mov es, dx  ; but a load is already protected mode's
  mov si, [es:8]
  push bx
  pop di
  dec ax
  mov cr0, eax
  mov bp, [es:8]  ; and stays when the mode is left
  END_REAL
  COMES_THROUGH
  MASKED [CaughtEbx], 0xFFFF, 0x1234
  MASKED [CaughtEdi], 0xFFFF, 0x1234
  MASKED [CaughtEcx], 0xFFFF, kLowCode
  MASKED [CaughtEsi], 0xFFFF, 0x5678
  MASKED [CaughtEbp], 0xFFFF, 0x5678
  SAME [CaughtEs], SPARE(0)

  CASE "9.9.2: a 4 GiB limit survives the way to real mode and loads there"
  DESCRIBE kCode16, kLow, 0xFFFF, kCodeReadable
  mov dword [Scratch], 0x600DF00D
  mov word [LINEAR(LowTarget)], LOW(.unreal)
  mov eax, kData0
  jmp BeginRealWithData
section .user
bits 16
.unreal:
  mov eax, Scratch - kLowDs * 16
  mov ecx, [eax]
  mov bx, kLowEs
  mov ds, bx
  sub eax, (kLowEs - kLowDs) * 16
  mov edx, [eax]
  mov dword [eax], 0xCAFE
  mov esi, eax
  mov edi, Scratch + 4 - kLowEs * 16
  mov ecx, 1
  a32 rep movsd
  jmp .unreal_end
bits 32
section .text
section .user
bits 16
.unreal_end:
%$end:
  int3
section .text
bits 32
  COMES_THROUGH
  SAME [CaughtEdx], 0x600DF00D
  SAME [Scratch], 0xCAFE
  SAME [Scratch + 4], 0xCAFE

  CASE "9.9.2: the width of the stack survives"
  mov word [LINEAR(LowTarget)], LOW(%$wide)
  DESCRIBE kCode16, kLow, 0xFFFF, kCodeReadable
  mov eax, kData0
  jmp BeginRealWithData
section .user
bits 16
%$wide:
  mov esp, 0x10800
  push word 0x1234
  END_REAL
  COMES_THROUGH
  SAME [CaughtEsp], 0x107FE
  SAME16 [kLowStack * 16 + 0x107FE], 0x1234

  CASE "9.9.2: a small limit survives as well"
  DESCRIBE kCode16, kLow, 0xFFFF, kCodeReadable
  DESCRIBE kData16, 0, 0xFFF, kDataWritable
  mov word [LINEAR(LowTarget)], LOW(.small)
  mov eax, kData16
  jmp BeginRealWithData
section .user
bits 16
.small:
  mov ax, [0xFFE]
  AT
  mov ax, [0xFFF]
  END_REAL
  CATCHES 13

  ; A20: on if port 92h or the keyboard controller says so

; PORT_92 value of bit 1; CONTROLLER output port
%macro PORT_92 1
  in al, 0x92
  and al, ~3
  or al, (%1) << 1
  out 0x92, al
%endmacro
%macro CONTROLLER 1
  call %$wait_for_controller
  mov al, 0xD1
  out 0x64, al
  call %$wait_for_controller
  mov al, %1
  out 0x60, al
  call %$wait_for_controller
%endmacro
  CASE "2, LES: the operand is read before ES changes; the offset fills 16 bits"
  REAL
  mov dword [es:0x10], 0x50001234
  mov ebx, 0xAAAA0010
  les bx, [es:bx]
  mov ax, es
  shl eax, 16
  mov ax, bx
  mov edx, ebx
  END_REAL
  COMES_THROUGH
  SAME [CaughtEax], 0x50001234
  SAME [CaughtEdx], 0xAAAA1234

  CASE "2, LDS with 32-bit operands"
  REAL
  mov dword [0x20], 0x89ABCDEF
  mov word [0x24], kLowEs
  mov ecx, 5
  o32 lds ecx, [0x20]
  mov dx, ds
  mov word [0x40], 0x77
  mov ax, [es:0x40]
  END_REAL
  COMES_THROUGH
  SAME [CaughtEcx], 0x89ABCDEF
  MASKED [CaughtEdx], 0xFFFF, kLowEs
  MASKED [CaughtEax], 0xFFFF, 0x77

  CASE "2, LES beyond the limit: #GP, and nothing is loaded"
  REAL
  mov cx, es
  mov bx, 7
  AT
  les bx, [0xFFFD]
  END_REAL
  CATCHES 13
  MASKED [CaughtEbx], 0xFFFF, 7

  CASE "2, PUSH and POP of segment registers, as words and doublewords"
  REAL
  mov dx, sp
  push ds
  pop es
  push dword 0x77775000
  o32 pop gs
  o32 push gs
  pop ecx
  sub dx, sp
  mov byte [0x30], 0x66
  mov al, [es:0x30]
  mov bx, gs
  END_REAL
  COMES_THROUGH
  MASKED [CaughtEcx], 0xFFFF, 0x5000
  MASKED [CaughtEbx], 0xFFFF, 0x5000
  MASKED [CaughtEdx], 0xFFFF, 0
  MASKED [CaughtEax], 0xFF, 0x66

  CASE "2, MOV to segment registers: from memory that the old segment holds"
  REAL
  mov word [0x50], kLowEs
  mov word [es:0x52], 0x4321
  mov ds, [0x50]
  mov ax, [0x52]
  END_REAL
  COMES_THROUGH
  MASKED [CaughtEax], 0xFFFF, 0x4321

  CASE "2, MOV from segment registers: 16 bits to memory, 32 to a register"
  REAL
  mov dword [0x60], 0x11111111
  mov [0x60], es
  mov ebx, [0x60]
  mov ecx, 0xFFFFFFFF
  mov ecx, es
  mov edx, 0xFFFFFFFF
  mov dx, es
  END_REAL
  COMES_THROUGH
  SAME [CaughtEbx], 0x11110000 | kLowEs
  SAME [CaughtEcx], kLowEs
  SAME [CaughtEdx], 0xFFFF0000 | kLowEs

  CASE "2, POPF of 16 bits keeps the upper half"
  REAL
  push dword kAc | kId | 2
  popfd
  push word kCf | kIf
  popf
  pushfd
  pop eax
  push dword 2
  popfd
  END_REAL
  COMES_THROUGH
  SAME [CaughtEax], kAc | kId | kCf | kIf | 2

  CASE "2, PUSHF and POPF across the top of the stack segment"
  REAL
  mov bx, sp
  mov sp, 2
  stc
  pushf
  clc
  popf
  setc al
  mov dx, sp
  mov sp, bx
  END_REAL
  COMES_THROUGH
  MASKED [CaughtEax], 0xFF, 1
  MASKED [CaughtEdx], 0xFFFF, 2

  CASE "20.1.1: segments reach beyond 1 MiB, and wrap there without A20"
  mov dword [0x500], 0x0BADF00D
  mov eax, [0x100500]
  mov [Scratch], eax
  REAL
  mov ax, 0xFFFF
  mov ds, ax
  mov ebx, [0x510]
  CONTROLLER 0xDD
  PORT_92 0
  mov ecx, [0x510]
  mov dword [0x514], 0x600DF00D
  PORT_92 1
  mov edx, [0x510]
  PORT_92 0
  mov esi, [0x510]
  CONTROLLER 0xDF
  mov edi, [0x510]
  PORT_92 1
  jmp %$done
%$wait_for_controller:
  in al, 0x64
  test al, 2
  jnz %$wait_for_controller
  ret
%$done:
  END_REAL
  COMES_THROUGH
  mov eax, [Scratch]
  SAME [CaughtEbx], eax
  SAME [CaughtEcx], 0x0BADF00D
  SAME [CaughtEdx], eax
  SAME [CaughtEsi], 0x0BADF00D
  SAME [CaughtEdi], eax
  SAME [0x504], 0x600DF00D

  CASE "20.1.1: IP wraps for a short jump"
  mov word [kLow + 0xFFF0], 0x7FEB
  REAL
  jmp kLowCode:0xFFF0
  END_REAL
  CAUGHT 3
  SAME [CaughtEip], kLanding + 1

  CASE "20.1.1: an instruction across the end of the segment"
  mov word [kLow + 0xFFFE], 0x00B8
  REAL
  jmp kLowCode:0xFFFE
  END_REAL
  CAUGHT 13
  SAME [CaughtEip], 0xFFFE

  END_CASES "realmode"
