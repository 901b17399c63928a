; SPDX-License-Identifier: Apache-2.0
; The gates of the IDT (SDM vol. 3, 6.10 to 6.15; vol. 2, INT n): kinds of gate, flags, privilege,
; what is wrong with a gate or with its target, error codes, double faults. stacks.asm has the
; stacks that handlers run on.
%define WITH_PAGING
%include "cases.inc"

kVector equ 0x21  ; the gate that cases change
kIdtError equ kVector * 8 + 2
%define DIGITS(n) '0' + (n) / 10, '0' + (n) % 10

section .text
global Start
Start:
  mov esp, StackTop
  call InitCases

  ; Flags

kAllFlags equ kCf | kZf | kIf | kDf | kOf | kIopl1 | kNt | kAc | kId | 2

  CASE "6.12.1.2: an interrupt gate clears IF, NT, and saves all flags"
  or byte [Idt + kVector * 8 + 5], kDpl3
  IN_RING 3, kAllFlags
  AT
  int kVector
  CAUGHT kVector
  SAME [CaughtEip], %$at + 2
  SAME [CaughtEflags], kAllFlags
  SAME [HandlerFlags], kAllFlags & ~(kIf | kNt)

  CASE "6.12.1.2: a trap gate leaves IF, and clears NT"
  mov byte [Idt + kVector * 8 + 5], kTrap32 | kDpl3
  IN_RING 3, kAllFlags
  int kVector
  CAUGHT kVector
  SAME [CaughtEflags], kAllFlags
  SAME [HandlerFlags], kAllFlags & ~kNt

  CASE "6.12.1.2: a gate clears TF, so that the handler is not traced"
  mov byte [Idt + kVector * 8 + 5], kTrap32 | kDpl3
  IN_RING 3, kTf
  int kVector
  CAUGHT kVector
  SAME [CaughtEflags], kTf | 2
  SAME [HandlerFlags], 2

  CASE "17.3.1.4: TF traps behind the next instruction, with TF in the image only"
  IN_RING 3, kTf | kIf
  nop
  AT
  nop
  RAISES 1, 0
  SAME [CaughtEflags], kTf | kIf | 2
  SAME [HandlerFlags], 2

  CASE "17.3.1.1: a fault saves RF set"
  IN_RING 3
  AT
  ud2
  RAISES 6, 0
  SAME [CaughtEflags], kRf | 2
  SAME [HandlerFlags], 2

  CASE "17.3.1.1: RF lasts for one instruction"
  or byte [Idt + kVector * 8 + 5], kDpl3
  IN_RING 3, kRf
  nop
  int kVector
  CAUGHT kVector
  SAME [CaughtEflags], 2

  CASE "17.3.1.1: a single-step trap saves RF clear"
  IN_RING 3, kRf | kTf
  nop
  CAUGHT 1
  SAME [CaughtEflags], kTf | 2

  ; Privilege of the gate

%assign cpl 0
%rep 4
  %assign dpl 0
  %rep 4
  CASE "6.12.1.1: INT n in ring ", '0' + cpl, " through a gate of DPL ", '0' + dpl
  or byte [Idt + kVector * 8 + 5], dpl << 5
  IN_RING cpl
  AT
  int kVector
    %if dpl < cpl
  RAISES 13, kIdtError
    %else
  CAUGHT kVector
  SAME [CaughtEip], %$at + 2
  SAME [CaughtCs], kCode %+ cpl
    %endif
    %assign dpl dpl + 1
  %endrep
  %assign cpl cpl + 1
