; SPDX-License-Identifier: Apache-2.0
; Loads of segment registers, LDTR and TR, and what inspects descriptors (SDM vol. 3, 5.4 to 5.7 and
; 5.10; vol. 2, MOV, POP, LDS, LLDT, LTR, LAR, LSL, VERR, ARPL), for descriptors of every type; then
; the descriptor-table registers and CR0 to CR4.
%define WITH_PAGING
%include "cases.inc"

kTarget equ SPARE(0)
%define TWO_DIGITS(n) '0' + (n) / 10, '0' + (n) % 10

section .data
align 4, db 0
FarPointer: dd 0x12345678
FarSelector: dw 0
Table: dw 0
  dd 0

section .text

; What becomes of a descriptor of each of the 32 types (S and type), DPL 3.
%define IS_CODE(t) ((t) >= 24)
%define IS_READABLE(t) (((t) >= 16 && (t) < 24) || ((t) >= 24 && ((t) & 2)))
%define IS_WRITABLE(t) ((t) >= 16 && (t) < 24 && ((t) & 2))
%define LAR_SEES(t) ((t) >= 16 || (0x1A3E >> (t)) & 1)
%define LSL_SEES(t) ((t) >= 16 || (0x0A0E >> (t)) & 1)

; ZF_IS value: after an instruction that sets it.
%macro ZF_IS 1
  pushfd
  pop ebx
  MASKED ebx, kZf, (%1) * kZf
%endmacro

%macro LOADS_BY 3+  ; name, type, instructions that load FarSelector | 3 into a data segment
  CASE %1, " of a descriptor of type ", TWO_DIGITS(%2)
  DESCRIBE kTarget, 0x12340, 0xFFFF, 0x80 | kDpl3 | %2
  mov word [FarSelector], kTarget | 3
  mov ax, kTarget | 3
  AT
  %3
  %if IS_READABLE(%2)
  UNDISTURBED
  SAME8 [ACCESS(kTarget)], 0x80 | kDpl3 | %2 | 1
  %else
  RAISES 13, kTarget
  SAME8 [ACCESS(kTarget)], 0x80 | kDpl3 | %2
  %endif
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitCases

%assign type 0
%rep 32
  LOADS_BY "5.5: MOV to ES", type, {mov es, ax}
  LOADS_BY "5.5: LFS", type, lfs ecx, [FarPointer]

  CASE "5.7: MOV to SS of a descriptor of type ", TWO_DIGITS(type)
  DESCRIBE kTarget, 0, 0xFFFFF, 0x80 | kBigPages | type
  mov ax, kTarget
  AT
  mov ss, ax
  nop
  %if IS_WRITABLE(type) && (type & 4) == 0
  mov cx, kData0
  mov ss, cx
  UNDISTURBED
  SAME8 [ACCESS(kTarget)], 0x80 | type | 1
  %elif IS_WRITABLE(type)
  mov cx, kData0  ; expand-down: all of it is beyond the limit, nothing may be pushed
  mov ss, cx
  UNDISTURBED
  %else
  RAISES 13, kTarget
  %endif

  CASE "5.10: LAR, LSL, VERR, VERW of a descriptor of type ", TWO_DIGITS(type)
  DESCRIBE kTarget, 0x12345678, 0xABCDE, 0x80 | 0xD00 | kDpl3 | type  ; G, D, AVL
  mov ecx, kTarget
  mov edx, -1
  lar edx, ecx
  ZF_IS LAR_SEES(type)
  %if LAR_SEES(type)
  MASKED edx, 0xFFF0FFFF, 0x00D0E000 | type << 8
  %else
  SAME edx, -1
  %endif
  mov edx, -1
  lar dx, cx
  %if LAR_SEES(type)
  SAME edx, 0xFFFFE000 | type << 8
  %else
  SAME edx, -1
  %endif
  mov edx, -1
  lsl edx, ecx
  ZF_IS LSL_SEES(type)
  %if LSL_SEES(type)
  SAME edx, 0xABCDEFFF
  %else
  SAME edx, -1
  %endif
  mov edx, -1
  lsl dx, cx
  %if LSL_SEES(type)
  SAME edx, 0xFFFFEFFF
  %endif
  verr cx
  ZF_IS IS_READABLE(type)
  verw cx
  ZF_IS IS_WRITABLE(type)
  SAME8 [ACCESS(kTarget)], 0x80 | kDpl3 | type  ; nothing is marked accessed
  UNDISTURBED

  CASE "2, LLDT: a descriptor of type ", TWO_DIGITS(type)
  DESCRIBE kTarget, Ldt, 127, 0x80 | type
  mov ax, kTarget
  AT
  lldt ax
  %if type == 2
  UNDISTURBED
  sldt ax
  movzx eax, ax
  SAME eax, kTarget
  %else
  RAISES 13, kTarget
  %endif

  CASE "2, LTR: a descriptor of type ", TWO_DIGITS(type)
  DESCRIBE kTarget, Task, kTssBytes - 1, 0x80 | type
  mov ax, kTarget
  AT
  ltr ax
  %if type == 1 || type == 9
  UNDISTURBED
  SAME8 [ACCESS(kTarget)], 0x80 | type | kBusy
  str ax
  movzx eax, ax
  SAME eax, kTarget
  %else
  RAISES 13, kTarget
  %endif
  %assign type type + 1
