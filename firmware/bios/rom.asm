; SPDX-License-Identifier: Apache-2.0
; The last 8 KiB of the BIOS ROM, F000:E000 to F000:FFFF: where interrupt vectors point. What a
; function does is C++ (firmware/bios): `model N` is an undefined instruction followed by the number
; of the service, which the processor hands over (bios.h). Only what has to be guest code is here:
; waiting for interrupts, calling vectors that guests hook, ends of interrupts.
;
; The entry points stand where the IBM PC AT has them (Technical Reference, section 5), since some
; programs jump there directly.
;
; The carry flag after `model` says that the guest is to wait for an interrupt and ask again. Flags
; that a function returns are changed in the frame that INT has pushed.
bits 16
org 0xE000

%define SERVICE_POST 0xE0
%define SERVICE_KEY_ACTION 0xE1
%define SERVICE_MOUSE 0xE2
%define SERVICE_KEY_COMMAND 0xE3
%define SERVICE_BOOT 0xE8

; Of SERVICE_BOOT (boot_service.h).
%define BOOT_BEGIN 0
%define BOOT_NEXT_DRIVE 1
%define BOOT_DONE 2
%define BOOT_KEY 3
%define BOOT_WAIT_FOR_KEY 1
%define BOOT_PEEK_KEY 2
%define SERVICE_PORT_STEP 0xE4
%define SERVICE_PORT_END 0xE5
%define SERVICE_WAITED 0xE6
%define SERVICE_APM 0xE7
%define SERVICE_PROTECTED_MODE 0xE9
%define SERVICE_SERIAL_POLL 0xEA
%define SERVICE_PRINTER_POLL 0xEB
%define SERVICE_PCI 0xEC
%define SERVICE_DIRECTORY 0xED

%macro model 1
    db 0x0F, 0x0B, %1
%endmacro

; entry OFFSET: goes on at F000:OFFSET.
%macro entry 1
    times (%1 - 0xE000) - ($ - $$) db 0
%endmacro

%macro end_of_interrupt 0
    push ax
    mov al, 0x20
    out 0x20, al
    pop ax
%endmacro

%macro end_of_slave_interrupt 0
    push ax
    mov al, 0x20
    out 0xA0, al
    out 0x20, al
    pop ax
%endmacro

; A function that may have to wait.
%macro waiting_service 1
%%again:
    model %1
    jc %%wait
    iret
%%wait:
    sti
    hlt
    cli
    jmp %%again
%endmacro

; The same for what no interrupt announces.
%macro polling_service 2
    model %1
    jc %%wait
    iret
%%wait:
    sti
    nop
    cli
    model %2
    jc %%wait
    iret
%endmacro

    db 'Verbatim virtual BIOS', 0

entry 0xE05B
    model SERVICE_POST
    jc .reset
    xor ax, ax
    mov ss, ax
    mov sp, 0x7C00
    mov ds, ax
    mov es, ax
    int 0x19
.reset:                         ; the machine is being reset
    cli
    hlt
    jmp .reset

; Ways to go on after a reset of the processor alone (restart.h).
entry 0xE080
    pop ds
    pop es
    popa
    iret
    iret
    retf

; IRQ 0. The model counts; the guest's own tick routine runs before the interrupt ends.
timer_interrupt:
    model 0x08
    push ax
    push dx
    push ds
    int 0x1C
    cli
    pop ds
    pop dx
    pop ax
    end_of_interrupt
    iret

; IRQ 1. A hook of int 15h, function 4Fh, may change or swallow the scan code.
keyboard_interrupt:
    push ax
    in al, 0x64
    test al, 1
    jz .end
    in al, 0x60
    mov ah, 0x4F
    stc
    int 0x15
    jnc .end
    model 0x09
    call keyboard_command
    or ah, ah
    jz .end
    dec ah
    jz .break
    dec ah
    jz .print_screen
    dec ah
    jz .system_request
    dec ah
    jz .restart
    dec ah
    jnz .posted
    ; Pause: until a key other than it comes.
    end_of_interrupt
