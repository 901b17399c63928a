; SPDX-License-Identifier: Apache-2.0
; RET far and IRET (SDM vol. 2; vol. 3, 5.8.6 and 6.12.1): in the same ring and to an outer one, with
; each thing that can be wrong about the frame, the flags that IRET may change, and the segments
; that an outer ring may not keep. tasks.asm has IRET with NT, v86.asm that to virtual-8086 mode.
%include "cases.inc"

section .bss
Back: resd 1

section .text
; FRAME cs, eip [, esp, ss]: pushes the frame of the instruction under test.
%macro FRAME_FOR_RET 2-4
  %if %0 == 4
  push dword %4
  push dword %3
  %endif
  push dword %1
  push dword %2
%endmacro
%macro FRAME_FOR_IRET 2-4
  %if %0 == 4
  push dword %4
  push dword %3
  %endif
  push dword 2
  push dword %1
  push dword %2
%endmacro
%macro DO_RET 0
  retf
%endmacro
%macro DO_IRET 0
  iretd
%endmacro

; Descriptors for what is wrong.
kConforming3 equ SPARE(16)
kAbsentCode0 equ SPARE(17)
kAbsentCode3 equ SPARE(18)
kShortCode0 equ SPARE(19)
kShortCode3 equ SPARE(20)
kReadOnly3 equ SPARE(21)
kAbsentData3 equ SPARE(22)
DescribeWrong:
  DESCRIBE kConforming3, 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages | kDpl3
  DESCRIBE kAbsentCode0, 0, 0xFFFFF, 0x1A | kBigPages
  DESCRIBE kAbsentCode3, 0, 0xFFFFF, 0x7A | kBigPages
  DESCRIBE kShortCode0, 0, 0xFFF, kCodeReadable | kBig
  DESCRIBE kShortCode3, 0, 0xFFF, kCodeReadable | kBig | kDpl3
  DESCRIBE kReadOnly3, 0, 0xFFFFF, 0xF0 | kBigPages
  DESCRIBE kAbsentData3, 0, 0xFFFFF, 0x72 | kBigPages
  ret

; BAD name, ring, vector, error code, frame...: for both instructions.
%macro BAD 5+
  BAD_BY RET, %1, %2, %3, %4, %5
  BAD_BY IRET, %1, %2, %3, %4, %5
%endmacro
%macro BAD_BY 6+
  CASE "5.8.6: ", %str(%1), " ", %2
  call DescribeWrong
  IN_RING %3
  FRAME_FOR_%1 %6
  mov [Back], esp
  AT
  DO_%1
  RAISES %4, %5
  mov eax, [Back]
  SAME [CaughtEsp], eax
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitCases

  ; The code segment
  BAD "to null", 0, 13, 0, 0, Arrival
  BAD "to null with RPL 3", 0, 13, 0, 3, Arrival, RingStackTop3, kData3
  BAD "to null from ring 3", 3, 13, 0, 0, Arrival
  BAD "beyond the GDT", 0, 13, kBeyond, kBeyond, Arrival
  BAD "beyond the GDT, outwards", 0, 13, kBeyond, kBeyond | 3, Arrival, RingStackTop3, kData3
  BAD "into an LDT that is not there", 0, 13, LOCAL(1), LOCAL(1), Arrival
  BAD "to data", 0, 13, kData0, kData0, Arrival
  BAD "to a TSS", 0, 13, kTask, kTask, Arrival
  BAD "inwards", 3, 13, kCode0, kCode0, Arrival
  BAD "inwards by RPL alone", 3, 13, kCode3 & ~3, kCode3 & ~3 | 2, Arrival
  BAD "to an outer segment with the ring's own RPL", 0, 13, kCode3 & ~3, kCode3 & ~3, Arrival
  BAD "outwards to a segment of a ring between", 0, 13, kCode2 & ~3, kCode2 | 3, Arrival, \
      RingStackTop3, kData3
  BAD "to conforming code of an outer ring", 0, 13, kConforming3, kConforming3 | 1, Arrival, \
      RingStackTop1, kData1
  BAD "to code that is not present", 0, 11, kAbsentCode0, kAbsentCode0, Arrival
  BAD "outwards to code that is not present", 0, 11, kAbsentCode3, kAbsentCode3 | 3, Arrival, \
      RingStackTop3, kData3
  BAD "to the wrong ring and not present", 0, 13, kAbsentCode3, kAbsentCode3, Arrival
  BAD "behind the end of the segment", 0, 13, 0, kShortCode0, Arrival
  BAD "outwards behind the end of the segment", 0, 13, 0, kShortCode3 | 3, Arrival, \
      RingStackTop3, kData3

  ; The stack segment of an outer ring
  BAD "outwards with a null SS", 0, 13, 0, kCode3, Arrival, RingStackTop3, 0
  BAD "outwards with a null SS with RPL", 0, 13, 0, kCode3, Arrival, RingStackTop3, 3
  BAD "outwards with an SS beyond the GDT", 0, 13, kBeyond, kCode3, Arrival, 0, kBeyond | 3
  BAD "outwards with an SS of wrong RPL", 0, 13, kData3 & ~3, kCode3, Arrival, 0, kData3 & ~3 | 2
  BAD "outwards with an SS of wrong DPL", 0, 13, kData2 & ~3, kCode3, Arrival, 0, kData2 | 3
  BAD "outwards with code as SS", 0, 13, kCode3 & ~3, kCode3, Arrival, 0, kCode3
  BAD "outwards with a read-only SS", 0, 13, kReadOnly3, kCode3, Arrival, 0, kReadOnly3 | 3
  BAD "outwards with an SS that is not present", 0, 12, kAbsentData3, kCode3, Arrival, 0, \
      kAbsentData3 | 3
  BAD "outwards with a bad SS and behind the end", 0, 13, kBeyond, kShortCode3 | 3, \
      Arrival, 0, kBeyond | 3

  ; The frame itself beyond the limit of the stack