%endrep

  ; Privilege of data: the ring and the RPL must both be at most the DPL

%assign cpl 0
%rep 4
  %assign rpl 0
  %rep 4
    %assign dpl 0
    %rep 4
  CASE "5.6: in ring ", '0' + cpl, " with RPL ", '0' + rpl, " to DPL ", '0' + dpl
  DESCRIBE kTarget, 0, 0xFFFFF, kDataWritable | kBigPages | dpl << 5
  mov ecx, kTarget | rpl
  IN_RING cpl
  lar edx, ecx
  setz [Scratch]
  verw cx
  setz [Scratch + 1]
  AT
  mov fs, cx
  %if cpl <= dpl && rpl <= dpl
  mov fs, cx
  LEAVE_CASE
  CAUGHT kLeave
  SAME16 [Scratch], 0x101
  %else
  LEAVE_CASE
  RAISES 13, kTarget
  SAME16 [Scratch], 0
  %endif

  CASE "5.7: SS in ring ", '0' + cpl, " with RPL ", '0' + rpl, " and DPL ", '0' + dpl
  DESCRIBE kTarget, 0, 0xFFFFF, kDataWritable | kBigPages | dpl << 5
  mov ecx, kTarget | rpl
  IN_RING cpl
  AT
  mov ss, cx
  LEAVE_CASE
    %if cpl == dpl && rpl == dpl
  CAUGHT kLeave
    %else
  RAISES 13, kTarget
    %endif
    %assign dpl dpl + 1
    %endrep
    %assign rpl rpl + 1
  %endrep
  %assign cpl cpl + 1
%endrep

  CASE "5.6: conforming code is readable from every ring"
  DESCRIBE kTarget, 0, 0xFFFFF, kCodeReadable | kConforming | kBigPages
  mov ecx, kTarget | 3
  IN_RING 3
  verr cx
  setz [Scratch]
  mov fs, cx
  mov eax, [fs:Scratch]
  LEAVE_CASE
  CAUGHT kLeave
  MASKED [CaughtEax], 0xFF, 1

  ; Selectors and presence, by each instruction that loads

; LOAD_FAULT name, selector, access of kTarget, vector, error code: into DS, ES, FS, GS
%macro LOAD_FAULT 5
  LOAD_FAULT_BY {MOV to DS}, %1, %2, %3, %4, %5, {mov ds, ax}
  LOAD_FAULT_BY {POP ES}, %1, %2, %3, %4, %5, pop es
  LOAD_FAULT_BY {POP FS}, %1, %2, %3, %4, %5, pop fs
  LOAD_FAULT_BY LDS, %1, %2, %3, %4, %5, {lds ecx, [FarPointer]}
  LOAD_FAULT_BY LES, %1, %2, %3, %4, %5, {les ecx, [FarPointer]}
  LOAD_FAULT_BY LGS, %1, %2, %3, %4, %5, {lgs ecx, [FarPointer]}