.paused:
    sti
    hlt
    cli
    model SERVICE_KEY_ACTION
    jc .paused
    pop ax
    iret
.break:
    end_of_interrupt
    int 0x1B
    pop ax
    iret
.print_screen:
    end_of_interrupt
    int 0x05
    pop ax
    iret
.system_request:
    end_of_interrupt
    mov ah, 0x85
    sti
    int 0x15
    pop ax
    iret
.restart:
    jmp 0xFFFF:0
.posted:
    end_of_interrupt
    mov ax, 0x9102
    int 0x15
    pop ax
    iret
.end:
    end_of_interrupt
    pop ax
    iret

; Sends what the model has for the keyboard.
keyboard_command:
    push ax
    model SERVICE_KEY_COMMAND
    jnc .none
    out 0x60, al
.none:
    pop ax
    ret

; IRQ 6.
floppy_interrupt_body:
    model 0x0E
    end_of_interrupt
    iret

; IRQ 8. The model tells in CF whether the alarm has gone off.
clock_interrupt:
    model 0x70
    jnc .end
    sti
    int 0x4A
    cli
.end:
    end_of_slave_interrupt
    iret

; IRQ 9 is what IRQ 2 was on the PC.
redirected_interrupt:
    push ax
    mov al, 0x20
    out 0xA0, al
    pop ax
    int 0x0A
    iret

; IRQ 12. The model gathers a packet; CF says that one is complete and a handler wants it: then its
; address lies at DS:BX and the status, x, y and z to push are in AX, CX, DX and SI.
mouse_interrupt:
    push ds
    pushad
    in al, 0x64                 ; is there a byte, and is it the mouse's?
    and al, 0x21
    cmp al, 0x21
    jne .end
    in al, 0x60
    model SERVICE_MOUSE
    jnc .end
    push ax
    push cx
    push dx
    push si
    sti
    call far [bx]
    cli
    add sp, 8
.end:
    popad
    pop ds
    end_of_slave_interrupt
    iret

; IRQ 13.
coprocessor_interrupt:
    push ax
    xor al, al
    out 0xF0, al
    mov al, 0x20
    out 0xA0, al
    out 0x20, al
    pop ax
    int 0x02
    iret

; IRQ 14 and 15.
disk_interrupt:
    model 0x76
    end_of_slave_interrupt
    iret

; Interrupts that nobody has asked for.
spurious_interrupt:
    end_of_interrupt
    iret
spurious_slave_interrupt:
    end_of_slave_interrupt
    iret

entry 0xE2C3
nmi:
    iret

entry 0xE3FE
    jmp 0xEC59

entry 0xE6F2
    jmp bootstrap

; Int 15h, function C0h: the configuration table.
entry 0xE6F5
    dw 8                        ; bytes that follow
    db 0xFC, 0x01, 0x00         ; model AT, submodel, revision
    db 0x74                     ; second 8259, clock, int 15h/4Fh, extended BIOS data area
    db 0x40, 0, 0, 0            ; int 16h/09h

entry 0xE739
    polling_service 0x14, SERVICE_SERIAL_POLL

; Int 19h boots, from the first drive on; int 18h is for a boot sector that found nothing to start:
; the next drive. The model says in AH what is to be done for it (boot_service.h); AL is what was.
bootstrap:
    mov al, BOOT_BEGIN
    jmp boot_entry
no_boot_device:
    mov al, BOOT_NEXT_DRIVE
boot_entry:
    cli
    cld
    xor bx, bx
    mov ss, bx
    mov sp, 0x7C00
    mov ds, bx
    mov es, bx
    sti
.step:
    model SERVICE_BOOT
    cmp ah, BOOT_PEEK_KEY
    je .peek
    cmp ah, BOOT_WAIT_FOR_KEY
    je .wait
    mov ah, 0x0E
    mov bx, 7
    int 0x10
    mov al, BOOT_DONE
    jmp .step
.peek:
    mov ah, 1
    int 0x16
    jnz .key
    xor ax, ax
    jmp .key
