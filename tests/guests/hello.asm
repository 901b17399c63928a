; SPDX-License-Identifier: Apache-2.0
; Prints one line on COM1 and exits with 0: the least a machine must be able to run.
%include "common.inc"

global Start
Start:
  mov esp, StackTop
  call InitSerial
  PRINT "hello from ring 0", 10
  EXIT 0