%macro SHORT_STACK 3  ; name, limit, bytes of the frame that are inside
  CASE "5.8.6: RET ", %1
  SHORT_STACK_FOR %2, %3
  AT
  retf
  RAISES 12, 0
  CASE "5.8.6: IRET ", %1
  SHORT_STACK_FOR %2, %3 + 4
  AT
  iretd
  RAISES 12, 0
%endmacro
%macro SHORT_STACK_FOR 2
  DESCRIBE SPARE(1), RingStack1, %1, kDataWritable | kBig | kDpl1
  IN_RING 1
  mov dword [RingStack1 + 64 - 8], Arrival
  mov dword [RingStack1 + 64 - 4], kCode3
  mov eax, SPARE(1) | 1
  mov ss, ax
  mov esp, %1 + 1 - (%2)
%endmacro
  SHORT_STACK "with half a frame", 63, 4
  SHORT_STACK "with no frame", 63, 0

  CASE "5.8.6: RET outwards whose ESP and SS are beyond the limit"
  SHORT_STACK_FOR 63, 8
  AT
  retf
  RAISES 12, 0

  ; Where all is well

%macro GOOD_TO 3  ; instruction, from, to
  CASE "5.8.6: ", %str(%1), " from ring ", '0' + %2, " to ring ", '0' + %3
  IN_RING %2
  FRAME_FOR_%1 kCode%3, Arrival, RingStackTop%3 - 16, kData%3
  DO_%1
  ARRIVES
  SAME [CaughtCs], kCode%3
  SAME [CaughtSs], kData%3
  SAME [CaughtEsp], RingStackTop%3 - 16
