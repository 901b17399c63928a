; SPDX-License-Identifier: Apache-2.0
; The BIOS area F0000h-FFFFFh as the virtual BIOS leaves it (82441FX data sheet, 3.2.18, PAM0): RAM
; that is read only, until the guest makes it ordinary shadow RAM; and the FACS, which the system
; writes to (ACPI 2.0, 5.2.9).
%include "cases.inc"

kConfigAddress equ 0xCF8
kConfigData equ 0xCFC
kPam0 equ 0x80000058           ; of bus 0, device 0, function 0; the register is byte 1 of it
kReads equ 0x10
kReadsAndWrites equ 0x30
kBiosArea equ 0xF0000
kBiosAreaEnd equ 0x100000
kFree equ 0xF8000              ; zeros: nothing lies there
kCode equ 0xF9000              ; likewise
kRsdt equ 16                   ; in the RSDP
kFirstTable equ 36             ; in the RSDT: the FADT
kFirmwareControl equ 36        ; in the FADT

section .text
%macro SET_PAM0 1
  mov edx, kConfigAddress
  mov eax, kPam0
  out dx, eax
  mov edx, kConfigData + 1
  mov al, %1
  out dx, al
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitCases

  CASE "PAM0 says that only reads go to RAM"
  mov edx, kConfigAddress
  mov eax, kPam0
  out dx, eax
  mov edx, kConfigData + 1
  in al, dx
  movzx eax, al
  UNDISTURBED
  SAME eax, kReads

  CASE "writes are ignored, every size, the vectors of reset included"
  mov esi, [kBiosAreaEnd - 16]
  mov dword [kFree], 0x12345678
  mov byte [kFree + 5], 1
  not dword [kBiosAreaEnd - 16]
  mov edi, kBiosArea
  mov ecx, 64
  mov eax, [edi]
  mov edx, eax
  not eax
  rep stosd
  UNDISTURBED
  SAME [kFree], 0
  SAME [kFree + 4], 0
  SAME [kBiosArea], edx
  SAME [kBiosAreaEnd - 16], esi

  CASE "shadow RAM can be opened, written and closed again"
  SET_PAM0 kReadsAndWrites
  mov dword [kFree], 0x12345678
  SET_PAM0 kReads
  mov dword [kFree], 0
  mov esi, [kFree]
  SET_PAM0 kReadsAndWrites
  mov dword [kFree], 0
  SET_PAM0 kReads
  UNDISTURBED
  SAME esi, 0x12345678
  SAME [kFree], 0

  CASE "code in it stays what it was"
  SET_PAM0 kReadsAndWrites
  mov dword [kCode], 0xC3C0FF90        ; nop ; inc eax ; ret
  SET_PAM0 kReads
  xor eax, eax
  mov ecx, 100
%$again:
  mov edx, kCode
  call edx
  mov dword [kCode], 0xC3C8FF90        ; nop ; dec eax ; ret
  loop %$again
  UNDISTURBED
  SAME eax, 100

  CASE "the FACS is RAM"
  mov edi, kBiosArea
%$search:
  cmp dword [edi], 'RSD '
  jne %$next
  cmp dword [edi + 4], 'PTR '
  je %$found
%$next:
  add edi, 16
  cmp edi, kBiosAreaEnd
  jb %$search
%$found:
  mov ebx, [edi + kRsdt]
  mov ebx, [ebx + kFirstTable]
  mov ebx, [ebx + kFirmwareControl]
  mov dword [ebx + 12], 0x9ABCD0       ; the waking vector
  UNDISTURBED
  SAME [ebx], 'FACS'
  SAME [ebx + 12], 0x9ABCD0

  END_CASES "bios_area"
