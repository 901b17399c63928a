// SPDX-License-Identifier: Apache-2.0
// Loads, stores, the stack and string instructions.
#include <stddef.h>

#include "kernels.h"

// Follows a cycle of pointers through `bytes` in steps that no prefetcher foresees, on from where
// the last call was.
static uint32_t Chase(uint32_t count, uint32_t bytes) {
  enum { kStep = 64, kMostEntries = (16 << 20) / kStep };
  static struct Line {
    struct Line* next;
    uint8_t rest[kStep - sizeof(void*)];
  } lines[kMostEntries] __attribute__((aligned(4096)));
  static uint32_t made;
  static struct Line* line;
  const uint32_t entries = bytes / kStep;
  if (made != bytes) {
    // A full cycle: entries is a power of two, the multiplier 1 mod 4, the increment odd.
    for (uint32_t i = 0, at = 0; i < entries; ++i) {
      const uint32_t next = (at * 1664525u + 1013904223u) & (entries - 1);
      lines[at].next = &lines[next];
      at = next;
    }
    made = bytes;
    line = lines;
  }
  __asm__ volatile(".p2align 6\n1: mov (%0), %0; dec %1; jnz 1b"
                   : "+r"(line), "+r"(count)
                   :
                   : "memory", "cc");
  return (uint32_t)(line - lines);
}

static uint32_t ChaseCached(uint32_t count) { return Chase(count, 16 << 10); }
static uint32_t ChaseMemory(uint32_t count) { return Chase(count, 16 << 20); }

KERNEL(Load, "mov 16(%%esi), %%eax")
KERNEL(Load8, ".irp at, 0, 4, 8, 12, 16, 20, 24, 28\nadd \\at(%%esi), %%eax\n.endr")
KERNEL(LoadIndexed, "mov %%ebx, %%ecx; and $0xFFF, %%ecx; mov 8(%%esi, %%ecx, 4), %%eax")
KERNEL(LoadAbsolute, "mov kernel_source + 64, %%eax")
KERNEL(LoadThread, "mov %%gs:0, %%ecx; xor %%ecx, %%ecx")
KERNEL(LoadByteExtended, "movzbl 5(%%esi), %%eax; movsbl 6(%%esi), %%ecx")
KERNEL(Store, "mov %%ebx, 16(%%edi)")
KERNEL(Store8, ".irp at, 0, 4, 8, 12, 16, 20, 24, 28\nmov %%eax, \\at(%%edi)\n.endr")
KERNEL(ReadModifyWrite, "incl 16(%%edi)")
KERNEL(LockedIncrement, "lock incl 16(%%edi)")
KERNEL(CompareExchange, "mov 32(%%edi), %%eax; lea 1(%%eax), %%ecx; lock cmpxchg %%ecx, 32(%%edi)")
KERNEL(LoadMisaligned, "mov 1(%%esi), %%eax")
KERNEL(LoadLineCrossing, "mov 62(%%esi), %%eax")
KERNEL(LoadPageCrossing, "mov 4094(%%esi), %%eax")
KERNEL(StorePageCrossing, "mov %%eax, 4094(%%edi)")
KERNEL(PushPop, "push %%eax; pop %%ecx")
KERNEL(Prologue,
       "push %%ebp; mov %%esp, %%ebp; push %%esi; push %%edi; push %%ebx; sub $32, %%esp; "
       "mov %%eax, 8(%%esp); mov -4(%%ebp), %%ecx; add $32, %%esp; "
       "pop %%ebx; pop %%edi; pop %%esi; pop %%ebp; xor %%ecx, %%ecx")
KERNEL(PushMemory, "push (%%esi); push 4(%%esi); push $5; add $8, %%esp; pop 8(%%edi)")
KERNEL(PushAll, "pusha; popa")
KERNEL(EnterLeave, "enter $16, $0; leave")

#define STRING(name, bytes, body) \
  KERNEL(name, "mov $" bytes ", %%ecx; push %%esi; push %%edi; " body "; pop %%edi; pop %%esi")
STRING(MoveBytes16, "16", "rep movsb")
STRING(MoveBytes4096, "4096", "rep movsb")
STRING(MoveWords16, "4", "rep movsl")
STRING(MoveWords256, "64", "rep movsl")
STRING(MoveWords4096, "1024", "rep movsl")
STRING(MoveWords65536, "16384", "rep movsl")
STRING(StoreWords16, "4", "rep stosl")
STRING(StoreWords4096, "1024", "rep stosl")
STRING(StoreWords65536, "16384", "rep stosl")
STRING(Scan64, "64", "xor %%eax, %%eax; repne scasb")
STRING(Scan4096, "4096", "xor %%eax, %%eax; repne scasb")
// The areas are equal, unless a kernel before has changed one: the result would show it.
STRING(Compare64, "64", "mov %%edi, %%esi; add $64, %%esi; mov %%esi, %%edi; repe cmpsb")
STRING(Compare4096, "4096", "mov %%edi, %%esi; repe cmpsb")
STRING(LoadStringLoop, "16", "2: lodsl; add %%eax, %%edx; dec %%ecx; jnz 2b")
STRING(MoveSingle, "16", "2: movsl; dec %%ecx; jnz 2b")
STRING(MoveSse, "64",
       "2: movdqu (%%esi), %%xmm0; movdqu %%xmm0, (%%edi); add $16, %%esi; "
       "add $16, %%edi; dec %%ecx; jnz 2b")

extern const struct Kernel kMemoryKernels[];
const struct Kernel kMemoryKernels[] = {
    {"chase-16K", ChaseCached, 1},
    {"chase-16M", ChaseMemory, 1},
    {"load", Load, 1},
    {"load-add-8", Load8, 8},
    {"load-indexed", LoadIndexed, 1},
    {"load-absolute", LoadAbsolute, 1},
    {"load-thread-area", LoadThread, 1},
    {"load-byte-extended", LoadByteExtended, 2},
    {"store", Store, 1},
    {"store-8", Store8, 8},
    {"read-modify-write", ReadModifyWrite, 1},
    {"locked-increment", LockedIncrement, 1},
    {"compare-exchange", CompareExchange, 1},
    {"load-misaligned", LoadMisaligned, 1},
    {"load-line-crossing", LoadLineCrossing, 1},
    {"load-page-crossing", LoadPageCrossing, 1},
    {"store-page-crossing", StorePageCrossing, 1},
    {"push-pop", PushPop, 1},
    {"prologue-epilogue", Prologue, 1},
    {"push-memory", PushMemory, 1},
    {"pusha-popa", PushAll, 1},
    {"enter-leave", EnterLeave, 1},
    {"rep-movsb-16", MoveBytes16, 1},
    {"rep-movsb-4096", MoveBytes4096, 1},
    {"rep-movsd-16", MoveWords16, 1},
    {"rep-movsd-256", MoveWords256, 1},
    {"rep-movsd-4096", MoveWords4096, 1},
    {"rep-movsd-65536", MoveWords65536, 1},
    {"rep-stosd-16", StoreWords16, 1},
    {"rep-stosd-4096", StoreWords4096, 1},
    {"rep-stosd-65536", StoreWords65536, 1},
    {"repne-scasb-64", Scan64, 1},
    {"repne-scasb-4096", Scan4096, 1},
    {"repe-cmpsb-64", Compare64, 1},
    {"repe-cmpsb-4096", Compare4096, 1},
    {"lodsd-loop", LoadStringLoop, 16},
    {"movsd-loop", MoveSingle, 16},
    {"copy-sse-1024", MoveSse, 1},
    {NULL, NULL, 0},
};
