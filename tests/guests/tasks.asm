; SPDX-License-Identifier: Apache-2.0
; Hardware task switches (SDM vol. 3, chapter 7): by JMP, CALL, IRET, INT and exceptions, directly
; and through task gates, with 32- and 16-bit TSSs; what each changes in both tasks, and the faults
; in the context of the old task and of the new one.
%define WITH_PAGING
%include "cases.inc"

kVector equ 0x21
kNew equ SPARE(0)     ; the TSS at New, 32-bit
kNew16 equ SPARE(1)   ; the TSS at New16
kGate equ SPARE(2)    ; a task gate to kNew
kMark equ 0x5A5A      ; where a link must not be written
; Descriptors for what is wrong.
kShortTss equ SPARE(3)
kShortTss16 equ SPARE(4)
kAbsentTss equ SPARE(5)
kAbsentLdt equ SPARE(6)
kConforming3 equ SPARE(7)
kAbsentCode3 equ SPARE(8)
kShortCode3 equ SPARE(9)
kReadOnly3 equ SPARE(10)
kAbsentData3 equ SPARE(11)
kExecuteOnly3 equ SPARE(12)
kGate3 equ SPARE(13) | 3
kGateToNull equ SPARE(14)
kGateToBeyond equ SPARE(15)
kGateToLocal equ SPARE(16)
kGateToCode equ SPARE(17)
kGateToBusy equ SPARE(18)
kGateToAbsent equ SPARE(19)
kAbsentGate equ SPARE(20)
kStack16 equ SPARE(21)
kNear3 equ SPARE(22)
kLdtOfNew equ SPARE(23)

; Offsets in a 16-bit TSS
Tss16Ip equ 0x0E
Tss16Flags equ 0x10
Tss16Ax equ 0x12
Tss16Sp equ 0x1A
Tss16Es equ 0x22
Tss16Cs equ 0x24
Tss16Ss equ 0x26
Tss16Ds equ 0x28
Tss16Ldt equ 0x2A

section .bss
alignb 16
New: resb kTssBytes
alignb 16
New16: resb 0x2C
alignb 16
NewStack: resb 1024
NewStackTop:
Count: resd 1
alignb 4096
OtherDirectory: resb 4096
OtherTable: resb 4096
OtherPage: resb 4096

section .text
; Both new tasks begin at Arrival, in the ring of ecx: 0 or 3. Keeps no registers.
Prepare:
  mov edi, New
  xor eax, eax
  push ecx
  mov ecx, kTssBytes / 4
  rep stosd
  mov edi, New16
  mov ecx, 0x2C / 4
  rep stosd
  pop ecx
  mov word [New + TssLink], kMark
  mov dword [New + TssEsp0], RingStackTop0
  mov dword [New + TssSs0], kData0
  mov dword [New + TssEip], Arrival
  mov dword [New + TssEflags], kCf | kDf | 2
  mov dword [New + TssEsp], NewStackTop
  mov word [New + TssIoMap], kTssBytes
  mov word [New16 + TssLink], kMark
  mov word [New16 + 2], 1024
  mov word [New16 + 4], kStack16
  mov word [New16 + Tss16Ip], Arrival - NearBase
  mov word [New16 + Tss16Flags], kCf | 2
  mov word [New16 + Tss16Sp], 512
  DESCRIBE kStack16, NewStack, 1023, kDataWritable
  mov dword [New + TssCs], kCode0
  mov dword [New + TssSs], kData0
  mov word [New16 + Tss16Cs], kNear0
  mov word [New16 + Tss16Ss], kStack16
  test ecx, ecx
  jz .ring_known
  mov dword [New + TssCs], kCode3
  mov dword [New + TssSs], kData3
.ring_known:
  mov eax, kData3
  mov [New + TssEs], eax
  mov [New + TssDs], eax
  mov [New + TssFs], eax
  mov [New + TssGs], eax
  mov [New16 + Tss16Es], ax
  mov [New16 + Tss16Ds], ax
  mov eax, 0xA0000001
  mov edi, New + TssEax
.next_register:
  cmp edi, New + TssEsp
  je .skip
  mov [edi], eax
