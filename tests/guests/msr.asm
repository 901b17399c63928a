; SPDX-License-Identifier: Apache-2.0
; Model-specific registers, CPUID and what must agree with it, SYSENTER and SYSEXIT, the counters (SDM
; vol. 2; vol. 3, 4.1.4, 5.8.7 and 11.11; vol. 4, chapter 2).
%define EXTRA_DESCRIPTORS 0x00CF9B000000FFFF, 0x00CF93000000FFFF, 0x00CFFB000000FFFF, 0x00CFF3000000FFFF
%include "privileged.inc"

kFastCode equ 0x30  ; and 38h, 43h, 4Bh: what SYSENTER and SYSEXIT take
kTsc equ 0x10
kApicBase equ 0x1B
kSysenterCs equ 0x174
kSysenterEsp equ 0x175
kSysenterEip equ 0x176
kMtrrCap equ 0xFE
kPat equ 0x277
kMtrrDefType equ 0x2FF
kEfer equ 0xC0000080

section .text
%macro READ 1
  mov ecx, %1
  rdmsr
%endmacro
%macro WRITE 3  ; register, high, low
  mov ecx, %1
  mov edx, %2
  mov eax, %3
  wrmsr
%endmacro
; REFUSED "name", register, high, low: #GP(0), and the register keeps its value.
%macro REFUSED 4
  CASE %1
  READ %2
  mov esi, eax
  mov edi, edx
  mov ecx, %2
  mov edx, %3
  mov eax, %4
  AT
  wrmsr
  RAISES 13, 0
  READ %2
  EXPECT eax, [CaughtEsi]
  EXPECT edx, [CaughtEdi]
  DONE
%endmacro
%macro UNKNOWN 2
  CASE %1
  mov ecx, %2
  AT
  rdmsr
  RAISES 13, 0
  DONE
%endmacro
%macro FORBIDDEN 2+
  CASE %1
  xor ecx, ecx
  IN_RING_3
  AT
  %2
  END_RING_3
  RAISES 13, 0
  DONE
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitPrivileged

  UNKNOWN "register that does not exist", 0x12345678  ; vol. 2, RDMSR: #GP(0)
  UNKNOWN "register of virtual machines", 0x480       ; not announced
  UNKNOWN "long-mode register", 0xC0000082            ; not announced

  CASE "write of a register that does not exist"  ; vol. 2, WRMSR: #GP(0)
  mov ecx, 0x12345678
  AT
  wrmsr
  RAISES 13, 0
  DONE

  REFUSED "reserved bits of EFER", kEfer, 0, 0x200    ; vol. 3, 2.2.1
  REFUSED "long mode", kEfer, 0, 0x100                ; not announced
  REFUSED "reserved bits of APIC_BASE", kApicBase, 0, 0xFEE00101  ; vol. 3, 10.4.4
  REFUSED "APIC_BASE beyond the physical width", kApicBase, 0x10, 0xFEE00800
  REFUSED "memory type 2 in the PAT", kPat, 0x00070406, 0x00070402  ; vol. 3, 11.12.2
  REFUSED "reserved byte of the PAT", kPat, 0x08070406, 0x00070406
  REFUSED "memory type 2 in MTRR_DEF_TYPE", kMtrrDefType, 0, 0xC02  ; vol. 3, 11.11.2.1
  REFUSED "reserved bits of MTRR_DEF_TYPE", kMtrrDefType, 0, 0x1006
  REFUSED "reserved bits of a variable MTRR", 0x200, 0, 0x106  ; vol. 3, 11.11.2.3
  REFUSED "variable MTRR beyond the physical width", 0x201, 0x10, 0x800
  REFUSED "memory type 3 in a fixed MTRR", 0x250, 0, 3  ; vol. 3, 11.11.2.2
  REFUSED "MTRRCAP is read-only", kMtrrCap, 0, 0      ; vol. 3, 11.11.1
  REFUSED "machine-check capabilities are read-only", 0x179, 0, 0  ; vol. 3, 15.3.1.1

  CASE "PAT keeps what it gets"  ; vol. 3, 11.12.2
  READ kPat
  push eax
  push edx
  WRITE kPat, 0x00010506, 0x07000106
  xor eax, eax
  xor edx, edx
  READ kPat
  mov esi, eax
  mov edi, edx
  pop edx
  pop eax
  wrmsr
  COMPLETES
  EXPECT esi, 0x07000106
  EXPECT edi, 0x00010506
  DONE

  CASE "time-stamp counter can be set"  ; vol. 3, 17.17
  WRITE kTsc, 0x1000, 0
  rdtsc
  mov esi, edx
  rdmsr
  COMPLETES
  EXPECT esi, 0x1000
  EXPECT edx, 0x1000
  DONE

  CASE "time-stamp counter counts"
  rdtsc
  mov esi, eax
  mov edi, edx
  rdtsc
  sub eax, esi
  sbb edx, edi
  mov ecx, edx
  or ecx, eax
  setnz cl
  and ecx, 1
  COMPLETES
  EXPECT edx, 0
  EXPECT ecx, 1
  DONE

  CASE "rdtsc in ring 3"  ; vol. 2, RDTSC: allowed while CR4.TSD is clear
  IN_RING_3
  rdtsc
  END_RING_3
  RAISES_AT kUndisturbed, 0, [CaughtEip]
  DONE

  CASE "rdtsc in ring 3 with TSD"  ; vol. 2, RDTSC: #GP(0)
  mov eax, cr4
  or eax, 4
  mov cr4, eax
  IN_RING_3
  AT
  rdtsc
  END_RING_3
  RAISES 13, 0
  rdtsc  ; not in ring 0
  mov eax, cr4
  and eax, ~4
  mov cr4, eax
  DONE

  FORBIDDEN "rdpmc without PCE", rdpmc  ; vol. 2, RDPMC: #GP(0)
  FORBIDDEN "rdmsr in ring 3", rdmsr
  FORBIDDEN "wrmsr in ring 3", wrmsr
  FORBIDDEN "invd in ring 3", invd
  FORBIDDEN "wbinvd in ring 3", wbinvd
  FORBIDDEN "lgdt in ring 3", lgdt [0x500]
  FORBIDDEN "lldt in ring 3", lldt cx
  FORBIDDEN "ltr in ring 3", ltr cx
  FORBIDDEN "lmsw in ring 3", lmsw cx
  FORBIDDEN "mov to cr3 in ring 3", {mov cr3, ecx}
  FORBIDDEN "sysexit in ring 3", sysexit

  CASE "sysenter without SYSENTER_CS"  ; vol. 2, SYSENTER: #GP(0)
  WRITE kSysenterCs, 0, 0
  IN_RING_3
  AT
  sysenter
  END_RING_3
  RAISES 13, 0
  DONE

  CASE "sysexit without SYSENTER_CS"  ; vol. 2, SYSEXIT: #GP(0)
  AT
  sysexit
  RAISES 13, 0
  DONE

  CASE "sysenter"  ; vol. 2, SYSENTER: CS, SS, ESP, EIP, IF, VM and RF; nothing is saved
  WRITE kSysenterCs, 0, kFastCode
  WRITE kSysenterEsp, 0, InterruptStackTop - 64
  WRITE kSysenterEip, 0, %$entry
  mov ebx, 0x1234
  IN_RING_3 kIf | kCf
  sysenter
  END_RING_3