%endrep

  CASE "6.12.1.1: INT3 obeys the gate's DPL"
  IN_RING 3
  AT
  int3
  RAISES 13, 3 * 8 + 2

  CASE "6.12.1.1: INTO obeys the gate's DPL"
  IN_RING 3, kOf
  AT
  into
  RAISES 13, 4 * 8 + 2

  CASE "6.12.1.1: INTO through a gate of DPL 3 is a trap"
  or byte [Idt + 4 * 8 + 5], kDpl3
  IN_RING 3, kOf
  AT
  into
  CAUGHT 4
  SAME [CaughtEip], %$at + 1

  CASE "6.12.1.1: BOUND does not look at the gate's DPL"
  mov dword [Scratch], 1
  mov dword [Scratch + 4], 2
  xor eax, eax
  IN_RING 3
  AT
  bound eax, [Scratch]
  RAISES 5, 0

  CASE "2, INT n: INT1 does not look at the gate's DPL"
  IN_RING 3
  AT
  db 0xF1
  CAUGHT 1
  SAME [CaughtEip], %$at + 1

  CASE "6.12.1.1: an exception does not look at the gate's DPL"
  IN_RING 3
  AT
  div dword [Zero]
  RAISES 0, 0

  ; What is wrong with the gate

%assign type 0
%rep 32
  %if type != 5 && type != 6 && type != 7 && type != 14 && type != 15
  CASE "6.11: INT n through a descriptor of type ", DIGITS(type)
  mov byte [Idt + kVector * 8 + 5], 0x80 | type
  AT
  int kVector
  RAISES 13, kIdtError
  %endif
  %assign type type + 1
%endrep

%macro ABSENT 1
  CASE "2, INT n: a gate of type ", DIGITS(%1), " that is not present"
  mov byte [Idt + kVector * 8 + 5], %1
  AT
  int kVector
  RAISES 11, kIdtError
%endmacro
  ABSENT 5
  ABSENT 6
  ABSENT 7
  ABSENT 14
  ABSENT 15

  CASE "2, INT n: the DPL is checked before the gate's presence"
  mov byte [Idt + kVector * 8 + 5], kInterrupt32 & ~0x80
  IN_RING 3
  AT
  int kVector
  RAISES 13, kIdtError

  CASE "2, INT n: the type is checked before the DPL and presence"
  mov byte [Idt + kVector * 8 + 5], 0x0C
  IN_RING 3
  AT
  int kVector
  RAISES 13, kIdtError

  CASE "6.10: a vector beyond the limit"
  AT
  int kVectors
  RAISES 13, kVectors * 8 + 2

  CASE "6.10: vector 255 beyond the limit"
  AT
  int 255
  RAISES 13, 255 * 8 + 2

%macro IDT_LIMIT 1
  mov word [OtherTable], %1
  mov dword [OtherTable + 2], Idt
  lidt [OtherTable]
%endmacro
  CASE "6.10: a gate that lies within the limit to its last byte"
  IDT_LIMIT kVector * 8 + 7
  AT
  int kVector
  CAUGHT kVector

  CASE "6.10: a gate whose last byte is beyond the limit"
  IDT_LIMIT kVector * 8 + 6
  AT
  int kVector
  RAISES 13, kIdtError

  CASE "6.13: an exception through a gate of a wrong type sets EXT"
  mov byte [Idt + 6 * 8 + 5], 0x8C
  AT
  ud2
  RAISES 13, 6 * 8 + 2 + 1

  CASE "6.13: an exception through a gate that is not present sets EXT"
  mov byte [Idt + 6 * 8 + 5], kInterrupt32 & ~0x80
  IN_RING 3
  AT
  ud2
  RAISES 11, 6 * 8 + 2 + 1

  CASE "2, INT n: INT1 sets EXT"
  mov byte [Idt + 1 * 8 + 5], kInterrupt32 & ~0x80
  AT
  db 0xF1
  RAISES 11, 1 * 8 + 2 + 1

  ; What is wrong with the target. Each for INT n, and for an exception (EXT).

; TARGET name, selector, offset, vector, error code: of a gate to that; EXT is added for #UD.
%macro TARGET 5
  CASE "2, INT n: ", %1
  IDT_GATE kVector, %2, %3, kInterrupt32
  AT
  int kVector
  RAISES %4, %5
  CASE "6.13: #UD to ", %1
  IDT_GATE 6, %2, %3, kInterrupt32
  AT
  ud2
  RAISES %4, (%5) + 1
%endmacro
%macro SPARE_TARGET 4
  CASE "2, INT n: ", %1
  DESCRIBE SPARE(0), 0, 0xFFFFF, %2
  IDT_GATE kVector, SPARE(0), Arrival, kInterrupt32
  AT
  int kVector
  RAISES %3, %4
