; SPDX-License-Identifier: Apache-2.0
; Ways to an inner ring (SDM vol. 3, 5.8 and 6.12.1; vol. 2, CALL and INT n): interrupts and call
; gates take their stack from the TSS, with what can be wrong about it; call gates copy parameters;
; far CALL and JMP without a gate stay in their ring.
%include "cases.inc"

kVector equ 0x21
kGate equ SPARE(10) | 3
kTarget equ SPARE(11)

section .bss
Task16: resb 0x2C

section .text
global Start
Start:
  mov esp, StackTop
  call InitCases

  ; From ring to ring

%macro INTERRUPT_TO 2  ; from, to
  CASE "5.8.5: INT from ring ", '0' + %1, " to ring ", '0' + %2
  IDT_GATE kVector, kCode%2, STUB_OF(kVector), kInterrupt32 | kDpl3
  IN_RING %1, kIf
  push eax
  AT
  int kVector
  CAUGHT kVector
  SAME [CaughtEip], %$at + 2
  SAME [CaughtCs], kCode%1
  SAME [CaughtEflags], kIf | 2
  SAME [CaughtEsp], RingStackTop%1 - 4
  SAME [CaughtSs], kData%1
  SAME [HandlerCs], kCode%2
  SAME [HandlerSs], kData%2
  SAME [HandlerEsp], RingStackTop%2 - 20
%endmacro
  INTERRUPT_TO 3, 0
  INTERRUPT_TO 3, 1
  INTERRUPT_TO 3, 2
  INTERRUPT_TO 2, 0
  INTERRUPT_TO 2, 1
  INTERRUPT_TO 1, 0

%macro CALL_TO 2
  CASE "5.8.5: CALL through a gate from ring ", '0' + %1, " to ring ", '0' + %2
  GATE kGate, kCode%2, Arrival, kCall32 | kDpl3
  IN_RING %1, kIf
  push eax
  AT
  call kGate:0xDEADBEEF
  ARRIVES
  SAME [CaughtCs], kCode%2
  SAME [CaughtEflags], kIf | 2  ; a call gate changes no flags
  %if %2 == 0
  SAME [CaughtSs], kData0  ; from the same ring: as the catcher has it
  %else
  SAME [CaughtSs], kData%2
  %endif
  SAME [CaughtEsp], RingStackTop%2 - 16
  SAME [RingStackTop%2 - 16], %$at + 7
  SAME [RingStackTop%2 - 12], kCode%1
  SAME [RingStackTop%2 - 8], RingStackTop%1 - 4
  SAME [RingStackTop%2 - 4], kData%1
%endmacro
  CALL_TO 3, 0
  CALL_TO 3, 1
  CALL_TO 3, 2
  CALL_TO 2, 0
  CALL_TO 2, 1
  CALL_TO 1, 0

  CASE "5.8.5: an exception with error code from ring 2 to ring 1"
  IDT_GATE 13, kCode1, STUB_OF(13), kInterrupt32
  IN_RING 2
  AT
  hlt
  RAISES 13, 0
  SAME [HandlerEsp], RingStackTop1 - 20
  SAME [HandlerCs], kCode1

  CASE "6.12.1.1: a conforming handler runs in the ring that it interrupts"
  DESCRIBE kTarget, 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages
  IDT_GATE kVector, kTarget, STUB_OF(kVector), kInterrupt32 | kDpl3
  IN_RING 3
  AT
  int kVector
  CAUGHT kVector
  SAME [HandlerCs], kTarget | 3
  SAME [HandlerSs], kData3
  SAME [HandlerEsp], RingStackTop3 - 12

  CASE "5.8.4: CALL through a gate to conforming code stays in its ring"
  DESCRIBE kTarget, 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages
  GATE kGate, kTarget, Arrival, kCall32 | kDpl3, 3
  IN_RING 3
  AT
  call kGate:0
  ARRIVES
  SAME [CaughtCs], kTarget | 3
  SAME [CaughtEsp], RingStackTop3 - 8
  SAME [RingStackTop3 - 8], %$at + 7
  SAME [RingStackTop3 - 4], kCode3

  CASE "5.8.4: JMP through a gate to conforming code of ring 0 stays in ring 3"
  DESCRIBE kTarget, 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages
  GATE kGate, kTarget, Arrival, kCall32 | kDpl3
  IN_RING 3
  jmp kGate:0
  ARRIVES
  SAME [CaughtCs], kTarget | 3
  SAME [CaughtEsp], RingStackTop3

  ; What is wrong with the stack in the TSS. Each by INT, by an exception (EXT) and by CALL.

