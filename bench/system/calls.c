// SPDX-License-Identifier: Apache-2.0
// System calls, page faults, mappings and files in memory.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../kernels/kernels.h"

enum { kPageBytes = 4096, kFaults = 256, kMapped = 64 << 10, kFileBytes = 1 << 20 };

static void Must(int good, const char* what) {
  if (good) return;
  perror(what);
  printf("wrong\n");
  exit(1);
}

static uint32_t NullCall(uint32_t count) {
  uint32_t equal = 0;
  const long parent = syscall(SYS_getppid);
  for (; count > 0; --count) equal += syscall(SYS_getppid) == parent;
  return equal;
}

static uint32_t NullCallInterrupt(uint32_t count) {
  uint32_t equal = 0;
  const long parent = syscall(SYS_getppid);
  for (; count > 0; --count) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(SYS_getppid) : "memory");
    equal += result == parent;
  }
  return equal;
}

static uint32_t Clock(uint32_t count) {
  struct timespec now;
  uint32_t good = 0;
  for (; count > 0; --count) good += clock_gettime(CLOCK_MONOTONIC, &now) == 0;
  return good;
}

static uint32_t Stat(uint32_t count) {
  struct stat found;
  uint32_t good = 0;
  for (; count > 0; --count) good += stat("/proc/self/exe", &found) == 0;
  return good;
}

static uint32_t OpenClose(uint32_t count) {
  uint32_t good = 0;
  for (; count > 0; --count) good += close(open("/dev/null", O_RDWR)) == 0;
  return good;
}

static uint32_t ReadZero(uint32_t count) {
  const int zero = open("/dev/zero", O_RDONLY);
  uint32_t bytes = 0;
  char byte;
  for (; count > 0; --count) bytes += (uint32_t)read(zero, &byte, 1);
  close(zero);
  return bytes;
}

// New pages, each written once; with their mapping and its end.
static uint32_t PageFaults(uint32_t count) {
  uint32_t sum = 0;
  for (; count > 0; --count) {
    uint8_t* pages = mmap(NULL, kFaults * kPageBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Must(pages != MAP_FAILED, "mmap");
    madvise(pages, kFaults * kPageBytes, MADV_NOHUGEPAGE);
    for (uint32_t i = 0; i < kFaults; ++i) sum += ++pages[i * kPageBytes];
    munmap(pages, kFaults * kPageBytes);
  }
  return sum;
}

// Pages of a file that is in memory.
static uint32_t FilePageFaults(uint32_t count) {
  const int file = memfd_create("bench", 0);
  Must(file >= 0 && ftruncate(file, kFileBytes) == 0, "memfd");
  for (uint32_t at = 0; at < kFileBytes; at += kPageBytes) {
    Must(pwrite(file, "x", 1, (off_t)at) == 1, "pwrite");
  }
  uint32_t sum = 0;
  for (; count > 0; --count) {
    const uint8_t* pages = mmap(NULL, kFileBytes, PROT_READ, MAP_SHARED, file, 0);
    Must(pages != MAP_FAILED, "mmap");
    for (uint32_t at = 0; at < kFileBytes; at += kPageBytes) sum += pages[at];
    munmap((void*)pages, kFileBytes);
  }
  close(file);
  return sum;
}

static uint32_t MapUnmap(uint32_t count) {
  uint32_t good = 0;
  for (; count > 0; --count) {
    void* pages = mmap(NULL, kMapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    good += pages != MAP_FAILED && munmap(pages, kMapped) == 0;
  }
  return good;
}

static uint32_t FileWrite(uint32_t count) {
  const int file = memfd_create("bench", 0);
  uint32_t bytes = 0;
  for (; count > 0; --count) bytes += (uint32_t)pwrite(file, kernel_source, kMapped, 0);
  close(file);
  return bytes;
}

static uint32_t FileRead(uint32_t count) {
  const int file = memfd_create("bench", 0);
  Must(pwrite(file, kernel_source, kMapped, 0) == kMapped, "pwrite");
  uint32_t bytes = 0;
  for (; count > 0; --count) bytes += (uint32_t)pread(file, kernel_target, kMapped, 0);
  close(file);
  return bytes + kernel_target[17];
}

static uint32_t PipeTransfer(uint32_t count) {
  int ends[2];
  Must(pipe(ends) == 0, "pipe");
  uint32_t bytes = 0;
  for (; count > 0; --count) {
    bytes += (uint32_t)write(ends[1], kernel_source, kPageBytes);
    bytes += (uint32_t)read(ends[0], kernel_target, kPageBytes);
  }
  close(ends[0]);
  close(ends[1]);
  return bytes;
}

extern const struct Kernel kCallKernels[];
const struct Kernel kCallKernels[] = {
    {"null-call", NullCall, 1},
    {"null-call-int80", NullCallInterrupt, 1},
    {"clock-gettime", Clock, 1},
    {"stat", Stat, 1},
    {"open-close", OpenClose, 1},
    {"read-1-byte", ReadZero, 1},
    {"page-fault", PageFaults, kFaults},
    {"page-fault-file", FilePageFaults, kFileBytes / kPageBytes},
    {"mmap-munmap", MapUnmap, 1},
    {"file-write-64K", FileWrite, 1},
    {"file-read-64K", FileRead, 1},
    {"pipe-4K", PipeTransfer, 1},
    {NULL, NULL, 0},
};

extern const struct Kernel kProcessKernels[];
const struct Kernel* const kKernelGroups[] = {kCallKernels, kProcessKernels, NULL};