%endmacro
%macro STACK_LOAD_FAULT 5
  LOAD_FAULT_BY {MOV to SS}, %1, %2, %3, %4, %5, {mov ss, ax}
  LOAD_FAULT_BY {POP SS}, %1, %2, %3, %4, %5, pop ss
  LOAD_FAULT_BY LSS, %1, %2, %3, %4, %5, {lss ecx, [FarPointer]}
%endmacro
%macro LOAD_FAULT_BY 7+
  %defstr how %1
  CASE "5.3, 5.5: ", how, " ", %2
  DESCRIBE kTarget, 0, 0xFFFFF, %4
  mov word [FarSelector], %3
  mov eax, %3
  push eax
  mov ecx, 77
  AT
  %7
  RAISES %5, %6
  SAME [CaughtEcx], 77
  SAME [HandlerDs], kData3
  SAME [HandlerEs], kData3
  mov eax, [ResumeStack]
  sub eax, 4
  SAME [CaughtEsp], eax
%endmacro
  LOAD_FAULT "beyond the GDT", kBeyond | 1, 0, 13, kBeyond
  LOAD_FAULT "in an LDT that is not there", LOCAL(1), 0, 13, LOCAL(1)
  LOAD_FAULT "not present", kTarget, 0x12 | kBigPages, 11, kTarget
  LOAD_FAULT "not present and of the wrong ring", kTarget | 1, 0x12 | kBigPages, 13, kTarget
  STACK_LOAD_FAULT "null", 0, 0, 13, 0
  STACK_LOAD_FAULT "null with RPL", 2, 0, 13, 0
  STACK_LOAD_FAULT "beyond the GDT", kBeyond, 0, 13, kBeyond
  STACK_LOAD_FAULT "not present", kTarget, 0x12 | kBigPages, 12, kTarget
  STACK_LOAD_FAULT "not present and of the wrong ring", kTarget, 0x32 | kBigPages, 13, kTarget

  CASE "3.4.2: the last descriptor within the limit of the GDT, to its last byte"
  mov word [Table], kTarget + 7
  mov dword [Table + 2], Gdt
  DESCRIBE kTarget, 0, 0xFFFFF, kDataWritable | kBigPages
  lgdt [Table]
  mov eax, kTarget
  mov fs, ax
  dec word [Table]
  lgdt [Table]
  AT
  mov fs, ax
  RAISES 13, kTarget

  CASE "3.4.2: null data segments load, with any RPL, and fault when used"
  mov eax, 3
  mov fs, ax
  xor ecx, ecx
  AT
  mov eax, [fs:ecx]
  RAISES 13, 0
  SAME [HandlerFs], 3

  CASE "2, LLDT: null, then a selector of the LDT"
  mov eax, kLocal
  lldt ax
  DESCRIBE LOCAL(2), 0, 0xFFFFF, kDataWritable | kBigPages
  mov eax, LOCAL(2)
  mov fs, ax
  mov eax, 3
  lldt ax
  mov ecx, [fs:Scratch]  ; what is loaded stays
  mov eax, LOCAL(2)
  AT
  mov fs, ax
  RAISES 13, LOCAL(2)

%macro SYSTEM_FAULT 5  ; name, instruction, selector, vector, error code
  CASE "2, LLDT and LTR: ", %1
  DESCRIBE kTarget, Task, kTssBytes - 1, 0x09
  DESCRIBE SPARE(1), Ldt, 127, 0x02
  mov eax, %3
  AT
  %2
  RAISES %4, %5
