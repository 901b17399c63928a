// SPDX-License-Identifier: Apache-2.0
// What processes ask of a processor beyond arithmetic: copy-on-write after fork, faults delivered
// as signals with their exact address, a timer that interrupts a busy loop, code that is written
// while it runs, and memory whose protection changes. Prints one `check:` line for each.
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kPageBytes = 4096, kPages = 64, kChildren = 32 };

static sigjmp_buf recovery;
static volatile sig_atomic_t ticks;
static volatile uintptr_t fault_address;
static volatile int fault_signal;

static void OnFault(int number, siginfo_t* info, void* context) {
  (void)context;
  fault_signal = number;
  fault_address = (uintptr_t)info->si_addr;
  siglongjmp(recovery, 1);
}

static void OnTick(int number, siginfo_t* info, void* context) {
  (void)number, (void)info, (void)context;
  ++ticks;
}

static void Catch(int number, int flags, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {0};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  sigaction(number, &action, NULL);
}

static unsigned char* Map(int protection) {
  void* memory = mmap(NULL, kPages * kPageBytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  return memory;
}

// Each child changes pages that it shares with its parent; neither may see the other's change.
static void CopyOnWrite(void) {
  unsigned char* memory = Map(PROT_READ | PROT_WRITE);
  for (int i = 0; i < kPages; ++i) memory[i * kPageBytes] = (unsigned char)i;
  unsigned total = 0;
  for (int child = 0; child < kChildren; ++child) {
    const pid_t pid = fork();
    if (pid == 0) {
      unsigned sum = 0;
      for (int i = child; i < kPages; i += 7) memory[i * kPageBytes] += (unsigned char)child;
      for (int i = 0; i < kPages; ++i) sum += memory[i * kPageBytes];
      _exit((int)(sum & 0x7f));
    }
    int status = 0;
    waitpid(pid, &status, 0);
    total = total * 31 + (unsigned)WEXITSTATUS(status);
  }
  unsigned own = 0;
  for (int i = 0; i < kPages; ++i) own += memory[i * kPageBytes];
  printf("check: process.fork %08x parent %u\n", total, own);
}

static void Pipes(void) {
  int down[2], up[2];
  if (pipe(down) != 0 || pipe(up) != 0) exit(1);
  if (fork() == 0) {
    uint32_t word;
    while (read(down[0], &word, sizeof word) == sizeof word && word != 0) {
      word = word * 2654435761u + 1;
      if (write(up[1], &word, sizeof word) != sizeof word) _exit(1);
    }
    _exit(0);
  }
  uint32_t word = 1;
  for (int i = 0; i < 2000; ++i) {
    if (write(down[1], &word, sizeof word) != sizeof word) exit(1);
    if (read(up[0], &word, sizeof word) != sizeof word) exit(1);
  }
  const uint32_t end = 0;
  if (write(down[1], &end, sizeof end) != sizeof end) exit(1);
  wait(NULL);
  printf("check: process.pipe %08x\n", word);
}

static void StoreByte(unsigned char* to) { *(volatile unsigned char*)to = 2; }
static void LoadWord(unsigned char* from) { (void)*(volatile uint32_t*)from; }
static void DivideByZero(unsigned char* unused) {
  (void)unused;
  __asm__ volatile("idivl %0" ::"r"(0), "a"(1), "d"(0) : "cc");
}
static void Undefined(unsigned char* unused) {
  (void)unused;
  __asm__ volatile("ud2");
}
static void Halt(unsigned char* unused) {
  (void)unused;
  __asm__ volatile("hlt");
}
static void Breakpoint(unsigned char* unused) {
  (void)unused;
  __asm__ volatile("int3");
}

// Runs what must fault and reports the signal; an address only where memory was accessed.
static void ExpectFault(const char* name, void (*action)(unsigned char*), unsigned char* operand,
                        const unsigned char* base) {
  fault_signal = 0;
  fault_address = 0;
  if (sigsetjmp(recovery, 1) == 0) action(operand);
  printf("check: process.%s signal %d", name, fault_signal);
  if (base != NULL) printf(" offset %u", (unsigned)(fault_address - (uintptr_t)base));
  printf("\n");
}

static void Faults(void) {
  unsigned char* memory = Map(PROT_READ);
  Catch(SIGSEGV, 0, OnFault);
  Catch(SIGFPE, 0, OnFault);
  Catch(SIGILL, 0, OnFault);
  Catch(SIGTRAP, 0, OnFault);
  ExpectFault("write-fault", StoreByte, memory + 5 * kPageBytes + 123, memory);
  munmap(memory + kPageBytes, kPageBytes);
  // The second half of the operand lies in the page that is gone: the fault names that page.
  ExpectFault("straddle-fault", LoadWord, memory + kPageBytes - 2, memory);
  ExpectFault("divide", DivideByZero, NULL, NULL);
  ExpectFault("undefined", Undefined, NULL, NULL);
  ExpectFault("privileged", Halt, NULL, NULL);
  ExpectFault("breakpoint", Breakpoint, NULL, NULL);
  for (int page = 8; page < 12; ++page) {
    unsigned char* other = memory + page * kPageBytes;
    mprotect(other, kPageBytes, PROT_READ | PROT_WRITE);
    *other = 1;
    mprotect(other, kPageBytes, PROT_NONE);
    ExpectFault("protect", StoreByte, other, memory);
  }
}

static void Timer(void) {
  Catch(SIGALRM, SA_RESTART, OnTick);
  const struct itimerval every = {{0, 20000}, {0, 20000}};
  const struct itimerval never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &every, NULL);
  volatile uint32_t work = 0;
  while (ticks < 10) ++work;
  setitimer(ITIMER_REAL, &never, NULL);
  printf("check: process.timer interrupted a busy loop\n");
}

// mov eax, imm32; ret: rewritten and run 1000 times, so that stale code would be noticed.
static void SelfModifying(void) {
  unsigned char* code = Map(PROT_READ | PROT_WRITE | PROT_EXEC);
  uint32_t sum = 0;
  code[0] = 0xb8;
  code[5] = 0xc3;
  for (uint32_t i = 0; i < 1000; ++i) {
    memcpy(code + 1, &i, sizeof i);
    sum = sum * 31 + ((uint32_t(*)(void))(uintptr_t)code)();
  }
  printf("check: process.rewritten-code %08x\n", sum);
  // mov byte [eax+5], 0x2a; mov eax, 0; ret: changes the instruction that comes next.
  static const unsigned char kNext[] = {0xc6, 0x40, 0x05, 0x2a, 0xb8, 0, 0, 0, 0, 0xc3};
  memcpy(code + 64, kNext, sizeof kNext);
  uint32_t result;
  __asm__ volatile("call *%1" : "=a"(result) : "r"(code + 64), "0"(code + 64) : "memory", "cc");
  printf("check: process.next-instruction %u\n", result);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  CopyOnWrite();
  Pipes();
  Faults();
  Timer();
  SelfModifying();
  return 0;
}
