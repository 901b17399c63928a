; SPDX-License-Identifier: Apache-2.0
; Reads and writes a disk by PIO and by DMA and compares. Dword n of the disk must hold
; n * 9E3779B1h; sectors 5 and 16 to 31 are written. Prints `bad ...` for what fails.
%define WITH_PROTECTION
kIdtVectors equ 0x30
UserBegin equ 0
UserEnd equ 0
%include "common.inc"
%include "ide.inc"

kPatternFactor equ 0x9E3779B1

; CHECK what: unless equal.
%macro CHECK 1
  je %%good
  PRINT "bad ", %1, 10
  mov byte [Verdict], 1
%%good:
%endmacro

[section .bss]
Sector: resb 512
Verdict: resb 1
__SECT__

; ComparePattern(address, sector, dwords): ZF set if it holds the disk's pattern.
ComparePattern:
  pusha
  mov esi, [esp + 36]
  mov ebx, [esp + 40]
  shl ebx, 7
  mov ecx, [esp + 44]
.next:
  imul eax, ebx, kPatternFactor
  cmp [esi], eax
  jne .done
  add esi, 4
  inc ebx
  loop .next
  xor eax, eax
.done:
  popa
  ret 12

%macro COMPARE 3
  push dword %3
  push dword %2
  push dword %1
  call ComparePattern
%endmacro

global Start
Start:
  mov esp, StackTop
  cld
  call InitSerial
  call InitDescriptors
  call InitIde
  mov byte [Verdict], 0

  ; PIO, as a BIOS reads.
  mov ebx, 3
  mov ecx, 1
  push dword 0x20
  call IdeCommand
  call WaitIde
  cmp al, 0x58
  CHECK "status of a read"
  mov edi, Sector
  mov ecx, 256
  mov dx, kIde
  rep insw
  COMPARE Sector, 3, 128
  CHECK "read by PIO"

  mov edi, Sector
  mov ecx, 128
  mov eax, 0xC0DE0000
.fill:
  stosd
  inc eax
  loop .fill
  mov ebx, 5
  mov ecx, 1
  push dword 0x30
  call IdeCommand
  call WaitIde
  mov esi, Sector
  mov ecx, 128
  mov dx, kIde
  rep outsd
  call WaitIde
  cmp al, 0x50
  CHECK "status of a write"

  ; DMA, with an interrupt that ends HLT.
  mov ebx, 0
  mov ecx, kDmaSectors
  push dword 8
  push dword 0xC8
  call DmaTransfer
  and al, 7
  cmp al, 4
  CHECK "bus master after a read"
  COMPARE kDmaBuffer, 0, 5 * 128
  CHECK "read by DMA"
  COMPARE kDmaBuffer + 6 * 512, 6, (kDmaSectors - 6) * 128
  CHECK "read by DMA behind the written sector"
  mov esi, Sector
  mov edi, kDmaBuffer + 5 * 512
  mov ecx, 128
  repe cmpsd
  CHECK "written by PIO, read by DMA"

  ; Sectors 16 to 31 get the pattern of 17 to 32.
  mov esi, kDmaBuffer + 17 * 512
  mov edi, kDmaBuffer
  mov ecx, 16 * 128
  rep movsd
  mov ebx, 16
  mov ecx, 16
  push dword 0
  push dword 0xCA
  call DmaTransfer
  and al, 7
  cmp al, 4
  CHECK "bus master after a write"
  push dword 0xE7
  call IdeCommand
  call WaitIde
  cmp al, 0x50
  CHECK "flush"
  mov ebx, 31
  mov ecx, 1
  push dword 0x20
  call IdeCommand
  call WaitIde
  mov edi, Sector
  mov ecx, 128
  mov dx, kIde
  rep insd
  COMPARE Sector, 32, 128
  CHECK "written by DMA, read by PIO"

  ; DMA over code that has run: the buffer holds one routine, then another.
  mov dword [kDmaBuffer], 0x00C30000 | 0xC031  ; xor eax, eax; ret
  call kDmaBuffer
  test eax, eax
  CHECK "code before DMA"
  mov dword [Sector], 0xC3C0FF90  ; nop; inc eax; ret
  mov ebx, 5
  mov ecx, 1
  push dword 0x30
  call IdeCommand
  call WaitIde
  mov esi, Sector
  mov ecx, 128
  mov dx, kIde
  rep outsd
  call WaitIde
  mov ebx, 5
  mov ecx, 1
  push dword 8
  push dword 0xC8
  call DmaTransfer
  mov eax, 41
  call kDmaBuffer
  cmp eax, 42
  CHECK "code that came by DMA"

  cmp byte [Verdict], 0
  jne .failed
  PRINT "disk: all passed", 10
.failed:
  EXIT [Verdict]
