// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/native_cpu.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/bits.h"

namespace verbatim::test {
namespace {

constexpr size_t kSignalStackBytes = 128 << 10;
constexpr greg_t kCompatibilityCode = 0x23;  // Linux's 32-bit user code segment
constexpr uint16_t kUserData = 0x2B;
constexpr uint32_t kFxBytes = 512;
constexpr std::array kSignals = {SIGUSR2, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

// Where gregs have the general registers, by Gpr.
constexpr std::array kGregs = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                               REG_RSP, REG_RBP, REG_RSI, REG_RDI};

struct Exchange {
  const CpuImage* start = nullptr;
  Outcome end;
  gregset_t host_registers{};
  std::array<uint8_t, kFxBytes> host_fx{};
};

// Of the run that is going on; the handlers have no other way to find it.
Exchange* current = nullptr;

void EnterProgram(ucontext_t& context) {
  auto& registers = context.uc_mcontext.gregs;
  auto* fx = reinterpret_cast<uint8_t*>(context.uc_mcontext.fpregs);
  std::memcpy(current->host_registers, registers, sizeof(gregset_t));
  std::memcpy(current->host_fx.data(), fx, kFxBytes);
  const CpuImage& start = *current->start;
  for (size_t i = 0; i < kGregs.size(); ++i) registers[kGregs[i]] = start.gpr[i];
  registers[REG_RIP] = start.eip;
  registers[REG_EFL] = start.eflags | flag::kIf | flag::kReservedOne;
  registers[REG_CSGSFS] = (registers[REG_CSGSFS] & ~greg_t{0xFFFF}) | kCompatibilityCode;
  // Bytes 28-31 are the host's MXCSR mask, from 288 on are registers the program cannot see.
  std::memcpy(fx, start.fx.data(), 28);
  std::memcpy(fx + kFxX87, start.fx.data() + kFxX87, 16 * 16);
}

void LeaveProgram(ucontext_t& context, const siginfo_t& info) {
  auto& registers = context.uc_mcontext.gregs;
  auto* fx = reinterpret_cast<uint8_t*>(context.uc_mcontext.fpregs);
  Outcome& end = current->end;
  for (size_t i = 0; i < kGregs.size(); ++i) {
    end.cpu.gpr[i] = static_cast<uint32_t>(registers[kGregs[i]]);
  }
  end.cpu.eip = static_cast<uint32_t>(registers[REG_RIP]);
  end.cpu.eflags = static_cast<uint32_t>(registers[REG_EFL]);
  std::memcpy(end.cpu.fx.data(), fx, kFxBytes);
  uint16_t es = 0;
  uint16_t ds = 0;
  asm volatile("mov %%es, %0\n\tmov %%ds, %1" : "=r"(es), "=r"(ds));
  // FS holds the host's thread pointer: a program here must leave it and GS alone.
  const auto packed = static_cast<uint64_t>(registers[REG_CSGSFS]);
  end.selectors = {es, static_cast<uint16_t>(packed), static_cast<uint16_t>(packed >> 48), ds};
  end.vector = static_cast<uint8_t>(registers[REG_TRAPNO]);
  end.error_code = static_cast<uint32_t>(registers[REG_ERR]);
  end.fault_address = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(info.si_addr));
  std::memcpy(registers, current->host_registers, sizeof(gregset_t));
  std::memcpy(fx, current->host_fx.data(), kFxBytes);
}

void OnSignal(int signal, siginfo_t* info, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  const bool in_program = (context.uc_mcontext.gregs[REG_CSGSFS] & 0xFFFF) == kCompatibilityCode;
  if (signal == SIGUSR2) {
    EnterProgram(context);
  } else if (in_program) {
    LeaveProgram(context, *info);
  } else {
    // A fault of the test itself: repeat it with the default action.
    ::signal(signal, SIG_DFL);
  }
}

Status MapArea(uint32_t address, uint32_t bytes) {
  void* wanted = reinterpret_cast<void*>(static_cast<uintptr_t>(address));
  void* got = ::mmap(wanted, bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != wanted) {
    return Fail("native run: {} bytes at {:x} are not free: {}", bytes, address,
                std::strerror(errno));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<NativeCpu>> NativeCpu::Create() {
  std::unique_ptr<NativeCpu> cpu(new NativeCpu);
  cpu->signal_stack_ = std::make_unique<uint8_t[]>(kSignalStackBytes);
  const std::array<std::pair<uint32_t, uint32_t>, 3> areas{
      {{kCode, kCodeBytes}, {kData, kDataBytes}, {kStack, kStackBytes}}};
  for (const auto& [address, bytes] : areas) {
    if (Status mapped = MapArea(address, bytes); !mapped) return std::unexpected(mapped.error());
  }
  return cpu;
}

NativeCpu::~NativeCpu() {
  ::munmap(Memory(kCode, 0).data(), kCodeBytes);
  ::munmap(Memory(kData, 0).data(), kDataBytes);
  ::munmap(Memory(kStack, 0).data(), kStackBytes);
}

Outcome NativeCpu::Run(const CpuImage& start) {
  Exchange exchange;
  exchange.start = &start;
  current = &exchange;
  stack_t stack{};
  stack.ss_sp = signal_stack_.get();
  stack.ss_size = kSignalStackBytes;
  stack_t previous_stack{};
  ::sigaltstack(&stack, &previous_stack);
  struct sigaction action {};
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  std::array<struct sigaction, kSignals.size()> previous{};
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &previous[i]);
  // 64-bit code does not need these; the program does.
  asm volatile("mov %0, %%ds\n\tmov %0, %%es" : : "r"(kUserData));
  ::raise(SIGUSR2);
  asm volatile("mov %0, %%ds\n\tmov %0, %%es" : : "r"(uint16_t{0}));
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &previous[i], nullptr);
  ::sigaltstack(&previous_stack, nullptr);
  current = nullptr;
  return exchange.end;
}

}  // namespace verbatim::test