.skip:
  inc eax
  add edi, 4
  cmp edi, New + TssEs
  jb .next_register
  mov word [New16 + Tss16Ax], 0xBEEF
  DESCRIBE kNew, New, kTssBytes - 1, kTss32
  DESCRIBE kNew16, New16, 0x2B, kTss16
  GATE kGate, kNew, 0, kTaskGate
  DESCRIBE kShortTss, New, kTssBytes - 2, kTss32
  DESCRIBE kShortTss16, New16, 0x2A, kTss16
  DESCRIBE kAbsentTss, New, kTssBytes - 1, kTss32 & ~0x80
  DESCRIBE kAbsentLdt, Ldt, 127, kLdt & ~0x80
  DESCRIBE kConforming3, 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages | kDpl3
  DESCRIBE kAbsentCode3, 0, 0xFFFFF, 0x7A | kBigPages
  DESCRIBE kShortCode3, 0, 0xFFF, kCodeReadable | kBig | kDpl3
  DESCRIBE kReadOnly3, 0, 0xFFFFF, 0xF0 | kBigPages
  DESCRIBE kAbsentData3, 0, 0xFFFFF, 0x72 | kBigPages
  DESCRIBE kExecuteOnly3, 0, 0xFFFFF, 0xF8 | kBigPages
  GATE kGate3, kNew, 0, kTaskGate | kDpl3
  GATE kGateToNull, 3, 0, kTaskGate
  GATE kGateToBeyond, kBeyond, 0, kTaskGate
  GATE kGateToLocal, LOCAL(1), 0, kTaskGate
  GATE kGateToCode, kCode0, 0, kTaskGate
  GATE kGateToBusy, kTask, 0, kTaskGate
  GATE kGateToAbsent, kAbsentTss, 0, kTaskGate
  GATE kAbsentGate, kNew, 0, kTaskGate & ~0x80
  GATE kLdtOfNew, 0, 0, 0
  ret

; TASK_CASE ring, name...
%macro TASK_CASE 2+
  CASE %2
  mov ecx, %1
  call Prepare
%endmacro

; Registers that must be found in the old TSS.
%macro SET_REGISTERS 0
  mov eax, 1
  mov ecx, 2
  mov edx, 3
  mov ebx, 4
  mov ebp, 6
  mov esi, 7
  mov edi, 8
%endmacro
%macro NEW_REGISTERS_ARRIVED 0
  SAME [CaughtEax], 0xA0000001
  SAME [CaughtEcx], 0xA0000002
  SAME [CaughtEdx], 0xA0000003
  SAME [CaughtEbx], 0xA0000004
  SAME [CaughtEsp], NewStackTop
  SAME [CaughtEbp], 0xA0000006
  SAME [CaughtEsi], 0xA0000007
  SAME [CaughtEdi], 0xA0000008
%endmacro
%macro OLD_REGISTERS_SAVED 1  ; eip
  SAME [Task + TssEip], %1
  SAME [Task + TssEax], 1
  SAME [Task + TssEcx], 2
  SAME [Task + TssEdx], 3
  SAME [Task + TssEbx], 4
  mov eax, [ResumeStack]
  SAME [Task + TssEsp], eax
  SAME [Task + TssEbp], 6
  SAME [Task + TssEsi], 7
  SAME [Task + TssEdi], 8
  SAME16 [Task + TssCs], kCode0
  SAME16 [Task + TssSs], kData0
  SAME16 [Task + TssDs], kData3
  SAME16 [Task + TssEs], kData3
  SAME16 [Task + TssFs], kData1
  SAME16 [Task + TssGs], kData3
%endmacro
%macro TASK_REGISTER_IS 1
  str ax
  movzx eax, ax
  SAME eax, %1
%endmacro
%macro BUSY 1
  SAME8 [ACCESS(%1)], kTss32 | kBusy
%endmacro
%macro AVAILABLE 1
  SAME8 [ACCESS(%1)], kTss32
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitCases

