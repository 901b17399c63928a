; SPDX-License-Identifier: Apache-2.0
; Paging with 32-bit entries: rights, accessed and dirty flags, error codes, what an invalidation
; must reach, 4 MiB pages, A20 (SDM vol. 3, chapter 4). paging_pae.asm has the wide entries.
%include "privileged.inc"

kAccessed equ 0x20
kDirty equ 0x40
kLarge equ 0x80
kGlobal equ 0x100
kLargePages equ 1 << 4
kPge equ 1 << 7
kWriteProtect equ 1 << 16

; Linear addresses that the second directory entry serves: 0x400000 shows what TestTable says.
kMapped equ 0x400000
kTables equ 0xFFC00000  ; the last directory entry names the directory itself
kLargePage equ 0x800000

section .bss
alignb 4096
TestTable: resb 4096
PageA: resb 4096
PageB: resb 4096

section .data
Combination: dd 0
Mismatches: dd 0
Rounds: dd 0

section .text
; MAP index, page and rights: an entry of the test table, invalidated.
%macro MAP 2
  mov dword [TestTable + (%1) * 4], %2
  invlpg [kMapped + (%1) * 4096]
%endmacro
%macro SET_PDE 1
  mov dword [PageDirectory + 4], %1
  mov eax, cr3
  mov cr3, eax
%endmacro
%macro SET_CR0 2  ; clear, set
  mov eax, cr0
  and eax, ~(%1)
  or eax, %2
  mov cr0, eax
%endmacro
%macro SET_CR4 2
  mov eax, cr4
  and eax, ~(%1)
  or eax, %2
  mov cr4, eax
%endmacro
%define ALL_RIGHTS (kPresent | kWritable | kUser)

; COMBINATIONS "name", instruction, expected: for all 16 settings of R/W and U/S in the directory
; and the table; `expected` leaves the error code, or kNothing, in ecx from al = those that both
; grant.
%macro COMBINATIONS 4
  CASE %1
  mov dword [Combination], 0
  mov dword [Mismatches], 0
%%next:
  mov ebx, [Combination]
  mov eax, ebx
  and eax, 3
  lea eax, [TestTable + eax * 2 + kPresent]
  mov [PageDirectory + 4], eax
  mov eax, ebx
  shr eax, 2
  lea eax, [PageA + eax * 2 + kPresent]
  mov [TestTable], eax
  mov eax, cr3
  mov cr3, eax
  mov dword [CaughtVector], kNothing
  mov dword [Resume], %%after
  %if %2
  IN_RING_3
%%at:
  %3
  END_RING_3
  %else
%%at:
  %3
  %endif
%%after:
%$after:
  mov eax, [Combination]
  mov ecx, eax
  shr ecx, 2
  and eax, ecx
  add eax, eax  ; as in the entries: R/W 2, U/S 4
  call %4
  mov edx, kNothing
  %if %2
  mov edx, kUndisturbed
  %endif
  cmp ecx, kNothing
  je %%compare
  mov edx, 14
  cmp ecx, [CaughtError]
  jne %%mismatch
  cmp dword [CaughtEip], %%at
  jne %%mismatch
  cmp dword [CaughtCr2], kMapped
  jne %%mismatch
%%compare:
  cmp edx, [CaughtVector]
  je %%matches
%%mismatch:
  inc dword [Mismatches]
%%matches:
  inc dword [Combination]
  cmp dword [Combination], 16
  jb %%next
  EXPECT [Mismatches], 0
  DONE
%endmacro

Granted:
  mov ecx, kNothing
  ret
WriteWithWp:
  mov ecx, 3
  test al, kWritable
  jz .done
  mov ecx, kNothing
.done:
  ret
UserRead:
  mov ecx, 5
  test al, kUser
  jz .done
  mov ecx, kNothing
.done:
  ret
