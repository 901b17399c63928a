; SPDX-License-Identifier: Apache-2.0
; Paging with 64-bit entries: the four pointers, 2 MiB pages, execute-disable, reserved bits (SDM vol.
; 3, 4.4 to 4.7).
%include "privileged.inc"

kLarge equ 0x80
kAccessed equ 0x20
kDirty equ 0x40
kPae equ 1 << 5
kEfer equ 0xC0000080
kNxe equ 1 << 11
kNoExecute equ 0x80000000  ; in the upper half
kMapped equ 0x400000
kLargePage equ 0x600000
%define ALL_RIGHTS (kPresent | kWritable | kUser)

section .bss
alignb 4096
Pointers: resb 4096
OtherPointers: resb 4096
Directory: resb 4096   ; of the first GiB
Directory1: resb 4096  ; of the second
LowTables: resb 8192   ; the first 4 MiB, as they are
TestTable: resb 4096   ; 0x400000
PageA: resb 4096
PageB: resb 4096

section .text
%macro MAP 3  ; index, low half, high half
  mov dword [TestTable + (%1) * 8], %2
  mov dword [TestTable + (%1) * 8 + 4], %3
  invlpg [kMapped + (%1) * 4096]
%endmacro
%macro LARGE 2  ; low half, high half: the entry of 0x600000
  mov dword [Directory + 24], %1
  mov dword [Directory + 28], %2
  invlpg [kLargePage]
%endmacro
%macro LOAD_CR3 1
  mov eax, %1
  mov cr3, eax
%endmacro
%macro SET_NXE 1
  mov ecx, kEfer
  mov eax, %1
  xor edx, edx
  wrmsr
%endmacro

global Start
Start:
  mov esp, StackTop
  call InitPrivileged
  ; The first 4 MiB as before, with entries twice as wide.
  xor ecx, ecx