%$entry:
  ud2
  RAISES_AT 6, 0, %$entry
  EXPECT [CaughtCs], kFastCode
  EXPECT [CaughtEsp], InterruptStackTop - 64
  EXPECT_BITS [CaughtFlags], kIf | kCf, kCf
  EXPECT [CaughtEbx], 0x1234
  DONE

  CASE "sysenter ignores the low bits of its selector"  ; vol. 2, SYSENTER
  WRITE kSysenterCs, 0, kFastCode + 3
  IN_RING_3
  sysenter
  END_RING_3
  RAISES_AT 6, 0, [CaughtEip]
  EXPECT [CaughtCs], kFastCode
  DONE

  CASE "sysexit"  ; vol. 2, SYSEXIT: to ring 3 at EDX with ESP from ECX
  WRITE kSysenterCs, 0, kFastCode
  mov edx, UserCode
  mov ecx, UserStackTop - 32
  sysexit
  RAISES_AT kUndisturbed, 0, UserCode + 5
  EXPECT [CaughtCs], kFastCode + 16 + 3
  EXPECT [CaughtEax], kFastCode + 24 + 3
  EXPECT [InterruptStackTop - 8], UserStackTop - 32
  DONE

  CASE "CPUID: family 6, and features that work"  ; vol. 2, CPUID
  mov eax, 1
  cpuid
  mov esi, edx
  shr eax, 8
  and eax, 15
  COMPLETES
  EXPECT eax, 6
  ; FPU, TSC, MSR, CX8, SEP, PGE, CMOV; no VME and no APIC
  EXPECT_BITS esi, 0xA931, 0xA931
  EXPECT_BITS esi, 1 << 9 | 1 << 1, 0
  DONE

  CASE "CR4 takes what CPUID announces and nothing else"  ; vol. 3, 2.5
  mov eax, 1
  cpuid
  xor esi, esi  ; expected
  mov edi, edx
  bt edx, 3
  jnc %$no_pse
  or esi, 1 << 4
%$no_pse:
  bt edx, 2
  jnc %$no_de
  or esi, 1 << 3
%$no_de:
  bt edx, 13
  jnc %$no_pge
  or esi, 1 << 7
%$no_pge:
  mov ebx, cr4
  mov ecx, ebx
  or ecx, esi
  mov cr4, ecx
  mov edi, cr4
  mov cr4, ebx
  COMPLETES
  EXPECT edi, ecx
  DONE

  CASE "VME is not announced"  ; vol. 3, 2.5: #GP(0)
  mov eax, cr4
  or eax, 1
  AT
  mov cr4, eax
  RAISES 13, 0
  DONE

  CASE "mov to cr1"  ; vol. 2, MOV to CR: #UD
  AT
  db 0x0F, 0x22, 0xC8
  RAISES 6
  DONE

  CASE "mov from cr5"  ; vol. 2, MOV from CR: #UD
  AT
  db 0x0F, 0x20, 0xE8
  RAISES 6
  DONE

  CASE "ID flag"  ; vol. 1, 3.4.3.3: can be changed
  pushf
  pop eax
  mov ebx, eax
  xor eax, 1 << 21
  push eax
  popf
  pushf
  pop ecx
  push ebx
  popf
  xor ecx, ebx
  COMPLETES
  EXPECT_BITS ecx, 1 << 21, 1 << 21
  DONE

  FINISH "msr"

section .user
UserCode:
  db 0x66, 0x8C, 0xD0  ; mov ax, ss
  int kUndisturbed