%endmacro
  TARGET "a null target", 0, Arrival, 13, 0
  TARGET "a null target with RPL", 3, Arrival, 13, 0
  TARGET "a target beyond the GDT", kBeyond, Arrival, 13, kBeyond
  TARGET "a target beyond the GDT with RPL", kBeyond | 3, Arrival, 13, kBeyond
  TARGET "a target in the LDT when there is none", LOCAL(1), Arrival, 13, LOCAL(1)
  TARGET "a data segment as target", kData0, Arrival, 13, kData0
  TARGET "a TSS as target", kTask, Arrival, 13, kTask
  TARGET "a target of an outer ring", kCode3, Arrival, 13, kCode3 & ~3
  SPARE_TARGET "a target that is not present", kCodeReadable & ~0x80 | kBigPages, 11, SPARE(0)
  SPARE_TARGET "an outer target that is not present", 0x7A | kBigPages, 13, SPARE(0)
  SPARE_TARGET "a conforming target of an outer ring", 0xFE | kBigPages, 13, SPARE(0)
  SPARE_TARGET "a target whose limit ends before the offset", kCodeReadable | kBig, 13, 0

  CASE "2, INT n: a target in the LDT"
  mov eax, kLocal
  lldt ax
  DESCRIBE LOCAL(1), 0, 0xFFFFF, kCodeReadable | kBigPages
  IDT_GATE kVector, LOCAL(1), Arrival, kInterrupt32
  int kVector
  ARRIVES
  SAME [CaughtCs], LOCAL(1)

  CASE "6.12.1.1: the RPL of the target selector does not matter"
  IDT_GATE kVector, kCode0 | 3, Arrival, kInterrupt32
  int kVector
  ARRIVES
  SAME [CaughtCs], kCode0

  CASE "3.5.1: a jump through a gate marks its target accessed"
  DESCRIBE SPARE(0), 0, 0xFFFFF, kCodeReadable | kBigPages
  IDT_GATE kVector, SPARE(0), Arrival, kInterrupt32
  int kVector
  ARRIVES
  SAME8 [ACCESS(SPARE(0))], kCodeReadable | 1

  ; No room on the present stack, by a handler that stays in ring 3

%macro CROWDED 4+  ; name, vector, error code, instruction
  CASE "6.12.1: no room on the present stack, ", %1
  IDT_GATE %2, kCode3, Arrival, kInterrupt32 | kDpl3
  DESCRIBE SPARE(0), RingStack3, 1023, kDataWritable | kBig | kDpl3
  IN_RING 3
  mov ecx, SPARE(0) | 3
  mov ss, cx
  mov esp, 8
  AT
  %4
  RAISES 12, %3
  SAME [CaughtEsp], 8
