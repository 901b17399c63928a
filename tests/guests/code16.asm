; SPDX-License-Identifier: Apache-2.0
; 16-bit code (SDM vol. 1, 3.6; vol. 2, 2.1.5): operand and address sizes, 16-bit addressing forms,
; stack and string instructions, branches; in real mode, where most of it is found.
%include "realmode.inc"

kFarOffset equ 0x700

; COMPUTES name, instructions, GIVES eax [, flags]
%macro COMPUTES 1
  CASE "16-bit code: ", %1
  REAL
  xor eax, eax
  mov ebx, 0x22222222
  mov ecx, 0x33333333
  mov edx, 0x44444444
  mov esi, 0x100
  mov edi, 0x200
  mov ebp, 0x300
%endmacro
%macro GIVES 1-2
  END_REAL
  COMES_THROUGH
  SAME [CaughtEax], %1
  %if %0 == 2
  MASKED [CaughtEflags], 0x8D5, %2
  %endif
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitCases
  call InitReal

  COMPUTES "word operands leave the upper half"
  mov eax, 0x12345678
  mov ax, 0x1111
  GIVES 0x12341111

  COMPUTES "66 makes dwords"
  mov eax, 0x12345678
  inc eax
  GIVES 0x12345679

  COMPUTES "INC of a word wraps there"
  mov eax, 0x1234FFFF
  stc
  clc
  inc ax
  GIVES 0x12340000, 0x54

  COMPUTES "ADD sets carry by the word"
  mov eax, 0x1FFFF
  add ax, 2
  GIVES 0x10001, 0x11

  COMPUTES "byte registers"
  mov ah, 0x7F
  mov al, 0x80
  GIVES 0x7F80

  COMPUTES "ADC and SBB chains"
  mov ax, 0xFFFF
  add ax, 1
  rcl eax, 17
  GIVES 0x00010000

  COMPUTES "MUL to DX:AX"
  mov ax, 0xFF
  mov bx, 0xFF
  mul bx
  GIVES 0xFE01

  COMPUTES "IMUL of three operands"
  mov bx, 5
  imul ax, bx, -2
  GIVES 0x0000FFF6

  COMPUTES "DIV of DX:AX"
  mov eax, 0x10064
  xor dx, dx
  mov bx, 10
  div bx
  GIVES 0x0001000A

  COMPUTES "CBW, CWD, CWDE"
  mov al, 0x80
  cbw
  cwd
  cwde
  GIVES 0xFFFFFF80

  COMPUTES "shifts by CL"
  mov ax, 1
  mov cl, 15
  shl ax, cl
  GIVES 0x00008000

  COMPUTES "SHLD of words"
  mov ax, 0x8123
  mov bx, 0xFFFF
  shld ax, bx, 4
  GIVES 0x0000123F

  COMPUTES "MOVZX and MOVSX"
  mov bl, 0xFE
  movsx eax, bl
  movzx ax, bl
  GIVES 0xFFFF00FE

  COMPUTES "XLAT by BX"
  mov byte [0x2226], 0x5A
  mov al, 4
  xlatb
  GIVES 0x5A

  COMPUTES "LEA in 16 and 32 bits"
  lea ax, [bx + si + 4]
  GIVES 0x2326

  COMPUTES "LEA of a 32-bit address"
  lea eax, [ebx + esi * 4 + 0x104]
  GIVES 0x22222726

  COMPUTES "[BX + DI + disp8]"
  mov byte [0x2222 + 0x200 - 1], 0x77
  mov al, [bx + di - 1]
  GIVES 0x77

  COMPUTES "[BP + SI] uses SS"
  mov byte [ss:0x400], 0x66
  mov al, [bp + si]
  GIVES 0x66

  COMPUTES "[BP + DI + disp16]"
  mov byte [ss:0x500 + 0x123], 0x55
  mov al, [bp + di + 0x123]
  GIVES 0x55

  COMPUTES "[SI], [DI], [BX] and overrides"
  mov byte [fs:si], 1
  mov byte [gs:di], 2
  mov byte [es:bx], 3
  mov byte [cs:0xF000], 4
  mov al, [fs:si]
  shl eax, 8
  mov al, [gs:di]
  shl eax, 8
  mov al, [es:bx]
  shl eax, 8
  mov al, [cs:0xF000]
  GIVES 0x01020304

  COMPUTES "moffs with both address sizes"
  mov word [0x1234], 0x4444
  db 0x67, 0xA1, 0x34, 0x12, 0, 0
  GIVES 0x4444

  COMPUTES "PUSH and POP of both sizes"
  push cx
  push edx
  pop ax
  pop bx
  pop cx
  mov ax, cx
  shl eax, 16
  mov ax, bx
  GIVES 0x33334444

  COMPUTES "PUSH of immediates"
  push word 0x1234
  push byte -1
  pop ax
  pop bx
  shl ebx, 16
  mov bx, ax
  mov eax, ebx
  GIVES 0x1234FFFF

  COMPUTES "PUSHA and POPA"
  pusha
  pop di
  pop si
  pop bp
  pop ax
  sub sp, 8
  pushad
  popad
  popa
  mov eax, ebx
  GIVES 0x22222222

  COMPUTES "ENTER and LEAVE"
  mov eax, ebp
  enter 6, 0
  mov bx, sp
  leave
  mov ax, bp
  mov bx, sp
  mov eax, 0x06FE02F8
  GIVES 0x06FE02F8

  COMPUTES "CALL and RET n"
  push ax
  push ax
  call %$f
  jmp %$g