.wait:
    xor ah, ah
    int 0x16
.key:
    mov cx, ax
    mov al, BOOT_KEY
    jmp .step

entry 0xE82E
keyboard_service:
    model 0x16
    jc .wait
    call keyboard_command
    iret
.wait:
    call keyboard_command
    push ax
    mov ax, 0x9002              ; for systems of several tasks
    int 0x15
    pop ax
.sleep:
    sti
    hlt
    cli
    model 0x16
    jc .sleep
    call keyboard_command
    iret

entry 0xE987
    jmp keyboard_interrupt

entry 0xEC59
    waiting_service 0x13

entry 0xEF57
    jmp floppy_interrupt_body

; The diskette parameters (int 1Eh): step rate and head unload, head load and DMA, motor off delay,
; 512 bytes a sector, sectors a track, gap, data length, format gap, filler, head settle, motor start.
entry 0xEFC7
    db 0xAF, 0x02, 0x25, 0x02, 18, 0x1B, 0xFF, 0x6C, 0xF6, 0x0F, 0x08

entry 0xEFD2
    polling_service 0x17, SERVICE_PRINTER_POLL

entry 0xF065
    waiting_service 0x10

; The video parameters (int 1Dh): registers 0 to 15 of the 6845 for 40 and 80 columns, graphics and
; the monochrome adapter, then of these the bytes of a page, and of modes 0 to 7 the columns and the
; mode register.
entry 0xF0A4
    db 0x38, 0x28, 0x2D, 0x0A, 0x1F, 6, 0x19, 0x1C, 2, 7, 6, 7, 0, 0, 0, 0
    db 0x71, 0x50, 0x5A, 0x0A, 0x1F, 6, 0x19, 0x1C, 2, 7, 6, 7, 0, 0, 0, 0
    db 0x38, 0x28, 0x2D, 0x0A, 0x7F, 6, 0x64, 0x70, 2, 1, 6, 7, 0, 0, 0, 0
    db 0x61, 0x50, 0x52, 0x0F, 0x19, 6, 0x19, 0x19, 2, 13, 11, 12, 0, 0, 0, 0
    dw 2048, 4096, 16384, 16384
    db 40, 40, 80, 80, 40, 40, 80, 80
    db 0x2C, 0x28, 0x2D, 0x29, 0x2A, 0x2E, 0x1E, 0x29

entry 0xF841
    model 0x12
    iret

entry 0xF84D
    model 0x11
    iret

entry 0xF859
system_services:
    cmp ah, 0x89
    je protected_mode
    model 0x15
    jc .more
    iret
.more:
    cmp ah, 0x53
    je .idle
    cmp ah, 0x86
    je .wait
    push ax
    push dx
.step:
    model SERVICE_PORT_STEP
    dec ah
    jz .write
    dec ah
    jz .read
    dec ah
    jz .answer
    pop dx
    pop ax
    model SERVICE_PORT_END
    iret
.write:
    out dx, al
    jmp .step
.read:
    in al, dx
    jmp .step
.answer:                        ; al and its status in ah; ah is 0 when nothing comes
    push cx
    xor cx, cx
.poll:
    in al, 0x64
    test al, 1
    jnz .come
    in al, 0x61                 ; which takes its time on the bus
    loop .poll
    xor ax, ax
    jmp .polled
.come:
    mov ah, al
    in al, 0x60
.polled:
    pop cx
    jmp .step
.idle:
    sti
    hlt
    xor ah, ah
    iret
.wait:
    sti
    hlt
    cli
    model SERVICE_WAITED
    jc .wait
    xor ah, ah
    iret

; Function 89h: descriptors at ES:SI of which 08h is the table itself, 10h the interrupts', 18h DS,
; 20h ES, 28h SS, 30h CS. The model has made 38h the ROM's code.
protected_mode:
    cli
    model SERVICE_PROTECTED_MODE
    jnc .change
    iret
.change:
    lgdt [es:si + 0x08]
    lidt [es:si + 0x10]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp 0x38:.changed
