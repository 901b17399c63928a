; SPDX-License-Identifier: Apache-2.0
; Who may use a port (SDM vol. 1, 19.5): IOPL, and the I/O permission bitmap of the TSS in protected
; and virtual-8086 mode, up to its last byte. The ports used have no device behind them.
%define WITH_PAGING
%include "v86.inc"

kPort equ 0xE0

section .text
; IO_MAP bytes: a bitmap of that many bytes (the TSS ends there), all ones.
%macro IO_MAP 1
  push dword %1
  call MakeMap
%endmacro
; CHANGE btr or bts, map, port. With the bit in a register, so that it may be beyond the dword.
%macro CHANGE 3
  push eax
  mov eax, %3
  %1 [%2], eax
  pop eax
%endmacro
%macro ALLOW 1-*  ; ports
  %rep %0
  CHANGE btr, Task + kTssBytes, %1
  %rotate 1
  %endrep
%endmacro
MakeMap:
  mov ecx, [esp + 4]
  lea eax, [ecx + kTssBytes - 1]
  DESCRIBE kTask, Task, eax, kTss32
  mov eax, kTask
  ltr ax
  mov edi, Task + kTssBytes
  mov al, 0xFF
  rep stosb
  ret 4

; The end of a case whose map is made: ring, instruction.
%macro ALLOWED_IN_RING 2+
  IN_RING %1
  mov edx, kPort
  mov edi, Scratch
  mov esi, Scratch
  %2
  LEAVE_CASE
  CAUGHT kLeave
%endmacro
%macro FORBIDDEN_IN_RING 2+
  IN_RING %1
  mov edx, kPort
  mov edi, Scratch
  mov esi, Scratch
  AT
  %2
  RAISES 13, 0
%endmacro

; FORM instruction, size: checked for all its ports, and for no other
%macro FORM 2+
  %defstr instruction_text %2
  %assign port 0
  %rep %1
  CASE "1, 19.5.2: ", instruction_text, " with port ", '0' + port, " forbidden"
  IO_MAP 64
  ALLOW kPort, kPort + 1, kPort + 2, kPort + 3
  CHANGE bts, Task + kTssBytes, kPort + port
  FORBIDDEN_IN_RING 3, %2
  %assign port port + 1
  %endrep
  CASE "1, 19.5.2: ", instruction_text, " with no other port allowed"
  IO_MAP 64
  %assign port 0
  %rep %1
  ALLOW kPort + port
  %assign port port + 1
  %endrep
  ALLOWED_IN_RING 3, %2
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitCases
  call InitV86

  FORM 1, in al, dx
  FORM 1, in al, kPort
  FORM 2, in ax, dx
  FORM 2, in ax, kPort
  FORM 4, in eax, dx
  FORM 4, in eax, kPort
  FORM 1, out dx, al
  FORM 1, out kPort, al
  FORM 2, out dx, ax
  FORM 4, out dx, eax
  FORM 4, out kPort, eax
  FORM 1, insb
  FORM 2, insw
  FORM 4, insd
  FORM 1, outsb
  FORM 2, outsw
  FORM 4, outsd

%assign cpl 0
%rep 4
  %assign iopl 0
  %rep 4
  CASE "1, 19.5.1: in ring ", '0' + cpl, " with IOPL ", '0' + iopl, " and no map"
  IN_RING cpl, iopl << 12
  AT
  in al, kPort
  LEAVE_CASE
    %if cpl <= iopl
  CAUGHT kLeave
    %else
  RAISES 13, 0
    %endif
  CASE "1, 19.5.1: CLI in ring ", '0' + cpl, " with IOPL ", '0' + iopl
  IN_RING cpl, iopl << 12 | kIf
  AT
  cli
  LEAVE_CASE
    %if cpl <= iopl
  CAUGHT kLeave
  SAME [CaughtEflags], iopl << 12 | 2
    %else
  RAISES 13, 0
    %endif
    %assign iopl iopl + 1
  %endrep
  %assign cpl cpl + 1