%$f:
  ret 4
%$g:
  mov ax, sp
  GIVES 0x800

  COMPUTES "indirect near CALL"
  mov bx, LOW(%$f)
  call bx
  jmp %$g
%$f:
  mov al, 7
  ret
%$g:
  GIVES 7

  COMPUTES "Jcc near and LOOP by CX"
  mov cx, 3
%$a:
  inc ax
  loop %$a
  GIVES 3

  COMPUTES "LOOP by ECX"
  mov ecx, 0x10003
%$a:
  inc eax
  a32 loop %$a
  GIVES 0x10003

  COMPUTES "JCXZ looks at CX, JECXZ at ECX"
  mov ecx, 0x10000
  jecxz %$b
  jcxz %$a
  mov al, 9
%$a:
  inc ax
%$b:
  GIVES 1

  COMPUTES "REP MOVSB by CX"
  mov dword [si], 0x04030201
  mov ecx, 0x50004
  rep movsb
  mov eax, [es:0x200]
  GIVES 0x04030201

  COMPUTES "REP STOSW backwards"
  std
  mov cx, 2
  mov di, 0x204
  mov dword [es:0x200], 0
  mov ax, 0x7777
  rep stosw
  cld
  mov eax, [es:0x200]
  GIVES 0x77770000

  COMPUTES "REPNE SCASB"
  mov dword [es:di], 0x00414243
  mov al, 0x41
  mov cx, 5
  repne scasb
  movzx eax, cx
  GIVES 2

  COMPUTES "REPE CMPSW"
  mov dword [si], 0x11112222
  mov dword [es:di], 0x33332222
  mov cx, 3
  repe cmpsw
  movzx eax, cx
  GIVES 1

  COMPUTES "LODS with an override"
  mov byte [gs:si], 0x99
  gs lodsb
  GIVES 0x99

  COMPUTES "BTS with a word bit offset in memory"
  mov dword [0x0FE], 0
  mov bx, -1
  bts [si], bx
  mov al, [0xFF]
  GIVES 0x80

  COMPUTES "CMPXCHG of a word"
  mov word [si], 0
  mov bx, 0x1234
  lock cmpxchg [si], bx
  mov ax, [si]
  GIVES 0x1234

  COMPUTES "XADD, BSWAP, CMOV"
  mov eax, 0x100
  mov dword [si], 0x4444
  xadd [si], ax
  mov bx, ax
  shl eax, 16
  mov ax, 0x100
  GIVES 0x44440100

  COMPUTES "BCD"
  mov ax, 8
  add al, 7
  aaa
  GIVES 0x0105

  COMPUTES "AAM and AAD"
  mov al, 42
  aam
  aad
  GIVES 0x002A

  COMPUTES "x87 of words"
  fninit
  mov word [si], 5
  fild word [si]
  mov word [si], 7
  fiadd word [si]
  fistp word [si]
  mov ax, [si]
  GIVES 12

  COMPUTES "far data pointers"
  mov dword [si], 0x40000007
  lgs bx, [si]
  mov ax, gs
  GIVES 0x4000

  COMPUTES "code that rewrites the next instruction"
  mov byte [cs:LOW(%$a) + 1], 0x42