%endmacro
  CROWDED "INT", kVector, 0, int kVector
  CROWDED "#UD", 6, 1, ud2

  CASE "6.12.1: just enough room on the present stack"
  IDT_GATE kVector, kCode3, Arrival, kInterrupt32 | kDpl3
  DESCRIBE SPARE(0), RingStack3, 1023, kDataWritable | kBig | kDpl3
  IN_RING 3
  mov ecx, SPARE(0) | 3
  mov ss, cx
  mov esp, 12
  int kVector
  ARRIVES
  SAME [CaughtEsp], 0

  ; 16-bit gates: the offset has 16 bits, what is pushed are words.

  CASE "6.12.1: a 16-bit interrupt gate pushes words"
  IDT_GATE kVector, kNear0, Arrival - NearBase, kInterrupt16
  push dword kCf | kIf | kDf
  popf
  AT
  int kVector
  ARRIVES Arrival - NearBase
  SAME [CaughtCs], kNear0
  SAME [CaughtEflags], kCf | kDf | 2
  mov ebx, [ResumeStack]
  lea eax, [ebx - 6]
  SAME [CaughtEsp], eax
  mov eax, %$at + 2
  and eax, 0xFFFF
  SAME16 [ebx - 6], eax
  SAME16 [ebx - 4], kCode0
  SAME16 [ebx - 2], kCf | kIf | kDf | 2

  CASE "6.12.1: a 16-bit trap gate leaves IF"
  IDT_GATE kVector, kNear0, Arrival - NearBase, kTrap16
  push dword kIf
  popf
  int kVector
  ARRIVES Arrival - NearBase
  SAME [CaughtEflags], kIf | 2

  CASE "6.12.1: a 16-bit gate to an inner ring pushes five words"
  IDT_GATE kVector, kNear0, Arrival - NearBase, kInterrupt16 | kDpl3
  IN_RING 3, kIf
  AT
  int kVector
  ARRIVES Arrival - NearBase
  SAME [CaughtEsp], RingStackTop0 - 10
  mov eax, %$at + 2
  and eax, 0xFFFF
  SAME16 [RingStackTop0 - 10], eax
  SAME16 [RingStackTop0 - 8], kCode3
  SAME16 [RingStackTop0 - 6], kIf | 2
  mov eax, RingStackTop3
  and eax, 0xFFFF
  SAME16 [RingStackTop0 - 4], eax
  SAME16 [RingStackTop0 - 2], kData3

  CASE "6.13: a 16-bit gate pushes the error code as a word"
  IDT_GATE 13, kNear0, Arrival - NearBase, kInterrupt16
  IN_RING 3
  mov eax, kBeyond
  AT
  mov es, ax
  ARRIVES Arrival - NearBase
  SAME [CaughtEsp], RingStackTop0 - 12
  SAME16 [RingStackTop0 - 12], kBeyond
  mov eax, %$at
  and eax, 0xFFFF
  SAME16 [RingStackTop0 - 10], eax

  ; Error codes by vector

%macro NO_ERROR_CODE 1
  CASE "6.13: INT ", DIGITS(%1), " pushes no error code"
  IDT_GATE %1, kCode0, Arrival, kInterrupt32
  int %1
  ARRIVES
  mov eax, [ResumeStack]
  sub eax, 12
  SAME [CaughtEsp], eax
%endmacro
%assign vector 0
%rep 20
  NO_ERROR_CODE vector
  %assign vector vector + 1
%endrep

  CASE "6.15, #NM: no error code"
  mov eax, cr0
  or eax, 8
  mov cr0, eax
  AT
  fld1
  RAISES 7, 0
  clts

  CASE "6.15, #MF: no error code, before the next x87 instruction"
  mov eax, cr0
  and eax, ~4  ; EM
  or eax, 0x20  ; NE
  mov cr0, eax
  fninit
  mov word [Scratch], 0x37B  ; ZM clear
  fldcw [Scratch]
  fld1
  fldz
  fdivp
  nop
  AT
  fwait
  RAISES 16, 0
  fninit

  CASE "6.15, #AC: error code 0"
  mov eax, cr0
  or eax, 0x40000
  mov cr0, eax
  IN_RING 3, kAc
  sub esp, 6
  AT
  push ds
  RAISES 17, 0

  CASE "6.15, #AC: not in ring 0"
  push dword kAc
  popf
  mov eax, [Scratch + 1]
  push dword 0
  popf
  UNDISTURBED
  mov eax, cr0
  and eax, ~0x40000
  mov cr0, eax

  ; Double faults

; DOUBLE_FAULT name, vector, how its gate is spoilt: access byte
%macro DOUBLE_FAULT 3
  CASE "table 6-5: ", %1
  mov byte [Idt + (%2) * 8 + 5], %3
%endmacro
%assign wrong kInterrupt32 & ~0x80
%define wrong_name "#NP"
%rep 2
  DOUBLE_FAULT {"#DE, then ", wrong_name}, 0, wrong
  AT
  div dword [Zero]
  RAISES 8, 0

  DOUBLE_FAULT {"#TS, then ", wrong_name}, 10, wrong
  mov dword [Task + TssSs0 + 8], 0
  IDT_GATE kVector, kCode1, Arrival, kInterrupt32 | kDpl3
  IN_RING 3
  AT
  int kVector
  RAISES 8, 0

  DOUBLE_FAULT {"#SS, then ", wrong_name}, 12, wrong
  DESCRIBE SPARE(0), 0, 0xFFFFF, kDataWritable & ~0x80
  mov eax, SPARE(0)
  AT
  mov ss, ax
  RAISES 8, 0

  DOUBLE_FAULT {"#GP, then ", wrong_name}, 13, wrong
  AT
  int 255
  RAISES 8, 0
  %assign wrong 0x8C
  %define wrong_name "#GP"
