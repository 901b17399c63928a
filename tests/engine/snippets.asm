; SPDX-License-Identifier: Apache-2.0
; Programs for the comparison with the bare processor (snippet_test.cc). Each starts at kCode with the
; registers of CpuImage::Typical and ends with an instruction that faults, by default END's OUT.
; Addresses within a snippet are A(label).
;   SNIPPET name [, flags that are undefined at its end]
;   ...
;   END
bits 32

kCode equ 0x400000
kData equ 0x500000
kPage equ 0x1000
kCarry equ 0x001
kAdjust equ 0x010
kOverflow equ 0x800
kArithmetic equ 0x8D5

%define A(label) (kCode + (label) - %[begin])

%macro SNIPPET 1-2 0
  %xdefine name %1
  %xdefine begin begin_%1
  %assign undefined_flags %2
  [section .snippets progbits alloc noexec nowrite align=16]
  align 16, db 0
begin_%1:
%endmacro

%macro END 0
  out 0xF4, al
end_%[name]:
  [section .names progbits alloc noexec nowrite align=1]
  %defstr text name
name_%[name]: db text, 0
  [section .table progbits alloc noexec write align=8]
  dq name_%[name], begin_%[name], end_%[name], undefined_flags
%endmacro

; Fills up to an offset from the snippet's start.
%macro FILL_TO 1
  times (%1) - ($ - %[begin]) nop
%endmacro

section .note.GNU-stack noalloc noexec nowrite progbits
section .names progbits alloc noexec nowrite align=1
section .table progbits alloc noexec write align=8
global kSnippetTable
kSnippetTable:

; --- the stack pointer as an operand ---------------------------------------------------------------

SNIPPET PushPopStackPointer
  push esp
  pop eax
  push dword [esp]
  push dword [esp + 4]
  pop dword [esp + 4]
  pop dword [esp]
  push esp
  pop esp
  mov ecx, esp
  push dword [esp - 4]
  push dword [esp - 2]
  pop edx
  pop edx
  pop dword [esp - 4]
  pop dword [esp - 8]
  mov edx, [esp - 4]
  sub esp, 64
  pop dword [esp + ecx * 2 - 2 * 0x6FF800 + 0x20]
END

SNIPPET Push16AndPop16
  push ax
  push word 0x1234
  push word [ebx]
  pop dx
  pop word [ebx + 4]
  pop si
  push sp
  pop di
  push word -3
  pop word [esp + 6]
  push dword -3
  push dword 0x12345678
  pop cx
  pop bp
END

SNIPPET PopIntoStackPointer
  mov eax, esp
  push dword kData + 0x2000
  pop esp
  mov edx, [esp]
  push word 0x1FF0
  pop sp
  mov ebp, esp
  mov esp, eax
END

SNIPPET PushAllPopAll
  pusha
  mov eax, [esp + 12]
  inc dword [esp + 28]
  popa
  pushaw
  inc word [esp + 2]
  popaw
  xchg eax, esp
  xchg eax, esp
  bswap esp
  bswap esp
END

; The display that is copied lies where the new frame goes.
SNIPPET EnterCopiesWhatItHasPushed
  lea ebp, [esp + 24]
  enter 8, 12
  lea ebp, [esp + 6]
  o16 enter 4, 9
END

SNIPPET EnterLeave
  enter 24, 0
  mov [ebp - 4], esp
  enter 8, 3
  leave
  leave
  enter 8, 1
  db 0x66
  leave
  mov esp, 0x6FF800
  mov ebp, 0x6FF700
  leave
END

SNIPPET LowEsp
  mov eax, esp
  mov esp, 0x500800
  mov [esp + 3], ah
  mov ch, [esp + 3]
  add [esp + eax - 0x6FF800], dh
  adc bh, [esp + ebx * 1 - 0x500100]
  xchg [esp + 1], dh
  cmpxchg [esp + 1], ch
  xadd [esp + 2], bh
  movzx esp, ah
  movsx esp, ch
  movzx edx, byte [esp + 0x500000]
  mov esp, eax
  lea esp, [esp + 4 * ecx]
  lea esp, [esp - 4]
  imul esp, esp, 3
  cmovnz esp, eax
  setz [esp + 7]
  rol byte [esp + 7], 3
  test [esp + 9], ah
  mov byte [esp + 2], 0x77
  not byte [esp + 2]
END

SNIPPET StackPointerArithmetic
  mov ebx, esp
  add esp, 0x10
  sub esp, ecx
  and esp, ~15
  or esp, 4
  xor esp, 8
  neg esp
  neg esp
  dec esp
  inc esp
  sbb esp, 0
  adc esp, 0
  shl esp, 1
  shr esp, 1
  shld esp, eax, 0
  shrd esp, ebx, cl
  bt esp, ecx
  bts esp, 3
  btr esp, ecx
  btc esp, 2
  bsf esp, ebx
  bsr esp, ebx
  xadd esp, ebx
  cmpxchg esp, edx
  xchg esp, edx
  mov esp, ebx
  cvtsi2sd xmm1, esp
  cvttsd2si esp, xmm1
  movd xmm2, esp
  movd esp, xmm0
  pmovmskb esp, xmm3
  movmskps esp, xmm4
  pextrw esp, xmm5, 3
  pinsrw xmm6, esp, 2
  movd mm3, esp
  mov esp, ebx
