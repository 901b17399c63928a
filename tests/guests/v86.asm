; SPDX-License-Identifier: Apache-2.0
; Virtual-8086 mode (SDM vol. 3, chapter 20): the ways in and out, the instructions that depend on
; IOPL, what is privileged or undefined there, real-mode addressing with 64 KiB limits, and far
; transfers. The models have no VME. ports.asm has the I/O permission bitmap.
%include "v86.inc"

kVector equ 0x21
kNew equ SPARE(0)
section .bss
alignb 16
New: resb kTssBytes

section .text
global Start
Start:
  mov esp, StackTop
  call InitCases
  call InitV86

  ; In and out

  CASE "20.2.5, 20.3.1.1: IRET enters, an exception leaves; segments are saved and nulled"
  mov eax, 1
  mov ebx, 4
  mov esi, 0x77777777
  V86 kCf | kIf | kNt | kAc | kId | kIopl2, 0xABCD0000 + kLowStackTop
  AT
  ud2
  END_V86
  RAISES16 6, 0
  SAME [CaughtCs], kLowCode
  SAME [CaughtSs], kLowStack
  SAME [CaughtEsp], 0xABCD0000 + kLowStackTop
  SAME [CaughtEs], kLowEs
  SAME [CaughtDs], kLowDs
  SAME [CaughtFs], kLowFs
  SAME [CaughtGs], kLowGs
  SAME [CaughtEflags], kCf | kIf | kNt | kAc | kId | kIopl2 | kVm | kRf | 2
  SAME [HandlerFlags], kCf | kAc | kId | kIopl2 | 2
  SAME [HandlerEsp], RingStackTop0 - 36
  SAME [HandlerCs], kCode0
  SAME [HandlerSs], kData0
  SAME [HandlerDs], 0
  SAME [HandlerEs], 0
  SAME [HandlerFs], 0
  SAME [HandlerGs], 0
  SAME [CaughtEbx], 4
  SAME [CaughtEsi], 0x77777777

  CASE "20.3.1.1: an error code lies below the frame"
  V86
  AT
  hlt
  END_V86
  RAISES16 13, 0
  SAME [HandlerEsp], RingStackTop0 - 36
  SAME [RingStackTop0 - 40], 0

  CASE "2, IRET: an EIP beyond 64 KiB"
  push dword 0
  push dword 0
  push dword 0
  push dword 0
  push dword kLowStack
  push dword kLowStackTop
  push dword kVm | 2
  push dword kLowCode
  push dword 0x10000
  AT
  iretd
  RAISES 13, 0
  SAME [CaughtCs], kCode0

  CASE "2, IRET: a stack that ends before GS"
  DESCRIBE SPARE(1), RingStack0, 1023, kDataWritable | kBig
  push dword SPARE(1)
  pop ss
  mov esp, 1024 - 32
  mov dword [RingStackTop0 - 32], 0
  mov dword [RingStackTop0 - 28], kLowCode
  mov dword [RingStackTop0 - 24], kVm | 2
  IDT_GATE 12, kCode0, .on_good_stack, kInterrupt32
  AT
  iretd
.on_good_stack:
  mov eax, [ss:esp]
  mov [Scratch], eax
  mov eax, kData0
  mov ss, ax
  mov esp, StackTop - 512
  LEAVE_CASE
  CAUGHT kLeave
  SAME [Scratch], 0

  CASE "20.2.5: a task switch enters"
  mov dword [New + TssEsp0], RingStackTop0
  mov dword [New + TssSs0], kData0
  mov dword [New + TssEip], LOW(.task)
  mov dword [New + TssEflags], kVm | kCf | 2
  mov dword [New + TssEsp], kLowStackTop
  mov dword [New + TssCs], kLowCode
  mov dword [New + TssSs], kLowStack
  mov dword [New + TssDs], kLowDs
  mov dword [New + TssEs], kLowEs
  mov dword [New + TssFs], kLowFs
  mov dword [New + TssGs], kLowGs
  mov word [kLowDs * 16 + 8], 0x4321
  DESCRIBE kNew, New, kTssBytes - 1, kTss32
  jmp kNew:0