%endrep

  ; Across bytes of the map

  CASE "1, 19.5.2: a dword whose last port is in the next byte and forbidden"
  IO_MAP 64
  ALLOW kPort + 5, kPort + 6, kPort + 7
  IN_RING 3
  mov edx, kPort + 5
  AT
  in eax, dx
  RAISES 13, 0

  CASE "1, 19.5.2: a dword across two bytes"
  IO_MAP 64
  ALLOW kPort + 5, kPort + 6, kPort + 7, kPort + 8
  IN_RING 3
  mov edx, kPort + 5
  in eax, dx
  LEAVE_CASE
  CAUGHT kLeave

  CASE "1, 19.5.2: a word whose second port is in the next byte and forbidden"
  IO_MAP 64
  ALLOW kPort + 7
  IN_RING 3
  AT
  in ax, kPort + 7
  RAISES 13, 0

  ; The end of the map

  CASE "1, 19.5.2: two bytes are read: the map must go on behind the port's own"
  IO_MAP kPort / 8 + 1
  ALLOW kPort
  FORBIDDEN_IN_RING 3, in al, kPort

  CASE "1, 19.5.2: a closing byte of ones is enough"
  IO_MAP kPort / 8 + 2
  ALLOW kPort + 7
  ALLOWED_IN_RING 3, in al, kPort + 7

  CASE "1, 19.5.2: a port behind the end of the map"
  IO_MAP 2
  ALLOW 0, 1, 2, 3, 4, 5, 6, 7
  FORBIDDEN_IN_RING 3, in al, kPort

  CASE "1, 19.5.2: port FFFFh and the whole map"
  IO_MAP 0x2001
  ALLOW 0xFFFF
  IN_RING 3
  mov edx, 0xFFFF
  in al, dx
  AT
  in ax, dx  ; its second port would be in the closing byte
  RAISES 13, 0

  CASE "1, 19.5.2: a map base beyond the limit"
  IO_MAP 64
  mov word [Task + TssIoMap], kTssBytes + 64
  FORBIDDEN_IN_RING 3, in al, kPort

  CASE "1, 19.5.2: a map base of FFFFh"
  IO_MAP 64
  mov word [Task + TssIoMap], 0xFFFF
  FORBIDDEN_IN_RING 3, in al, kPort

  CASE "1, 19.5.2: the map may begin anywhere in the TSS"
  IO_MAP 64
  mov word [Task + TssIoMap], kTssBytes + 16
  CHANGE btr, Task + kTssBytes + 16, kPort
  ALLOWED_IN_RING 3, in al, kPort

  CASE "1, 19.5.2: a 16-bit TSS has no map"
  IO_MAP 64
  ALLOW kPort
  DESCRIBE SPARE(1), Task, kTssBytes + 63, kTss16
  mov word [Task + 2], 0x400
  mov eax, SPARE(2)
  mov word [Task + 4], ax
  DESCRIBE SPARE(2), RingStack0, 1023, kDataWritable
  mov eax, SPARE(1)
  ltr ax
  FORBIDDEN_IN_RING 3, in al, kPort

  CASE "2, INS: the port is judged before the memory operand"
  IO_MAP 64
  IN_RING 3
  mov edx, kPort
  xor eax, eax
  mov es, ax
  AT
  insb
  RAISES 13, 0

  ; Virtual-8086 mode: IOPL does not count, the map does

%assign iopl 0
%rep 4
  CASE "20.2.8.1: in virtual-8086 mode with IOPL ", '0' + iopl, " and no map"
  V86 iopl << 12
  AT
  in al, kPort
  END_V86
  RAISES16 13, 0

  CASE "20.2.8.1: in virtual-8086 mode with IOPL ", '0' + iopl, " and a map"
  IO_MAP 64
  ALLOW kPort, kPort + 1
  V86 iopl << 12
  mov dx, kPort
  in ax, dx
  out kPort, al
  AT
  in eax, dx
  END_V86
  RAISES16 13, 0
  %assign iopl iopl + 1
%endrep

  ; A map that is not in memory
  call InitPaging

  CASE "1, 19.5.2: a page fault of the map"
  mov esi, Task
  mov edi, kNoPage - 0x80
  mov ecx, kTssBytes / 4
  rep movsd
  mov word [kNoPage - 0x80 + TssIoMap], 0x80 - kPort / 8
  DESCRIBE SPARE(1), kNoPage - 0x80, 0xFFF, kTss32
  mov eax, SPARE(1)
  ltr ax
  IN_RING 3
  AT
  in al, kPort
  RAISES 14, 0
  mov eax, cr2
  SAME eax, kNoPage

  END_CASES "ports"