END

SNIPPET ShiftsOfStackPointer, kAdjust | kOverflow
  mov ebx, esp
  ror esp, 7
  mov [ebp], esp
  rcl esp, 3
  mov [ebp + 4], esp
  sar esp, cl
  rcr esp, cl
  mov [ebp + 8], esp
  mul esp
  div esp
  mov esp, ebx
  idiv esp
END

; --- addressing -----------------------------------------------------------------------------------

SNIPPET DirectAddresses
  mov eax, [kData]
  mov [kData + 8], eax
  mov al, [kData + 3]
  mov [kData + 13], al
  a32 mov ax, [kData + 5]
  mov [kData + 15], ax
  add edx, [kData + 4 * ecx]
  mov byte [kData + ecx + 1], 9
  db 0xA1
  dd kData + 0x20
  db 0x66, 0xA3
  dd kData + 0x31
  inc dword [kData + 0x40]
  cmp [kData + 0x40], esp
  fild dword [kData + 0x44]
  movups xmm3, [kData + 0x51]
  imul esi, [kData + 0x60], 0x1234567
  push dword [kData + 0x64]
  pop dword [kData + 0x68]
END

SNIPPET SixteenBitLea
  lea eax, [bx + si]
  a16 lea eax, [bp + di + 0x1234]
  a16 lea ecx, [bx - 1]
  a16 lea dx, [si + 0x7FFF]
  a16 lea esp, [di]
  a16 lea ebx, [0x8000]
  lea di, [ebx + 4 * esi + 5]
  lea edi, [ebp + 8 * ebp]
  lea esi, [esi * 8 + 0x80000000]
  mov esp, 0x6FF000
END

SNIPPET SixteenBitAddressRead
  mov ebx, 0x12345678
  mov esi, 0x0000CDEF
  a16 mov eax, [bx + si + 0x7FFF]
END

SNIPPET SixteenBitAddressWrite
  mov ebp, 0xFFFF8000
  mov edi, 0x12340001
  add [bp + di - 3], ax
END

SNIPPET SixteenBitMoffs
  a16 mov al, [0xF123]
END

SNIPPET SixteenBitString
  mov esi, 0xFFFF1234
  a16 lodsb
END

SNIPPET Xlat
  mov eax, 0xABCDEFFF
  xlatb
  mov ebx, kData + 7
  xlatb
  db 0x3E
  xlatb
END

SNIPPET HighByteRegisters
  add ah, ch
  adc dh, bh
  sub al, ah
  sbb bh, cl
  mov ah, 0x80
  mov bh, ah
  imul ah
  xchg ah, al
  xchg dh, [ebx]
  shl ch, cl
  ror dh, 3
  movzx edx, bh
  movsx si, ah
  cmp byte [ebx + ecx], 3
  sete ah
  setg bh
  not ch
  neg dh
  inc ah
  dec bh
END

SNIPPET TwinEncodings
  db 0x82, 0xC1, 0x7F  ; add cl, 7Fh in the group that 64-bit mode lacks
  db 0x82, 0x2B, 0x11  ; sub byte [ebx], 11h
  db 0x40, 0x41, 0x44, 0x4C, 0x4F  ; inc and dec
  db 0x66, 0x43, 0x66, 0x4D, 0x66, 0x44, 0x66, 0x4C
  db 0xC0, 0x31, 0x03  ; sal byte [ecx] by another name: faults
END

SNIPPET RedundantPrefixes
  db 0x3E, 0x8B, 0x03
  db 0x36, 0x26, 0x8B, 0x43, 0x04
  db 0x66, 0x66, 0x8B, 0x13
  db 0xF3, 0x03, 0x13
  db 0x2E, 0x66, 0x67, 0x90
  db 0xF3, 0x0F, 0xBC, 0xC3  ; tzcnt here: bsf for processors before it
END

; --- bit strings and exchanges ----------------------------------------------------------------------

SNIPPET BitStrings, kOverflow | kAdjust | 0x84
  mov ebx, kData + 0x1000
  mov eax, -1
  bts [ebx], eax
  mov eax, 8 * 1000 + 5
  btr [ebx], eax
  mov eax, -8 * 4000
  btc [ebx + 3], eax
  mov eax, 0xFFFF7FF0
  bts [ebx + 0x1000], ax
  mov eax, 0x00017FF1
  bt [ebx - 0x100], ax
  sbb edx, edx
  bts dword [ebx], 35
  btr word [ebx], 0xFF
  mov eax, -40
  bts [esp], eax
  lock btr [esp + 1], eax
  mov ecx, 8 * 0x2000
  bt [ebx + 4 * 2], ecx
END

SNIPPET BitStringFault
  mov eax, -8 * 0x10000
  bts [ebx], eax
END

SNIPPET Exchanges
  mov edx, 0x11223344
  mov eax, [ebx]
  cmpxchg [ebx], edx
  setz cl
  cmpxchg [ebx], edx
  setz ch
  lock xadd [ebx + 4], edx
  xadd dx, cx
  xchg [ebx + 8], edx
  lock inc dword [ebx + 9]
  mov eax, [ebx + 16]
  mov edx, [ebx + 20]
  mov ecx, 77
  lock cmpxchg8b [ebx + 16]
  pushf
  lock cmpxchg8b [ebx + 16]
  cmpxchg dh, cl
  cmpxchg cl, ah
  cmpxchg esp, ecx
