; SPDX-License-Identifier: Apache-2.0
; The video BIOS at C000:0000: code and constant tables. video_rom.cc adds fonts, mode parameters and
; the checksum; video_rom.h has the same offsets.
bits 16
org 0

%define SEGMENT 0xC000
%define ROM_BLOCKS 64           ; of 512 bytes

%define VBE_INDEX_PORT 0x1CE
%define VBE_DATA_PORT 0x1CF
%define VBE_BPP 3
%define VBE_BANK 5
%define VBE_VIRTUAL_WIDTH 6
%define VBE_X_OFFSET 8
%define VBE_Y_OFFSET 9
%define VBE_SUPPORTED 0x004F
%define VBE_FAILED 0x014F

%macro offset 1
    times %1 - ($ - $$) db 0
%endmacro

    db 0x55, 0xAA, ROM_BLOCKS
    retf                        ; set up by the power-on self-test, without this
    offset 0x18
    dw pci_data
    offset 0x1E
    db 'IBM compatible VGA, Verbatim', 0

    offset 0x40                     ; int 10h
    db 0x0F, 0x0B, 0x10         ; a call of the model, as in rom.asm
    iret

; The window function of VBE modes, by far call: as function 05h in BH, BL, DX.
    offset 0x60
    or bl, bl
    jnz .failed
    cmp bh, 1
    ja .failed
    je .get
    push dx
    mov dx, VBE_INDEX_PORT
    mov ax, VBE_BANK
    out dx, ax
    inc dx
    pop ax
    out dx, ax
    mov ax, VBE_SUPPORTED
    retf
.get:
    mov dx, VBE_INDEX_PORT
    mov ax, VBE_BANK
    out dx, ax
    inc dx
    in ax, dx
    mov dx, ax
    mov ax, VBE_SUPPORTED
    retf
.failed:
    mov ax, VBE_FAILED
    retf

    offset 0xA0                     ; the save pointer table
    dw 0x0800, SEGMENT          ; video parameters
    dd 0                        ; dynamic save area
    dd 0                        ; font of text modes
    dd 0                        ; font of graphics modes
    dw secondary, SEGMENT
    dd 0, 0
secondary:
    dw 26                       ; bytes of this table
    dw 0x00E0, SEGMENT          ; display combinations
    dd 0                        ; second font of text modes
    dd 0                        ; palette profile
    dd 0, 0, 0

    offset 0xE0                     ; display combinations: count, version, highest code
    db 16, 1, 8, 0
    db 0, 0, 0, 1, 0, 2, 2, 1, 0, 4, 4, 1, 0, 5, 2, 5
    db 0, 6, 1, 6, 5, 6, 0, 8, 1, 8, 0, 7, 2, 7, 2, 6

    offset 0x110                    ; the static functionality table
    db 0xFF, 0xE0, 0x0F         ; modes 00h to 07h, 0Dh to 0Fh, 10h to 13h
    db 0, 0, 0, 0
    db 0x07                     ; 200, 350 and 400 scan lines of text
    db 8, 2                     ; fonts that there are, that are shown at once
    db 0xFF                     ; everything from all modes on all displays to DAC paging
    db 0x0E                     ; save and restore, blinking, display combinations
    db 0, 0
    db 0x20                     ; save pointers: the display combinations
    db 0

    offset 0x120                    ; characters that are different in cells of nine dots: none
    db 0

    offset 0x130
    db 'Verbatim VGA', 0
    offset 0x150
    db 'Verbatim', 0
    offset 0x160
    db 'Virtual VGA', 0
    offset 0x180
    db '1.0', 0

    offset 0x1A0
pci_data:
    db 'PCIR'
    dw 0x1234, 0x1111
    dw 0
    dw 24                       ; bytes of this structure
    db 0
    db 0, 0, 3                  ; VGA
    dw ROM_BLOCKS
    dw 1
    db 0                        ; for x86
    db 0x80                     ; the last image
    dw 0

; The protected-mode interface of function 0Ah. It is copied by who uses it, so that it must run at
; any address; 32-bit code, called near.
    offset 0x200
interface:
    dw set_window - interface
    dw set_start - interface
    dw set_palette - interface
    dw ports - interface
ports:
    dw VBE_INDEX_PORT, VBE_DATA_PORT, 0x3C8, 0x3C9, 0x3DA
    dw 0xFFFF                   ; ends the ports
    dw 0xFFFF                   ; ends the memory, of which there is none

bits 32
; BH 0, BL window, DX position. Changes ax and edx as the service in real mode does.
set_window:
    or bx, bx
    jnz .failed
    push edx
    mov dx, VBE_INDEX_PORT
    mov ax, VBE_BANK
    out dx, ax
    inc edx
    pop eax
    out dx, ax
    mov ax, VBE_SUPPORTED
    ret
.failed:
    mov ax, VBE_FAILED
    ret

; BL 00h or 80h (at the next retrace); DX:CX the start, in units of four bytes.
set_start:
    push ebx
    push ecx
    push edx
    push esi
    push edi
    test bl, 0x80
    jz .now
    push edx
    mov dx, 0x3DA
.displayed:
    in al, dx
    test al, 8
    jnz .displayed
.retraced:
    in al, dx
    test al, 8
    jz .retraced
    pop edx
.now:
    shl edx, 16
    movzx ecx, cx
    or ecx, edx
    shl ecx, 2                  ; in bytes
    mov eax, VBE_BPP
    call read_register
    cmp eax, 8
    jb .failed
    lea esi, [eax + 7]
    shr esi, 3                  ; bytes of a pixel
    mov eax, VBE_VIRTUAL_WIDTH
    call read_register
    imul eax, esi
    test eax, eax
    jz .failed
    mov edi, eax                ; bytes of a line
    mov eax, ecx
    xor edx, edx
    div edi
    mov ecx, eax                ; line
    mov eax, edx
    xor edx, edx
    div esi                     ; pixel in it
    mov ebx, eax
    mov eax, VBE_X_OFFSET
    call write_register
    mov eax, VBE_Y_OFFSET
    mov ebx, ecx
    call write_register
    mov ax, VBE_SUPPORTED
    jmp .done
.failed:
    mov ax, VBE_FAILED
.done:
    pop edi
    pop esi
    pop edx
    pop ecx
    pop ebx
    ret

; BL 00h or 80h; CX entries from DX, at ES:EDI, each blue, green, red and a byte of no meaning.
set_palette:
    test bl, 0x7F
    jnz .failed
    push ecx
    push edx
    push edi
    movzx ecx, cx
    jecxz .done
    mov al, dl
    mov dx, 0x3C8
    out dx, al
    inc edx
.next:
    mov al, [es:edi + 2]
    out dx, al
    mov al, [es:edi + 1]
    out dx, al
    mov al, [es:edi]
    out dx, al
    add edi, 4
    loop .next
.done:
    pop edi
    pop edx
    pop ecx
    mov ax, VBE_SUPPORTED
    ret
.failed:
    mov ax, VBE_FAILED
    ret

; eax: the register; its value goes to eax.
read_register:
    mov edx, VBE_INDEX_PORT
    out dx, ax
    inc edx
    xor eax, eax
    in ax, dx
    ret

; eax: the register, bx: its value.
write_register:
    mov edx, VBE_INDEX_PORT
    out dx, ax
    inc edx
    mov eax, ebx
    out dx, ax
    ret

    offset 0x400
