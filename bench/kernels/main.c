// SPDX-License-Identifier: Apache-2.0
// kernels time-stamp-khz: prints the rate of the time-stamp counter.
// kernels MILLISECONDS [NAME...]: runs each kernel, or those whose names begin with one of the
// given, for about so long. Prints what bench/turns.py reads: the result of a fixed number of
// iterations, and lines before and after the loop. How many iterations fill the time is found by
// this machine's own clock, which therefore need not be right: the time that counts is taken by who
// reads the lines.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "kernels.h"

enum {
  kCheckedIterations = 100,
  kCalibrationParts = 8,
  kRateNanoseconds = 100000000,
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

// The lesser of two times: something else may have run meanwhile.
static uint64_t TimeOf(const struct Kernel* kernel, uint32_t count) {
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < 2; ++i) {
    const uint64_t begin = Now();
    kernel->run(count);
    const uint64_t elapsed = Now() - begin;
    if (elapsed < least) least = elapsed;
  }
  return least == 0 ? 1 : least;
}

static void Measure(const struct Kernel* kernel, uint64_t wanted_ns) {
  FillBuffers();
  Say("result %s %08x\n", kernel->name, kernel->run(kCheckedIterations));
  uint32_t count = kCheckedIterations;
  uint64_t elapsed = TimeOf(kernel, count);
  while (elapsed < wanted_ns / kCalibrationParts && count < UINT32_MAX / 2) {
    count *= 2;
    elapsed = TimeOf(kernel, count);
  }
  const uint64_t scaled = count * wanted_ns / elapsed;
  count = scaled < 1 ? 1 : scaled > UINT32_MAX ? UINT32_MAX : (uint32_t)scaled;
  Say("%s %llx\n", kernel->name, (unsigned long long)count * kernel->events);
  kernel->run(count);
  Say("done\n");
}

static void PrintTimeStampRate(void) {
  const uint64_t begin = Now();
  const uint64_t first = __builtin_ia32_rdtsc();
  uint64_t elapsed = 0;
  while (elapsed < kRateNanoseconds) elapsed = Now() - begin;
  Say("%llu\n", (unsigned long long)((__builtin_ia32_rdtsc() - first) * 1000000 / elapsed));
}

static int IsWanted(const char* name, int count, char** prefixes) {
  for (int i = 0; i < count; ++i) {
    if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return 1;
  }
  return count == 0;
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "time-stamp-khz") == 0) {
    PrintTimeStampRate();
    return 0;
  }
  const long milliseconds = argc < 2 ? 0 : atol(argv[1]);
  if (milliseconds <= 0) {
    fprintf(stderr, "usage: kernels time-stamp-khz | MILLISECONDS [NAME...]\n");
    return 2;
  }
  Say("nothing 1\n");
  Say("done\n");
  const struct Kernel* const groups[] = {kControlKernels, kMemoryKernels, kArithmeticKernels};
  for (size_t group = 0; group < sizeof groups / sizeof groups[0]; ++group) {
    for (const struct Kernel* kernel = groups[group]; kernel->name != NULL; ++kernel) {
      if (!IsWanted(kernel->name, argc - 2, argv + 2)) continue;
      Measure(kernel, (uint64_t)milliseconds * 1000000);
    }
  }
  return 0;
}