%macro BY_JMP_TO 3  ; selector, how it is named
  TASK_CASE 0, "table 7-2: JMP to ", %2
  push dword kIf | kZf
  popf
  mov eax, kData1
  mov fs, ax
  SET_REGISTERS
  AT
  jmp %1:0x12345678
  ARRIVES
  SAME [CaughtEflags], kCf | kDf | 2  ; NT clear
  NEW_REGISTERS_ARRIVED
  OLD_REGISTERS_SAVED %$at + 7
  SAME [Task + TssEflags], kIf | kZf | 2
  SAME16 [New + TssLink], kMark
  TASK_REGISTER_IS kNew
  BUSY kNew
  AVAILABLE kTask
  mov eax, cr0
  MASKED eax, 8, 8  ; TS
  clts
%endmacro
  BY_JMP_TO kNew, "a TSS", 0
  BY_JMP_TO kGate, "a task gate", 0

%macro NESTS 3+  ; saved eip behind AT, flags saved, the instruction
  push dword kIf | kZf
  popf
  mov eax, kData1
  mov fs, ax
  SET_REGISTERS
  AT
  %3
  ARRIVES
  SAME [CaughtEflags], kCf | kDf | kNt | 2
  OLD_REGISTERS_SAVED %$at + %1
  SAME [Task + TssEflags], kIf | kZf | 2 | %2
  SAME16 [New + TssLink], kTask
  TASK_REGISTER_IS kNew
  BUSY kNew
  BUSY kTask
  clts
%endmacro
  TASK_CASE 0, "table 7-2: CALL to a TSS nests"
  NESTS 7, 0, call kNew:0
  NEW_REGISTERS_ARRIVED
  TASK_CASE 0, "table 7-2: CALL to a task gate nests"
  NESTS 7, 0, call kGate:0
  NEW_REGISTERS_ARRIVED
  TASK_CASE 0, "6.12.2: INT to a task gate nests"
  IDT_GATE kVector, kNew, 0, kTaskGate
  NESTS 2, 0, int kVector
  NEW_REGISTERS_ARRIVED
  TASK_CASE 0, "6.12.2: an exception to a task gate nests, and saves RF"
  IDT_GATE 6, kNew, 0, kTaskGate
  NESTS 0, kRf, ud2
  NEW_REGISTERS_ARRIVED
  TASK_CASE 0, "6.13: an error code goes onto the stack of the new task"
  IDT_GATE 13, kNew, 0, kTaskGate
  NESTS 0, kRf, int 255
  SAME [CaughtEsp], NewStackTop - 4
  SAME [NewStackTop - 4], 255 * 8 + 2

  TASK_CASE 0, "table 7-2: IRET with NT goes back, and forward again behind the IRET"
  mov dword [New + TssEip], .counting_task
  mov dword [Count], 0
  mov ebx, 55
  call kNew:0
  SAME [Count], 1
  SAME ebx, 55
  pushfd
  pop eax
  MASKED eax, kNt, 0
  TASK_REGISTER_IS kTask
  AVAILABLE kNew
  BUSY kTask
  MASKED [New + TssEflags], kNt, 0
  SAME [New + TssEip], .behind_iret
  call kNew:0
  SAME [Count], 3
  clts
  UNDISTURBED
  jmp .counted
.counting_task:
  inc dword [Count]
  iretd
.behind_iret:
  add dword [Count], 2
  iretd
.counted:

  TASK_CASE 3, "7.2.1: a task may run in ring 3"
  call kNew:0
  ARRIVES
  SAME [CaughtCs], kCode3
  SAME [CaughtSs], kData3
  NEW_REGISTERS_ARRIVED
  SAME [HandlerEsp], RingStackTop0 - 20  ; of its own TSS
  clts

  TASK_CASE 0, "7.3: CALL from ring 3 to a task gate of DPL 3; the TSS's DPL does not matter"
  IN_RING 3
  call kGate3:0
  ARRIVES
  SAME16 [Task + TssCs], kCode3
  clts

  TASK_CASE 0, "7.2.5: the state of the old task is saved with its ring"
  IDT_GATE kVector, kNew, 0, kTaskGate | kDpl3
  IN_RING 3, kIf
  push eax
  AT
  int kVector
  ARRIVES
  SAME16 [Task + TssCs], kCode3
  SAME16 [Task + TssSs], kData3
  SAME [Task + TssEsp], RingStackTop3 - 4
  SAME [Task + TssEip], %$at + 2
  SAME [Task + TssEsp0], RingStackTop0
  clts

  ; Faults in the old task: nothing has changed