%macro BY_INT 1
  IDT_GATE kVector, kCode1, Arrival, kInterrupt32 | kDpl3
  IN_RING 3
%$at:
  int kVector
%endmacro
%macro BY_EXCEPTION 1
  IDT_GATE 6, kCode1, Arrival, kInterrupt32
  IN_RING 3
%$at:
  ud2
%endmacro
%macro BY_CALL 1
  GATE kGate, kCode1, Arrival, kCall32 | kDpl3
  IN_RING 3
%$at:
  call kGate:0
%endmacro
; BAD_STACK name, SS1, vector, error code; or BAD_SPARE_STACK with an access byte.
%macro BAD_STACK 4
  BAD_STACK_BY INT, %1, %2, %3, %4
  BAD_STACK_BY EXCEPTION, %1, %2, %3, (%4) + 1
  BAD_STACK_BY CALL, %1, %2, %3, %4
%endmacro
%macro BAD_STACK_BY 5
  CASE "5.8.5, 6.13: ", %str(%1), " with ", %2
  mov dword [Task + TssSs0 + 8], %3
  BY_%1 0
  RAISES %4, %5
%endmacro
%macro BAD_SPARE_STACK 5  ; name, RPL, limit, access, vector
  BAD_SPARE_STACK_BY INT, %1, %2, %3, %4, %5, 0
  BAD_SPARE_STACK_BY EXCEPTION, %1, %2, %3, %4, %5, 1
  BAD_SPARE_STACK_BY CALL, %1, %2, %3, %4, %5, 0
%endmacro
%macro BAD_SPARE_STACK_BY 7
  CASE "5.8.5, 6.13: ", %str(%1), " with ", %2
  DESCRIBE SPARE(0), RingStack1, %4, %5
  mov dword [Task + TssEsp0 + 8], 1024
  mov dword [Task + TssSs0 + 8], SPARE(0) | (%3)
  BY_%1 0
  RAISES %6, SPARE(0) + (%7)
%endmacro
  BAD_STACK "a null SS in the TSS", 0, 10, 0
  BAD_STACK "a null SS with RPL in the TSS", 1, 10, 0
  BAD_STACK "an SS beyond the GDT", kBeyond | 1, 10, kBeyond
  BAD_STACK "an SS in an LDT that is not there", LOCAL(1) | 1, 10, LOCAL(1)
  BAD_STACK "an SS whose RPL is not the new ring", kData1 & ~3, 10, kData1 & ~3
  BAD_STACK "an SS of an outer ring", kData2 & ~3 | 1, 10, kData2 & ~3
  BAD_STACK "an SS that is a code segment", kCode1, 10, kCode1 & ~3
  BAD_STACK "an SS that is a TSS", kTask | 1, 10, kTask
  BAD_SPARE_STACK "a read-only SS", 1, 1023, 0x90 | kBig | kDpl1, 10
  BAD_SPARE_STACK "an SS that is not present", 1, 1023, 0x12 | kBig | kDpl1, 12
  BAD_SPARE_STACK "an SS without room for one word", 1, 1, 0x92 | kBig | kDpl1, 12
  BAD_SPARE_STACK "an SS that is read-only and not present", 1, 1023, 0x10 | kBig | kDpl1, 10

  CASE "5.8.5: INT with a TSS that ends inside SS1"
  mov word [Gdt + kTask], TssSs0 + 8
  jmp kCode0:.reload_tr
.reload_tr:
  mov byte [ACCESS(kTask)], kTss32
  mov eax, kTask
  ltr ax
  BY_INT 0
  RAISES 10, kTask

  CASE "5.8.5: CALL with a TSS that ends right behind SS1"
  mov word [Gdt + kTask], TssSs0 + 8 + 1
  mov byte [ACCESS(kTask)], kTss32
  mov eax, kTask
  ltr ax
  BY_CALL 0
  ARRIVES
  SAME [CaughtCs], kCode1

; ROOM name, limit, vector: INT to ring 1 with a stack of that limit and ESP behind it.
%macro ROOM 3
  CASE "6.12.1: ", %1
  DESCRIBE SPARE(0), RingStack1, %2, kDataWritable | kBig | kDpl1
  mov dword [Task + TssEsp0 + 8], 20
  mov dword [Task + TssSs0 + 8], SPARE(0) | 1
  IDT_GATE %3, kCode1, Arrival, kInterrupt32 | kDpl3
  IN_RING 3
  AT
