; SPDX-License-Identifier: Apache-2.0
; What single privileged operations cost, in time stamps of the guest, for `scripts/bench nano`:
; those of Adams and Agesen (ASPLOS 2006, section 6.3) and more. Multiboot; ends by port F4h.
%include "nano.inc"
%include "timer.inc"
%include "paging.inc"

kSystemCall equ 0x80
kUnmapped equ 0x3FF000

global Start
Start:
  mov esp, StackTop
  call InitSerial
  call MaskInterrupts
  call InitDescriptors
  ; Data segments that ring 3 may keep.
  mov ax, kUserData
  mov ds, ax
  mov es, ax
  mov fs, ax
  mov gs, ax
  SET_GATE 0, DivideError, 0
  SET_GATE 6, InvalidOpcode, 0
  SET_GATE 7, NoDevice, 0
  SET_GATE 14, PageFault, 0
  SET_GATE kTimer, Timer, 0
  SET_GATE kSystemCall, SystemCall, 3
  SET_GATE kLeave, Leave, 3
  call InitPaging
  mov dword [LowPageTable + (kUnmapped >> 12) * 4], 0
  call InitSpaces
  mov eax, cr4
  or eax, 0x600  ; OSFXSR, OSXMMEXCPT
  mov cr4, eax
  mov eax, cr0
  and eax, ~0xC  ; EM, TS
  or eax, 0x10022  ; WP, NE, MP
  mov cr0, eax
  fninit
  mov ecx, 0x174  ; IA32_SYSENTER_CS, ESP, EIP
  mov eax, kKernelCode
  xor edx, edx
  wrmsr
  inc ecx
  mov eax, InterruptStackTop
  wrmsr
  inc ecx
  mov eax, FastSystemCall
  wrmsr

  call MeasureRings
  call MeasurePorts
  call MeasureRegisters
  call MeasureFlow
  call MeasureSegments
  call MeasurePaging
  call MeasureInterrupts
  EXIT 0

%macro FAST_SYSTEM_CALL 0
  mov edx, %%return
  mov ecx, esp
  sysenter
%%return:
%endmacro
%macro IRET_TO_NEXT 0
  pushf
  push dword kKernelCode
  push dword %%next
  iret
%%next:
%endmacro

; --- From ring 3 to ring 0 and back
MeasureRings:
  MEASURE_USER "syscall-int80", 20000, 5
    %rep 5
    int kSystemCall
    %endrep
  END_MEASURE_USER
  MEASURE_USER "syscall-sysenter", 20000, 5
    %rep 5
    FAST_SYSTEM_CALL
    %endrep
  END_MEASURE_USER
  MEASURE_USER "page-fault-user", 5000, 1
    mov eax, [kUnmapped]
  END_MEASURE_USER
  MEASURE "page-fault-kernel", 5000, 1
    mov eax, [kUnmapped]
  END_MEASURE
  xor ecx, ecx
  MEASURE_USER "divide-error-user", 5000, 1
    div ecx
  END_MEASURE_USER
  MEASURE_USER "invalid-opcode-user", 5000, 1
    ud2
  END_MEASURE_USER
  MEASURE_USER "rdtsc-user", 20000, 5
    %rep 5
    rdtsc
    %endrep
  END_MEASURE_USER
  MEASURE_USER "cpuid-user", 10000, 1
    xor eax, eax
    cpuid
  END_MEASURE_USER
  ret
SystemCall:
  iret
FastSystemCall:
  sysexit
PageFault:
  add dword [esp + 4], 5
  add esp, 4
  iret
DivideError:
InvalidOpcode:
  add dword [esp], 2
  iret

; --- Devices
MeasurePorts:
  MEASURE "in-80h", 20000, 1
    in al, 0x80
  END_MEASURE
  MEASURE "out-80h", 20000, 1
    out 0x80, al
  END_MEASURE
  MEASURE "in-21h-8259", 20000, 1
    in al, 0x21
  END_MEASURE
  mov al, 0xFF
  MEASURE "out-21h-8259", 20000, 1
    out 0x21, al
  END_MEASURE
  MEASURE "in-40h-8254", 20000, 1
    in al, 0x40
  END_MEASURE
  mov edx, kCom1 + 5
  MEASURE "in-3FDh-16550", 20000, 1
    in al, dx
  END_MEASURE
  ret