UserWrite:
  mov ecx, 7
  and al, kUser | kWritable
  cmp al, kUser | kWritable
  jne .done
  mov ecx, kNothing
.done:
  ret

; An interrupt return three calls deep, ports read on the way up, then the invalidation: an engine
; that goes back to what it knew of the calls at the interrupt return finds something else there.
DropUserCodeBetweenCalls:
  call .second
  in al, 0x61
  MAP 0, PageB + ALL_RIGHTS
  inc dword [Rounds]
  ret
.second:
  call .third
  in al, 0x61
  ret
.third:
  pushf
  push cs
  push .returned
  iret
.returned:
  ret

global Start
Start:
  mov esp, StackTop
  call InitPrivileged
  mov dword [PageDirectory + 4], TestTable + ALL_RIGHTS
  mov dword [PageDirectory + 1023 * 4], PageDirectory + (kPresent | kWritable)
  mov eax, cr3
  mov cr3, eax
  mov dword [PageA], 0xAAAAAAAA
  mov dword [PageB], 0xBBBBBBBB

  ; 4.6.1: access rights, by the flags of all levels together.
  COMBINATIONS "supervisor reads", 0, {mov eax, [kMapped]}, Granted
  COMBINATIONS "supervisor writes with WP", 0, {mov dword [kMapped], 0xAAAAAAAA}, WriteWithWp
  COMBINATIONS "user reads", 1, {mov eax, [kMapped]}, UserRead
  COMBINATIONS "user writes", 1, {mov dword [kMapped], 0xAAAAAAAA}, UserWrite
  COMBINATIONS "user read-modify-writes", 1, {lock or dword [kMapped], 0}, UserWrite
  COMBINATIONS "user cmpxchg that fails", 1, {cmpxchg [kMapped], ebx}, UserWrite
  SET_CR0 kWriteProtect, 0
  COMBINATIONS "supervisor writes without WP", 0, {mov dword [kMapped], 0xAAAAAAAA}, Granted
  COMBINATIONS "user writes without WP", 1, {mov dword [kMapped], 0xAAAAAAAA}, UserWrite
  SET_CR0 0, kWriteProtect
  mov dword [PageDirectory + 4], TestTable + ALL_RIGHTS
  mov eax, cr3
  mov cr3, eax

  CASE "a read sets accessed at both levels"  ; 4.8
  mov dword [PageDirectory + 4], TestTable + ALL_RIGHTS
  MAP 0, PageA + ALL_RIGHTS
  mov eax, cr3
  mov cr3, eax
  mov eax, [kMapped]
  COMPLETES
  EXPECT_BITS [PageDirectory + 4], kAccessed | kDirty, kAccessed
  EXPECT_BITS [TestTable], kAccessed | kDirty, kAccessed
  DONE

  CASE "a write sets dirty in the table"  ; 4.8
  mov dword [kMapped], 0xAAAAAAAA
  COMPLETES
  EXPECT_BITS [PageDirectory + 4], kAccessed | kDirty, kAccessed
  EXPECT_BITS [TestTable], kAccessed | kDirty, kAccessed | kDirty
  DONE

  CASE "a write after a read sets dirty"  ; 4.8: the first write, whatever is cached
  MAP 0, PageA + ALL_RIGHTS
  mov eax, [kMapped]
  mov eax, [kMapped]
  mov dword [kMapped], 0xAAAAAAAA
  COMPLETES
  EXPECT_BITS [TestTable], kDirty, kDirty
  DONE

  CASE "an access that faults sets nothing"  ; 4.8: only accesses that are allowed
  MAP 0, PageA + kPresent
  AT
  mov [kMapped], eax
  RAISES 14, 3
  EXPECT_BITS [TestTable], kAccessed | kDirty, 0
  DONE

  CASE "a user access that faults sets nothing"  ; 4.8
  MAP 0, PageA + kPresent + kWritable
  IN_RING_3
  AT
  mov [kMapped], eax
  END_RING_3
  RAISES 14, 7
  EXPECT_BITS [TestTable], kAccessed | kDirty, 0
  DONE

  CASE "a fetch sets accessed"  ; 4.8
  mov byte [PageB], 0xC3
  MAP 0, PageB + ALL_RIGHTS
  mov eax, kMapped
  call eax
  COMPLETES
  EXPECT_BITS [TestTable], kAccessed | kDirty, kAccessed
  mov dword [PageB], 0xBBBBBBBB
  DONE

  CASE "accessed and dirty cleared, then invlpg"  ; 4.8, 4.10.4.2: set again by the next access
  MAP 0, PageA + ALL_RIGHTS
  mov eax, [kMapped]
  mov dword [kMapped], 0xAAAAAAAA
  MAP 0, PageA + ALL_RIGHTS
  mov dword [kMapped], 0xAAAAAAAA
  COMPLETES
  EXPECT_BITS [TestTable], kAccessed | kDirty, kAccessed | kDirty
  DONE

  CASE "a repeated string sets dirty on each page it writes"  ; 4.8
  MAP 0, PageA + ALL_RIGHTS
  MAP 1, PageB + ALL_RIGHTS
  mov edi, kMapped + 4092
  mov eax, 0xBBBBBBBB
  mov ecx, 2
  cld
  rep stosd
  COMPLETES
  EXPECT_BITS [TestTable], kDirty, kDirty
  EXPECT_BITS [TestTable + 4], kDirty, kDirty
  DONE

  CASE "write that ends on a page that is not present"  ; 4.7; no byte is written
  MAP 0, PageA + ALL_RIGHTS
  MAP 1, 0
  mov dword [PageA + 4092], 0
  AT
  mov dword [kMapped + 4094], -1
  RAISES 14, 2
  EXPECT [CaughtCr2], kMapped + 4096
  EXPECT [PageA + 4092], 0
  DONE

  CASE "read that ends on a page that is not present"  ; 4.7
  AT
  mov eax, [kMapped + 4093]
  RAISES 14, 0
  EXPECT [CaughtCr2], kMapped + 4096
  DONE

  CASE "write that ends on a read-only page"  ; 4.7
  MAP 1, PageB + kPresent
  AT
  mov dword [kMapped + 4094], -1
  RAISES 14, 3
  EXPECT [CaughtCr2], kMapped + 4096
  EXPECT [PageA + 4092], 0
  DONE

  CASE "write over the end of a page"  ; pages apart in memory
  MAP 0, PageB + ALL_RIGHTS
  MAP 1, PageA + ALL_RIGHTS
  mov dword [kMapped + 4094], 0x44332211
  mov eax, [kMapped + 4094]
  COMPLETES
  EXPECT eax, 0x44332211
  EXPECT_BITS [PageA], 0xFFFF, 0x4433
  EXPECT_BITS [PageB + 4092], 0xFFFF0000, 0x22110000
  mov dword [PageA], 0xAAAAAAAA
  DONE

  CASE "fetch that runs into a page that is not present"  ; 4.7: eip is the instruction's start
  mov byte [PageB + 4095], 0xB8  ; mov eax, imm32
  MAP 1, 0
  mov eax, kMapped + 4095
  jmp eax
  RAISES_AT 14, 0, kMapped + 4095
  EXPECT [CaughtCr2], kMapped + 4096
  DONE

  CASE "fetch that runs on into the next page"
  mov dword [PageA], 0x00112233
  mov byte [PageA + 4], 0xC3
  MAP 1, PageA + ALL_RIGHTS
  mov eax, kMapped + 4095
  call eax
  COMPLETES
  EXPECT eax, 0x00112233
  mov dword [PageA], 0xAAAAAAAA
  DONE

  CASE "fetch that runs on into another page after a change"  ; 4.10.4.2: INVLPG of the second
  mov dword [PageB], 0x00445566
  mov byte [PageB + 4], 0xC3
  MAP 1, PageB + ALL_RIGHTS
  mov eax, kMapped + 4095
  call eax
  COMPLETES
  EXPECT eax, 0x00445566
  mov dword [PageB], 0xBBBBBBBB
  mov dword [PageB + 4092], 0
  DONE

  CASE "user fetch from a supervisor page"  ; 4.7: no I/D bit without NX
  MAP 0, PageA + kPresent
  IN_RING_3
  mov eax, kMapped
  jmp eax
  END_RING_3
  RAISES_AT 14, 5, kMapped
  DONE

  CASE "calls return after INVLPG of code that ring 3 runs"  ; 4.10.4.2; as often as it is done
  mov word [PageA], 0x30CD  ; int kUndisturbed
  mov word [PageB], 0x30CD
  mov dword [Rounds], 0