%endmacro
  ROOM "INT with a stack that just fits", 19, kVector
  int kVector
  ARRIVES
  SAME [CaughtEsp], 0
  SAME [RingStack1], %$at + 2
  SAME [RingStack1 + 16], kData3
  ROOM "INT with a stack that is a byte too small", 18, kVector
  int kVector
  RAISES 12, SPARE(0)
  ROOM "an exception whose error code does not fit", 19, 13
  hlt
  RAISES 8, 0  ; #SS(SPARE(0) + EXT) while delivering #GP

  CASE "6.12.1: CALL whose parameters do not fit"
  DESCRIBE SPARE(0), RingStack1, 19, kDataWritable | kBig | kDpl1
  mov dword [Task + TssEsp0 + 8], 20
  mov dword [Task + TssSs0 + 8], SPARE(0) | 1
  GATE kGate, kCode1, Arrival, kCall32 | kDpl3, 2
  IN_RING 3
  AT
  call kGate:0
  RAISES 12, SPARE(0)

  CASE "6.12.1: INT with an expand-down stack"
  DESCRIBE SPARE(0), 0, 0, 0x96 | kBigPages | kDpl1  ; from 1000h to the top
  mov dword [Task + TssSs0 + 8], SPARE(0) | 1
  BY_INT 0
  ARRIVES
  SAME [CaughtEsp], RingStackTop1 - 20

  CASE "6.12.1: INT below an expand-down stack"
  DESCRIBE SPARE(0), 0, 0xFFF, 0x96 | kBig | kDpl1
  mov dword [Task + TssEsp0 + 8], 0x1000 + 16
  mov dword [Task + TssSs0 + 8], SPARE(0) | 1
  BY_INT 0
  RAISES 12, SPARE(0)

  CASE "6.12.1: INT to a 16-bit stack moves SP only"
  DESCRIBE SPARE(0), RingStack1, 1023, kDataWritable | kDpl1
  mov dword [Task + TssEsp0 + 8], 512
  mov dword [Task + TssSs0 + 8], SPARE(0) | 1
  BY_INT 0
  ARRIVES
  MASKED [CaughtEsp], 0xFFFF, 512 - 20
  SAME [RingStack1 + 512 - 20], %$at + 2

  CASE "6.12.1: INT to a 16-bit stack ignores the upper half of ESP in the TSS"
  DESCRIBE SPARE(0), RingStack1, 1023, kDataWritable | kDpl1
  mov dword [Task + TssEsp0 + 8], 0xBAD0000 + 512
  mov dword [Task + TssSs0 + 8], SPARE(0) | 1
  BY_INT 0
  ARRIVES
  MASKED [CaughtEsp], 0xFFFF, 512 - 20

; A 16-bit TSS in SPARE(5) whose ring-1 stack is SPARE(0), RingStack1.
%macro TASK16 1  ; limit
  DESCRIBE SPARE(5), Task16, %1, kTss16
  DESCRIBE SPARE(0), RingStack1, 1023, kDataWritable | kBig | kDpl1
  DESCRIBE SPARE(1), RingStack0, 1023, kDataWritable | kBig
  mov word [Task16 + 2], 1024
  mov word [Task16 + 4], SPARE(1)
  mov word [Task16 + 6], 1000
  mov word [Task16 + 8], SPARE(0) | 1
  mov eax, SPARE(5)
  ltr ax
%endmacro
  CASE "7.6: INT takes SP and SS from a 16-bit TSS"
  TASK16 0x2B
  IDT_GATE kVector, kCode1, STUB_OF(kVector), kInterrupt32 | kDpl3
  IN_RING 3
  AT
  int kVector
  CAUGHT kVector
  SAME [HandlerEsp], 1000 - 20
  SAME [HandlerSs], SPARE(0) | 1
  SAME [CaughtEip], %$at + 2
  SAME [CaughtEsp], RingStackTop3

  CASE "7.6: INT with a 16-bit TSS that ends inside SS1"
  TASK16 8
  BY_INT 0
  RAISES 10, SPARE(5)

  CASE "7.6: CALL with a 16-bit TSS that ends right behind SS1"
  TASK16 9
  GATE kGate, kCode1, Arrival, kCall32 | kDpl3
  IN_RING 3
  call kGate:0
  ARRIVES
  SAME [CaughtEsp], 1000 - 16

  ; Parameters

