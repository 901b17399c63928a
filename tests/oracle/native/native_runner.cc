// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/native/native_runner.h"

#include <asm/ldt.h>
#include <immintrin.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "tests/oracle/native/far_entry.h"

namespace verbatim::test {
namespace {

constexpr uint16_t kHostCode = 0x33;  // Linux's 64-bit user code segment
constexpr size_t kSignalStackBytes = 256 << 10;
// Of processor time. A program that two ticks have seen is endless: it lasts microseconds.
constexpr suseconds_t kTickUs = 10'000;
constexpr int kTick = SIGVTALRM;
constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, kTick};

// Where gregs have the general registers, by Gpr.
constexpr std::array kGregs = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                               REG_RSP, REG_RBP, REG_RSI, REG_RDI};

// The handler has no other way to find these.
FarEntry entry;
NativeOutcome* current = nullptr;  // null while no program runs
uint64_t host_fs_base = 0;
uint64_t cases_run = 0;
uint64_t case_of_last_tick = 0;

uint8_t* Memory(uint32_t address) {
  return reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(address));
}

void ReadSelectors(const ucontext_t& context, Outcome& end) {
  uint16_t es = 0;
  uint16_t ds = 0;
  uint16_t fs = 0;
  uint16_t gs = 0;
  asm volatile("mov %%es, %0\n\tmov %%ds, %1\n\tmov %%fs, %2\n\tmov %%gs, %3"
               : "=r"(es), "=r"(ds), "=r"(fs), "=r"(gs));
  const auto packed = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_CSGSFS]);
  end.selectors = {es, static_cast<uint16_t>(packed), static_cast<uint16_t>(packed >> 48), ds, fs,
                   gs};
}

void RestoreHostSegments() {
  asm volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%fs\n\tmov %0, %%gs" : : "r"(0));
  _writefsbase_u64(host_fs_base);
}

void ReadState(const ucontext_t& context, Outcome& end) {
  const auto& registers = context.uc_mcontext.gregs;
  for (size_t i = 0; i < kGregs.size(); ++i) {
    end.cpu.gpr[i] = static_cast<uint32_t>(registers[kGregs[i]]);
  }
  end.cpu.eip = static_cast<uint32_t>(registers[REG_RIP]);
  end.cpu.eflags = static_cast<uint32_t>(registers[REG_EFL]);
  std::memcpy(end.cpu.fx.data(), context.uc_mcontext.fpregs, end.cpu.fx.size());
  end.vector = static_cast<uint8_t>(registers[REG_TRAPNO]);
  end.error_code = static_cast<uint32_t>(registers[REG_ERR]);
  end.fault_address = static_cast<uint32_t>(registers[REG_CR2]);
}

void OnSignal(int signal, siginfo_t*, void* raw) {
  const auto& context = *static_cast<const ucontext_t*>(raw);
  const auto code = static_cast<uint16_t>(context.uc_mcontext.gregs[REG_CSGSFS]);
  const bool in_program = current != nullptr && code != kHostCode;
  const bool entering = current != nullptr && code == kHostCode &&
                        IsEntering(static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]));
  NativeEnd end = NativeEnd::kFault;
  if (signal == kTick) {
    const bool first = case_of_last_tick != cases_run;
    case_of_last_tick = cases_run;
    if (first || !in_program) return;
    end = NativeEnd::kEndless;
  } else if (signal == SIGSYS && in_program) {
    end = NativeEnd::kSystemCall;
  } else if (entering) {
    end = NativeEnd::kBadStart;
  } else if (!in_program) {
    // A fault of this process itself, or of a program that found its way into 64-bit mode: it takes
    // the process down, and whoever waits for it says which case ran.
    ::signal(signal, SIG_DFL);
    return;
  }
  NativeOutcome& outcome = *current;
  current = nullptr;
  ReadSelectors(context, outcome.outcome);
  RestoreHostSegments();
  ReadState(context, outcome.outcome);
  outcome.end = end;
  // The kernel gave the handler a fresh x87 and MXCSR, and no signal is blocked: nothing is left
  // for sigreturn to undo.
  LeaveToEntry(&entry);
}

void Prepare(const NativeCase& one) {
  constexpr uint64_t kFixedFlags = flag::kIf | flag::kReservedOne;
  const CpuImage& start = one.start;
  for (size_t i = 0; i < start.gpr.size(); ++i) entry.gpr[i] = start.gpr[i];
  entry.flags = (start.eflags & kStartFlags) | kFixedFlags;
  entry.eip = start.eip;
  entry.selectors = one.selectors;
  std::memcpy(entry.fx.data(), start.fx.data(), kFxXmm + 8 * 16);
}

}  // namespace

const char* NativeRunner::SetUp() {
  for (const CaseArea& area : kCaseAreas) {
    void* got = ::mmap(Memory(area.start), area.bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);
    if (got != Memory(area.start)) return "the addresses of a case are not free";
  }
  static std::array<uint8_t, kSignalStackBytes> signal_stack;
  stack_t stack{};
  stack.ss_sp = signal_stack.data();
  stack.ss_size = signal_stack.size();
  if (::sigaltstack(&stack, nullptr) != 0) return "sigaltstack";
  struct sigaction action {};
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int signal : kSignals) {
    if (::sigaction(signal, &action, nullptr) != 0) return "sigaction";
  }
  const itimerval tick{.it_interval = {0, kTickUs}, .it_value = {0, kTickUs}};
  if (::setitimer(ITIMER_VIRTUAL, &tick, nullptr) != 0) return "setitimer";
  host_fs_base = _readfsbase_u64();
  return nullptr;
}

const char* NativeRunner::InstallTable(const LdtTable& table) {
  constexpr int kWriteLdt = 0x11;
  for (uint32_t i = 0; i < kLdtSegments; ++i) {
    const LdtSegment& segment = table[i];
    user_desc description{};
    description.entry_number = i;
    description.base_addr = segment.base;
    description.limit = segment.limit;
    description.seg_32bit = segment.big;
    description.contents = segment.code ? (segment.conforming ? 3 : 2) : segment.expand_down;
    description.read_exec_only = !segment.accessible;
    description.limit_in_pages = segment.in_pages;
    description.seg_not_present = !segment.present;
    if (::syscall(SYS_modify_ldt, kWriteLdt, &description, sizeof description) != 0) {
      return "modify_ldt: the kernel refuses a segment";
    }
  }
  return nullptr;
}

uint32_t NativeRunner::Run(const NativeCase& one, NativeOutcome& outcome, ChangedLine* lines) {
  image_.Set(one.filling, one.code_at, std::span(one.code).first(one.code_bytes));
  image_.ForEachDifference(Memory(0), [](uint32_t address, const uint8_t* wanted, const uint8_t*) {
    std::memcpy(Memory(address), wanted, kLineBytes);
  });
  Prepare(one);
  ++cases_run;
  current = &outcome;
  EnterFar(&entry);
  uint32_t count = 0;
  image_.ForEachDifference(Memory(0), [&](uint32_t address, const uint8_t*, const uint8_t* memory) {
    lines[count].address = address;
    std::memcpy(lines[count++].bytes.data(), memory, kLineBytes);
  });
  return count;
}

}  // namespace verbatim::test