%$round:
  MAP 0, PageA + ALL_RIGHTS
  mov dword [Resume], %$back
  IN_RING_3
  mov eax, kMapped
  jmp eax
  END_RING_3
%$back:
  call DropUserCodeBetweenCalls
  cmp dword [Rounds], 8
  jb %$round
%$after:
  EXPECT [CaughtVector], kUndisturbed
  EXPECT [Rounds], 8
  mov dword [PageA], 0xAAAAAAAA
  mov dword [PageB], 0xBBBBBBBB
  DONE

  CASE "supervisor reads and writes user pages"  ; 4.6.1
  MAP 0, PageA + ALL_RIGHTS
  mov ecx, [kMapped]
  mov dword [kMapped + 8], 1
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  DONE

  CASE "aliases of one page"  ; two linear addresses
  MAP 2, PageA + ALL_RIGHTS
  mov dword [kMapped + 8], 0x11111111
  mov ecx, [kMapped + 0x2008]
  mov dword [kMapped + 0x2008], 0x22222222
  mov edx, [kMapped + 8]
  COMPLETES
  EXPECT ecx, 0x11111111
  EXPECT edx, 0x22222222
  EXPECT [PageA + 8], 0x22222222
  DONE

  CASE "not present to present needs no invalidation"  ; 4.10.4.3
  MAP 3, 0
  mov dword [Resume], %$mapped
  mov eax, [kMapped + 0x3000]