END

SNIPPET Decimals, kArithmetic
  mov eax, 0x1278
  add al, 0x55
  daa
  mov ecx, eax
  das
  aaa
  aas
  aam
  aad
  aam 7
  aad 13
END

; --- strings --------------------------------------------------------------------------------------

SNIPPET StringsOnce
  movsb
  movsw
  movsd
  lodsb
  lodsw
  stosb
  stosw
  stosd
  scasb
  scasw
  cmpsb
  cmpsw
  scasd
  cmpsd
  lodsd
END

SNIPPET StringsBackwards
  std
  movsb
  movsw
  movsd
  cmpsd
  scasb
  stosw
  lodsd
  mov ecx, 20
  mov edi, kData + 0x400
  mov esi, kData + 0x3F0
  rep movsb
  mov ecx, 9
  rep stosd
  mov ecx, 7
  repne scasw
END

SNIPPET StringsRepeated
  mov ecx, 0x555
  mov esi, kData + 3
  mov edi, kData + 0x1801
  rep movsb
  mov ecx, 0x155
  rep movsd
  mov ecx, 99
  mov edi, kData + 0x2FFA
  rep stosw
  mov ecx, 400
  mov edi, kData + 0x800
  mov al, [kData + 0x8F0]
  repne scasb
  mov edx, ecx
  mov ecx, 300
  mov esi, kData + 3
  mov edi, kData + 0x1801
  repe cmpsb
  mov ebx, ecx
  mov ecx, 50
  repne cmpsd
  mov ecx, 3
  rep lodsw
  lahf
END

SNIPPET StringsCountZero
  xor ecx, ecx
  mov esi, 0xFFFFFFF0
  mov edi, 3
  stc
  rep movsb
  repne scasd
  repe cmpsb
  rep stosd
  rep lodsd
END

SNIPPET StringsOverlap
  mov esi, kData + 0x100
  mov edi, kData + 0x101
  mov ecx, 500
  rep movsb
  mov esi, kData + 0x403
  mov edi, kData + 0x401
  mov ecx, 200
  rep movsd
  mov esi, kData + 0xFFC
  mov edi, kData + 0x1000
  mov ecx, 100
  rep movsd
  std
  mov esi, kData + 0x2000
  mov edi, kData + 0x1FFE
  mov ecx, 300
  rep movsw
END

SNIPPET StringFaultsInTheMiddle
  mov esi, kData
  mov edi, kData + 0x3F00
  mov ecx, 0x1000
  rep movsb
END

SNIPPET StringFaultsInTheMiddleBackwards
  std
  mov esi, kData + 0x10
  mov edi, kData + 0x2000
  mov ecx, 0x1000
  rep movsw
END

SNIPPET StringFaultsAcrossThePage
  mov edi, kData + 0x3FFE
  mov ecx, 3
  rep stosd
END

; After a fault the flags are those before the instruction (SDM vol. 2, REP), or, on AMD's
; processors, those of the last iteration.
SNIPPET CompareFaultsInTheMiddle, 0x8D5
  mov esi, kData + 0x3FF0
  mov edi, kData + 0x3FF0
  mov ecx, 100
  repe cmpsd
END

SNIPPET ScanFaultsInTheMiddle, 0x8D5
  mov edi, kData + 0x3FF1
  mov ecx, 100
  mov eax, 0x01020304
  repne scasd
END

; --- control flow -----------------------------------------------------------------------------------

SNIPPET Loops
  mov ecx, 5
.a: inc eax
  loop .a
  mov ecx, 0x30004
.b: inc edx
  a16 loop .b
  mov ecx, 7
.c: inc edx
  cmp edx, ecx
  loopne .c
  mov ecx, 9
  xor edx, edx
.d: inc ebx
  cmp edx, 0
  loope .d
  jecxz .e
  inc esi
.e: mov ecx, 0x10000
  jcxz .f
  inc edi
.f: jecxz .g
  inc ebp
.g: mov ecx, 0xFFFF0001
  stc
  a16 loope .f
  a16 loopne .h
  inc ebp
.h: xor ecx, ecx
  mov ecx, 1
  loop .g
  mov ecx, 3
  cmp ecx, 3
  a16 loope .i
.i:
END

; Counts into edx for each condition that holds, keeping the flags.
%macro CONDITION 1
  j%1 %%taken
  jmp %%on
%%taken:
  lea edx, [edx + edx * 2 + 1]
%%on:
  lea edx, [edx * 2]
  set%1 al
  mov [ebx], al
  lea ebx, [ebx + 1]
  cmov%1 esi, [edi]
%endmacro

SNIPPET Conditions
  mov ebp, 0xFFF
