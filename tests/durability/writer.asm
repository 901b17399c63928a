; SPDX-License-Identifier: Apache-2.0
; Writes for ever, and says on COM1 what it knows to be kept: the guest of kill_test.py. Write number n (1, 2, ...) fills slot n mod 64, eight sectors whose dwords are n,
; the sector's number within the slot, and then n * 9E3779B1h + sector number + dword number. Each
; kept write is a line with its number in hexadecimal; the mode is a byte that the test puts into the
; boot sector.
%include "bios.inc"
%include "load.inc"

kModeByte equ 0x7C00 + 0x1FC    ; patched by the test
kBuffer equ 0x9000
kRegions equ 0x8800             ; of the bus master
kSlots equ 64
kSlotSectors equ 8
kFirstSector equ 64             ; of slot 0 on the disk
kFactor equ 0x9E3779B1
kIde equ 0x1F0
kIdeControl equ 0x3F6
kIdePci equ 0x80000900          ; 00:01.1
kFloppyStatus equ 0x3F4

Drive: db 0                     ; in the first sector: the rest is yet to come

start:
  mov [Drive], dl
  LOAD_REST
  movzx bx, byte [kModeByte]
  add bx, bx
  mov ax, [Modes + bx]
  mov [Write], ax
  mov ax, [Preparations + bx]
  call ax
.next:
  inc dword [Number]
  call Fill
  call [Write]
  jnc .next                     ; written, but nobody said that it is kept
  call Report
  jmp .next

; Each sets CF if the write is kept.
Modes: dw PioAndFlush, DmaAndFlush, Pio, Dma, Int13, FloppyInt13, FloppyDma
Preparations: dw Quiet, FindBusMaster, DisableCache, FindBusMaster, Nothing, Nothing, StartFloppy

Nothing:
  ret

; The drive's interrupts off: it is polled.
Quiet:
  mov dx, kIdeControl
  mov al, 2
  out dx, al
  ret

; SET FEATURES 82h: what is written is kept without a flush.
DisableCache:
  call Quiet
  mov dx, kIde + 1
  mov al, 0x82
  out dx, al
  mov al, 0xEF
  jmp AtaCommand

FindBusMaster:
  call Quiet
  mov eax, kIdePci | 4          ; command: I/O space, bus master
  mov dx, 0xCF8
  out dx, eax
  mov dx, 0xCFC
  mov ax, 5
  out dx, ax
  mov eax, kIdePci | 0x20
  mov dx, 0xCF8
  out dx, eax
  mov dx, 0xCFC
  in eax, dx
  and al, 0xF0
  mov [BusMaster], ax
  mov dword [kRegions], kBuffer
  mov dword [kRegions + 4], 0x80000000 | kSlotSectors * 512
  add ax, 4
  mov dx, ax
  mov eax, kRegions
  out dx, eax
  ret

; The buffer as the slot of [Number] is to be.
Fill:
  cld
  mov ecx, [Number]
  imul ebp, ecx, kFactor
  mov di, kBuffer
  xor edx, edx                  ; sector
.sector:
  mov eax, ecx
  stosd
  mov eax, edx
  stosd
  mov ebx, 2                    ; dword
.dword:
  lea eax, [ebp + edx]
  add eax, ebx
  stosd
  inc bx
  cmp bx, 128
  jne .dword
  inc dx
  cmp dx, kSlotSectors
  jne .sector
  ret

; eax: the first sector of the slot.
SlotSector:
  mov eax, [Number]
  and eax, kSlots - 1
  shl eax, 3
  add eax, kFirstSector
  ret

; al: a command for the slot.
SlotCommand:
  push ax
  mov dx, kIde + 2
  mov al, kSlotSectors
  out dx, al
  call SlotSector
  mov dx, kIde + 3
  out dx, al
  inc dx
  shr eax, 8
  out dx, al
  inc dx
  shr eax, 8
  out dx, al
  inc dx
  mov al, 0xE0
  out dx, al
  pop ax
  inc dx
  out dx, al
  ret

; al: a command without data. Returns when it is done.
AtaCommand:
  mov dx, kIde + 7
  out dx, al
; Until the drive is not busy; al is its status. Stops the guest at an error.
WaitDrive:
  mov dx, kIde + 7
.busy:
  in al, dx
  test al, 0x80
  jnz .busy
  test al, 0x21
  jnz Failed
  ret

Failed:
  PRINT "failed", 10
  hlt
  jmp Failed

