; SPDX-License-Identifier: Apache-2.0
; A boot sector for firmware of others: says on COM1 from what kind of drive it was started, asks the
; firmware for what it got from the machine, and restarts once through the keyboard controller.
; Ends through the debug-exit port with 2Ah, or with the number of the step that failed.
bits 16
org 0x7C00

kScratch equ 0x40  ; a byte of CMOS that nobody uses

%macro Step 1
  mov byte [step], %1
%endmacro

Start:
  cli
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov sp, 0x7C00
  mov al, 'D'
  cmp dl, 0x80
  je .said
  mov al, 'F'
  jb .said
  mov al, 'C'
.said:
  mov dx, 0x3F8
  out dx, al

  ; Int 15h/E820h: usable RAM adds up to a little less than there is. 16 MiB here.
  Step 1
  xor ebx, ebx
  xor ebp, ebp
.entry:
  mov eax, 0xE820
  mov edx, 0x534D4150
  mov ecx, 20
  mov di, 0x600
  int 0x15
  jc Failed
  cmp dword [0x610], 1
  jne .next
  add ebp, [0x608]
.next:
  test ebx, ebx
  jnz .entry
  cmp ebp, 0xF80000
  jb Failed
  cmp ebp, 0x1000000
  jae Failed

  ; Int 10h: the VGA BIOS runs and writes to the screen.
  Step 2
  mov ax, 0x0003
  int 0x10
  mov ax, 0x0E00 + 'V'
  int 0x10
  mov ax, 0xB800
  mov es, ax
  cmp byte [es:0], 'V'
  jne Failed
  mov ax, 0x4F00  ; VBE
  mov di, 0x1000
  push ds
  pop es
  int 0x10
  cmp ax, 0x004F
  jne Failed

  ; Int 1Ah: the PCI BIOS finds the power management function.
  Step 3
  mov ax, 0xB102
  mov cx, 0x7113
  mov dx, 0x8086
  xor si, si
  int 0x1A
  jc Failed
  cmp bx, 1 << 3 | 3  ; bus 0, device 1, function 3
  jne Failed
  mov ax, 0xB10A
  mov di, 0x40
  int 0x1A
  jc Failed
  mov si, cx  ; PMBA

  ; The RSDP is in the BIOS area, and the FADT says where the timer is.
  Step 4
  mov ax, 0xF000
.scan:
  mov es, ax
  cmp dword [es:0], 'RSD '
  je .rsdp
  inc ax
  jnz .scan
  jmp Failed
.rsdp:
  mov eax, [es:16]
  call Fetch  ; the RSDT
  mov eax, [0x600 + 36]
  call Fetch  ; the FADT
  and si, 0xFFC0
  add si, 8
  cmp [0x600 + 76], si
  jne Failed

  ; The second time round all is done.
  Step 5
  mov al, kScratch
  out 0x70, al
  in al, 0x71
  test al, al
  mov al, 0x2A
  jnz Exit
  mov al, 1
  out 0x71, al
  mov al, 0xFE
  out 0x64, al
  hlt

Failed:
  mov al, [step]
Exit:
  out 0xF4, al
  hlt

; Copies 128 bytes from physical address eax to 600h: int 15h/87h.
Fetch:
  mov [source + 2], ax
  shr eax, 16
  mov [source + 4], al
  mov [source + 7], ah
  push si
  push ds
  pop es
  mov si, table
  mov cx, 64
  mov ah, 0x87
  int 0x15
  pop si
  jc Failed
  ret

step: db 0
align 8
table: times 16 db 0
source: dw 0xFFFF, 0
  db 0, 0x93, 0, 0
target: dw 0xFFFF, 0x600
  db 0, 0x93, 0, 0
  times 16 db 0

  times 510 - ($ - $$) db 0
  dw 0xAA55