.next:
  push ebp
  and dword [esp], kArithmetic
  or dword [esp], 0x202
  popf
  CONDITION o
  CONDITION no
  CONDITION b
  CONDITION nb
  CONDITION z
  CONDITION nz
  CONDITION be
  CONDITION nbe
  CONDITION s
  CONDITION ns
  CONDITION p
  CONDITION np
  CONDITION l
  CONDITION nl
  CONDITION le
  CONDITION nle
  pushf
  pop eax
  lea ebx, [ebx - 15]
  lea ebp, [ebp - 5]
  test ebp, ebp
  jns .next
END

SNIPPET CallsAndReturns
  mov ecx, 3
  call .function
  mov eax, A(.function)
  call eax
  push dword A(.function)
  call [esp]
  call [esp + 0]
  pop eax
  mov dword [esp - 4], A(.function)
  call [esp - 4]
  mov [ebx], eax
  call [ebx]
  push dword 1
  push dword 2
  call .with_arguments
  call .here
.here:
  pop edx
  push dword A(.landing)
  ret
  inc edi
.landing:
  push dword 11
  push dword A(.landing2)
  ret 4
  inc edi
.landing2:
  mov esp, A(.function)
  mov edi, 0x6FF000
  xchg esp, edi
  call edi
  jmp .end
.function:
  lea esi, [esi + 3]
  ret
.with_arguments:
  mov edx, [esp + 4]
  ret 8
.end:
END

SNIPPET ReturnsThatLeaveOutFrames
  call .outer
  jmp .end
.outer:
  call .middle
  inc eax
  ret
.middle:
  call .inner
  inc edx
  ret
.inner:
  add esp, 4
  ret
.end:
  call .again
  jmp .done
.again:
  pop ebp
  push ebp
  push ebp
  xor dword [ebx], 1
  ret
.done:
END

SNIPPET DeepRecursion
  mov eax, 100000
  call .down
  jmp .end
.down:
  dec eax
  jz .bottom
  call .down
.bottom:
  inc ecx
  adc edx, eax
  ret
.end:
END

SNIPPET MutualRecursion
  mov eax, 14
  call .fib
  jmp .end
.fib:
  cmp eax, 2
  jb .leaf
  push eax
  dec eax
  call .fib
  xchg eax, [esp]
  sub eax, 2
  call .fib
  pop edx
  add eax, edx
.leaf:
  ret
.end:
END

SNIPPET JumpTables
  mov ecx, 40
.next:
  mov eax, ecx
  and eax, 3
  jmp [A(.table) + eax * 4]
  align 4
.table: dd A(.zero), A(.one), A(.two), A(.three)
.zero: lea ebx, [ebx + 1]
  jmp .on
.one: lea edx, [edx + 5]
  jmp .on
.two: mov ebp, A(.on)
  jmp ebp
.three: push dword A(.on)
  ret
.on: dec ecx
  jnz .next
END

SNIPPET FlagsAcrossCalls
  stc
  call .function
  adc eax, 0
  cmp eax, eax
  mov edx, A(.function)
  call edx
  jz .good
  mov eax, 0xBAD
.good:
  or ecx, 0x80000000
  std
  push dword A(.landing)
  ret
.landing:
  js .good2
  mov eax, 0xBAD
.good2:
  sub eax, eax
  jmp [A(.pointer)]
  align 4
.pointer: dd A(.last)
.function:
  mov ebp, esp
  lea esi, [esi + 1]
  ret
.last:
  pushf
END

SNIPPET NearBranch16
  mov eax, 0xFFFF4321
  jmp ax
END

SNIPPET NearCall16
  mov eax, 0x12340010
  o16 call ax
END

SNIPPET NearReturn16
  push word 0x4321
  o16 ret
END

SNIPPET NearReturn16WithImmediate
  push dword 0x12344321
  o16 ret 0x0FFE
END

SNIPPET ConditionalBranch16
  xor eax, eax
  db 0x66, 0x0F, 0x84, 0x20, 0x00
END

; Direct and indirect jumps between three pages, with flags that live across them.
SNIPPET PageCrossingJumps
  xor eax, eax
  mov ecx, 25
.next:
  cmp ecx, 13
  jmp .other
.back:
  adc eax, 0
  rol eax, 1
  push dword A(.third)
  cmp ecx, 7
  ret
  FILL_TO kPage
.other:
  adc eax, 0
  seta dl
  jl .less
  jmp .back
.less:
  lea eax, [eax * 2 + 1]
  mov ebp, A(.back)
  jmp ebp
  FILL_TO kPage + 0x800
.third:
  seta dh
  call .function
  dec ecx
  jnz .next
  jmp .end
.function:
  lahf
  ret
.end:
END

SNIPPET LongStraightLine
%assign count 0
%rep 300
  lea eax, [eax + eax * 4 + 1]
  %if count % 3 = 0
  add edx, eax
  %elif count % 3 = 1
  adc esi, [ebx + count]
  %else
  sbb [ebp + count], edx
  %endif
  %assign count count + 1
%endrep
END

SNIPPET BackwardJumpIntoBlock
  mov ecx, 10
  xor eax, eax
.a: add eax, 3
.b: add eax, 5
.c: add eax, 7
  dec ecx
  js .end
  test ecx, 1
  jz .b
  test ecx, 2
  jz .c
  jmp .a
.end:
END

; The code area's last bytes are zeroes: add [eax], al.
SNIPPET FallsIntoUnmappedPage
  mov eax, kData
  jmp $ + (kCode + 0x21FF0 - A($))
