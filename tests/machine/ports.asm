; SPDX-License-Identifier: Apache-2.0
; Writes and reads 256 ports from the one that the test puts at FirstPort, in every width, with random
; values; then ends through the debug-exit port with 55h.
%include "header.inc"
  jmp Begin
  times 64 - ($ - $$) db 0
FirstPort: dd 0
Begin:
  mov esp, 0x300000
  mov ebp, 3
.round:
  mov esi, [FirstPort]
  mov edi, 256
.next:
  imul ebx, ebx, 1103515245
  lea ebx, [ebx + esi + 12345]
  mov edx, esi
  cmp dx, 0xF1  ; a wider access before it would reach the exit port
  jb .access
  cmp dx, 0xF4
  jbe .skip
.access:
  mov eax, ebx
  out dx, al
  in al, dx
  rol ebx, 7
  mov eax, ebx
  out dx, ax
  in ax, dx
  rol ebx, 7
  mov eax, ebx
  out dx, eax
  in eax, dx
.skip:
  inc esi
  dec edi
  jnz .next
  dec ebp
  jnz .round
  mov al, 0x55
  out 0xF4, al
.end:
  hlt
  jmp .end