; OLD_FAULT name, ring, vector, error code, instruction
%macro OLD_FAULT 5+
  TASK_CASE 0, "7.3: ", %1
  IN_RING %2
  AT
  %5
  RAISES %3, %4
  TASK_REGISTER_IS kTask
  AVAILABLE kNew
  SAME16 [New + TssLink], kMark
%endmacro
%macro JMP_AND_CALL 5
  OLD_FAULT {"JMP to ", %1}, %2, %3, %4, jmp %5:0
  OLD_FAULT {"CALL to ", %1}, %2, %3, %4, call %5:0
%endmacro
  JMP_AND_CALL "a TSS that is not present", 0, 11, kAbsentTss, kAbsentTss
  JMP_AND_CALL "a busy TSS", 0, 13, kTask, kTask
  JMP_AND_CALL "a TSS of an inner ring", 3, 13, kNew, kNew
  JMP_AND_CALL "a TSS by a selector whose RPL is above its DPL", 0, 13, kNew, (kNew | 1)
  JMP_AND_CALL "a TSS that is too short", 0, 10, kShortTss, kShortTss
  JMP_AND_CALL "a 16-bit TSS that is too short", 0, 10, kShortTss16, kShortTss16
  JMP_AND_CALL "a task gate of an inner ring", 3, 13, kGate, kGate
  JMP_AND_CALL "a task gate that is not present", 0, 11, kAbsentGate, kAbsentGate
  JMP_AND_CALL "a task gate to null", 0, 13, 0, kGateToNull
  JMP_AND_CALL "a task gate beyond the GDT", 0, 13, kBeyond, kGateToBeyond
  JMP_AND_CALL "a task gate into the LDT", 0, 13, LOCAL(1), kGateToLocal
  JMP_AND_CALL "a task gate to code", 0, 13, kCode0, kGateToCode
  JMP_AND_CALL "a task gate to a busy TSS", 0, 13, kTask, kGateToBusy
  JMP_AND_CALL "a task gate to a TSS that is not present", 0, 11, kAbsentTss, kGateToAbsent

  TASK_CASE 0, "7.2.2: a TSS in the LDT"
  mov eax, kLocal
  lldt ax
  DESCRIBE LOCAL(1), New, kTssBytes - 1, kTss32
  AT
  jmp LOCAL(1):0
  RAISES 13, LOCAL(1)

  TASK_CASE 0, "7.2.5: a task gate in the LDT is good"
  mov eax, kLocal
  lldt ax
  GATE LOCAL(1), kNew, 0, kTaskGate
  jmp LOCAL(1):0
  ARRIVES
  clts

%macro INT_AND_EXCEPTION 4  ; name, selector in the gate, vector, error code
  TASK_CASE 0, "6.12.2: INT to a task gate ", %1
  IDT_GATE kVector, %2, 0, kTaskGate
  AT
  int kVector
  RAISES %3, %4
  TASK_CASE 0, "6.13: #UD to a task gate ", %1
  IDT_GATE 6, %2, 0, kTaskGate
  AT
  ud2
  RAISES %3, (%4) + 1
%endmacro
  INT_AND_EXCEPTION "to null", 0, 13, 0
  INT_AND_EXCEPTION "into the LDT", LOCAL(2), 13, LOCAL(2)
  INT_AND_EXCEPTION "beyond the GDT", kBeyond, 13, kBeyond
  INT_AND_EXCEPTION "to code", kCode0, 13, kCode0
  INT_AND_EXCEPTION "to a busy TSS", kTask, 13, kTask
  INT_AND_EXCEPTION "to a TSS that is not present", kAbsentTss, 11, kAbsentTss
  INT_AND_EXCEPTION "to a TSS that is too short", kShortTss, 10, kShortTss

%macro BACK_TO 4  ; name, link, vector, error code
  TASK_CASE 0, "2, IRET: the link names ", %1
  mov word [Task + TssLink], %2
  push dword kNt
  popf
  AT
  iretd
  RAISES %3, %4
  MASKED [CaughtEflags], kNt, kNt
