// SPDX-License-Identifier: Apache-2.0
// Processes: made, ended, switched between, interrupted by signals.
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kernels/kernels.h"
#include "token.h"

enum { kPageBytes = 4096, kDirtyBytes = 4 << 20, kRing = 16 };

static uint32_t Ring16(uint32_t count) { return PassToken(count, kRing); }

static void Must(int good, const char* what) {
  if (good) return;
  perror(what);
  printf("wrong\n");
  exit(1);
}

// The child's exit status.
static uint32_t Await(pid_t child) {
  int status = 0;
  Must(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status), "waitpid");
  return (uint32_t)WEXITSTATUS(status);
}

static uint32_t ForkWait(uint32_t count) {
  uint32_t sum = 0;
  for (; count > 0; --count) {
    const pid_t child = fork();
    if (child == 0) _exit((int)(count & 7));
    sum += Await(child);
  }
  return sum;
}

// As a shell's: with memory that has been written and is written again on both sides.
static uint32_t ForkWaitDirty(uint32_t count) {
  static uint8_t dirty[kDirtyBytes];
  uint32_t sum = 0;
  for (; count > 0; --count) {
    for (size_t at = 0; at < sizeof dirty; at += kPageBytes) ++dirty[at];
    const pid_t child = fork();
    if (child == 0) {
      for (size_t at = 0; at < sizeof dirty; at += 16 * kPageBytes) ++dirty[at];
      _exit((int)(count & 7));
    }
    sum += Await(child);
  }
  return sum;
}

static uint32_t ForkExecWait(uint32_t count) {
  uint32_t sum = 0;
  for (; count > 0; --count) {
    const pid_t child = fork();
    if (child == 0) {
      // Without arguments the program says how it is used and ends with 2.
      char* const arguments[] = {(char*)"kernels", NULL};
      close(STDERR_FILENO);
      execv("/proc/self/exe", arguments);
      _exit(1);
    }
    sum += Await(child);
  }
  return sum;
}

// A child that answers each byte until its input ends.
static uint32_t PingPong(uint32_t count) {
  int there[2];
  int back[2];
  Must(pipe(there) == 0 && pipe(back) == 0, "pipe");
  const pid_t child = fork();
  char byte = 0;
  if (child == 0) {
    close(there[1]);
    while (read(there[0], &byte, 1) == 1) {
      ++byte;
      if (write(back[1], &byte, 1) != 1) break;
    }
    _exit(0);
  }
  close(there[0]);
  close(back[1]);
  for (; count > 0; --count) {
    Must(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "ping");
  }
  close(there[1]);
  close(back[0]);
  Await(child);
  return (uint8_t)byte;
}

static volatile uint32_t signals_seen;
static void Count(int number) { signals_seen += (uint32_t)number; }

static uint32_t Signal(uint32_t count) {
  signals_seen = 0;
  signal(SIGUSR1, Count);
  const pid_t self = getpid();
  for (; count > 0; --count) kill(self, SIGUSR1);
  return signals_seen;
}

static uint8_t* protected_page;
static void Unprotect(int number) {
  signals_seen += (uint32_t)number;
  mprotect(protected_page, kPageBytes, PROT_READ | PROT_WRITE);
}

// As a garbage collector's write barrier.
static uint32_t ProtectionSignal(uint32_t count) {
  signals_seen = 0;
  signal(SIGSEGV, Unprotect);
  protected_page = mmap(NULL, kPageBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Must(protected_page != MAP_FAILED, "mmap");
  for (; count > 0; --count) {
    mprotect(protected_page, kPageBytes, PROT_READ);
    *(volatile uint8_t*)protected_page = 1;
  }
  munmap(protected_page, kPageBytes);
  signal(SIGSEGV, SIG_DFL);
  return signals_seen;
}

extern const struct Kernel kProcessKernels[];
const struct Kernel kProcessKernels[] = {
    {"fork-wait", ForkWait, 1},
    {"fork-wait-4M-dirty", ForkWaitDirty, 1},
    {"fork-exec-wait", ForkExecWait, 1},
    {"pipe-ping-pong", PingPong, 1},
    {"switch-16-processes", Ring16, kRing},
    {"signal", Signal, 1},
    {"protection-signal", ProtectionSignal, 1},
    {NULL, NULL, 0},
};