; PARAMETERS bits, count: from ring 3 to ring 0
%macro PARAMETERS 2
  CASE "5.8.5: a ", %str(%1), "-bit gate copies ", '0' + (%2) / 10, '0' + (%2) % 10, " parameters"
  %if %1 == 32
  GATE kGate, kCode0, Arrival, kCall32 | kDpl3, %2
  %define word_bytes 4
  %else
  GATE kGate, kNear0, Arrival - NearBase, kCall16 | kDpl3, %2
  %define word_bytes 2
  %endif
  IN_RING 3
  mov ecx, 32
%%more:
  push ecx
  %if %1 == 16
  inc esp
  inc esp
  mov [esp], cx
  %endif
  loop %%more
  AT
  call kGate:0
  %if %1 == 32
  ARRIVES
  %else
  ARRIVES Arrival - NearBase
  %endif
  SAME [CaughtEsp], RingStackTop0 - (4 + %2) * word_bytes
  mov ebx, RingStackTop0 - (4 + %2) * word_bytes
  %if %1 == 32
  SAME [ebx], %$at + 7
  SAME [ebx + 4], kCode3
  %else
  mov eax, %$at + 7
  and eax, 0xFFFF
  SAME16 [ebx], eax
  SAME16 [ebx + 2], kCode3
  %endif
  mov ecx, 1
%%next:
  cmp ecx, %2
  ja %%all
  %if %1 == 32
  SAME [ebx + 4 + ecx * 4], ecx
  %else
  SAME16 [ebx + 2 + ecx * 2], ecx
  %endif
  inc ecx
  jmp %%next
%%all:
  mov eax, RingStackTop3 - 32 * word_bytes
  %if %1 == 32
  SAME [RingStackTop0 - 8], eax
  SAME [RingStackTop0 - 4], kData3
  %else
  and eax, 0xFFFF
  SAME16 [RingStackTop0 - 4], eax
  SAME16 [RingStackTop0 - 2], kData3
  %endif
%endmacro
  PARAMETERS 32, 0
  PARAMETERS 32, 1
  PARAMETERS 32, 8
  PARAMETERS 32, 31
  PARAMETERS 16, 0
  PARAMETERS 16, 1
  PARAMETERS 16, 8
  PARAMETERS 16, 31

  CASE "5.8.3: only five bits of the parameter count"
  GATE kGate, kCode0, Arrival, kCall32 | kDpl3, 0xE0 | 1
  IN_RING 3
  push dword 77
  call kGate:0
  ARRIVES
  SAME [CaughtEsp], RingStackTop0 - 20
  SAME [RingStackTop0 - 12], 77

  CASE "5.8.5: the parameters lie beyond the limit of the old stack"
  DESCRIBE SPARE(0), RingStack3, 7, kDataWritable | kBig | kDpl3
  GATE kGate, kCode0, Arrival, kCall32 | kDpl3, 3
  IN_RING 3
  mov eax, SPARE(0) | 3
  mov ss, ax
  mov esp, 0
  AT
  call kGate:0
  RAISES 12, 0

  CASE "5.8.4: a gate in the same ring copies no parameters"
  GATE kGate, kCode3, Arrival, kCall32 | kDpl3, 5
  IN_RING 3
  call kGate:0
  ARRIVES
  SAME [CaughtEsp], RingStackTop3 - 8

  CASE "5.8.4: a 16-bit gate in the same ring pushes words"
  GATE kGate, kNear0, Arrival - NearBase, kCall16 | kDpl3, 5
  AT
  call kGate:0
  ARRIVES Arrival - NearBase
  mov ebx, [ResumeStack]
  lea eax, [ebx - 4]
  SAME [CaughtEsp], eax
  SAME16 [ebx - 2], kCode0

  ; What is wrong with a call gate or its target. From ring 3, by CALL and by JMP.

%macro BAD_GATE 4  ; what describes, case name, vector, error code
  CASE "5.8.4: CALL through ", %2
  %1
  IN_RING 3
  AT
  call kGate:0
  RAISES %3, %4
  CASE "5.8.4: JMP through ", %2
  %1
  IN_RING 3
  AT
  jmp kGate:0
  RAISES %3, %4
