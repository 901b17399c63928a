; SPDX-License-Identifier: Apache-2.0
; IA32_APIC_BASE on a machine with APICs (SDM vol. 3, 11.4.3 to 11.4.5): the local APIC's registers
; follow the base, before whatever else lies there, and answer nowhere while it is switched off.
%include "privileged.inc"

kApicBaseMsr equ 0x1B
kDefault equ 0xFEE00000
kInRam equ 0x900000
kInHole equ 0xE8000000
kOn equ 0x900                  ; enabled, the bootstrap processor
kOff equ 0x100
kTaskPriority equ 0x80
kSpurious equ 0xF0
kVersion equ 0x30
kWhatVersion equ 0x50014
kRamPattern equ 0x5A5AA5A5

section .text
%macro BASE 1
  mov ecx, kApicBaseMsr
  xor edx, edx
  mov eax, %1
  wrmsr
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitPrivileged
  mov eax, cr0                 ; all of physical memory
  and eax, ~0x80000000
  mov cr0, eax

  CASE "the APIC is on, at its default address"
  mov ecx, kApicBaseMsr
  rdmsr
  mov esi, eax
  COMPLETES
  EXPECT esi, kDefault | kOn
  EXPECT [kDefault + kVersion], kWhatVersion
  DONE

  CASE "its registers move to where RAM is, and hide it"
  mov dword [kInRam + kVersion], kRamPattern
  mov dword [kInRam + kTaskPriority], kRamPattern
  mov dword [kInRam + 4096], kRamPattern
  mov dword [kDefault + kTaskPriority], 0x20
  BASE kInRam | kOn
  mov esi, [kInRam + kTaskPriority]
  mov dword [kInRam + kTaskPriority], 0x30
  COMPLETES
  EXPECT esi, 0x20             ; the state goes along
  EXPECT [kInRam + kTaskPriority], 0x30
  EXPECT [kInRam + kVersion], kWhatVersion
  EXPECT [kDefault + kVersion], 0xFFFFFFFF
  EXPECT [kInRam + 4096], kRamPattern
  DONE

  CASE "they leave the RAM as it was"
  BASE kInHole | kOn
  COMPLETES
  EXPECT [kInRam + kTaskPriority], kRamPattern
  EXPECT [kInRam + kVersion], kRamPattern
  EXPECT [kInHole + kTaskPriority], 0x30
  DONE

  CASE "code runs where the registers were, and does not where they are"
  mov dword [kInRam], 0xC3C3C340  ; inc eax; ret
  mov eax, 1
  mov ebx, kInRam
  call ebx
  BASE kInRam | kOn
  mov edi, [kInRam]            ; reserved
  BASE kInHole | kOn
  mov eax, 1
  call ebx
  mov esi, eax
  COMPLETES
  EXPECT esi, 2
  EXPECT edi, 0
  DONE

  CASE "beyond 4 GiB they answer nowhere"
  mov ecx, kApicBaseMsr
  mov edx, 1
  mov eax, kInRam | kOn
  wrmsr
  COMPLETES
  EXPECT [kInRam + kVersion], kRamPattern
  EXPECT [kInHole + kVersion], 0xFFFFFFFF
  DONE

  CASE "switched off there are no registers and no feature bit"
  BASE kDefault | kOn
  mov dword [kDefault + kSpurious], 0x1FF
  mov dword [kDefault + 0x350], 0x700    ; LINT0: the 8259s
  BASE kDefault | kOff
  mov dword [kDefault + kTaskPriority], 0x40
  mov eax, 1
  cpuid
  COMPLETES
  EXPECT [kDefault + kVersion], 0xFFFFFFFF
  EXPECT_BITS edx, 1 << 9, 0
  DONE

  CASE "switched on again it is as after a reset"
  BASE kInHole | kOn
  mov eax, 1
  cpuid
  COMPLETES
  EXPECT_BITS edx, 1 << 9, 1 << 9
  EXPECT [kInHole + kTaskPriority], 0
  EXPECT [kInHole + kSpurious], 0xFF
  EXPECT [kInHole + 0x350], 0x10000
  EXPECT [kInHole + 0xE0], 0xFFFFFFFF
  DONE

  FINISH "apic"