%endrep

  CASE "table 6-5: #NP, then #NP"
  mov byte [Idt + kVector * 8 + 5], kInterrupt32 & ~0x80
  mov byte [Idt + 11 * 8 + 5], kInterrupt32 & ~0x80
  AT
  int kVector
  RAISES 8, 0

  CASE "table 6-5: #GP in ring 3, then #TS"
  mov dword [Task + TssSs0 + 8], kBeyond
  IDT_GATE 13, kCode1, Arrival, kInterrupt32
  IN_RING 3
  AT
  hlt
  RAISES 8, 0

  CASE "table 6-5: #BP, then #NP, one after the other"
  mov byte [Idt + 3 * 8 + 5], kInterrupt32 & ~0x80
  AT
  int3
  RAISES 11, 3 * 8 + 2

  CASE "table 6-5: #DB, then #NP, one after the other"
  mov byte [Idt + 1 * 8 + 5], kInterrupt32 & ~0x80
  IN_RING 3, kTf
  nop
  AT
  nop
  RAISES 11, 1 * 8 + 2 + 1

  CASE "table 6-5: #BR, then #GP, one after the other"
  mov byte [Idt + 5 * 8 + 5], 0x80
  mov dword [Scratch], 1
  mov dword [Scratch + 4], 2
  xor eax, eax
  AT
  bound eax, [Scratch]
  RAISES 13, 5 * 8 + 2 + 1

  CASE "table 6-5: #UD, then #NP, then #GP: the second pair makes a double fault"
  mov byte [Idt + 6 * 8 + 5], kInterrupt32 & ~0x80
  mov byte [Idt + 11 * 8 + 5], 0x80
  AT
  ud2
  RAISES 8, 0

  ; With paging
  call InitPaging

  CASE "table 6-5: #PF, then #NP"
  mov byte [Idt + 14 * 8 + 5], kInterrupt32 & ~0x80
  AT
  mov eax, [kNoPage]
  RAISES 8, 0

  CASE "table 6-5: #PF, then #PF"
  IDT_GATE 14, kCode1, Arrival, kInterrupt32
  mov dword [Task + TssEsp0 + 8], kNoPage + 0x800
  IN_RING 3
  AT
  mov eax, [kNoPage]
  RAISES 8, 0
  mov eax, cr2
  MASKED eax, ~0xFFF, kNoPage

  CASE "table 6-5: #GP, then #PF, one after the other"
  IDT_GATE 13, kCode1, Arrival, kInterrupt32
  mov dword [Task + TssEsp0 + 8], kNoPage + 0x800
  IN_RING 3
  AT
  hlt
  RAISES 14, 2
  mov eax, cr2
  MASKED eax, ~0xFFF, kNoPage

  CASE "table 6-5: #UD, then #PF, one after the other"
  IDT_GATE 6, kCode1, Arrival, kInterrupt32
  mov dword [Task + TssEsp0 + 8], kNoPage + 0x800
  IN_RING 3
  AT
  ud2
  RAISES 14, 2

  CASE "6.10: a gate on a page that is not present"
  mov esi, Idt
  mov edi, kNoPage - kVectors * 8
  mov ecx, kVectors * 2
  rep movsd
  mov word [OtherTable], 256 * 8 - 1
  mov dword [OtherTable + 2], kNoPage - kVectors * 8
  lidt [OtherTable]
  AT
  int kVectors
  RAISES 14, 0
  mov eax, cr2
  SAME eax, kNoPage

  CASE "6.11: the upper half of a 16-bit gate's offset does not count"
  IDT_GATE kVector, kNear0, 0xDEAD0000 + (Arrival - NearBase), kInterrupt16
  int kVector
  ARRIVES Arrival - NearBase

  END_CASES "gates"

section .data
Zero: dd 0
OtherTable: dw 0
  dd 0