%endmacro
  BACK_TO "null", 0, 10, 0
  BACK_TO "the LDT", LOCAL(1), 10, LOCAL(1)
  BACK_TO "nothing in the GDT", kBeyond, 10, kBeyond
  BACK_TO "code", kCode0, 10, kCode0
  BACK_TO "a TSS that is not busy", kNew, 10, kNew
  TASK_CASE 0, "2, IRET: the link names a busy TSS that is not present"
  mov byte [ACCESS(kAbsentTss)], (kTss32 | kBusy) & ~0x80
  mov word [Task + TssLink], kAbsentTss
  push dword kNt
  popf
  AT
  iretd
  RAISES 11, kAbsentTss
  TASK_CASE 0, "2, IRET: the link names a busy TSS that is too short"
  mov byte [ACCESS(kShortTss)], kTss32 | kBusy
  mov word [Task + TssLink], kShortTss
  push dword kNt
  popf
  AT
  iretd
  RAISES 10, kShortTss

  ; Faults in the new task: its ring is 3, so that the handler has a good stack

; NEW_FAULT name, field, value, vector, error code
%macro NEW_FAULT 5
  TASK_CASE 3, "table 7-1: ", %1
  mov dword [New + %2], %3
  jmp kNew:0
  CAUGHT %4
  SAME [CaughtError], %5
  SAME [CaughtEip], Arrival
  TASK_REGISTER_IS kNew
  SAME [CaughtEbx], 0xA0000004
  AVAILABLE kTask
  BUSY kNew
  clts
%endmacro
  NEW_FAULT "an LDT beyond the GDT", TssLdt, kBeyond, 10, kBeyond
  NEW_FAULT "an LDT in the LDT", TssLdt, LOCAL(1), 10, LOCAL(1)
  NEW_FAULT "an LDT that is none", TssLdt, kData0, 10, kData0
  NEW_FAULT "an LDT that is not present", TssLdt, kAbsentLdt, 10, kAbsentLdt
  NEW_FAULT "a null CS", TssCs, 3, 10, 0
  NEW_FAULT "a CS beyond the GDT", TssCs, kBeyond | 3, 10, kBeyond
  NEW_FAULT "a CS that is data", TssCs, kData3, 10, kData3 & ~3
  NEW_FAULT "a CS whose DPL is not its RPL", TssCs, kCode2 | 3, 10, kCode2 & ~3
  NEW_FAULT "a CS that is not present", TssCs, kAbsentCode3 | 3, 11, kAbsentCode3
  NEW_FAULT "a null SS", TssSs, 0, 10, 0
  NEW_FAULT "an SS beyond the GDT", TssSs, kBeyond | 3, 10, kBeyond
  NEW_FAULT "an SS whose RPL is not the ring", TssSs, kData3 & ~3, 10, kData3 & ~3
  NEW_FAULT "an SS whose DPL is not the ring", TssSs, kData2 | 3, 10, kData2 & ~3
  NEW_FAULT "an SS that is read-only", TssSs, kReadOnly3 | 3, 10, kReadOnly3
  NEW_FAULT "an SS that is code", TssSs, kCode3, 10, kCode3 & ~3
  NEW_FAULT "an SS that is not present", TssSs, kAbsentData3 | 3, 12, kAbsentData3
%macro NEW_DATA_FAULTS 1
  NEW_FAULT {%str(%1), " beyond the GDT"}, Tss%1, kBeyond, 10, kBeyond
  NEW_FAULT {%str(%1), " that is a TSS"}, Tss%1, kTask, 10, kTask
  NEW_FAULT {%str(%1), " that is execute-only"}, Tss%1, kExecuteOnly3, 10, kExecuteOnly3
  NEW_FAULT {%str(%1), " of an inner ring"}, Tss%1, kData2, 10, kData2 & ~3
  NEW_FAULT {%str(%1), " that is not present"}, Tss%1, kAbsentData3, 11, kAbsentData3
