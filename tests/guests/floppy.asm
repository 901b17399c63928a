; SPDX-License-Identifier: Apache-2.0
; Drives the first floppy drive, with a disk of 1.44 MB, as a small driver would: reset, recalibrate,
; seek, then sectors by DMA and by port, each time asleep until IRQ 6. Dword n of the disk must hold
; n * 9E3779B1h; sectors 17 and 18 of cylinder 40, head 1, are overwritten with what sectors 1 and 2
; of that track hold. Prints `bad ...` for what fails.
%define WITH_PROTECTION
kIdtVectors equ 0x30
UserBegin equ 0
UserEnd equ 0
%include "common.inc"

kOutput equ 0x3F2
kStatus equ 0x3F4
kFifo equ 0x3F5
kRate equ 0x3F7
kFloppyVector equ 0x26
kBuffer equ 0x90000
kSector equ 512
kPatternFactor equ 0x9E3779B1
kToMemory equ 0x46
kFromMemory equ 0x4A

[section .bss]
Interrupts: resd 1
Results: resb 16
Verdict: resb 1
__SECT__

; CHECK what: unless equal.
%macro CHECK 1
  je %%good
  PRINT "bad ", %1, 10
  mov byte [Verdict], 1
%%good:
%endmacro

; COMMAND bytes: sends them to the controller.
%macro COMMAND 1+
  [section .rodata]
%%bytes: db %1
%%end:
  __SECT__
  mov esi, %%bytes
  mov ecx, %%end - %%bytes
  call Send
%endmacro

OnFloppy:
  push eax
  inc dword [Interrupts]
  mov al, 0x20
  out 0x20, al
  pop eax
  iret

; Until the next interrupt since the last call.
WaitFloppy:
  cli
  cmp dword [Interrupts], 0
  jne .done
  sti
  hlt
  jmp WaitFloppy
.done:
  dec dword [Interrupts]
  sti
  ret

; ecx bytes at esi.
Send:
  mov dx, kStatus
.wait:
  in al, dx
  and al, 0xC0
  cmp al, 0x80  ; ready, to the controller
  jne .wait
  mov dx, kFifo
  outsb
  loop Send
  ret

; The results of a command to Results.
Receive:
  mov edi, Results
.next:
  mov dx, kStatus
  in al, dx
  test al, 0x80
  jz .next
  and al, 0x50
  cmp al, 0x50  ; busy, to the host
  jne .done
  mov dx, kFifo
  insb
  jmp .next
.done:
  ret

SenseInterrupt:
  COMMAND 0x08
  jmp Receive

; SetDma(mode, bytes): channel 2, between kBuffer and the controller.
SetDma:
  mov al, 0x06
  out 0x0A, al
  out 0x0C, al
  mov al, [esp + 4]
  out 0x0B, al
  mov eax, kBuffer
  out 0x04, al
  shr eax, 8
  out 0x04, al
  shr eax, 8
  out 0x81, al
  mov eax, [esp + 8]
  dec eax
  out 0x05, al
  mov al, ah
  out 0x05, al
  mov al, 0x02
  out 0x0A, al
  ret 8
%macro SET_DMA 2
  push dword %2
  push dword %1
  call SetDma
%endmacro

; ComparePattern(sector, dwords): ZF set if kBuffer holds the disk's pattern.
ComparePattern:
  mov ebx, [esp + 4]
  shl ebx, 7
  mov ecx, [esp + 8]
  mov esi, kBuffer
.next:
  imul eax, ebx, kPatternFactor
  cmp [esi], eax
  jne .done
  add esi, 4
  inc ebx
  loop .next
  xor eax, eax
.done:
  ret 8
%macro COMPARE 2
  push dword %2
  push dword %1
  call ComparePattern
%endmacro

; The sector number of cylinder, head, sector.
%define SECTOR(c, h, s) (((c) * 2 + (h)) * 18 + (s) - 1)

global Start
Start:
  mov esp, StackTop
  cld
  call InitSerial
  call InitDescriptors
  SET_GATE kFloppyVector, OnFloppy, 0
  mov esi, .pic
.next:
  lodsw
  test ax, ax
  jz .reset
  movzx edx, ah
  out dx, al
  jmp .next

.reset:
  sti
  mov dx, kOutput
  mov al, 0x08
  out dx, al
  mov al, 0x1C  ; motor on
  out dx, al
  call WaitFloppy
  mov ebx, 0xC0
.sense:
  call SenseInterrupt
  cmp [Results], bl
  CHECK "status after reset"
  inc ebx
  cmp ebx, 0xC4
  jb .sense
  mov dx, kRate
  mov al, 0
  out dx, al
  COMMAND 0x03, 0xDF, 0x02
  COMMAND 0x07, 0x00
  call WaitFloppy
  call SenseInterrupt
  cmp word [Results], 0x0020
  CHECK "recalibration"
  COMMAND 0x0F, 0x04, 40
  call WaitFloppy
  call SenseInterrupt
  cmp word [Results], 0x2824
  CHECK "seek"

  SET_DMA kToMemory, 3 * kSector
  COMMAND 0xE6, 0x04, 40, 1, 7, 2, 18, 0x1B, 0xFF
  call WaitFloppy
  call Receive
  cmp dword [Results], 0x28000004
  CHECK "status of a read"
  COMPARE SECTOR(40, 1, 7), 3 * 128
  CHECK "data of a read"

  SET_DMA kToMemory, 2 * kSector
  COMMAND 0xE6, 0x04, 40, 1, 1, 2, 18, 0x1B, 0xFF
  call WaitFloppy
  call Receive
  SET_DMA kFromMemory, 2 * kSector
  COMMAND 0xC5, 0x04, 40, 1, 17, 2, 18, 0x1B, 0xFF
  call WaitFloppy
  call Receive
  cmp dword [Results], 0x29000004
  CHECK "status of a write"
  mov edi, kBuffer
  mov ecx, 2 * 128
  xor eax, eax
  rep stosd
  SET_DMA kToMemory, 2 * kSector
  COMMAND 0xE6, 0x04, 40, 1, 17, 2, 18, 0x1B, 0xFF
  call WaitFloppy
  call Receive
  COMPARE SECTOR(40, 1, 1), 2 * 128
  CHECK "data after a write"

  ; By port: an interrupt for each piece of the FIFO.
  COMMAND 0x13, 0x00, 0x08, 0x00
  COMMAND 0x03, 0xDF, 0x03
  COMMAND 0x46, 0x04, 40, 1, 5, 2, 5, 0x1B, 0xFF
  mov edi, kBuffer
.piece:
  call WaitFloppy
.byte:
  mov dx, kStatus
  in al, dx
  and al, 0xE0
  cmp al, 0xE0
  jne .piece_done
  mov dx, kFifo
  insb
  jmp .byte
.piece_done:
  cmp edi, kBuffer + kSector
  jb .piece
  call WaitFloppy
  call Receive
  cmp dword [Results], 0x29008044  ; the end of the cylinder: there is no terminal count
  CHECK "status of a read by port"
  COMPARE SECTOR(40, 1, 5), 128
  CHECK "data of a read by port"

  cmp byte [Verdict], 0
  jne .end
  PRINT "floppy: all passed", 10
.end:
  EXIT 0
[section .rodata]
.pic:
  db 0x11, 0x20, 0x11, 0xA0, 0x20, 0x21, 0x28, 0xA1, 0x04, 0x21, 0x02, 0xA1, 0x01, 0x21, 0x01, 0xA1
  db 0xBF, 0x21, 0xFF, 0xA1
  dw 0
__SECT__