END

SNIPPET JumpsToUnmappedMemory
  mov eax, 0x12345678
  jmp eax
END

SNIPPET CallsUnmappedMemory
  mov eax, 0x00300123
  call eax
END

SNIPPET JumpsDirectlyToUnmappedMemory
  stc
  jmp $ + (kCode - 0x1000 - A($))
END

SNIPPET ReturnsToUnmappedMemory
  push dword 0x00700000
  ret 12
END

; --- faults in the middle -------------------------------------------------------------------------
; ebx is the end of the data, ecx the lowest byte of the stack; beyond both nothing is present.
%macro EDGES 0
  mov ebx, 0x504000
  mov ecx, 0x600000
  mov edi, kData + 0x1200
  stc
%endmacro

SNIPPET PushOnMissingPage
  EDGES
  mov esp, ecx
  push eax
END

SNIPPET PushHalfOnMissingPage
  EDGES
  lea esp, [ecx + 2]
  push eax
END

SNIPPET PushImmediateOnMissingPage
  EDGES
  mov esp, ecx
  push dword 0x12345678
END

SNIPPET PushWordOnMissingPage
  EDGES
  mov esp, ecx
  push ax
END

SNIPPET PushFromMissingPage
  EDGES
  push dword [ebx]
END

SNIPPET PushFromPageCrossing
  EDGES
  push dword [ebx - 1]
END

SNIPPET PushOnMissingPageFromMemory
  EDGES
  mov esp, ecx
  push dword [edi]
END

SNIPPET PopFromMissingPage
  EDGES
  mov esp, ebx
  pop eax
END

SNIPPET PopFromPageCrossing
  EDGES
  lea esp, [ebx - 3]
  pop eax
END

SNIPPET PopIntoMissingPage
  EDGES
  pop dword [ebx]
END

SNIPPET PopIntoMissingPageByStackPointer
  EDGES
  lea esp, [ebx - 4]
  pop dword [esp]
END

SNIPPET PopStackPointerFromMissingPage
  EDGES
  mov esp, ebx
  pop esp
END

SNIPPET CallOnMissingStack
  EDGES
  mov esp, ecx
  call $ + 20
END

SNIPPET CallIndirectOnMissingStack
  EDGES
  mov esp, ecx
  mov eax, A($)
  call eax
END

SNIPPET CallThroughMissingPage
  EDGES
  call [ebx]
END

SNIPPET CallThroughPageCrossing
  EDGES
  call [ebx - 2]
END

SNIPPET ReturnFromMissingStack
  EDGES
  mov esp, ebx
  ret
END

SNIPPET ReturnFromPageCrossing
  EDGES
  lea esp, [ebx - 1]
  ret 8
END

SNIPPET LeaveFromMissingStack
  EDGES
  mov ebp, ebx
  leave
END

SNIPPET EnterOnMissingStack
  EDGES
  lea esp, [ecx + 2]
  enter 8, 0
END

; The locals end on a page that is not there: the processor probes a write at the final pointer.
SNIPPET EnterWhoseLocalsEndOnMissingPage
  EDGES
  lea esp, [ecx + 0x20]
  enter 0x40, 0
END

SNIPPET PushFlagsOnMissingStack
  EDGES
  mov esp, ecx
  pushf
END

SNIPPET PopFlagsFromMissingStack
  EDGES
  mov esp, ebx
  popf
END

SNIPPET JumpThroughMissingPage
  EDGES
  jmp [ebx + 4]
END

SNIPPET ExchangeWithMissingPage
  EDGES
  xchg [ebx], eax
END

SNIPPET ExchangeAcrossPage
  EDGES
  xchg [ebx - 2], esp
END

SNIPPET CompareExchangeMissingPage
  EDGES
  cmpxchg [ebx], edx
END

SNIPPET CompareExchangeAcrossPage
  EDGES
  mov eax, [ebx - 4]
  cmpxchg [ebx - 3], edx
END

SNIPPET CompareExchange8Missing
  EDGES
  lock cmpxchg8b [ebx - 4]
END

SNIPPET AddToMissingPage
  EDGES
  add [ebx], esp
END

SNIPPET AdcAcrossPage
  EDGES
  adc [ebx - 1], eax
END

SNIPPET HighByteToMissingPage
  EDGES
  mov esp, ebx
  mov [esp + 1], ah
END

SNIPPET HighByteFromMissingPage
  EDGES
  mov esp, ebx
  add ch, [esp]
END

SNIPPET MoffsMissing
  EDGES
  mov [0x504000], al
END

SNIPPET XlatMissing
  EDGES
  mov al, 0
  xlatb
END

SNIPPET MovsMissingSource
  EDGES
  mov esi, ebx
  movsd
END

SNIPPET MovsMissingDestination
  EDGES
  mov edi, ebx
  movsd
END

SNIPPET MovsAcrossDestination
  EDGES
  lea edi, [ebx - 2]
  movsd
END

SNIPPET StosMissing
  EDGES
  mov edi, ebx
  stosb
END

SNIPPET LodsMissing
  EDGES
  mov esi, ebx
  lodsd
END