%endmacro
  NEW_DATA_FAULTS Ds
  NEW_DATA_FAULTS Es
  NEW_DATA_FAULTS Fs
  NEW_DATA_FAULTS Gs

  TASK_CASE 3, "table 7-1: an EIP behind the end of CS"
  mov dword [New + TssCs], kShortCode3 | 3
  jmp kNew:0
  CAUGHT 13
  SAME [CaughtError], 0
  SAME [CaughtEip], Arrival
  SAME [CaughtCs], kShortCode3 | 3
  clts

  TASK_CASE 3, "table 7-1: data segments may be null"
  mov dword [New + TssDs], 0
  mov dword [New + TssEs], 1
  mov dword [New + TssFs], 2
  mov dword [New + TssGs], 3
  jmp kNew:0
  ARRIVES
  clts

  TASK_CASE 3, "6.13: an exception to a task whose DS is bad sets EXT"
  mov dword [New + TssDs], kBeyond
  IDT_GATE 6, kNew, 0, kTaskGate
  ud2
  CAUGHT 10
  SAME [CaughtError], kBeyond + 1
  TASK_REGISTER_IS kNew
  clts

  TASK_CASE 0, "7.2.1: the LDT of the new task is loaded before its segments"
  DESCRIBE kLdtOfNew, Ldt, 127, kLdt
  DESCRIBE LOCAL(2), 0, 0xFFFFF, kDataWritable | kBigPages
  mov word [New + TssLdt], kLdtOfNew
  mov word [New + TssGs], LOCAL(2)
  jmp kNew:0
  ARRIVES
  SAME [HandlerGs], LOCAL(2)
  sldt ax
  movzx eax, ax
  SAME eax, kLdtOfNew
  clts

  ; The T bit

  TASK_CASE 0, "17.3.1.5: the T bit traps before the first instruction of the task"
  mov word [New + TssTrap], 1
  xor eax, eax
  mov dr6, eax
  call kNew:0
  CAUGHT 1
  SAME [CaughtEip], Arrival
  SAME [CaughtEflags], kCf | kDf | kNt | 2
  NEW_REGISTERS_ARRIVED
  mov eax, dr6
  MASKED eax, 0xE00F, 0x8000
  clts

  TASK_CASE 0, "17.3.1.5: the T bit traps after the error code is pushed"
  mov word [New + TssTrap], 1
  IDT_GATE 13, kNew, 0, kTaskGate
  int 255
  CAUGHT 1
  SAME [CaughtEip], Arrival
  SAME [CaughtEsp], NewStackTop - 4
  SAME [NewStackTop - 4], 255 * 8 + 2
  clts

  TASK_CASE 0, "17.3.1.5: the T bit of the double fault's task"
  mov word [New + TssTrap], 1
  IDT_GATE 8, kNew, 0, kTaskGate
  mov byte [Idt + 13 * 8 + 5], 0
  AT
  int 255
  CAUGHT 1
  SAME [CaughtEip], Arrival
  SAME [CaughtEsp], NewStackTop - 4
  SAME [NewStackTop - 4], 0
  SAME [Task + TssEip], %$at
  clts

  TASK_CASE 0, "17.2.4: a task switch clears the local breakpoints of DR7"
  mov eax, 0xFF  ; L0 to G3
  mov dr7, eax
  call kNew:0
  ARRIVES
  mov eax, dr7
  xor ebx, ebx
  mov dr7, ebx
  MASKED eax, 0xFF, 0xAA
  clts

  ; A double fault in a task of its own

  TASK_CASE 0, "6.15, #DF: a ring-0 stack overflow is caught by a task"
  IDT_GATE 8, kNew, 0, kTaskGate
  DESCRIBE SPARE(30), RingStack0, 1023, kDataWritable | kBig
  mov eax, SPARE(30)
  mov ss, ax
  mov esp, 4
  AT
  push dword 1
  push dword 2
  ARRIVES
  SAME [CaughtEsp], NewStackTop - 4
  SAME [NewStackTop - 4], 0
  SAME [Task + TssEsp], 0
  SAME [Task + TssEip], %$at + 2
  SAME16 [Task + TssSs], SPARE(30)
  SAME16 [New + TssLink], kTask
  clts

  TASK_CASE 3, "6.13: an error code that does not fit the stack of the new task"
  mov dword [New + TssEsp], 0
  DESCRIBE SPARE(30), NewStack, 1023, kDataWritable | kBig | kDpl3
  mov dword [New + TssSs], SPARE(30) | 3
  IDT_GATE 13, kNew, 0, kTaskGate
  int 255
  CAUGHT 8  ; #SS(EXT) while delivering #GP
  SAME [CaughtEip], Arrival
  TASK_REGISTER_IS kNew
  clts

  ; 16-bit tasks

  TASK_CASE 0, "7.6: JMP to a 16-bit TSS"
  mov eax, kData1
  mov fs, ax
  SET_REGISTERS
  AT
  jmp kNew16:0
  ARRIVES Arrival - NearBase
  SAME [CaughtCs], kNear0
  MASKED [CaughtEsp], 0xFFFF, 512
  MASKED [CaughtEax], 0xFFFF, 0xBEEF
  SAME [CaughtEflags], kCf | 2
  SAME [HandlerFs], 0
  SAME [HandlerGs], 0
  OLD_REGISTERS_SAVED %$at + 7
  SAME16 [New16], kMark
  SAME8 [ACCESS(kNew16)], kTss16 | kBusy
  AVAILABLE kTask
  clts

  TASK_CASE 0, "7.6: from a 16-bit task to a 32-bit one and back"
  mov word [New16 + Tss16Ip], .in_16 - NearBase
  mov dword [New + TssEip], .in_32
  mov dword [Count], 0
  call kNew16:0
  SAME [Count], 3
  SAME16 [New16 + Tss16Ax], 0x1234
  SAME16 [New16 + Tss16Ip], .after_iret - NearBase
  SAME16 [New16 + Tss16Sp], 510
  SAME16 [New16], kTask
  SAME16 [New], kNew16
  SAME8 [ACCESS(kNew16)], kTss16
  clts
  UNDISTURBED
  jmp .done_16