%$a:
  mov al, 0
  GIVES 0x42

  COMPUTES "far CALL and RET across segments"
  call kLowCode - 1:LOW(%$f) + 16
  jmp %$g
%$f:
  mov ax, cs
  retf
%$g:
  GIVES 0x0FFF

  ; Transfers that are done again and again must go on meaning the same.

  COMPUTES "far CALL and RET keep flags, registers and the stack, time and again"
  mov edx, 0x44440000 + 300
%$again:
  mov ax, dx
  cmp ax, 150          ; CF 149 times
  call kLowCode - 1:LOW(%$f) + 16
  adc bx, 0
  dec dx
  jnz %$again
  mov ax, sp
  jmp %$g
%$f:
  mov cx, sp
  retf
%$g:
  shl eax, 16
  mov ax, cx
  GIVES ((kLowStackTop << 16) + kLowStackTop - 4)
  SAME [CaughtEbx], 0x22222222 + 149

  COMPUTES "one offset in two segments is two places"
  mov dword [kFarOffset], 0xCB01C083    ; add ax, 1 ; retf
  mov dword [es:kFarOffset], 0xCB10C083 ; add ax, 10h ; retf
  mov cx, 5
%$again:
  call kLowDs:kFarOffset
  call kLowEs:kFarOffset
  loop %$again
  GIVES 0x55

  COMPUTES "far RET to more segments than are remembered"
  mov cx, kLowCode
%$again:
  push cs
  push word LOW(%$back)
  push cx
  mov dx, kLowCode
  sub dx, cx
  shl dx, 4
  add dx, LOW(%$f)
  push dx
  retf
%$f:
  mov dx, cs
  add ax, dx
  retf
%$back:
  dec cx
  cmp cx, kLowCode - 100
  jne %$again
  GIVES ((kLowCode * 100 - 4950) & 0xFFFF)

  COMPUTES "a far frame across the top of the stack segment"
  mov bx, sp
  mov cx, 5
%$again:
  mov sp, 2
  call kLowCode - 1:LOW(%$f) + 16
  add ax, sp           ; 2
  loop %$again
  mov sp, bx
  jmp %$g
%$f:
  mov dx, sp
  retf
%$g:
  GIVES 10
  SAME [CaughtEdx], 0x4444FFFE

  COMPUTES "far RET that releases, with near calls on the way"
  mov cx, 9
%$again:
  push cx
  push cx
  call %$near
  loop %$again
  mov ax, sp
  jmp %$g
%$near:
  call kLowCode - 2:LOW(%$f) + 32
  ret 4
%$f:
  push bx
  call %$h
  pop bx
  push bx
  push cs
  push word LOW(%$i) + 32
  retf 2
%$i:
  retf
%$h:
  ret
%$g:
  GIVES kLowStackTop

  COMPUTES "a far call whose frame replaces its pointer"
  mov bp, sp
  mov cx, 5
%$again:
  mov word [bp - 4], LOW(%$f)
  mov word [bp - 2], kLowCode
  call far [bp - 4]
  loop %$again
  jmp %$g
%$f:
  inc ax
  retf
%$g:
  GIVES 5

  COMPUTES "far code that was written over"
  mov dword [es:kFarOffset], 0xCB01C083 ; add ax, 1 ; retf
  mov cx, 5
%$again:
  call kLowEs:kFarOffset
  inc byte [es:kFarOffset + 2]
  loop %$again
  GIVES 15

  END_CASES "code16"