; --- Control registers, MSRs and flags
MeasureRegisters:
  MEASURE "cr0-read", 20000, 1
    mov eax, cr0
  END_MEASURE
  mov eax, cr0
  MEASURE "cr0-write-same", 20000, 1
    mov cr0, eax
  END_MEASURE
  MEASURE "cr2-write", 20000, 1
    mov cr2, eax
  END_MEASURE
  MEASURE "cr2-read", 20000, 1
    mov eax, cr2
  END_MEASURE
  mov eax, cr4
  MEASURE "cr4-write-same", 20000, 1
    mov cr4, eax
  END_MEASURE
  MEASURE "clts", 20000, 1
    clts
  END_MEASURE
  ; A lazy switch of the coprocessor.
  MEASURE "device-not-available", 5000, 1
    mov eax, cr0
    or eax, 8
    mov cr0, eax
    fnop
  END_MEASURE
  mov ecx, 0x174
  MEASURE "rdmsr", 20000, 1
    rdmsr
  END_MEASURE
  MEASURE "wrmsr", 20000, 1
    wrmsr
  END_MEASURE
  xor eax, eax
  mov dr7, eax
  MEASURE "dr7-write", 20000, 1
    mov dr7, eax
  END_MEASURE
  MEASURE "cli-sti", 20000, 10
    %rep 10
    cli
    sti
    %endrep
  END_MEASURE
  cli
  MEASURE "pushf-popf", 20000, 10
    %rep 10
    pushf
    popf
    %endrep
  END_MEASURE
  ; As a kernel protects a section from interrupts.
  MEASURE "pushf-cli-popf", 20000, 10
    %rep 10
    pushf
    pop eax
    cli
    push eax
    popf
    %endrep
  END_MEASURE
  MEASURE "rdtsc", 20000, 5
    %rep 5
    rdtsc
    %endrep
  END_MEASURE
  MEASURE "cpuid", 10000, 1
    xor eax, eax
    cpuid
  END_MEASURE
  ret
NoDevice:
  clts
  iret

; --- Control flow in ring 0
MeasureFlow:
  MEASURE "call-return", 50000, 10
    %rep 10
    call .return
    %endrep
  END_MEASURE
  mov eax, .return
  MEASURE "call-indirect-return", 50000, 10
    %rep 10
    call eax
    %endrep
  END_MEASURE
  MEASURE "far-call-return", 10000, 1
    call kKernelCode:.far_return
  END_MEASURE
  MEASURE "iret-ring0", 20000, 1
    IRET_TO_NEXT
  END_MEASURE
  MEASURE "int-iret-ring0", 20000, 1
    int kSystemCall
  END_MEASURE
  ret
  align 16
.return:
  ret
.far_return:
  retf

; --- Segments and descriptor tables
MeasureSegments:
  mov ax, kUserData
  MEASURE "load-ds", 20000, 1
    mov ds, ax
  END_MEASURE
  MEASURE "load-fs", 20000, 1
    mov fs, ax
  END_MEASURE
  MEASURE "push-pop-gs", 20000, 1
    push gs
    pop gs
  END_MEASURE
  MEASURE "lgdt", 10000, 1
    lgdt [GdtPointer]
  END_MEASURE
  MEASURE "lidt", 10000, 1
    lidt [IdtPointer]
  END_MEASURE
  xor eax, eax
  MEASURE "lldt", 10000, 1
    lldt ax
  END_MEASURE
  MEASURE "sgdt", 10000, 1
    sgdt [Scratch]
  END_MEASURE
  ret
[section .bss]
alignb 8
Scratch: resq 1
__SECT__

; --- Interrupts
kInterrupts equ 2000
kWaits equ 50
MeasureInterrupts:
  call InitTimer
  mov ebp, kInterrupts
.next:
  call RaiseTimer
  BEGIN
  sti
  nop
  cli
  END
  dec ebp
  jnz .next
  REPORT "interrupt-pending-at-sti", kInterrupts

  ; Programming the 8254, the wait, and delivery: 100 ticks of it are 83.8 us.
  mov ebp, kWaits
.short:
  BEGIN
  push dword 100
  call StartTimer
  sti
  hlt
  cli
  END
  dec ebp
  jnz .short
  REPORT "hlt-100-ticks", kWaits
  mov ebp, kWaits
.long:
  BEGIN
  push dword 1193
  call StartTimer
  sti
  hlt
  cli
  END
  dec ebp
  jnz .long
  REPORT "hlt-1-ms", kWaits
  ret
Timer:
  push eax
  mov al, 0x20
  out 0x20, al
  pop eax
  iret
