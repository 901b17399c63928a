; SPDX-License-Identifier: Apache-2.0
; Self-modifying code in the ways that programs do it, for measuring: bench/smc.py takes the time
; between the lines. Each case prints "NAME COUNT", does COUNT events and prints "done", or "wrong" if
; what the changed code computed is not what it should. Ends with the number of wrong ones.
%include "common.inc"

; CASE name, count: the code up to END_CASE is called with the count in ecx and leaves what it computed
; in eax, which END_CASE compares.
%macro CASE 2
  PRINT %1, " "
  PRINT_HEX %2
  PRINT 10
  mov ecx, %2
  call %%body
  jmp %%behind
  align 4096
%%body:
  %push case
  %define %$behind %%behind
%endmacro

%macro END_CASE 1
  ret
  align 4096
%$behind:
  %pop
  mov edx, %1
  call Judge
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitSerial

; What a store costs where there is no code, to compare with.
CASE "counter-elsewhere", 10000000
  xor eax, eax
  mov [Counter], eax
.next1:
  inc dword [Counter]
  dec ecx
  jnz .next1
  mov eax, [Counter]
END_CASE 10000000

; A variable beside the code that uses it.
CASE "counter-beside-code", 10000000
  mov dword [.counter], 0
.next2:
  inc dword [.counter]
  dec ecx
  jnz .next2
  mov eax, [.counter]
  ret
  align 64
.counter: dd 0
END_CASE 10000000

; The caller's frames lie in the page of the code it runs.
CASE "stack-beside-code", 1000000
  mov [SavedStack], esp
  mov esp, .stack
  xor eax, eax
.next3:
  push ecx
  call .function3
  pop ecx
  dec ecx
  jnz .next3
  mov esp, [SavedStack]
  ret
.function3:
  inc eax
  ret
  times 256 db 0
.stack:
END_CASE 1000000

; An immediate that is different each time, ahead in the same straight line.
CASE "new-immediate", 1000000
  xor edx, edx
.next4:
  mov [.patched4 + 1], ecx
.patched4:
  mov eax, 0
  add edx, eax
  dec ecx
  jnz .next4
  mov eax, edx
END_CASE (1000000 * 1000001 / 2) & 0xFFFFFFFF

; The same from another page: the changed function is called.
CASE "new-immediate-called", 1000000
  xor edx, edx
.next5:
  mov [.patched5 + 1], ecx
  call .patched5
  add edx, eax
  dec ecx
  jnz .next5
  mov eax, edx
  ret
  align 4096
.patched5:
  mov eax, 0
  ret
END_CASE (1000000 * 1000001 / 2) & 0xFFFFFFFF

; Two versions by turns, as of a drawing loop that is patched for each mode.
CASE "two-versions", 1000000
  xor edx, edx
.next6:
  mov eax, ecx
  and eax, 1
  mov [.patched6 + 1], al
  call .patched6
  add edx, eax
  dec ecx
  jnz .next6
  mov eax, edx
  ret
  align 4096
.patched6:
  mov eax, 0
  ret
END_CASE 500000

; A function of 256 bytes written to one place and called once, its 50 immediates new each time.
CASE "jit-one-place", 100000
  mov ebx, ecx
  xor edx, edx
.next7:
  mov edi, JitBuffer
  call EmitFunction
  call JitBuffer
  add edx, eax
  dec ebx
  jnz .next7
  mov eax, edx
END_CASE (50 * (100000 * 100001 / 2)) & 0xFFFFFFFF

; Likewise, each function behind the one before, in a buffer of 1 MiB that is reused.
CASE "jit-buffer", 100000
  mov ebx, ecx
  xor edx, edx
  mov esi, JitBuffer
.next8:
  mov edi, esi
  call EmitFunction
  call esi
  add edx, eax
  add esi, 256
  cmp esi, JitBuffer + 0x100000
  jb .within
  mov esi, JitBuffer
.within:
  dec ebx
  jnz .next8
  mov eax, edx
END_CASE (50 * (100000 * 100001 / 2)) & 0xFFFFFFFF

; A trampoline built on the stack, called, and gone.
CASE "stack-trampoline", 100000
  xor edx, edx
.next9:
  sub esp, 16
  mov byte [esp], 0xB8      ; mov eax, ecx's value
  mov [esp + 1], ecx
  mov byte [esp + 5], 0xC3  ; ret
  mov eax, esp
  call eax
  add edx, eax
  add esp, 16
  dec ecx
  jnz .next9
  mov eax, edx
END_CASE (100000 * 100001 / 2) & 0xFFFFFFFF

; A copy loop of 512 bytes over code that then runs; the bytes are the same each time.
CASE "same-bytes-copied", 100000
  push ecx
  mov ebx, 1
  mov edi, JitBuffer + 512
  call EmitFunction
  pop ebx
  xor edx, edx
.next10:
  mov esi, JitBuffer + 512
  mov edi, JitBuffer
  mov ecx, 64
  rep movsd
  call JitBuffer
  add edx, eax
  dec ebx
  jnz .next10
  mov eax, edx
END_CASE 50 * 100000

  mov al, [Wrong]
  EXIT al

; Writes to edi a function that adds ebx 50 times; keeps all but ecx and edi.
EmitFunction:
  push eax
  mov word [edi], 0xC031  ; xor eax, eax
  add edi, 2
  mov ecx, 50
.next:
  mov byte [edi], 0x05    ; add eax, immediate
  mov [edi + 1], ebx
  add edi, 5
  dec ecx
  jnz .next
  mov byte [edi], 0xC3    ; ret
  pop eax
  ret

; eax: the result, edx: what it should be.
Judge:
  cmp eax, edx
  je .good
  inc byte [Wrong]
  PRINT "wrong", 10
  ret
.good:
  PRINT "done", 10
  ret

section .data
Wrong: db 0
section .bss
alignb 4096
Counter: resd 1
SavedStack: resd 1
alignb 4096
JitBuffer: resb 0x100000