PioWrite:
  mov al, 0x30                  ; WRITE SECTORS
  call SlotCommand
  mov si, kBuffer
  mov bl, kSlotSectors
.sector:
  call WaitDrive
  mov dx, kIde
  mov cx, 256
  rep outsw
  dec bl
  jnz .sector
  jmp WaitDrive

; Every fourth write is followed by a flush, after which it and those before are kept.
FlushSometimes:
  test byte [Number], 3
  jnz NotYet
  mov al, 0xE7                  ; FLUSH CACHE
  call AtaCommand
Kept:
  stc
  ret
NotYet:
  clc
  ret

PioAndFlush:
  call PioWrite
  jmp FlushSometimes

Pio:
  call PioWrite
  jmp Kept

DmaWrite:
  mov al, 0xCA                  ; WRITE DMA
  call SlotCommand
  mov dx, [BusMaster]
  mov al, 1
  out dx, al
  call WaitDrive
  mov dx, [BusMaster]
  mov al, 0
  out dx, al
  ret

DmaAndFlush:
  call DmaWrite
  jmp FlushSometimes

Dma:
  call DmaWrite
  jmp Kept

Int13:
  call SlotSector
  mov [Packet + 8], eax
  mov si, Packet
  mov dl, [Drive]
  mov ax, 0x4300
  int 0x13
  jc Failed
  test byte [Number], 3
  jnz NotYet
  mov ah, 0x0D                  ; reset
  mov dl, [Drive]
  int 0x13
  jc Failed
  jmp Kept

; ch: the cylinder that is the slot on a floppy disk, behind the first.
SlotCylinder:
  mov ch, [Number]
  and ch, kSlots - 1
  inc ch
  ret

FloppyInt13:
  call SlotCylinder
  mov ax, 0x0300 | kSlotSectors
  mov bx, kBuffer
  mov cl, 1
  xor dx, dx
  int 0x13
  jc Failed
  jmp Kept

StartFloppy:
  cli                           ; polled
  mov dx, 0x3F2
  mov al, 0x14                  ; motor of A on, no DMA and interrupts yet; reset released
  out dx, al
  mov al, 0x1C
  out dx, al
  mov dx, 0x3F7
  xor al, al                    ; 500 kbit/s
  out dx, al
  mov si, Configure
  mov cx, 4
  call SendFloppy
  mov si, Specify
  mov cx, 3
  jmp SendFloppy

; cx bytes at si.
SendFloppy:
  mov dx, kFloppyStatus
  in al, dx
  and al, 0xC0
  cmp al, 0x80
  jne SendFloppy
  inc dx
  outsb
  loop SendFloppy
  ret

FloppyDma:
  call SlotCylinder
  mov [WriteData + 2], ch
  mov al, 6                     ; channel 2: masked, then address, count, from memory
  out 0x0A, al
  out 0x0C, al
  mov al, 0x4A
  out 0x0B, al
  mov ax, kBuffer
  out 0x04, al
  mov al, ah
  out 0x04, al
  xor al, al
  out 0x81, al
  mov ax, kSlotSectors * 512 - 1
  out 0x05, al
  mov al, ah
  out 0x05, al
  mov al, 2
  out 0x0A, al
  mov si, WriteData
  mov cx, 9
  call SendFloppy
  mov di, Results
.result:
  mov dx, kFloppyStatus
.wait:
  in al, dx
  and al, 0xC0
  cmp al, 0xC0
  jne .wait
  inc dx
  insb
  cmp di, Results + 7
  jne .result
  test byte [Results], 0xC0
  jnz Failed
  jmp Kept

; The number in hexadecimal, and the end of a line.
Report:
  mov ecx, [Number]
  mov bl, 8
  mov dx, kCom1
.digit:
  rol ecx, 4
  mov al, cl
  and al, 15
  cmp al, 10
  sbb al, 0x69                  ; to ASCII
  das
  out dx, al
  dec bl
  jnz .digit
  mov al, 10
  out dx, al
  ret

Configure: db 0x13, 0, 0x40, 0  ; with implied seeks and the FIFO
Specify: db 3, 0xDF, 2          ; by DMA
WriteData: db 0x45, 0, 0, 0, 1, 2, kSlotSectors, 0x1B, 0xFF
Results: times 7 db 0
align 4, db 0
Number: dd 0
Write: dw 0
BusMaster: dw 0
Packet:
  db 16, 0
  dw kSlotSectors, kBuffer, 0
  dq 0
END_OF_IMAGE