%endmacro
  SYSTEM_FAULT "LTR null", ltr ax, 0, 13, 0
  SYSTEM_FAULT "LTR in the LDT", ltr ax, LOCAL(1), 13, LOCAL(1)
  SYSTEM_FAULT "LTR beyond the GDT", ltr ax, kBeyond, 13, kBeyond
  SYSTEM_FAULT "LTR not present", ltr ax, kTarget, 11, kTarget
  SYSTEM_FAULT "LTR busy", ltr ax, kTask, 13, kTask
  SYSTEM_FAULT "LLDT in the LDT", lldt ax, LOCAL(1), 13, LOCAL(1)
  SYSTEM_FAULT "LLDT beyond the GDT", lldt ax, kBeyond, 13, kBeyond
  SYSTEM_FAULT "LLDT not present", lldt ax, SPARE(1), 11, SPARE(1)

  CASE "5.10: LAR, LSL, VERR and VERW of selectors that lead nowhere"
  push dword kZf
%macro NOWHERE 2
  mov ecx, %2
  popfd
  push dword kZf
  %1
  ZF_IS 0
%endmacro
  NOWHERE {lar eax, ecx}, 0
  NOWHERE {lsl eax, ecx}, 3
  NOWHERE {verr cx}, kBeyond
  NOWHERE {verw cx}, LOCAL(1)
  NOWHERE {lar eax, ecx}, kBeyond
  UNDISTURBED

  CASE "5.10.4: ARPL raises the RPL, or leaves all as it is"
  mov ax, kTarget | 1
  mov bx, 2
  arpl ax, bx
  setz [Scratch]
  mov ecx, eax
  mov bx, 1
  arpl ax, bx
  setz [Scratch + 1]
  mov word [Scratch + 4], 0
  mov bx, 3
  arpl [Scratch + 4], bx
  UNDISTURBED
  MASKED ecx, 0xFFFF, kTarget | 2
  MASKED eax, 0xFFFF, kTarget | 2
  SAME16 [Scratch], 1
  SAME16 [Scratch + 4], 3

  ; The Accessed bit on a page that may not be written

  CASE "3.4.5.1: a descriptor that is marked already is not written"
  call InitPaging
  mov eax, cr0
  or eax, 0x10000  ; WP
  mov cr0, eax
  mov eax, kReadOnlyPage
  shr eax, 12
  mov esi, Gdt
  mov edi, kReadOnlyPage
  mov ecx, kGdtBytes / 4
  rep movsd
  mov dword [kReadOnlyPage + kTarget], 0xFFFF
  mov dword [kReadOnlyPage + kTarget + 4], 0xCF9200
  mov byte [kReadOnlyPage + kTarget + 5], 0x93
  mov byte [kReadOnlyPage + SPARE(1) + 5], 0x92
  mov byte [kReadOnlyPage + kCode0 + 5], 0x9B
  mov byte [kReadOnlyPage + kData0 + 5], 0x93
  mov byte [kReadOnlyPage + kData3 + 5], 0xF3
  and dword [PageTable + eax * 4], ~kWritable
  mov eax, cr3
  mov cr3, eax
  mov word [Table], kGdtBytes - 1
  mov dword [Table + 2], kReadOnlyPage
  lgdt [Table]
  mov eax, kTarget
  mov fs, ax
  mov eax, SPARE(1)
  AT
  mov fs, ax  ; this one must be written
  RAISES 14, 3
  mov eax, cr2
  SAME eax, kReadOnlyPage + SPARE(1) + 5
  mov eax, cr0
  and eax, ~0x80010000
  mov cr0, eax
kReadOnlyPage equ 0x3F0000

  ; The tables' registers and CR0 to CR4

  CASE "2, LGDT: 24 bits of the base with 16-bit operands"
  mov word [Table], 0x1234
  mov dword [Table + 2], 0xAB000000 + Gdt
  o16 lgdt [Table]
  sgdt [Scratch]
  lgdt [GdtPointer]
  UNDISTURBED
  SAME16 [Scratch], 0x1234
  SAME [Scratch + 2], Gdt

  CASE "2, LIDT: 32 bits of the base with 32-bit operands"
  mov word [Table], 0x7FF
  mov dword [Table + 2], 0xAB123456
  lidt [Table]
  sidt [Scratch]
  lidt [IdtPointer]
  mov ax, [Scratch + 6]
  UNDISTURBED
  SAME16 [Scratch], 0x7FF
  SAME [Scratch + 2], 0xAB123456

  CASE "2, SGDT: writes six bytes"
  mov dword [Scratch + 4], -1
  sgdt [Scratch]
  UNDISTURBED
  SAME16 [Scratch + 6], 0xFFFF