.changed:
    mov ax, 0x18
    mov ds, ax
    mov ax, 0x20
    mov es, ax
    mov ax, 0x28
    mov ss, ax
    pop bp                      ; the caller goes on with its new CS, flags as they are
    add sp, 4
    push 0x30
    push bp
    xor ax, ax
    retf

; Int 05h: the text of the screen to the first printer. The byte at 50:0 is 1 meanwhile, and FFh after
; an error.
print_screen:
    push ds
    pusha
    push 0x50
    pop ds
    mov al, 1
    xchg al, [0]
    cmp al, 1
    je .leave
    sti
    mov ah, 0x0F
    int 0x10
    mov cl, ah                  ; columns
    push ds
    push 0x40
    pop ds
    mov ch, [0x84]              ; rows, less one
    pop ds
    mov ah, 0x03
    push cx
    int 0x10
    pop cx
    push dx                     ; the cursor
    xor dx, dx
.row:
    mov al, 13
    call .print
    jnz .error
    mov al, 10
    call .print
    jnz .error
    xor dl, dl
.column:
    mov ah, 0x02
    int 0x10
    mov ah, 0x08
    int 0x10
    or al, al
    jnz .character
    mov al, ' '
.character:
    call .print
    jnz .error
    inc dl
    cmp dl, cl
    jb .column
    inc dh
    cmp dh, ch
    jbe .row
    xor cl, cl
    jmp .end
.error:
    mov cl, 0xFF
.end:
    pop dx
    mov ah, 0x02
    int 0x10
    mov [0], cl
.leave:
    popa
    pop ds
    iret
.print:                         ; al; ZF: the printer has it
    push dx
    xor dx, dx
    xor ah, ah
    int 0x17
    pop dx
    test ah, 0x29
    ret

; Where APM drivers call in protected mode, by far calls (kApmEntry in rom.h). These bytes mean the
; same in 16 and in 32 bits.
entry 0xFA00
apm_entry:
    cmp al, 5
    je .idle
    model SERVICE_APM
    retf
.idle:
    pushf
    sti
    hlt
    popf
    xor ah, ah
    retf

; PCI BIOS in protected mode (kPciEntry in rom.h), by far calls too.
entry 0xFA20
    model SERVICE_PCI
    retf

; The BIOS32 service directory: its header, of which all bytes add up to 0, and its entry point.
%define DIRECTORY 0xFFA30
entry 0xFA30
    model SERVICE_DIRECTORY
    retf
entry 0xFA40
    db '_32_'
    dd DIRECTORY
    db 0, 1                     ; revision, paragraphs
    db -('_' + '3' + '2' + '_' + (DIRECTORY & 0xFF) + (DIRECTORY >> 8 & 0xFF) + (DIRECTORY >> 16) + 1) & 0xFF
    times 5 db 0

entry 0xFE6E
    model 0x1A
    iret

entry 0xFEA5
    jmp timer_interrupt

; Where the vectors point after power-on: 00h to 1Fh, then 70h to 77h. C++ copies them.
entry 0xFEC3
vectors:
    dw dummy, dummy, nmi, dummy, dummy, 0xFF54, dummy, dummy
    dw 0xFEA5, 0xE987, spurious_interrupt, spurious_interrupt
    dw spurious_interrupt, spurious_interrupt, 0xEF57, spurious_interrupt
    dw 0xF065, 0xF84D, 0xF841, 0xE3FE, 0xE739, 0xF859, 0xE82E, 0xEFD2
    dw no_boot_device, 0xE6F2, 0xFE6E, dummy, dummy, 0xF0A4, 0xEFC7, 0
slave_vectors:
    dw clock_interrupt, redirected_interrupt, spurious_slave_interrupt, spurious_slave_interrupt
    dw mouse_interrupt, coprocessor_interrupt, disk_interrupt, disk_interrupt

entry 0xFF53
dummy:
    iret
entry 0xFF54
    jmp print_screen

entry 0xFFF0
    jmp 0xF000:0xE05B
    db '11/22/26', 0
    db 0xFC, 0
