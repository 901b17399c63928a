; SPDX-License-Identifier: Apache-2.0
; Faults of a hardware task switch (SDM vol. 3, 7.3 and table 7-1; 6.13): those that belong to the old
; task, which goes on unchanged, and those that belong to the new one.
%include "tasks.inc"

global Start
Start:
  mov esp, StackTop
  call InitCases

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

  TASK_CASE 3, "6.13: an exception to a task whose DS is bad sets EXT"
  mov dword [New + TssDs], kBeyond
  IDT_GATE 6, kNew, 0, kTaskGate
  ud2
  CAUGHT 10
  SAME [CaughtError], kBeyond + 1
  TASK_REGISTER_IS kNew
  clts

  END_CASES "task_faults"