section .user
bits 16
.task:
  mov ax, [8]
  AT
  ud2
section .text
bits 32
  RAISES16 6, 0
  SAME [CaughtGs], kLowGs
  SAME [CaughtSs], kLowStack
  SAME [CaughtEflags], kVm | kCf | kRf | 2
  MASKED [CaughtEax], 0xFFFF, 0x4321
  clts

  CASE "20.2.6: a task gate leaves, and IRET with NT comes back"
  DESCRIBE kNew, New, kTssBytes - 1, kTss32
  mov dword [New + TssEip], .handler_task
  mov dword [New + TssEflags], 2
  mov dword [New + TssEsp], RingStackTop1
  mov dword [New + TssCs], kCode0
  mov dword [New + TssSs], kData0
  mov dword [New + TssDs], kData0
  mov dword [New + TssEs], kData0
  mov dword [New + TssFs], 0
  mov dword [New + TssGs], 0
  IDT_GATE kVector, kNew, 0, kTaskGate | kDpl3
  V86 kIopl3
  int kVector
  AT
  ud2
  END_V86
.handler_task:
  mov eax, [Task + TssEflags]
  mov [Scratch], eax
  movzx eax, word [Task + TssGs]
  mov [Scratch + 4], eax
  iretd
  RAISES16 6, 0
  SAME [Scratch], kVm | kIopl3 | 2
  SAME [Scratch + 4], kLowGs
  SAME [CaughtGs], kLowGs
  clts

  CASE "20.3.1.1: through a 16-bit gate nine words are pushed"
  IDT_GATE kVector, kNear0, Arrival - NearBase, kInterrupt16 | kDpl3
  V86 kIopl3
  AT
  int kVector
  END_V86
  ARRIVES Arrival - NearBase
  SAME [CaughtEsp], RingStackTop0 - 18
  SAME16 [RingStackTop0 - 2], kLowGs
  SAME16 [RingStackTop0 - 4], kLowFs
  SAME16 [RingStackTop0 - 6], kLowDs
  SAME16 [RingStackTop0 - 8], kLowEs
  SAME16 [RingStackTop0 - 10], kLowStack
  SAME16 [RingStackTop0 - 12], kLowStackTop
  SAME16 [RingStackTop0 - 14], kIopl3 | 2
  SAME16 [RingStackTop0 - 16], kLowCode
  SAME16 [RingStackTop0 - 18], LOW(%$at) + 2

%macro BAD_HANDLER 5  ; name, selector, access of SPARE(1), vector, error
  CASE "20.3.1.1: a handler ", %1
  DESCRIBE SPARE(1), 0, 0xFFFFF, %3
  IDT_GATE kVector, %2, Arrival, kInterrupt32 | kDpl3
  V86 kIopl3
  AT
  int kVector
  END_V86
  RAISES16 %4, %5
%endmacro
  BAD_HANDLER "in ring 1", kCode1, 0, 13, kCode1 & ~3
  BAD_HANDLER "in ring 3", kCode3, 0, 13, kCode3 & ~3
  BAD_HANDLER "that is conforming", SPARE(1), 0x9E | kBigPages, 13, SPARE(1)
  BAD_HANDLER "in ring 1 that is not present", SPARE(1), 0x3A | kBigPages, 11, SPARE(1)

  ; IOPL

%macro SENSITIVE 2+  ; name, instruction
  %assign iopl 0
  %rep 3
  CASE "20.2.7: ", %1, " with IOPL ", '0' + iopl
  V86 iopl << 12
  AT
  %2
  END_V86
  RAISES16 13, 0
  SAME [CaughtEsp], kLowStackTop
    %assign iopl iopl + 1
  %endrep
%endmacro
  SENSITIVE "CLI", cli
  SENSITIVE "STI", sti
  SENSITIVE "PUSHF", pushf
  SENSITIVE "POPF", popf
  SENSITIVE "PUSHFD", pushfd
  SENSITIVE "POPFD", popfd
  SENSITIVE "INT", int kVector
  SENSITIVE "INT 3 in two bytes", db 0xCD, 3
  SENSITIVE "IRET", iret
  SENSITIVE "IRETD", iretd