SNIPPET CmpsSecondMissing
  EDGES
  mov edi, ebx
  cmpsb
END

SNIPPET RepMovsSourceEnds
  EDGES
  lea esi, [ebx - 37]
  mov ecx, 20
  rep movsd
END

SNIPPET RepLodsEnds
  EDGES
  lea esi, [ebx - 9]
  mov ecx, 20
  rep lodsw
END

SNIPPET SseLoadMissing
  EDGES
  movups xmm0, [ebx]
END

SNIPPET SseLoadAcrossPage
  EDGES
  movups xmm0, [ebx - 7]
END

SNIPPET SseStoreAcrossPage
  EDGES
  movups [ebx - 7], xmm0
END

SNIPPET SseMisaligned
  EDGES
  movaps xmm0, [edi + 4]
END

SNIPPET SseMisalignedStore
  EDGES
  movaps [edi + 8], xmm1
END

SNIPPET SseMisalignedOperand
  EDGES
  addps xmm1, [esp + 1]
END

SNIPPET SseMisalignedConvert
  EDGES
  cvtdq2ps xmm1, [edi + 1]
END

SNIPPET MmxAcrossPage
  EDGES
  movq [ebx - 4], mm0
END

SNIPPET MaskedMoveMissing
  EDGES
  lea edi, [ebx - 8]
  pcmpeqb xmm1, xmm1
  maskmovdqu xmm0, xmm1
END

SNIPPET MaskedMoveMissingUnselected
  EDGES
  lea edi, [ebx - 8]
  pxor xmm1, xmm1
  maskmovdqu xmm0, xmm1
END

SNIPPET MaskedMove8
  EDGES
  lea edi, [ebx - 8]
  pcmpeqb mm1, mm1
  maskmovq mm0, mm1
END

SNIPPET X87StoreAcrossPage
  EDGES
  fldpi
  fstp tword [ebx - 5]
END

SNIPPET X87LoadMissing
  EDGES
  fld qword [ebx - 4]
END

; Processors differ in whether the first page has its part already when the second one faults: it
; is there from the start.
SNIPPET BcdStoreAcrossPage
  EDGES
  mov dword [ebx - 9], 3
  mov dword [ebx - 5], 0
  mov byte [ebx - 1], 0
  fldpi
  fbstp [ebx - 9]
END

SNIPPET BitStringMissing
  EDGES
  mov eax, 0x40
  bts [ebx - 4], eax
END

SNIPPET ClflushMissing
  EDGES
  clflush [ebx]
END

SNIPPET PrefetchMissing
  EDGES
  prefetchnta [ebx]
  prefetcht0 [0]
END

SNIPPET LoadMxcsrMissing
  EDGES
  ldmxcsr [ebx]
END

SNIPPET LoadMxcsrReserved
  EDGES
  mov dword [edi], 0xFFFFFFFF
  ldmxcsr [edi]
END

SNIPPET DivideByZero, kArithmetic
  EDGES
  xor ebp, ebp
  div ebp
END

SNIPPET DivideOverflow, kArithmetic
  EDGES
  mov edx, -1
  div dword [edi]
END

SNIPPET DivideMemoryByZero, kArithmetic
  EDGES
  mov dword [esp + 4], 0
  idiv dword [esp + 4]
END

SNIPPET DivideHighByteByZero, kArithmetic
  EDGES
  mov bh, 0
  div bh
END

SNIPPET Undefined
  EDGES
  ud2
END

SNIPPET UndefinedLock
  EDGES
  db 0xF0, 0x89, 0xC8
END

SNIPPET UndefinedLockMemory
  EDGES
  db 0xF0, 0x8B, 0x03
END

SNIPPET UndefinedLeaRegister
  EDGES
  db 0x8D, 0xC1
END

SNIPPET UndefinedBoundRegister
  EDGES
  db 0x62, 0xC0
END

SNIPPET UndefinedLesRegister
  EDGES
  db 0xC4, 0xC0, 0x00
END

SNIPPET UndefinedCmpxchg8b
  EDGES
  db 0x0F, 0xC7, 0xC8
END

SNIPPET TooLong
  EDGES
  times 15 db 0x3E
  mov eax, eax
END

SNIPPET TooLongByOne
  EDGES
  times 14 db 0x66
  mov eax, eax
END

SNIPPET JustShortEnough
  EDGES
  times 13 db 0x66
  mov eax, eax
END

SNIPPET PrivilegedHalt
  EDGES
  hlt
END

SNIPPET PrivilegedCr0
  EDGES
  mov eax, cr0
END

SNIPPET PrivilegedCli
  EDGES
  cli
END

SNIPPET PrivilegedIn
  EDGES
  in eax, dx
END

SNIPPET PrivilegedLgdt
  EDGES
  lgdt [ebx]
END

SNIPPET PrivilegedRdmsr
  EDGES
  rdmsr
END

SNIPPET NullSegmentRead
  EDGES
  xor eax, eax
  mov gs, eax
  mov edx, [gs:esp]
END

SNIPPET NullSegmentWrite
  EDGES
  xor eax, eax
  mov gs, eax
  mov [gs:edi], edx
END

SNIPPET PrefetchThroughNullSegment
  EDGES
  prefetchnta [gs:edi]
  prefetcht0 [fs:edi]
