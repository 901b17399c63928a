// SPDX-License-Identifier: Apache-2.0
#include "engine/host_signals.h"

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/check.h"

namespace verbatim {
namespace {

constexpr size_t kAlternateStackBytes = 64 << 10;
// Those of the processor. KickSignal() is known only when the program runs.
constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

thread_local SignalTarget* current_target = nullptr;

greg_t& Register(ucontext_t& context, int index) { return context.uc_mcontext.gregs[index]; }

template <typename Pointer>
greg_t AsRegister(Pointer pointer) {
  return static_cast<greg_t>(reinterpret_cast<uintptr_t>(pointer));
}

constexpr auto kTrapFlag = static_cast<greg_t>(kHostTrapFlag);

// Leads the interrupted generated code out at its next exact guest boundary.
void LeaveAtBoundary(SignalTarget& target, ucontext_t& context) {
  greg_t& pc = Register(context, REG_RIP);
  greg_t& flags = Register(context, REG_EFL);
  const auto* at = reinterpret_cast<const uint8_t*>(pc);
  const Block* block = target.store->FindByHost(at);
  if (block != nullptr) {
    const RecoveryPoint& point = block->RecoveryAt(at);
    if (IsGuestBoundary(point.kind)) {
      if (point.kind == RecoveryKind::kInstruction) Register(context, REG_R8) = point.eip;
      greg_t& stack = Register(context, REG_R12);
      stack = static_cast<uint32_t>(stack + point.stack_lag);
      pc = AsRegister(target.stubs->kicked);
      flags &= ~kTrapFlag;
      return;
    }
  }
  // A stub on its way to C++ leads to a look at the kick flag by itself.
  if (block == nullptr && !target.stubs->IsEntering(at)) {
    flags &= ~kTrapFlag;
    return;
  }
  // On the way into a block, or amid an instruction's effects: step on. The stubs load flags from
  // the context.
  flags |= kTrapFlag;
  target.context->host_flags |= kHostTrapFlag;
}

void OnHostFault(SignalTarget& target, ucontext_t& context, int signal, const siginfo_t& info) {
  const auto address = reinterpret_cast<uint64_t>(info.si_addr);
  if (signal == SIGSEGV && ShadowStack::InGuard(target.context->shadow_base, address)) {
    // The shadow stack is only a prediction: start it afresh and repeat the push.
    Register(context, REG_RSP) = static_cast<greg_t>(target.context->shadow_base);
    ++target.shadow_overflows;
    return;
  }
  ExecutionContext& to = *target.context;
  to.fault_pc = reinterpret_cast<const uint8_t*>(Register(context, REG_RIP));
  to.fault_signal = static_cast<uint32_t>(signal);
  to.fault_trap = static_cast<uint32_t>(Register(context, REG_TRAPNO));
  to.fault_error = static_cast<uint32_t>(Register(context, REG_ERR));
  to.fault_address = address;
  Register(context, REG_RIP) = AsRegister(target.stubs->host_fault);
  Register(context, REG_EFL) &= ~kTrapFlag;
}

// Not ours, and nobody else's: as if we had never been here. The instruction repeats, or what
// somebody sent is sent again, and the default action takes the process down.
void Default(int signal, bool sent) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(signal, &action, nullptr);
  if (sent) ::raise(signal);
}

// What a program that uses this one as a library had done with the signals. Written once, when the
// handlers are installed, and read by them.
std::array<struct sigaction, kSignals.size()> actions_before;

// Not ours: to whoever had the signal before.
void PassOn(int signal, siginfo_t* info, void* raw, bool sent) {
  const auto at = std::find(kSignals.begin(), kSignals.end(), signal);
  if (at == kSignals.end()) return Default(signal, sent);
  const struct sigaction& before = actions_before[static_cast<size_t>(at - kSignals.begin())];
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(signal, info, raw);
  if (before.sa_handler == SIG_IGN && sent) return;
  if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN) return Default(signal, sent);
  before.sa_handler(signal);
}

void OnSignal(int signal, siginfo_t* info, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  SignalTarget* target = current_target;
  const auto* pc = reinterpret_cast<const uint8_t*>(Register(context, REG_RIP));
  const bool in_code = target != nullptr && target->memory->Contains(pc);
  if (signal == KickSignal()) {
    if (target != nullptr) target->context->kick = 1;
    if (in_code) LeaveAtBoundary(*target, context);
    return;
  }
  const bool sent = info->si_code <= 0;  // by a process, not by the processor
  if (signal == SIGTRAP && target != nullptr && !sent) {
    if (in_code) {
      LeaveAtBoundary(*target, context);
    } else {
      Register(context, REG_EFL) &= ~kTrapFlag;
    }
    return;
  }
  if (in_code && !sent) {
    OnHostFault(*target, context, signal, *info);
    return;
  }
  PassOn(signal, info, raw, sent);
}

Status InstallHandlers() {
  struct sigaction action {};
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigfillset(&action.sa_mask);
  ::sigdelset(&action.sa_mask, SIGSYS);  // by which a sandbox says what it refused
  for (size_t i = 0; i < kSignals.size(); ++i) {
    if (::sigaction(kSignals[i], &action, &actions_before[i]) != 0) {
      return Fail("engine: cannot handle signal {}: {}", kSignals[i], std::strerror(errno));
    }
  }
  if (::sigaction(KickSignal(), &action, nullptr) != 0) {
    return Fail("engine: cannot handle signal {}: {}", KickSignal(), std::strerror(errno));
  }
  return {};
}

}  // namespace

int KickSignal() { return SIGRTMIN + 1; }

Result<std::unique_ptr<SignalScope>> SignalScope::Enter(SignalTarget* target) {
  static const Status installed = InstallHandlers();
  if (!installed) return std::unexpected(installed.error());
  CHECK(current_target == nullptr);
  std::unique_ptr<SignalScope> scope(new SignalScope);
  scope->stack_ = std::make_unique_for_overwrite<uint8_t[]>(kAlternateStackBytes);
  stack_t stack{};
  stack.ss_sp = scope->stack_.get();
  stack.ss_size = kAlternateStackBytes;
  if (::sigaltstack(&stack, &scope->previous_) != 0) {
    return Fail("engine: cannot set a signal stack: {}", std::strerror(errno));
  }
  current_target = target;
  return scope;
}

SignalScope::~SignalScope() {
  current_target = nullptr;
  ::sigaltstack(&previous_, nullptr);
}

}  // namespace verbatim