.copy:
  mov eax, [LowPageTable + ecx * 4]
  mov [LowTables + ecx * 8], eax
  inc ecx
  cmp ecx, 1024
  jb .copy
  mov dword [Directory], LowTables + ALL_RIGHTS
  mov dword [Directory + 8], LowTables + 4096 + ALL_RIGHTS
  mov dword [Directory + 16], TestTable + ALL_RIGHTS
  mov dword [Pointers], Directory + kPresent
  mov dword [PageA], 0xAAAAAAAA
  mov dword [PageB], 0xBBBBBBBB

  CASE "turning PAE on with a reserved pointer bit"  ; 4.4.1: MOV to CR that loads them: #GP(0)
  mov eax, cr0
  and eax, 0x7FFFFFFF
  mov cr0, eax
  mov eax, cr4
  or eax, kPae
  mov cr4, eax
  mov dword [OtherPointers], Directory + kPresent + kWritable
  LOAD_CR3 OtherPointers
  mov eax, cr0
  or eax, 0x80000000
  AT
  mov cr0, eax
  RAISES 13, 0
  mov eax, cr0
  shr eax, 31
  EXPECT eax, 0
  DONE

  LOAD_CR3 Pointers
  mov eax, cr0
  or eax, 0x80000000
  mov cr0, eax

  CASE "page of 4 KiB"  ; 4.4.2, figure 4-5
  MAP 0, PageA + ALL_RIGHTS, 0
  mov ecx, [kMapped]
  mov dword [kMapped + 4], 1
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT_BITS [Directory + 16], kAccessed | kDirty, kAccessed
  EXPECT_BITS [TestTable], kAccessed | kDirty, kAccessed | kDirty
  DONE

  CASE "page of 2 MiB"  ; 4.4.2, figure 4-6; CR4.PSE does not matter
  LARGE kLarge + ALL_RIGHTS, 0
  mov ecx, [kLargePage + PageA]
  mov edx, [Directory + 24]
  mov dword [kLargePage + PageA + 4], 2
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT_BITS edx, kAccessed | kDirty, kAccessed
  EXPECT_BITS [Directory + 24], kAccessed | kDirty, kAccessed | kDirty
  EXPECT [PageA + 4], 2
  DONE

  CASE "rights of a 2 MiB page"  ; 4.6.1
  LARGE kLarge + kPresent, 0
  IN_RING_3
  AT
  mov [kLargePage], eax
  END_RING_3
  RAISES 14, 7
  DONE

  CASE "rights of both levels"  ; 4.6.1
  MAP 0, PageA + ALL_RIGHTS, 0
  mov dword [Directory + 16], TestTable + kPresent
  LOAD_CR3 Pointers
  IN_RING_3
  AT
  mov eax, [kMapped]
  END_RING_3
  RAISES 14, 5
  mov dword [Directory + 16], TestTable + ALL_RIGHTS
  LOAD_CR3 Pointers
  DONE

  CASE "reserved bits of a 2 MiB page"  ; table 4-9: bits 13 to 20
  LARGE kLarge + ALL_RIGHTS + (1 << 13), 0
  AT
  mov [kLargePage + 8], eax
  RAISES 14, 11
  EXPECT [CaughtCr2], kLargePage + 8
  DONE

  CASE "address bits that do not exist"  ; table 4-11: bits 36 to 62
  MAP 1, PageA + ALL_RIGHTS, 1 << 4
  AT
  mov eax, [kMapped + 0x1000]
  RAISES 14, 9
  EXPECT_BITS [TestTable + 8], kAccessed, 0
  DONE

  CASE "address bits that do not exist, in the directory"  ; table 4-10
  mov dword [Directory + 20], 1 << 30
  LOAD_CR3 Pointers
  AT
  mov eax, [kMapped]
  RAISES 14, 9
  mov dword [Directory + 20], 0
  LOAD_CR3 Pointers
  DONE

  CASE "memory above 4 GiB"  ; nothing is there
  MAP 1, ALL_RIGHTS, 1
  mov ecx, [kMapped + 0x1000]
  COMPLETES
  EXPECT ecx, 0xFFFFFFFF
  DONE

  CASE "execute-disable without NXE is reserved"  ; table 4-11: bit 63
  MAP 1, PageA + ALL_RIGHTS, kNoExecute
  AT
  mov eax, [kMapped + 0x1000]
  RAISES 14, 9
  DONE

  CASE "fetch without NXE"  ; 4.7: no I/D bit
  MAP 1, 0, 0
  mov eax, kMapped + 0x1000
  jmp eax
  RAISES_AT 14, 0, kMapped + 0x1000
  DONE

  SET_NXE kNxe
  CASE "execute-disable: data"  ; 4.6.1: only fetches
  MAP 1, PageA + ALL_RIGHTS, kNoExecute
  mov ecx, [kMapped + 0x1000]
  mov dword [kMapped + 0x1000], 0xAAAAAAAA
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  DONE

  CASE "execute-disable: fetch"  ; 4.7: P and I/D
  mov eax, kMapped + 0x1000
  jmp eax
  RAISES_AT 14, 0x11, kMapped + 0x1000
  EXPECT [CaughtCr2], kMapped + 0x1000
  DONE

  CASE "execute-disable: user fetch"  ; 4.7
  IN_RING_3
  mov eax, kMapped + 0x1000
  jmp eax
  END_RING_3
  RAISES_AT 14, 0x15, kMapped + 0x1000
  DONE

  CASE "execute-disable at the directory"  ; 4.6.1: any level
  mov byte [PageB], 0xC3
  MAP 1, PageB + ALL_RIGHTS, 0
  mov dword [Directory + 20], kNoExecute
  LOAD_CR3 Pointers
  mov eax, kMapped + 0x1000
  call eax
  RAISES_AT 14, 0x11, kMapped + 0x1000
  mov dword [Directory + 20], 0
  LOAD_CR3 Pointers
  DONE

  CASE "execute-disable of a 2 MiB page"  ; 4.6.1
  LARGE kLarge + ALL_RIGHTS, kNoExecute
  mov eax, kLargePage + PageB
  jmp eax
  RAISES_AT 14, 0x11, kLargePage + PageB
  DONE

  CASE "execute-disable set after it ran"  ; 4.10.4.2: after INVLPG
  MAP 1, PageB + ALL_RIGHTS, 0
  mov ebx, kMapped + 0x1000
  call ebx
  MAP 1, PageB + ALL_RIGHTS, kNoExecute
  jmp ebx
  RAISES_AT 14, 0x11, kMapped + 0x1000
  DONE

  CASE "execute-disable taken away"  ; 4.10.4.3: no invalidation needed
  mov ebx, kMapped + 0x1000
  mov dword [TestTable + 12], 0
  call ebx
  COMPLETES
  DONE

  CASE "fetch that runs into an execute-disable page"  ; 4.7: CR2 is the second page's
  mov byte [PageB + 4095], 0xB8  ; mov eax, imm32
  MAP 2, PageA + ALL_RIGHTS, kNoExecute
  mov eax, kMapped + 0x1FFF
  jmp eax
  RAISES_AT 14, 0x11, kMapped + 0x1FFF
  EXPECT [CaughtCr2], kMapped + 0x2000
  DONE

  CASE "fetch of a page that is not present"  ; 4.7: I/D with NXE
  MAP 2, 0, 0
  mov eax, kMapped + 0x2000
  jmp eax
  RAISES_AT 14, 0x10, kMapped + 0x2000
  DONE

  CASE "a change of NXE takes effect"  ; vol. 3, 4.1.4 and 4.10.4.1
  MAP 1, PageB + ALL_RIGHTS, kNoExecute
  SET_NXE 0
  invlpg [kMapped + 0x1000]
  AT
  mov eax, [kMapped + 0x1000]
  RAISES 14, 9
  SET_NXE kNxe
  DONE

  CASE "pointer that is not present"  ; 4.4.2
  AT
  mov eax, [0x40000000]
  RAISES 14, 0
  EXPECT [CaughtCr2], 0x40000000
  DONE

  CASE "pointers are loaded with CR3 only"  ; 4.4.1: registers, not memory, are used
  mov dword [Directory1], kLarge + ALL_RIGHTS
  mov dword [Pointers + 8], Directory1 + kPresent
  invlpg [0x40000000]
  AT
  mov eax, [0x40000000 + PageA]
  RAISES 14, 0
  DONE

  CASE "pointers after a load of CR3"  ; 4.4.1
  LOAD_CR3 Pointers
  mov ecx, [0x40000000 + PageA]
  mov dword [Pointers + 8], 0
  mov edx, [0x40000000 + PageA]
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT edx, 0xAAAAAAAA
  DONE

  CASE "pointer with a reserved bit"  ; 4.4.1: #GP(0), CR3 as it was
  mov eax, OtherPointers
  AT
  mov cr3, eax
  RAISES 13, 0
  mov eax, cr3
  EXPECT eax, Pointers
  DONE

  CASE "pointer with a reserved bit, not present"  ; 4.4.1: only present ones are checked
  mov dword [Pointers + 16], 0x1E6
  LOAD_CR3 Pointers
  COMPLETES
  mov dword [Pointers + 16], 0
  DONE

  CASE "low bits of CR3 select the table of pointers"  ; 4.4.1, table 4-7: bits 5 to 31
  mov dword [OtherPointers + 32], Directory + kPresent
  LOAD_CR3 OtherPointers + 32
  MAP 0, PageA + ALL_RIGHTS, 0
  mov ecx, [kMapped]
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  LOAD_CR3 Pointers
  DONE

  CASE "reserved bit of EFER"  ; vol. 2, WRMSR: #GP(0)
  mov ecx, kEfer
  mov eax, 1 << 9
  xor edx, edx
  AT
  wrmsr
  RAISES 13, 0
  DONE

  CASE "invlpg of a 2 MiB page reaches all of it"  ; 4.10.4.1
  LARGE kLarge + ALL_RIGHTS, 0
  mov ecx, [kLargePage + PageA]
  mov dword [Directory + 24], TestTable + ALL_RIGHTS
  MAP 3, PageB + ALL_RIGHTS, 0
  invlpg [kLargePage + PageA]
  mov edx, [kLargePage + 0x3004]
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT edx, [PageB + 4]
  DONE

  FINISH "paging_pae"