END

SNIPPET BadSelector
  EDGES
  mov eax, 0x7F0
  mov es, eax
END

SNIPPET OverflowTrap
  EDGES
  mov al, 0x7F
  inc al
  into
END

SNIPPET NoOverflowTrap
  EDGES
  xor eax, eax
  into
END

SNIPPET BoundInside
  EDGES
  mov dword [edi], -5
  mov dword [edi + 4], 5
  xor eax, eax
  bound eax, [edi]
END

SNIPPET BoundOutside
  EDGES
  mov dword [edi], -5
  mov dword [edi + 4], 5
  mov eax, 6
  bound eax, [edi]
END

SNIPPET X87Unmasked
  EDGES
  fninit
  push dword 0x0340
  fldcw [esp]
  fldz
  fld1
  fdivrp st1
  inc eax
  fwait
  inc eax
END

SNIPPET X87UnmaskedLoad
  EDGES
  fninit
  push dword 0x0340
  fldcw [esp]
  fldz
  fld1
  fdivrp st1
  inc eax
  fld1
  inc eax
END

SNIPPET X87UnmaskedStore
  EDGES
  fninit
  push dword 0x0360
  fldcw [esp]
  fldz
  fld1
  fdivrp st1
  inc eax
  fstp qword [edi]
  inc eax
END

SNIPPET X87UnmaskedControl
  EDGES
  fninit
  fldz
  fld1
  fdivrp st1
  push dword 0x0340
  fldcw [esp]
  fnstsw ax
  fnclex
  fld1
  inc eax
END

SNIPPET SimdUnmasked
  EDGES
  push dword 0x1D00
  ldmxcsr [esp]
  xorps xmm1, xmm1
  inc eax
  divps xmm0, xmm1
END

; --- operands that overlap the stack's top: an interrupt amid these must not repeat the load ---------

SNIPPET PushOfWhatItOverwrites
  mov ecx, 100000
.next:
  add dword [esp - 2], 0x1234567
  push dword [esp - 2]
  add edx, [esp]
  rol edx, 1
  add esp, 4
  dec ecx
  jnz .next
END

SNIPPET PopOverItself
  mov ecx, 100000
  sub esp, 16
.next:
  add [esp], ecx
  pop dword [esp - 6]
  sub esp, 4
  add edx, [esp]
  rol edx, 1
  dec ecx
  jnz .next
END

SNIPPET CallThroughWhatItOverwrites
  mov ecx, 100000
.next:
  mov dword [esp - 4], A(.function)
  call [esp - 4]
.wrong:
  ud2
.function:
  pop eax
  add edx, eax
  rol edx, 1
  dec ecx
  jnz .next
END

; --- x87, MMX, SSE ---------------------------------------------------------------------------------

SNIPPET X87Arithmetic
  fninit
  fld1
  fldpi
  fld qword [ebx]
  fadd dword [ebx + 4]
  fild dword [ebx + 8]
  fild word [esp]
  fild qword [esp + 8]
  fmul st0, st3
  fdivp st2, st0
  fsqrt
  fabs
  fchs
  fxch st2
  fist dword [ebx + 12]
  fistp qword [ebx + 16]
  fisttp dword [ebx + 20]
  fst qword [esp - 64]
  fcomi st0, st1
  setb al
  fcmovb st0, st1
  fnstsw ax
  fnstcw [ebx + 24]
  fld tword [ebx + 32]
  fstp tword [ebx + 48]
  fbld [ebx + 64]
  fbstp [ebx + 80]
  fsincos
  fpatan
  f2xm1
  fprem
  frndint
  ftst
  fxam
  fnstsw [ebx + 90]
  ffree st3
  fdecstp
  fincstp
END

; Conversions to MMX registers belong to SSE, but a waiting x87 exception goes before the fault of
; their operand, as it does with MMX (SDM vol. 3, 6.15, interrupt 16).
%macro WAITING_EXCEPTION 1
SNIPPET WaitingExceptionBeforeTheFaultOf_%1
  fninit
  push dword 0x037B  ; division by zero is unmasked
  fldcw [esp]
  fld1
  fldz
  fdivp st1
  xor ecx, ecx
  %1 mm0, [ecx]
END
%endmacro

WAITING_EXCEPTION cvtps2pi
WAITING_EXCEPTION cvttps2pi
WAITING_EXCEPTION cvtpd2pi
WAITING_EXCEPTION cvttpd2pi

SNIPPET X87Environment
  fninit
  fld1
  fldpi
  fnsave [ebx]
  mov edi, kData + 0x10C  ; the pointers: not every processor keeps them
  mov ecx, 16
  rep stosb
  fld1
  frstor [ebx]
  fld dword [ebx + 4]
  push dword 0x0C7F
  fldcw [esp]
  fistp dword [ebx + 0x200]
END

