; SPDX-License-Identifier: Apache-2.0
; Shuts the processor down: an exception whose double fault cannot be delivered either (SDM vol. 3,
; 6.15, "Interrupt 8"). A machine either dies of it or resets.
%include "common.inc"

section .rodata
NoTable: dw 0
  dd 0

section .text
global Start
Start:
  mov esp, StackTop
  call InitSerial
  PRINT "an IDT without gates", 10
  lidt [NoTable]
  ud2
  PRINT "still alive", 10
  EXIT 1