%$mapped:
  mov dword [Resume], %$after
  mov dword [CaughtVector], kNothing
  mov dword [TestTable + 12], PageB + ALL_RIGHTS
  mov ecx, [kMapped + 0x3000]
  COMPLETES
  EXPECT ecx, 0xBBBBBBBB
  DONE

  CASE "read-only to writable needs no invalidation"  ; 4.10.4.3: at worst one more fault
  MAP 3, PageB + kPresent
  mov eax, [kMapped + 0x3000]
  mov dword [TestTable + 12], PageB + ALL_RIGHTS
  mov dword [kMapped + 0x3000], 0xBBBBBBBB
  COMPLETES
  DONE

  CASE "another page after invlpg"  ; 4.10.4.2
  MAP 3, PageA + ALL_RIGHTS
  mov ecx, [kMapped + 0x3000]
  MAP 3, PageB + ALL_RIGHTS
  mov edx, [kMapped + 0x3000]
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT edx, 0xBBBBBBBB
  DONE

  CASE "another page after a load of CR3"  ; 4.10.4.1
  MAP 3, PageA + ALL_RIGHTS
  mov ecx, [kMapped + 0x3000]
  mov dword [TestTable + 12], PageB + ALL_RIGHTS
  mov eax, cr3
  mov cr3, eax
  mov edx, [kMapped + 0x3000]
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT edx, 0xBBBBBBBB
  DONE

  CASE "writable to read-only after invlpg"  ; 4.10.4.2
  MAP 3, PageA + ALL_RIGHTS
  mov [kMapped + 0x3000 + 16], eax
  MAP 3, PageA + kPresent
  AT
  mov [kMapped + 0x3000 + 16], eax
  RAISES 14, 3
  DONE

  CASE "present to not present after invlpg"  ; 4.10.4.2
  MAP 3, PageA + ALL_RIGHTS
  mov eax, [kMapped + 0x3000]
  MAP 3, 0
  AT
  mov eax, [kMapped + 0x3000]
  RAISES 14, 0
  DONE

  CASE "user reads a page"
  MAP 3, PageA + ALL_RIGHTS
  IN_RING_3
  mov eax, [kMapped + 0x3000]
  END_RING_3
  RAISES_AT kUndisturbed, 0, [CaughtEip]
  DONE

  CASE "that is the supervisor's after invlpg"  ; 4.10.4.2
  MAP 3, PageA + kPresent + kWritable
  IN_RING_3
  AT
  mov eax, [kMapped + 0x3000]
  END_RING_3
  RAISES 14, 5
  DONE

  CASE "directory entry to not present, then invlpg"  ; 4.10.4.1: paging-structure caches too
  MAP 3, PageA + ALL_RIGHTS
  mov eax, [kMapped + 0x3000]
  and dword [PageDirectory + 4], ~kPresent
  invlpg [kMapped + 0x3000]
  AT
  mov eax, [kMapped + 0x3000]
  RAISES 14, 0
  or dword [PageDirectory + 4], kPresent
  DONE

  CASE "write-protection by WP takes effect at once"  ; 4.10.4.1: MOV to CR0 that changes WP
  MAP 3, PageA + kPresent
  SET_CR0 kWriteProtect, 0
  mov dword [kMapped + 0x3010], 5
  SET_CR0 0, kWriteProtect
  AT
  mov dword [kMapped + 0x3010], 6
  RAISES 14, 3
  EXPECT [PageA + 16], 5
  DONE

  CASE "global page after invlpg"  ; 4.10.4.1: INVLPG reaches global translations
  SET_CR4 0, kPge
  MAP 3, PageA + ALL_RIGHTS + kGlobal
  mov ecx, [kMapped + 0x3000]
  MAP 3, PageB + ALL_RIGHTS + kGlobal
  mov edx, [kMapped + 0x3000]
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT edx, 0xBBBBBBBB
  DONE

  CASE "global page after a change of PGE"  ; 4.10.4.1
  mov ecx, [kMapped + 0x3000]
  mov dword [TestTable + 12], PageA + ALL_RIGHTS + kGlobal
  SET_CR4 kPge, 0
  SET_CR4 0, kPge
  mov edx, [kMapped + 0x3000]
  COMPLETES
  EXPECT ecx, 0xBBBBBBBB
  EXPECT edx, 0xAAAAAAAA
  DONE

  CASE "global page without PGE"  ; 4.10.2.4: the flag is ignored
  SET_CR4 kPge, 0
  mov ecx, [kMapped + 0x3000]
  mov dword [TestTable + 12], PageB + ALL_RIGHTS + kGlobal
  mov eax, cr3
  mov cr3, eax
  mov edx, [kMapped + 0x3000]
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT edx, 0xBBBBBBBB
  DONE

  CASE "tables mapped in themselves"  ; the last directory entry
  mov ecx, [kTables + kMapped / 1024 + 12]
  mov dword [kTables + kMapped / 1024 + 12], PageA + ALL_RIGHTS
  invlpg [kMapped + 0x3000]
  mov edx, [kMapped + 0x3000]
  mov esi, [0xFFFFF004]
  COMPLETES
  and ecx, ~0xFFF
  EXPECT ecx, PageB
  EXPECT edx, 0xAAAAAAAA
  EXPECT esi, [PageDirectory + 4]
  DONE

  CASE "table entry that maps its own table"  ; as PageA, then as itself
  MAP 4, TestTable + ALL_RIGHTS
  mov dword [kMapped + 0x4000 + 5 * 4], PageB + ALL_RIGHTS
  invlpg [kMapped + 0x5000]
  mov ecx, [kMapped + 0x5000]
  COMPLETES
  EXPECT ecx, 0xBBBBBBBB
  EXPECT_BITS [TestTable + 16], kDirty, kDirty
  DONE

  CASE "page of 4 MiB"  ; 4.3: PS with CR4.PSE
  SET_CR4 0, kLargePages
  mov dword [PageDirectory + 8], kLarge + ALL_RIGHTS
  mov ecx, [kLargePage + PageA]
  mov edx, [PageDirectory + 8]
  mov dword [kLargePage + PageA + 20], 9
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT_BITS edx, kAccessed | kDirty, kAccessed
  EXPECT_BITS [PageDirectory + 8], kAccessed | kDirty, kAccessed | kDirty
  EXPECT [PageA + 20], 9
  DONE

  CASE "page of 4 MiB, read-only"  ; 4.6.1
  mov dword [PageDirectory + 8], kLarge + kPresent
  invlpg [kLargePage + PageA]
  AT
  mov [kLargePage + PageA], eax
  RAISES 14, 3
  DONE

  CASE "invlpg of a 4 MiB page reaches all of it"  ; 4.10.4.1
  mov ecx, [kLargePage + PageA]
  mov dword [PageDirectory + 8], TestTable + ALL_RIGHTS
  invlpg [kLargePage]
  mov edx, [kLargePage + 0x5000]
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT edx, 0xBBBBBBBB
  DONE

  CASE "reserved bit in a 4 MiB entry"  ; 4.3, table 4-4: bits 17 to 21; 4.7: RSVD
  mov dword [PageDirectory + 8], kLarge + ALL_RIGHTS + (1 << 17)
  invlpg [kLargePage]
  AT
  mov eax, [kLargePage]
  RAISES 14, 9
  EXPECT [CaughtCr2], kLargePage
  EXPECT_BITS [PageDirectory + 8], kAccessed, 0
  DONE

  CASE "reserved bit goes before the rights"  ; 4.7: P is set with RSVD
  mov dword [PageDirectory + 8], kLarge + kPresent + (1 << 21)
  invlpg [kLargePage]
  IN_RING_3
  AT
  mov [kLargePage], eax
  END_RING_3
  RAISES 14, 15
  DONE

  CASE "page of 4 MiB above 4 GiB"  ; 4.3: bits 13 to 16 are address bits 32 to 35: nothing there
  mov dword [PageDirectory + 8], kLarge + ALL_RIGHTS + (1 << 13)
  invlpg [kLargePage]
  mov ecx, [kLargePage]
  COMPLETES
  EXPECT ecx, 0xFFFFFFFF
  DONE

  CASE "PS without PSE"  ; 4.3: ignored, a table
  mov dword [PageDirectory + 8], TestTable + kLarge + ALL_RIGHTS
  SET_CR4 kLargePages, 0
  mov ecx, [kLargePage + 0x5000]
  COMPLETES
  EXPECT ecx, 0xBBBBBBBB
  DONE

  CASE "paging off and on"  ; 4.10.4.1: MOV to CR0 that changes PG
  MAP 3, PageA + ALL_RIGHTS
  mov ecx, [kMapped + 0x3000]
  SET_CR0 0x80000000, 0
  mov dword [TestTable + 12], PageB + ALL_RIGHTS
  SET_CR0 0, 0x80000000
  mov edx, [kMapped + 0x3000]
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT edx, 0xBBBBBBBB
  DONE

  CASE "PG without PE"  ; vol. 2, MOV to CR: #GP(0)
  mov eax, cr0
  and eax, ~1
  AT
  mov cr0, eax
  RAISES 13, 0
  DONE

  CASE "NW without CD"  ; vol. 2, MOV to CR: #GP(0)
  mov eax, cr0
  and eax, ~(1 << 30)
  or eax, 1 << 29
  AT
  mov cr0, eax
  RAISES 13, 0
  DONE

  CASE "reserved bit of CR4"  ; vol. 2, MOV to CR: #GP(0)
  mov eax, cr4
  or eax, 1 << 31
  AT
  mov cr4, eax
  RAISES 13, 0
  DONE

  CASE "invlpg in ring 3"  ; vol. 2, INVLPG: #GP(0)
  IN_RING_3
  AT
  invlpg [kMapped]
  END_RING_3
  RAISES 13, 0
  DONE

  CASE "invlpg of a page that is not present"  ; vol. 2, INVLPG: no page fault
  MAP 3, 0
  invlpg [kMapped + 0x3000]
  COMPLETES
  DONE

  CASE "another directory"  ; 4.10.4.1
  mov esi, PageDirectory
  mov edi, Directory2
  mov ecx, 1024
  cld
  rep movsd
  mov dword [Directory2 + 4], TestTable2 + ALL_RIGHTS
  mov dword [TestTable2 + 12], PageB + ALL_RIGHTS
  MAP 3, PageA + ALL_RIGHTS
  mov ecx, [kMapped + 0x3000]
  mov eax, Directory2
  mov cr3, eax
  mov edx, [kMapped + 0x3000]
  mov eax, PageDirectory
  mov cr3, eax
  mov esi, [kMapped + 0x3000]
  COMPLETES
  EXPECT ecx, 0xAAAAAAAA
  EXPECT edx, 0xBBBBBBBB
  EXPECT esi, 0xAAAAAAAA
  DONE

  ; The gate masks bit 20 of physical addresses, those of tables too (vol. 3, 8.7.13.4). What runs
  ; meanwhile lies where bit 20 is clear.
  CASE "A20 with paging"
  mov esi, WithoutA20
  mov edi, kBelow
  mov ecx, (WithoutA20End - WithoutA20 + 3) / 4
  rep movsd
  mov esi, PageDirectory
  mov edi, kBelow + 0x10000
  mov ecx, 1024
  rep movsd
  mov esi, LowPageTable
  mov ecx, 1024
  rep movsd
  mov dword [kBelow + 0x10000], kBelow + 0x11000 + ALL_RIGHTS
  mov dword [0x500], 0x12345678
  mov dword [0x100500 + 0x200000], 0
  mov eax, kBelow + 0x10000
  mov cr3, eax
  mov eax, kBelow
  call eax
  mov eax, PageDirectory
  mov cr3, eax
  COMPLETES
  EXPECT ebx, 0x12345678
  EXPECT [0x504], 0x87654321
  DONE

  CASE "A20 without paging"
  mov dword [0x504], 0
  SET_CR0 0x80000000, 0
  mov eax, kBelow
  call eax
  SET_CR0 0, 0x80000000
  COMPLETES
  EXPECT ebx, 0x12345678
  EXPECT [0x504], 0x87654321
  DONE

  FINISH "paging"

; ebx: what is at 1 MiB + 500h while bit 20 is masked. Either of port 92h and the keyboard controller
; can hold the gate open.
kBelow equ 0x200000
WithoutA20:
  mov al, 0xD1  ; write the output port
  out 0x64, al
.busy:
  in al, 0x64
  test al, 2
  jnz .busy
  mov al, 0xDD
  out 0x60, al
.still_busy:
  in al, 0x64
  test al, 2
  jnz .still_busy
  in al, 0x92
  mov cl, al
  and al, ~3
  out 0x92, al
  mov ebx, [0x100500]
  mov dword [0x100504], 0x87654321
  mov al, cl
  or al, 2
  and al, ~1
  out 0x92, al
  ret
WithoutA20End:

section .bss
alignb 4096
Directory2: resb 4096
TestTable2: resb 4096