.in_16:
  mov ax, 0x1234
  push ax
  call kNew:0
  inc dword [Count]
  iretd
.after_iret:
.in_32:
  add dword [Count], 2
  iretd
.done_16:

  TASK_CASE 0, "7.6: an error code goes onto a 16-bit task's stack as a word"
  IDT_GATE 13, kNew16, 0, kTaskGate
  int 255
  ARRIVES Arrival - NearBase
  MASKED [CaughtEsp], 0xFFFF, 510
  SAME16 [NewStack + 510], 255 * 8 + 2
  SAME16 [New16], kTask
  clts

  ; With paging
  call InitPaging
  mov esi, PageTable
  mov edi, OtherTable
  mov ecx, 1024
  rep movsd
  mov dword [OtherDirectory], OtherTable + (kPresent | kWritable | kUser)
  mov eax, kProbe
  shr eax, 12
  mov dword [OtherTable + eax * 4], OtherPage + (kPresent | kWritable | kUser)

kProbe equ 0x3F0000
  TASK_CASE 0, "7.2.1: CR3 comes from the new task, and from the old one on the way back"
  mov dword [Task + TssCr3], PageDirectory
  mov dword [New + TssCr3], OtherDirectory
  mov dword [New + TssEip], .other_task
  mov dword [kProbe], 0x11111111
  mov dword [OtherPage], 0x22222222
  mov dword [Count], 0
  call kNew:0
  SAME [Count], 0x22222222
  SAME [kProbe], 0x11111111
  SAME [OtherPage], 0x33333333
  mov eax, cr3
  SAME eax, PageDirectory
  SAME [Task + TssCr3], PageDirectory  ; not written
  clts
  UNDISTURBED
  jmp .paged
.other_task:
  mov eax, [kProbe]
  mov [Count], eax
  mov dword [kProbe], 0x33333333
  iretd
.paged:

  TASK_CASE 0, "7.3: a new TSS that is not in memory faults in the old task"
  DESCRIBE SPARE(30), kNoPage - 0x40, kTssBytes - 1, kTss32
  AT
  jmp SPARE(30):0
  RAISES 14, 0
  mov eax, cr2
  SAME eax, kNoPage
  TASK_REGISTER_IS kTask
  SAME8 [ACCESS(SPARE(30))], kTss32
  BUSY kTask

  END_CASES "tasks"