%macro FLAGS_AFTER 4+  ; name, flags before, flags after, instructions
  CASE "20.2.7: with IOPL 3, ", %1
  V86 kIopl3 | %2
  %4
  END_V86
  COMES_THROUGH
  SAME [CaughtEflags], kIopl3 | kVm | 2 | %3
%endmacro
%macro THROUGH_STACK 2  ; value, instruction
  push %1
  %2
%endmacro
  FLAGS_AFTER "CLI clears IF", kIf, 0, cli
  FLAGS_AFTER "STI sets IF", 0, kIf, sti
  FLAGS_AFTER "POPF sets IF, NT, DF", 0, kIf | kNt | kDf, THROUGH_STACK word kIf | kNt | kDf, popf
  FLAGS_AFTER "POPF clears IF, not IOPL", kIf | kAc, kAc, THROUGH_STACK word 0, popf
  FLAGS_AFTER "POPFD changes AC and ID, not VM, VIF, VIP, RF", 0, kAc | kId, \
      THROUGH_STACK dword kAc | kId | kVif | kVip | kRf, popfd
  FLAGS_AFTER "POPFD clears all but VM and IOPL", kIf | kAc | kId | kNt, 0, \
      THROUGH_STACK dword 0, popfd

  CASE "20.2.7: with IOPL 3, PUSHF shows IOPL and PUSHFD hides VM"
  mov dword [kLowStack * 16 + kLowStackTop - 4], -1
  V86 kIopl3 | kIf | kCf
  pushfd
  pushf
  END_V86
  COMES_THROUGH
  SAME [kLowStack * 16 + kLowStackTop - 4], kIopl3 | kIf | kCf | 2
  SAME16 [kLowStack * 16 + kLowStackTop - 6], kIopl3 | kIf | kCf | 2

  CASE "20.2.7: with IOPL 3, IRET stays in the mode and keeps IOPL"
  V86 kIopl3 | kId
  push word kIf | kCf
  push word kLowCode
  push word LOW(%$here)
  iret
  ud2
%$here:
  END_V86
  COMES_THROUGH
  SAME [CaughtEflags], kIopl3 | kIf | kCf | kId | kVm | 2
  SAME [CaughtEsp], kLowStackTop

  CASE "20.2.7: with IOPL 3, IRETD keeps VM, IOPL, VIF and VIP"
  V86 kIopl3
  push dword kAc | kVif | kVip | kDf
  push dword 0xFFFF0000 + kLowCode
  push dword LOW(%$here)
  iretd
  ud2
%$here:
  END_V86
  COMES_THROUGH
  SAME [CaughtEflags], kIopl3 | kAc | kDf | kVm | 2

  CASE "2, IRET: IRETD beyond 64 KiB"
  V86 kIopl3
  push dword 2
  push dword kLowCode
  push dword 0x10000
  AT
  iretd
  END_V86
  RAISES16 13, 0

  CASE "20.3.3: with IOPL 3, INT goes to ring 0 through a gate of DPL 3"
  or byte [Idt + kVector * 8 + 5], kDpl3
  V86 kIopl3 | kIf
  AT
  int kVector
  END_V86
  CAUGHT kVector
  SAME [CaughtEip], LOW(%$at) + 2
  SAME [CaughtEflags], kIopl3 | kIf | kVm | 2
  SAME [HandlerFlags], kIopl3 | 2

  CASE "20.3.3: with IOPL 3, INT through a gate of DPL 0"
  V86 kIopl3
  AT
  int kVector
  END_V86
  RAISES16 13, kVector * 8 + 2

  CASE "20.2.7: INT3 and INTO do not depend on IOPL, but on the gate's DPL"
  V86 kOf
  AT
  into
  END_V86
  RAISES16 13, 4 * 8 + 2
  AND_THEN
  or byte [Idt + 4 * 8 + 5], kDpl3
  V86 kOf
  AT
  into
  END_V86
  CAUGHT 4
  SAME [CaughtEip], LOW(%$at) + 1

  CASE "17.3.1.4: TF in the image that enters"
  V86 kTf
  nop
  AT
  nop
  END_V86
  RAISES16 1, 0
  SAME [CaughtEflags], kTf | kVm | 2

  CASE "17.3.1.4: POPF sets TF, the trap is behind the next instruction"
  V86 kIopl3
  push word kTf
  popf
  nop
  AT
  nop
  END_V86
  RAISES16 1, 0

  ; Privileged and undefined

%macro PRIVILEGED 1+
  %defstr instruction_text %1
  CASE "20.2.7: ", instruction_text, " is privileged, whatever IOPL"
  V86 kIopl3
  AT
  %1
  END_V86
  RAISES16 13, 0
%endmacro
%macro UNDEFINED 1+
  %defstr instruction_text %1
  CASE "20.2.7: ", instruction_text, " is undefined"
  V86 kIopl3
  AT
  %1
  END_V86
  RAISES16 6, 0
%endmacro
  PRIVILEGED {hlt}
  PRIVILEGED {clts}
  PRIVILEGED {invd}
  PRIVILEGED {wbinvd}
  PRIVILEGED {rdmsr}
  PRIVILEGED {wrmsr}
  PRIVILEGED {lmsw ax}
  PRIVILEGED {lgdt [0]}
  PRIVILEGED {lidt [0]}
  PRIVILEGED {invlpg [0]}
  PRIVILEGED {mov eax, cr0}
  PRIVILEGED {mov cr0, eax}
  PRIVILEGED {mov cr3, eax}
  PRIVILEGED {mov eax, cr4}
  PRIVILEGED {mov eax, dr0}
  PRIVILEGED {mov dr7, eax}
  UNDEFINED {sldt ax}
  UNDEFINED {str ax}
  UNDEFINED {lldt ax}
  UNDEFINED {ltr ax}
  UNDEFINED {lar ax, bx}
  UNDEFINED {lsl ax, bx}
  UNDEFINED {verr ax}
  UNDEFINED {verw ax}
  UNDEFINED {arpl ax, bx}

  CASE "20.2.7: SMSW, SGDT and SIDT are neither"
  V86
  smsw ax
  sgdt [0]
  sidt [8]
  END_V86
  COMES_THROUGH
  MASKED [CaughtEax], 1, 1
  SAME16 [kLowDs * 16], kGdtBytes - 1
  SAME16 [kLowDs * 16 + 8], kVectors * 8 - 1

  ; Addressing

  CASE "20.1.1: segment loads are selector * 16"
  mov dword [0x54320 + 0x10], 0x89ABCDEF
  mov dword [kLowDs * 16 + 0x20], 0x54320010
  mov dword [kLowDs * 16 + 0x24], 0x00105432
  V86
  mov ax, 0x5432
  mov es, ax
  mov bx, [es:0x10]
  push ax
  pop ds
  mov cx, [0x12]
  lfs si, [cs:LOW(.pointer)]
  mov dx, [fs:si]
  jmp .over
.pointer: dw 0x11, 0x5432
.over:
  END_V86
  COMES_THROUGH
  MASKED [CaughtEbx], 0xFFFF, 0xCDEF
  MASKED [CaughtEcx], 0xFFFF, 0x89AB
  MASKED [CaughtEdx], 0xFFFF, 0xABCD
  SAME [CaughtDs], 0x5432
  SAME [CaughtEs], 0x5432
  SAME [CaughtFs], 0x5432

  CASE "20.1.1: LSS and MOV SS"
  mov dword [kLowDs * 16], 0x54320100
  V86
  lss sp, [0]
  push word 0x7777
  mov ax, kLowStack
  mov ss, ax
  mov sp, kLowStackTop
  END_V86
  COMES_THROUGH
  SAME16 [0x54320 + 0xFE], 0x7777
  SAME [CaughtSs], kLowStack

%macro LIMIT 3+  ; name, vector, instruction
  CASE "20.1.1: ", %1
  mov ebx, 0x10000
  mov esi, 0xFFFF
  mov ecx, 3
  V86
  AT
  %3
  END_V86
  RAISES16 %2, 0
%endmacro
  LIMIT "a word at the last byte of a segment", 13, mov ax, [0xFFFF]
  LIMIT "a dword three bytes before the end", 13, mov eax, [es:0xFFFD]
  LIMIT "a write behind the end", 13, mov [fs:0xFFFF], ax
  LIMIT "a 32-bit address beyond 64 KiB", 13, mov al, [ebx]
  LIMIT "a 32-bit negative address", 13, mov al, [ebx - 0x10001]
  LIMIT "a stack operand beyond 64 KiB is #SS", 12, mov al, [ss:ebx]
  LIMIT "LODSW at the last byte", 13, lodsw
  LIMIT "XCHG at the last byte", 13, xchg [0xFFFF], ax
  LIMIT "a far pointer at the end", 13, les ax, [0xFFFD]

  CASE "20.1.1: a 16-bit address wraps at 64 KiB"
  mov byte [kLowDs * 16 + 0xF], 0x5A
  V86
  mov bx, 0xFFFF
  mov al, [bx + 0x10]
  mov si, 0x8000
  mov di, 0x8000
  mov byte [bx + si + 0x11], 1  ; 8010h
  mov bp, 0xFFF0
  mov word [bp + 0x20], 0x6B6B  ; ss:0010
  END_V86
  COMES_THROUGH
  MASKED [CaughtEax], 0xFF, 0x5A
  SAME8 [kLowDs * 16 + 0x8010], 1
  SAME16 [kLowStack * 16 + 0x10], 0x6B6B

  CASE "20.1.1: linear addresses go beyond 1 MiB, to FFFF0h + FFFFh"
  mov eax, [0x100010]
  mov [Scratch], eax
  V86
  mov ax, 0xFFFF
  mov ds, ax
  mov eax, [0x20]
  END_V86
  COMES_THROUGH
  mov eax, [Scratch]
  SAME [CaughtEax], eax

  CASE "20.1.1: strings with 16-bit indices wrap, with 32-bit ones do not"
  mov byte [kLowDs * 16 + 0xFFFF], 0x11
  mov byte [kLowDs * 16], 0x22
  V86
  mov si, 0xFFFF
  mov di, 0x100
  mov cx, 2
  cld
  rep movsb
  mov esi, 0xFFFF
  mov ecx, 2
  AT
  a32 rep lodsb
  END_V86
  RAISES16 13, 0
  SAME16 [kLowEs * 16 + 0x100], 0x2211
  SAME [CaughtEsi], 0x10000
  SAME [CaughtEcx], 1
  MASKED [CaughtEax], 0xFF, 0x11

  CASE "20.1.1: the stack wraps at 64 KiB"
  V86 0, 2
  push word 0x1111
  push word 0x2222
  pop ax
  END_V86
  COMES_THROUGH
  SAME16 [kLowStack * 16], 0x1111
  SAME16 [kLowStack * 16 + 0xFFFE], 0x2222
  SAME [CaughtEsp], 0

%macro STACK_END 3+  ; name, sp, instruction
  CASE "20.1.1: ", %1
  V86 0, %2
  AT
  %3
  END_V86
  RAISES16 12, 0
  SAME [CaughtEsp], %2
%endmacro
  STACK_END "PUSH with SP 1", 1, push ax
  STACK_END "PUSH of a dword with SP 2", 2, push eax
  STACK_END "POP with SP FFFF", 0xFFFF, pop ax
  STACK_END "CALL with SP 1", 1, call LowBegin
  STACK_END "RET with SP FFFF", 0xFFFF, ret
  STACK_END "far RET with SP FFFF", 0xFFFF, retf
  STACK_END "far CALL with SP 1", 1, call kLowCode:0
  STACK_END "PUSHA with SP 17", 17, pushad
  STACK_END "POPA with SP FFF3", 0xFFF3, popa

  CASE "2, PUSHA: SP 9"
  V86 0, 9
  AT
  pusha
  END_V86
  RAISES16 13, 0
  SAME [CaughtEsp], 9

  CASE "20.1.1: LEAVE with BP FFFF"
  mov ebp, 0xFFFF
  V86
  AT
  leave
  END_V86
  RAISES16 12, 0
  SAME [CaughtEsp], kLowStackTop
  SAME [CaughtEbp], 0xFFFF

  ; Transfers

  CASE "20.2.1: far JMP, CALL and RET load CS as a paragraph"
  V86
  call kLowCode - 1:LOW(%$procedure) + 16
  AT
  ud2
%$procedure:
  mov ax, cs
  mov bp, sp
  mov dx, [bp]
  retf
  END_V86
  RAISES16 6, 0
  MASKED [CaughtEax], 0xFFFF, kLowCode - 1
  SAME [CaughtCs], kLowCode
  MASKED [CaughtEdx], 0xFFFF, LOW(%$at)
  SAME [CaughtEsp], kLowStackTop

  CASE "20.2.1: far CALL and RET, time and again"
  mov ecx, 100
  xor eax, eax
  V86 kCf
%$again:
  call kLowCode - 1:LOW(%$procedure) + 16
  loop %$again
  mov dx, cs
  jmp %$out
%$procedure:
  mov dx, cs
  lea ax, [eax + edx]
  retf
%$out:
  END_V86
  COMES_THROUGH
  SAME16 [CaughtEax], ((kLowCode - 1) * 100) & 0xFFFF
  SAME16 [CaughtEdx], kLowCode
  SAME [CaughtEsp], kLowStackTop
  MASKED [CaughtEflags], kCf, kCf

  CASE "20.2.1: far CALL with 32-bit operands pushes dwords"
  V86
  call dword kLowCode:LOW(%$procedure)
  AT
  ud2
%$procedure:
  o32 retf 4
  END_V86
  RAISES16 6, 0
  SAME [CaughtEsp], kLowStackTop + 4
  SAME [kLowStack * 16 + kLowStackTop - 8], LOW(%$at)
  SAME16 [kLowStack * 16 + kLowStackTop - 4], kLowCode

%macro BEYOND 2+  ; name, instruction
  CASE "20.1.1: ", %1, " beyond 64 KiB"
  mov ebx, 0x10000
  mov dword [kLowDs * 16], 0x10000
  mov dword [kLowDs * 16 + 4], kLowCode
  V86
  AT
  %2
  END_V86
  RAISES16 13, 0
%endmacro
  BEYOND "far JMP", jmp dword kLowCode:0x10000
  BEYOND "far CALL", call dword kLowCode:0x10000
  BEYOND "indirect far JMP", jmp far dword [0]
  BEYOND "JMP through a register", jmp ebx
  BEYOND "CALL through memory", call dword [0]
  BEYOND "JMP with 32-bit displacement", db 0x66, 0xE9, 0, 0, 1, 0

  CASE "20.1.1: a short jump wraps IP"
  mov word [kLow + 0xFFF0], 0x7FEB  ; jmp short to 10071h
  V86
  jmp kLowCode:0xFFF0
  END_V86
  CAUGHT 3
  SAME [CaughtEip], kLanding + 1

  CASE "20.1.1: execution that runs over the end of the segment"
  mov byte [kLow + 0xFFFF], 0x90
  V86
  jmp kLowCode:0xFFFF
  END_V86
  CAUGHT 13
  SAME [CaughtError], 0
  SAME [CaughtEip], 0x10000

  CASE "20.1.1: an instruction that crosses the end of the segment"
  mov word [kLow + 0xFFFE], 0x00B8  ; mov ax, imm16
  V86
  jmp kLowCode:0xFFFE
  END_V86
  CAUGHT 13
  SAME [CaughtError], 0
  SAME [CaughtEip], 0xFFFE

  END_CASES "v86"
