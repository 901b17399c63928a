; SPDX-License-Identifier: Apache-2.0
; Hardware task switches (SDM vol. 3, chapter 7): by JMP, CALL, IRET, INT and exceptions, directly
; and through task gates, with 32- and 16-bit TSSs; what each changes in both tasks; the T bit; tasks
; for double faults; CR3. task_faults.asm has what can be wrong.
%include "tasks.inc"

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

  TASK_CASE 3, "table 7-1: data segments may be null"
  mov dword [New + TssDs], 0
  mov dword [New + TssEs], 1
  mov dword [New + TssFs], 2
  mov dword [New + TssGs], 3
  jmp kNew:0
  ARRIVES
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