%endmacro
%define GATE_ERROR kGate & ~3
%define BAD_TARGET(access) DESCRIBE kTarget, 0, 0xFFFFF, access
  BAD_GATE {GATE kGate, kCode3, Arrival, kCall32 | kDpl2}, "a gate of an inner ring", 13, GATE_ERROR
  BAD_GATE {GATE kGate, kCode3, Arrival, 0x0C | kDpl3}, "a gate that is not present", 11, GATE_ERROR
  BAD_GATE {GATE kGate, kCode3, Arrival, 0x0C}, \
      "an inner gate that is not present", 13, GATE_ERROR
  BAD_GATE {GATE kGate, 3, Arrival, kCall32 | kDpl3}, "a gate to null", 13, 0
  BAD_GATE {GATE kGate, kBeyond, Arrival, kCall32 | kDpl3}, "a gate beyond the GDT", 13, kBeyond
  BAD_GATE {GATE kGate, kData3, Arrival, kCall32 | kDpl3}, "a gate to data", 13, kData3 & ~3
  BAD_GATE {GATE kGate, kTask, Arrival, kCall32 | kDpl3}, "a gate to a TSS", 13, kTask
  BAD_GATE {GATE kGate, kGate, Arrival, kCall32 | kDpl3}, "a gate to a gate", 13, GATE_ERROR
%macro SPARE_GATE 4  ; access, name, vector, error
  BAD_GATE {SPARE_GATE_TO %1}, %2, %3, %4
%endmacro
%macro SPARE_GATE_TO 1
  DESCRIBE kTarget, 0, 0x1000, %1
  GATE kGate, kTarget, Arrival, kCall32 | kDpl3
%endmacro
  SPARE_GATE 0x7A | kBigPages, "a gate to code that is not present", 11, kTarget
  SPARE_GATE 0x7A, "a gate to absent code that is too short", 11, kTarget
  SPARE_GATE 0xFA | kBig, "a gate behind the end of its segment", 13, 0

  CASE "5.8.4: CALL through a gate whose selector has a higher RPL"
  GATE kGate, kCode0, Arrival, kCall32 | kDpl2
  IN_RING 2
  AT
  call kGate:0
  RAISES 13, GATE_ERROR

  CASE "5.8.4: CALL through a gate outwards"
  GATE kGate, kCode3, Arrival, kCall32 | kDpl3
  IN_RING 2
  AT
  call kGate:0
  RAISES 13, kCode3 & ~3

  CASE "5.8.4: JMP through a gate inwards"
  GATE kGate, kCode0, Arrival, kCall32 | kDpl3
  IN_RING 3
  AT
  jmp kGate:0
  RAISES 13, kCode0

  CASE "5.8.4: JMP through a gate in the same ring"
  GATE kGate, kCode3 & ~3, Arrival, kCall32 | kDpl3
  IN_RING 3
  jmp kGate:0x12345678
  ARRIVES
  SAME [CaughtCs], kCode3
  SAME [CaughtEsp], RingStackTop3

  CASE "5.8.4: CALL through a gate in the LDT"
  mov eax, kLocal
  lldt ax
  GATE LOCAL(3) | 3, kCode0, Arrival, kCall32 | kDpl3
  IN_RING 3
  call (LOCAL(3) | 3):0
  ARRIVES
  SAME [CaughtEsp], RingStackTop0 - 16

  ; CALL and JMP without a gate

%macro DIRECT 6  ; name, what describes, ring, selector, vector, error code
  CASE "5.8.1: CALL ", %1
  %2
  IN_RING %3
  AT
  call (%4):Arrival
  RAISES %5, %6
  CASE "5.8.1: JMP ", %1
  %2
  IN_RING %3
  AT
  jmp (%4):Arrival
  RAISES %5, %6
%endmacro
%macro TARGET 2
  DESCRIBE kTarget, 0, %1, %2
