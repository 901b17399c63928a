// SPDX-License-Identifier: Apache-2.0
// PROGRAM MILLISECONDS [NAME...]: runs each kernel, or those whose names begin with one of the
// given, for about so long, in slices of one millisecond, and prints the time stamps that the least
// slice took: in the others the machine may have done something else. Before that, the result of a
// fixed number of iterations, which must be the same on every machine. What a time stamp is worth
// is for who reads the lines to find out: the case `time-stamp` waits for a number of them.
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "kernels.h"

enum {
  kCheckedIterations = 20,
  kSliceStamps = 2500000,
  kLeastSlices = 5,
  kStampsOfRate = 1 << 30,
};

uint8_t kernel_source[kBufferBytes] __attribute__((aligned(4096)));
uint8_t kernel_target[kBufferBytes] __attribute__((aligned(4096)));

// The line has left the machine when this returns.
static void Say(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vdprintf(STDOUT_FILENO, format, arguments);
  va_end(arguments);
  if (isatty(STDOUT_FILENO)) tcdrain(STDOUT_FILENO);
}

static uint64_t Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void FillBuffers(void) {
  uint32_t state = 2463534242u;
  for (uint32_t i = 0; i < kBufferBytes; ++i) {
    state = state * 1664525 + 1013904223;
    kernel_source[i] = (uint8_t)(state >> 24) | 1;
    kernel_target[i] = kernel_source[i];
  }
}

static uint64_t StampsOf(const struct Kernel* kernel, uint32_t count) {
  const uint64_t begin = __builtin_ia32_rdtsc();
  kernel->run(count);
  return __builtin_ia32_rdtsc() - begin;
}

static void Measure(const struct Kernel* kernel, uint64_t wanted_ns) {
  FillBuffers();
  Say("result %s %08x\n", kernel->name, kernel->run(kCheckedIterations));
  uint32_t count = 1;
  uint64_t least = StampsOf(kernel, count);
  while (least < kSliceStamps && count < UINT32_MAX / 2) {
    count *= 2;
    least = StampsOf(kernel, count);
    const uint64_t again = StampsOf(kernel, count);
    if (again < least) least = again;
  }
  const uint64_t begin = Now();
  for (int i = 0; i < kLeastSlices || Now() - begin < wanted_ns; ++i) {
    const uint64_t stamps = StampsOf(kernel, count);
    if (stamps < least) least = stamps;
  }
  Say("cycles %s %llx %llx\n", kernel->name, (unsigned long long)count * kernel->events,
      (unsigned long long)least);
}

static void WaitForTimeStamps(void) {
  Say("time-stamp %x\n", kStampsOfRate);
  const uint64_t begin = __builtin_ia32_rdtsc();
  while (__builtin_ia32_rdtsc() - begin < kStampsOfRate) {
  }
  Say("done\n");
}

static int IsWanted(const char* name, int count, char** prefixes) {
  for (int i = 0; i < count; ++i) {
    if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return 1;
  }
  return count == 0;
}

int main(int argc, char** argv) {
  const long milliseconds = argc < 2 ? 0 : atol(argv[1]);
  if (milliseconds <= 0) {
    fprintf(stderr, "usage: %s MILLISECONDS [NAME...]\n", argv[0]);
    return 2;
  }
  WaitForTimeStamps();
  for (const struct Kernel* const* group = kKernelGroups; *group != NULL; ++group) {
    for (const struct Kernel* kernel = *group; kernel->name != NULL; ++kernel) {
      if (!IsWanted(kernel->name, argc - 2, argv + 2)) continue;
      Measure(kernel, (uint64_t)milliseconds * 1000000);
    }
  }
  return 0;
}