%macro IN_OUTER_RING 1+
  CASE "5.9: ring 1, ", instruction_text
  IN_RING 1, kIopl3
  AT
  %1
  RAISES 13, 0
%endmacro
%macro PRIVILEGED 1+
  %defstr instruction_text %1
  IN_OUTER_RING %1
%endmacro
  PRIVILEGED lgdt [GdtPointer]
  PRIVILEGED lidt [IdtPointer]
  PRIVILEGED lldt ax
  PRIVILEGED ltr ax
  PRIVILEGED lmsw ax
  PRIVILEGED clts
  PRIVILEGED mov eax, cr0
  PRIVILEGED mov cr3, eax
  PRIVILEGED mov eax, dr7
  PRIVILEGED invlpg [0]
  PRIVILEGED wbinvd
  PRIVILEGED hlt
  PRIVILEGED rdmsr

  CASE "5.9: SLDT, STR, SMSW, SGDT, SIDT in ring 3"
  IN_RING 3
  mov eax, -1
  str eax
  mov ebx, -1
  sldt bx
  smsw ecx
  sgdt [Scratch]
  sidt [Scratch + 8]
  LEAVE_CASE
  CAUGHT kLeave
  SAME [CaughtEax], kTask
  SAME [CaughtEbx], 0xFFFF0000
  mov eax, cr0
  SAME [CaughtEcx], eax

  CASE "2, LMSW: sets and clears MP, EM, TS, never clears PE"
  mov ecx, cr0
  mov ax, 0xFFFE
  lmsw ax
  mov edx, cr0
  xor ax, ax
  lmsw ax
  mov ebx, cr0
  mov cr0, ecx
  UNDISTURBED
  xor edx, ecx
  MASKED edx, ~0xE, 0
  mov edx, ebx
  MASKED edx, 0xF, 1

  CASE "2, CLTS"
  mov eax, cr0
  or eax, 8
  mov cr0, eax
  clts
  mov ecx, cr0
  UNDISTURBED
  xor ecx, eax
  SAME ecx, 8

%macro BAD_CR 4  ; name, register, bits to set, bits to clear
  CASE "2.5: ", %1
  mov ecx, %2
  mov eax, ecx
  or eax, %3
  and eax, ~(%4)
  AT
  mov %2, eax
  RAISES 13, 0
  mov eax, %2
  SAME eax, [CaughtEcx]
%endmacro
  BAD_CR "CR0.PG without PE", cr0, 0x80000000, 1
  BAD_CR "CR0.NW without CD", cr0, 0x20000000, 0x40000000
  BAD_CR "CR4.VME, which the model lacks", cr4, 1, 0
  BAD_CR "CR4.PVI, which the model lacks", cr4, 2, 0
  BAD_CR "reserved bit 11 of CR4", cr4, 0x800, 0
  BAD_CR "reserved bit 31 of CR4", cr4, 0x80000000, 0

  CASE "2.5: reserved bits of CR0 are ignored, and ET is fixed"
  mov ecx, cr0
  mov eax, ecx
  or eax, 0x1FFAFFC0
  and eax, ~0x10
  mov cr0, eax
  mov edx, cr0
  mov cr0, ecx
  UNDISTURBED
  SAME edx, ecx

%macro NO_CR 1
  CASE "2, MOV: CR", '0' + %1, " does not exist"
  AT
  db 0x0F, 0x20, 0xC0 | %1 << 3
  RAISES 6, 0
  CASE "2, MOV: CR", '0' + %1, " does not exist for writes in ring 3 either"
  IN_RING 3
  AT
  db 0x0F, 0x22, 0xC0 | %1 << 3
  RAISES 6, 0
%endmacro
  NO_CR 1
  NO_CR 5
  NO_CR 6
  NO_CR 7

  END_CASES "segments"