SNIPPET MmxArithmetic
  movq mm0, [ebx]
  movq mm1, [esp - 8]
  paddb mm0, mm1
  punpcklbw mm2, [ebx + 8]
  pmaddwd mm3, mm0
  psllq mm0, 3
  psrld mm1, [ebx + 16]
  movd eax, mm0
  movd [esp - 4], mm1
  movd esp, mm2
  movd mm4, esp
  movq [ebx + 24], mm3
  pshufw mm5, mm0, 0x1B
  pmovmskb esp, mm5
  pinsrw mm6, esp, 1
  pextrw ebp, mm6, 1
  movntq [ebx + 32], mm5
  movq2dq xmm1, mm5
  movdq2q mm7, xmm0
  pshufb mm0, [ebx]
  palignr mm1, [ebx + 1], 3
  mov edi, kData + 0x103
  maskmovq mm0, mm1
  cvtpi2ps xmm2, [ebx + 40]
  cvttps2pi mm0, xmm2
END

SNIPPET MmxThenX87
  movq mm0, [ebx]
  emms
  fld1
  fld1
  faddp
END

SNIPPET SseArithmetic
  movaps xmm0, [ebx]
  movups xmm1, [ebx + 5]
  addps xmm0, xmm1
  mulpd xmm2, [ebx + 16]
  andnps xmm3, [ebx]
  shufps xmm4, [ebx + 32], 0x4E
  pshufd xmm5, [esp], 0xB1
  pshufhw xmm6, xmm5, 0x1B
  cmpps xmm7, xmm1, 3
  cvtsi2ss xmm0, [ebx + 3]
  cvtsi2sd xmm1, eax
  cvtss2si ecx, xmm0
  cvttsd2si edx, [ebx + 8]
  cvtdq2pd xmm2, [ebx + 1]
  cvtps2dq xmm3, xmm4
  movd [esp - 4], xmm3
  movq [ebx + 64], xmm4
  movlps [ebx + 72], xmm5
  movhpd xmm6, [ebx + 80]
  movntps [ebx + 96], xmm6
  movnti [ebx + 112], esp
  movdqu [esp + 1], xmm7
  pinsrw xmm0, [ebx + 1], 7
  pextrw esi, xmm0, 7
  comisd xmm1, [ebx]
  setp al
  ucomiss xmm2, [ebx + 4]
  sqrtsd xmm3, [ebx + 8]
  haddps xmm4, [ebx]
  movddup xmm5, [ebx + 9]
  lddqu xmm6, [ebx + 11]
  pshufb xmm7, [ebx + 16]
  palignr xmm0, [ebx + 32], 5
  pabsd xmm1, xmm0
  psrldq xmm2, 3
  psadbw xmm3, [ebx]
  pmuludq xmm4, [ebx]
  punpcklbw xmm5, [ebx + 16]
  cvtsd2ss xmm6, [ebx + 24]
  stmxcsr [ebx + 128]
  and dword [ebx + 128], 0xFFC0
  or dword [ebx + 128], 0x6000
  ldmxcsr [ebx + 128]
  cvtps2dq xmm7, xmm0
  mov edi, kData + 0x2001
  maskmovdqu xmm0, xmm1
  db 0x3E
  maskmovdqu xmm1, xmm0
  mov edi, kData + 0x2FF9
  maskmovdqu xmm3, xmm2
  sfence
  lfence
  mfence
  clflush [ebx]
END

SNIPPET FxsaveFxrstor
  fninit
  fldpi
  movaps xmm0, xmm1
  mov ecx, 128
  mov edi, kData + 0x800
  mov eax, 0xEEEEEEEE
  rep stosd
  fxsave [kData + 0x800]
  fninit
  pxor xmm0, xmm0
  fxrstor [kData + 0x800]
  mov edi, kData + 0x806  ; last opcode and pointers: not ours to compare
  mov ecx, 18
  rep stosb
  mov dword [kData + 0x81C], 0  ; the mask of MXCSR is the model's
END

%include "self_modification.inc"

; --- found by random programs -----------------------------------------------------------------------

; The distance of the bit is added before a 16-bit address is truncated.
SNIPPET BitStringWrapsAtSixteenBits
  mov ebx, 0xFF00
  mov eax, 0x8000 * 8
  bts dword [bx + 0x180], eax
END

SNIPPET BitStringWrapsBelowSixteenBits
  mov ebx, 0x10
  mov eax, -0x40 * 8
  btc dword [bx], eax
END

; Of a waiting exception and an operand that is not there, the exception comes first.
SNIPPET WaitingMathFaultGoesBeforeAPageFault
  fninit
  push dword 0x0340
  fldcw [esp]
  fldz
  fld1
  fdiv st0, st1
  fld dword [0x12345678]
END

SNIPPET WaitingMathFaultGoesBeforeAPageFaultOfMmx
  fninit
  push dword 0x0340
  fldcw [esp]
  fldz
  fld1
  fdiv st0, st1
  paddb mm1, [0x12345678]
END

SNIPPET ControlWordIsStoredWhileAMathFaultWaits
  fninit
  push dword 0x0340
  fldcw [esp]
  fldz
  fld1
  fdiv st0, st1
  fnstcw [0x12345678]
END

; A store that raises an unmasked exception does not happen, across two pages either.
SNIPPET X87StoreWithUnmaskedExceptionStoresNothing
  fninit
  push dword 0x0340
  fldcw [esp]
  mov edi, kData + kPage - 6
  fstp tword [edi]
  fwait
END

section .table
global kSnippetTableEnd
kSnippetTableEnd:
