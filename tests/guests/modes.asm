; SPDX-License-Identifier: Apache-2.0
; The same bytes of code run by turns in different modes (SDM vol. 1, 3.6; vol. 3, 3.4.3, 5.5): code
; and stack width, ring, base and limit of CS and of the data segments. What was translated for one
; must not be used for another. Also: the hidden part of a segment register outlives its descriptor.
%include "v86.inc"

kCode16 equ SPARE(0)    ; 16-bit code at NearBase
kCode16In3 equ SPARE(1) | 3
kStack16 equ SPARE(2)   ; 16-bit stack at RingStack0
kNearIn3 equ SPARE(3) | 3
kWindow equ SPARE(4)    ; a data segment that cases move

section .data
align 4, db 0
Words: dd 0x11111111, 0x22222222, 0x33333333, 0x44444444

section .text

; In 32-bit code eax becomes 40400001h, in 16-bit code ax becomes 3.
WidthRoutine:
  db 0xB8, 1, 0, 0x40, 0x40
  LEAVE_CASE
; Whoever may do it comes through.
PrivilegedRoutine:
  cli
  LEAVE_CASE
; Shows the width of the stack in ebx: how far ESP moves.
StackRoutine:
  mov ebx, esp
  push eax
  sub ebx, esp
  pop ecx
  LEAVE_CASE
; Branches; edx becomes EIP as the code sees it.
BranchRoutine:
  call .next
.next:
  pop edx
  lea ecx, [edx + .on - .next]
  jmp ecx
  ud2
.on:
  LEAVE_CASE
WindowRoutine:
  mov eax, [gs:0]
  mov edx, [es:4]
  LEAVE_CASE

Prepare:
  DESCRIBE kCode16, NearBase, 0xFFFF, kCodeReadable
  DESCRIBE kCode16In3, NearBase, 0xFFFF, kCodeReadable | kDpl3
  DESCRIBE kNearIn3, NearBase, 0xFFFF, kCodeReadable | kBig | kDpl3
  DESCRIBE kStack16, RingStack0, 1023, kDataWritable
  ret

; RUN_NEAR selector, label: a far jump there, in a segment at NearBase.
%macro RUN_NEAR 2
  jmp (%1):(%2 - NearBase)
%endmacro
%macro MODE_CASE 1+
  CASE %1
  call Prepare
  xor eax, eax
  xor ebx, ebx
  xor ecx, ecx
  xor edx, edx
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitCases
  call InitV86

%macro WIDTHS 0
  MODE_CASE "1, 3.6: as 32-bit code"
  jmp kCode0:WidthRoutine
  CAUGHT kLeave
  SAME [CaughtEax], 0x40400001
  MODE_CASE "1, 3.6: as 16-bit code"
  RUN_NEAR kCode16, WidthRoutine
  CAUGHT kLeave
  SAME [CaughtEax], 3
  MODE_CASE "1, 3.6: as 32-bit code with a base"
  RUN_NEAR kNear0, WidthRoutine
  CAUGHT kLeave
  SAME [CaughtEax], 0x40400001
  MODE_CASE "1, 3.6: as 16-bit code in ring 3"
  IN_RING 3
  RUN_NEAR kCode16In3, WidthRoutine
  CAUGHT kLeave
  SAME [CaughtEax], 3
%endmacro
  WIDTHS
  WIDTHS

%macro RINGS 0
  MODE_CASE "5.5: CLI in ring 0"
  jmp kCode0:PrivilegedRoutine
  CAUGHT kLeave
  MODE_CASE "5.5: the same CLI in ring 3"
  IN_RING 3
  jmp kCode3:PrivilegedRoutine
  CAUGHT 13
  SAME [CaughtEip], PrivilegedRoutine
  MODE_CASE "5.5: the same CLI in ring 3 with IOPL 3"
  IN_RING 3, kIopl3 | kIf
  jmp kCode3:PrivilegedRoutine
  CAUGHT kLeave
  SAME [CaughtEflags], kIopl3 | 2
  MODE_CASE "5.5: the same CLI in ring 1"
  IN_RING 1, kIf
  jmp kCode1:PrivilegedRoutine
  CAUGHT 13
%endmacro
  RINGS
  RINGS

%macro STACKS 0
  MODE_CASE "1, 6.2.3: a 32-bit stack"
  jmp kCode0:StackRoutine
  CAUGHT kLeave
  SAME [CaughtEbx], 4
  MODE_CASE "1, 6.2.3: a 16-bit stack under 32-bit code"
  mov ecx, kStack16
  mov ss, cx
  mov esp, 0xABCD0100
  mov eax, 0x12345678
  jmp kCode0:StackRoutine
  CAUGHT kLeave
  SAME [CaughtEbx], 4
  SAME [CaughtEsp], 0xABCD0100
  SAME [CaughtEcx], 0x12345678
  MODE_CASE "1, 6.2.3: a 16-bit stack that wraps under 32-bit code"
  DESCRIBE kStack16, RingStack0, 0xFFFF, kDataWritable
  mov ecx, kStack16
  mov ss, cx
  mov esp, 0xABCD0000
  mov eax, 0x12345678
  jmp kCode0:StackRoutine
  CAUGHT kLeave
  SAME [CaughtEbx], 0xFFFF0004
  SAME [CaughtEsp], 0xABCD0000
%endmacro

  MODE_CASE "1, 6.2.3: INT with a 32-bit gate on a 16-bit stack that wraps"
  DESCRIBE kStack16, RingStack0, 0xFFFF, kDataWritable
  mov ecx, kStack16
  mov ss, cx
  mov esp, 0xABCD0004
  int kLeave
%$behind:
  CAUGHT kLeave
  SAME [HandlerEsp], 0xABCDFFF8
  SAME [CaughtEsp], 0xABCD0004
  SAME [RingStack0 + 0xFFF8], %$behind
  SAME [RingStack0 + 0xFFFC], kCode0

%macro BRANCHES 0
  MODE_CASE "3.4.3: branches in the flat segment"
  jmp kCode0:BranchRoutine
  CAUGHT kLeave
  SAME [CaughtEip], BranchRoutine.on + 2
  SAME [CaughtEdx], BranchRoutine.next
  MODE_CASE "3.4.3: branches in a segment with a base"
  RUN_NEAR kNear0, BranchRoutine
  CAUGHT kLeave
  SAME [CaughtEip], BranchRoutine.on + 2 - NearBase
  SAME [CaughtEdx], BranchRoutine.next - NearBase
  MODE_CASE "3.4.3: branches in a segment with a base in ring 3"
  IN_RING 3
  RUN_NEAR kNearIn3, BranchRoutine
  CAUGHT kLeave
  SAME [CaughtEip], BranchRoutine.on + 2 - NearBase
  SAME [CaughtEdx], BranchRoutine.next - NearBase
%endmacro
  BRANCHES
  BRANCHES

; WINDOW base, limit, access: that is then GS and ES
%macro WINDOW 3
  DESCRIBE kWindow, %1, %2, %3
  mov ecx, kWindow
  mov gs, cx
  mov es, cx
%endmacro
%macro WINDOWS 0
  MODE_CASE "3.4.3: data segments at a base"
  WINDOW Words, 15, kDataWritable | kBig
  jmp kCode0:WindowRoutine
  CAUGHT kLeave
  SAME [CaughtEax], 0x11111111
  SAME [CaughtEdx], 0x22222222
  MODE_CASE "3.4.3: data segments at another base"
  WINDOW Words + 4, 15, kDataWritable | kBig
  jmp kCode0:WindowRoutine
  CAUGHT kLeave
  SAME [CaughtEax], 0x22222222
  SAME [CaughtEdx], 0x33333333
  MODE_CASE "3.4.3: data segments at a base without limit"
  WINDOW Words + 8, 0xFFFFF, kDataWritable | kBigPages
  jmp kCode0:WindowRoutine
  CAUGHT kLeave
  SAME [CaughtEax], 0x33333333
  SAME [CaughtEdx], 0x44444444
  MODE_CASE "3.4.3: data segments that end too early"
  WINDOW Words, 6, kDataWritable | kBig
  jmp kCode0:WindowRoutine
  CAUGHT 13
  SAME [CaughtEax], 0x11111111
  SAME [CaughtEdx], 0
  MODE_CASE "3.4.3: data segments that are read-only"
  WINDOW Words, 15, 0x90 | kBig
  jmp kCode0:WindowRoutine
  CAUGHT kLeave
  SAME [CaughtEdx], 0x22222222
  MODE_CASE "3.4.3: data segments that are null"
  mov gs, cx
  mov es, cx
  jmp kCode0:WindowRoutine
  CAUGHT 13
  SAME [CaughtEip], WindowRoutine
  MODE_CASE "3.4.3: data segments that are flat"
  mov dword [4], 0x5555AAAA
  mov dword [0], 0x6666BBBB
  jmp kCode0:WindowRoutine
  CAUGHT kLeave
  SAME [CaughtEax], 0x6666BBBB
  SAME [CaughtEdx], 0x5555AAAA
%endmacro
  WINDOWS
  WINDOWS

  ; The hidden part

  MODE_CASE "3.4.3: a segment keeps what it was loaded with until it is loaded again"
  WINDOW Words, 15, kDataWritable | kBig
  DESCRIBE kWindow, Words + 4, 15, kDataWritable | kBig
  mov eax, [gs:0]
  mov gs, cx
  mov edx, [gs:0]
  UNDISTURBED
  SAME eax, 0x11111111
  SAME edx, 0x22222222

  MODE_CASE "3.4.3: CS keeps what it was loaded with; IRET loads it again"
  DESCRIBE kNear0, NearBase, 0xFFFF, kCodeReadable | kBig
  jmp kNear0:(%$near - NearBase)
%$near:
  inc dword [Gdt + kNear0 + 2]  ; its base
  jmp %$still
%$still:
  pushfd
  push cs
  push dword %$behind - NearBase - 1
  iretd
  ud2
%$behind:
  LEAVE_CASE
  CAUGHT kLeave
  SAME [CaughtEip], %$behind + 2 - NearBase - 1
  SAME [CaughtCs], kNear0

  MODE_CASE "3.4.3: SS keeps its width and limit"
  mov ecx, kStack16
  mov ss, cx
  mov esp, 0xABCD0100
  or byte [Gdt + kStack16 + 6], 0x40  ; B
  push dword 1
  mov ebx, esp
  mov eax, kData0
  mov ss, ax
  mov esp, StackTop
  UNDISTURBED
  SAME ebx, 0xABCD00FC
  SAME [RingStack0 + 0xFC], 1

  ; Virtual-8086 mode and protected mode

%macro BOTH_MODES 0
  MODE_CASE "20.1: bytes at 1000:0 in virtual-8086 mode"
  mov dword [kLow + kLanding - 8], 0x40404048
  mov ebx, 0
  V86
  jmp kLowCode:kLanding - 8
  END_V86
  CAUGHT 3
  MASKED [CaughtEax], 0xFFFF, 2
  MODE_CASE "20.1: the same bytes in flat protected mode"
  mov dword [kLow + kLanding - 8], 0x40404048
  jmp kCode0:kLow + kLanding - 8
  CAUGHT 3
  SAME [CaughtEip], kLow + kLanding + 1
  SAME [CaughtEax], 2
%endmacro
  BOTH_MODES
  BOTH_MODES
  STACKS
  STACKS

  END_CASES "modes"