%endmacro
  DIRECT "to null", {}, 0, 0, 13, 0
  DIRECT "to null with RPL", {}, 3, 3, 13, 0
  DIRECT "beyond the GDT", {}, 0, kBeyond | 2, 13, kBeyond
  DIRECT "into an LDT that is not there", {}, 0, LOCAL(1), 13, LOCAL(1)
  DIRECT "to data", {}, 0, kData0, 13, kData0
  DIRECT "inwards", {}, 3, kCode0 | 3, 13, kCode0
  DIRECT "outwards", {}, 0, kCode3, 13, kCode3 & ~3
  DIRECT "with an RPL above the ring", {}, 0, kCode0 | 1, 13, kCode0
  DIRECT "to code that is not present", {TARGET 0xFFFFF, 0x1A | kBigPages}, 0, kTarget, 11, kTarget
  DIRECT "to inner code that is not present", {TARGET 0xFFFFF, 0x1A | kBigPages}, 3, kTarget | 3, \
      13, kTarget
  DIRECT "behind the end of the segment", {TARGET 0xFFF, 0x9A | kBig}, 0, kTarget, 13, 0
  DIRECT "to conforming code of an outer ring", {TARGET 0xFFFFF, 0xFE | kBigPages}, 0, kTarget, \
      13, kTarget
%assign type 0
%rep 16
  %if type != 1 && type != 4 && type != 5 && type != 9 && type != 12
  DIRECT {"to a system descriptor of type ", '0' + type / 10, '0' + type % 10}, \
      {TARGET 0xFFF, 0x80 | type}, 0, kTarget, 13, kTarget
  %endif
  %assign type type + 1
%endrep

  CASE "5.8.1: the RPL may be below the ring"
  IN_RING 3
  jmp (kCode3 & ~3):Arrival
  ARRIVES
  SAME [CaughtCs], kCode3

  CASE "5.8.1.2: conforming code of ring 0 called from ring 3 runs in ring 3"
  DESCRIBE kTarget, 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages
  IN_RING 3
  AT
  call kTarget:Arrival
  ARRIVES
  SAME [CaughtCs], kTarget | 3
  SAME [CaughtEsp], RingStackTop3 - 8
  SAME [RingStackTop3 - 8], %$at + 7
  SAME [RingStackTop3 - 4], kCode3

  CASE "5.8.1.2: the RPL does not matter for conforming code"
  DESCRIBE kTarget, 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages
  jmp (kTarget | 3):Arrival
  ARRIVES
  SAME [CaughtCs], kTarget

  CASE "2, CALL: 16-bit operands push words and cut the offset"
  AT
  call word kNear0:(Arrival - NearBase)
  ARRIVES Arrival - NearBase
  mov ebx, [ResumeStack]
  lea eax, [ebx - 4]
  SAME [CaughtEsp], eax
  mov eax, %$at + 6
  and eax, 0xFFFF
  SAME16 [ebx - 4], eax
  SAME16 [ebx - 2], kCode0

  CASE "2, CALL: the pointer may lie in memory"
  mov dword [Scratch], Arrival
  mov word [Scratch + 4], kCode3
  IN_RING 3
  AT
  call far [Scratch]
  ARRIVES
  SAME [RingStackTop3 - 8], %$at + 6
  SAME [CaughtEsp], RingStackTop3 - 8

  CASE "2, CALL: no room on the stack"
  DESCRIBE SPARE(0), RingStack3, 1023, kDataWritable | kBig | kDpl3
  IN_RING 3
  mov eax, SPARE(0) | 3
  mov ss, ax
  mov esp, 4
  AT
  call kCode3:Arrival
  RAISES 12, 0
  SAME [CaughtEsp], 4

  CASE "2, CALL: no room is seen before the target's limit"
  DESCRIBE SPARE(0), RingStack3, 1023, kDataWritable | kBig | kDpl3
  DESCRIBE kTarget, 0, 0xFFF, kCodeReadable | kBig | kDpl3
  IN_RING 3
  mov eax, SPARE(0) | 3
  mov ss, ax
  mov esp, 4
  AT
  call (kTarget | 3):Arrival
  RAISES 12, 0

  CASE "2, INT n: a bad stack is seen before the handler's limit"
  mov dword [Task + TssSs0 + 8], 0
  DESCRIBE kTarget, 0, 0xFFF, kCodeReadable | kBig | kDpl1
  IDT_GATE kVector, kTarget, Arrival, kInterrupt32 | kDpl3
  IN_RING 3
  AT
  int kVector
  RAISES 10, 0

  CASE "2, CALL: a bad stack in the TSS is seen before the target's limit"
  mov dword [Task + TssSs0 + 8], 0
  DESCRIBE kTarget, 0, 0xFFF, kCodeReadable | kBig | kDpl1
  GATE kGate, kTarget, Arrival, kCall32 | kDpl3
  IN_RING 3
  AT
  call kGate:0
  RAISES 10, 0

  END_CASES "stacks"