%endmacro
%macro GOOD_RETURNS 1
  GOOD_TO %1, 0, 1
  GOOD_TO %1, 0, 2
  GOOD_TO %1, 0, 3
  GOOD_TO %1, 1, 2
  GOOD_TO %1, 1, 3
  GOOD_TO %1, 2, 3

  CASE "5.8.6: ", %str(%1), " in ring 3"
  IN_RING 3
  push dword 77
  FRAME_FOR_%1 kCode3, Arrival
  DO_%1
  ARRIVES
  SAME [CaughtCs], kCode3
  SAME [CaughtEsp], RingStackTop3 - 4

  CASE "5.8.6: ", %str(%1), " to conforming code takes its ring from the RPL"
  DESCRIBE SPARE(0), 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages
  FRAME_FOR_%1 SPARE(0) | 2, Arrival, RingStackTop2, kData2
  DO_%1
  ARRIVES
  SAME [CaughtCs], SPARE(0) | 2

  CASE "3.5.1: ", %str(%1), " marks both segments accessed"
  DESCRIBE SPARE(0), 0, 0xFFFFF, kCodeReadable | kBigPages | kDpl3
  DESCRIBE SPARE(1), 0, 0xFFFFF, kDataWritable | kBigPages | kDpl3
  FRAME_FOR_%1 SPARE(0) | 3, Arrival, RingStackTop3, SPARE(1) | 3
  DO_%1
  ARRIVES
  SAME8 [ACCESS(SPARE(0))], kCodeReadable | kDpl3 | 1
  SAME8 [ACCESS(SPARE(1))], kDataWritable | kDpl3 | 1

  CASE "5.8.6: ", %str(%1), " outwards to a 16-bit stack sets SP and leaves the rest of ESP"
  DESCRIBE SPARE(1), RingStack3, 1023, kDataWritable | kDpl3
  FRAME_FOR_%1 kCode3, Arrival, 0xABCD0100, SPARE(1) | 3
  DO_%1
  ARRIVES
  mov ebp, [ResumeStack]
  and ebp, 0xFFFF0000
  add ebp, 0x100
  SAME [CaughtEsp], ebp
  SAME [CaughtSs], SPARE(1) | 3

  CASE "5.8.6: ", %str(%1), " outwards unloads what the outer ring may not use"
  DESCRIBE SPARE(0), 0, 0xFFFFF, 0xDA | kBigPages                      ; code, DPL 2
  DESCRIBE SPARE(1), 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages  ; DPL 0
  FRAME_FOR_%1 kCode3, Arrival, RingStackTop3, kData3
  mov eax, kData0
  mov ds, ax
  mov eax, kData2 & ~3
  mov es, ax
  mov eax, SPARE(0)
  mov fs, ax
  mov eax, SPARE(1)
  mov gs, ax
  DO_%1
  ARRIVES
  SAME [HandlerDs], 0
  SAME [HandlerEs], 0
  SAME [HandlerFs], 0
  SAME [HandlerGs], SPARE(1)

  CASE "5.8.6: ", %str(%1), " to ring 2 keeps what ring 2 may use"
  FRAME_FOR_%1 kCode2, Arrival, RingStackTop2, kData2
  mov eax, kData2
  mov es, ax
  mov eax, kData1
  mov fs, ax
  mov eax, 3
  mov gs, ax
  DO_%1
  ARRIVES
  SAME [HandlerDs], kData3
  SAME [HandlerEs], kData2
  SAME [HandlerFs], 0
  SAME [HandlerGs], 0

  CASE "5.8.6: ", %str(%1), " in the same ring unloads nothing"
  FRAME_FOR_%1 kCode0, Arrival
  mov eax, kData1
  mov fs, ax
  DO_%1
  ARRIVES
  SAME [HandlerFs], kData1
%endmacro
  GOOD_RETURNS RET
  GOOD_RETURNS IRET

  ; RET n

  CASE "2, RET: parameters are dropped in the same ring"
  IN_RING 3
  sub esp, 12
  push dword kCode3
  push dword Arrival
  retf 12
  ARRIVES
  SAME [CaughtEsp], RingStackTop3

  CASE "2, RET: parameters are dropped from both stacks"
  push dword kData3
  push dword RingStackTop3 - 100
  push dword 1
  push dword 2
  push dword kCode3
  push dword Arrival
  retf 8
  ARRIVES
  SAME [CaughtEsp], RingStackTop3 - 92
  SAME [CaughtSs], kData3

  CASE "2, RET: parameters on a 16-bit stack wrap at 64 KiB"
  DESCRIBE SPARE(1), RingStack3, 0xFFFF, kDataWritable | kDpl3
  push dword SPARE(1) | 3
  push dword 0xFFF8
  push dword kCode3
  push dword Arrival
  retf
  ARRIVES
  MASKED [CaughtEsp], 0xFFFF, 0xFFF8
  AND_THEN
  mov esp, StackTop
  push dword SPARE(1) | 3
  push dword 0xFFF8
  sub esp, 16
  push dword kCode3
  push dword Arrival
  retf 16
  ARRIVES
  MASKED [CaughtEsp], 0xFFFF, 8

  CASE "2, RET: 16-bit operands"
  DESCRIBE SPARE(0), NearBase, 0xFFFF, kCodeReadable | kBig | kDpl3
  DESCRIBE SPARE(1), RingStack3, 1023, kDataWritable | kBig | kDpl3
  push word SPARE(1) | 3
  push word 1000
  push word SPARE(0) | 3
  push word Arrival - NearBase
  o16 retf
  ARRIVES Arrival - NearBase
  SAME [CaughtEsp], 1000
  SAME [CaughtCs], SPARE(0) | 3

  CASE "2, IRET: 16-bit operands, to ring 3"
  DESCRIBE SPARE(0), NearBase, 0xFFFF, kCodeReadable | kBig | kDpl3
  DESCRIBE SPARE(1), RingStack3, 1023, kDataWritable | kBig | kDpl3
  push dword kId
  popf
  push word SPARE(1) | 3
  push word 1000
  push word kIf | kIopl1 | kDf
  push word SPARE(0) | 3
  push word Arrival - NearBase
  iretw
  ARRIVES Arrival - NearBase
  SAME [CaughtEsp], 1000
  SAME [CaughtEflags], kId | kIf | kIopl1 | kDf | 2

  CASE "2, IRET: 16-bit operands, in ring 0"
  push dword kId
  popf
  push word kIf | kCf
  push word kNear0
  push word Arrival - NearBase
  iretw
  ARRIVES Arrival - NearBase
  SAME [CaughtEflags], kId | kIf | kCf | 2
  mov eax, [ResumeStack]
  SAME [CaughtEsp], eax

  CASE "2, IRET: reads its frame from a 16-bit stack that wraps"
  DESCRIBE SPARE(1), RingStack0, 0xFFFF, kDataWritable
  mov dword [RingStack0 + 0xFFFC], Arrival
  mov dword [RingStack0], kCode0
  mov dword [RingStack0 + 4], kCf | 2
  mov eax, SPARE(1)
  mov ss, ax
  mov esp, 0x1FFFC
  iretd
  ARRIVES
  SAME [CaughtEsp], 0x10008
  SAME [CaughtEflags], kCf | 2

  ; The flags that IRET loads

