// SPDX-License-Identifier: Apache-2.0
// More of everything: processes to switch among, memory to touch, code to run.
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../kernels/kernels.h"
#include "../system/token.h"

enum { kPageBytes = 4096, kMiB = 1 << 20, kMostMemory = 256 * kMiB, kMostCode = 32 * kMiB };

static uint8_t* Map(uint32_t bytes, int protection) {
  uint8_t* pages =
      mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages != MAP_FAILED) return pages;
  perror("mmap");
  printf("wrong\n");
  exit(1);
}

// Writes to pages in an order that jumps about; all are there before the first measurement.
static uint32_t Touch(uint32_t count, uint32_t bytes) {
  static uint8_t* memory;
  static uint32_t page;
  if (memory == NULL) {
    memory = Map(kMostMemory, PROT_READ | PROT_WRITE);
    for (uint32_t at = 0; at < kMostMemory; at += kPageBytes) memory[at] = 1;
  }
  const uint32_t pages = bytes / kPageBytes;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < count * 256; ++i) {
    page = (page * 1664525u + 1013904223u) & (pages - 1);
    sum += ++memory[page * kPageBytes];
  }
  return sum != 0;
}

// Functions of 80 bytes of some dozen instructions each, called one after the other: a footprint of
// `bytes`. One iteration calls 4096 of them.
static uint32_t RunCode(uint32_t count, uint32_t bytes) {
  enum { kFunctionBytes = 80, kCalls = 4096, kAdditions = 14 };
  static uint8_t* code;
  static uint32_t next;
  static uint32_t warm;
  if (code == NULL) {
    code = Map(kMostCode, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (uint32_t at = 0; at + kFunctionBytes <= kMostCode; at += kFunctionBytes) {
      uint8_t* to = code + at;
      *to++ = 0x31, *to++ = 0xC0;  // xor eax, eax
      for (int i = 0; i < kAdditions; ++i) {
        *to++ = 0x05;  // add eax, immediate
        const uint32_t immediate = at + (uint32_t)i;
        memcpy(to, &immediate, sizeof immediate);
        to += sizeof immediate;
      }
      *to = 0xC3;  // ret
    }
  }
  // What it costs to translate the code is not meant, unless it happens again and again.
  uint32_t calls = count * kCalls;
  if (warm != bytes) calls += bytes / kFunctionBytes;
  warm = bytes;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < calls; ++i) {
    next += kFunctionBytes;
    if (next + kFunctionBytes > bytes) next = 0;
    const uint32_t wanted = next * kAdditions + kAdditions * (kAdditions - 1) / 2;
    uint32_t (*function)(void);
    void* address = code + next;
    memcpy(&function, &address, sizeof function);
    sum += function() == wanted;
  }
  return sum == calls;
}

#define TOUCH(mib) \
  static uint32_t Touch##mib(uint32_t count) { return Touch(count, mib * kMiB); }
TOUCH(1)
TOUCH(16)
TOUCH(64)
TOUCH(256)

#define CODE(kib) \
  static uint32_t Code##kib(uint32_t count) { return RunCode(count, kib * 1024); }
CODE(64)
CODE(1024)
CODE(8192)
CODE(32768)

#define SWITCH(processes) \
  static uint32_t Switch##processes(uint32_t count) { return PassToken(count, processes); }
SWITCH(2)
SWITCH(16)
SWITCH(64)
SWITCH(200)

static const struct Kernel kScaleKernels[] = {
    {"touch-1M", Touch1, 256},
    {"touch-16M", Touch16, 256},
    {"touch-64M", Touch64, 256},
    {"touch-256M", Touch256, 256},
    {"code-64K", Code64, 4096},
    {"code-1M", Code1024, 4096},
    {"code-8M", Code8192, 4096},
    {"code-32M", Code32768, 4096},
    {"switch-2-processes", Switch2, 2},
    {"switch-16-processes", Switch16, 16},
    {"switch-64-processes", Switch64, 64},
    {"switch-200-processes", Switch200, 200},
    {NULL, NULL, 0},
};

const struct Kernel* const kKernelGroups[] = {kScaleKernels, NULL};