kAll equ 0x3F7FD5 & ~(kVm | kTf | kRf | kNt)  ; NT and VM change the way, TF and RF are in gates.asm
; IRET_FLAGS ring, IOPL before, image, what arrives
%macro IRET_FLAGS 5
  CASE "2, IRET: ", %1
  IN_RING %2, %3
  push dword %4
  push dword kCode%2
  push dword Arrival
  iretd
  ARRIVES
  SAME [CaughtEflags], %5
%endmacro
  IRET_FLAGS "ring 0 changes all flags", 0, 0, kAll, kAll | 2
  IRET_FLAGS "ring 0 clears all flags", 0, kIopl3 | kIf | kAc | kId, 0, 2
  IRET_FLAGS "ring 3 leaves IF, IOPL, VIF and VIP", 3, 0, kAll, \
      (kAll & ~(kIf | kIopl3 | kVif | kVip)) | 2
  IRET_FLAGS "ring 3 cannot clear IF or IOPL", 3, kIf | kIopl2, 0, kIf | kIopl2 | 2
  IRET_FLAGS "ring 3 with IOPL 3 changes IF, not IOPL", 3, kIopl3, kAll & ~kIopl3, \
      (kAll & ~(kVif | kVip)) | kIopl3 | 2
  IRET_FLAGS "ring 2 with IOPL 2 clears IF", 2, kIopl2 | kIf, 0, kIopl2 | 2
  IRET_FLAGS "ring 2 with IOPL 1 keeps IF", 2, kIopl1 | kIf, 0, kIopl1 | kIf | 2
  IRET_FLAGS "ring 1 ignores VM", 1, 0, kVm | kCf, kCf | 2

  CASE "2, IRET: outwards the flags change by the inner ring's rights"
  IN_RING 1, kIopl1
  push dword kData3
  push dword RingStackTop3
  push dword kIf | kIopl3 | kVip | kVif | 2
  push dword kCode3
  push dword Arrival
  iretd
  ARRIVES
  SAME [CaughtEflags], kIf | kIopl1 | 2

  CASE "2, IRET: sets NT"
  push dword kNt | 2
  push dword kCode0
  push dword Arrival
  iretd
  ARRIVES
  SAME [CaughtEflags], kNt | 2
  SAME [HandlerFlags], 2

  CASE "17.3.1.1: IRET with RF; a fault of the next instruction saves it set"
  IN_RING 3, kRf
  AT
  ud2
  RAISES 6, 0
  SAME [CaughtEflags], kRf | 2

  ; Likewise POPF: IF needs IOPL, IOPL needs ring 0; VM, RF, VIF and VIP are never loaded

kPopped equ 0x3F7FD5 & ~kTf
%assign ring 0
%rep 4
  %assign iopl 0
  %rep 4
  CASE "2, POPF: in ring ", '0' + ring, " with IOPL ", '0' + iopl
  IN_RING ring, iopl << 12
  push dword kPopped
  popfd
  pushfd
  LEAVE_CASE
  CAUGHT kLeave
    %assign loaded kPopped & ~(kVm | kRf | kVif | kVip)
    %if ring != 0
      %assign loaded loaded & ~kIopl3 | iopl << 12
    %endif
    %if ring > iopl
      %assign loaded loaded & ~kIf
    %endif
  SAME [CaughtEflags], loaded | 2
  mov eax, [CaughtEsp]
  SAME [eax], loaded | 2
    %assign iopl iopl + 1
  %endrep
  %assign ring ring + 1
%endrep

  ; Reserved bits of the image

  CASE "3.4.3: reserved flags read as fixed"
  IN_RING 0, 0xFFC0802A
  LEAVE_CASE
  CAUGHT kLeave
  SAME [CaughtEflags], 2

  END_CASES "returns"
