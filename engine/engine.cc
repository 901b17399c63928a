// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/monotonic_clock.h"
#include "engine/host_optimisations.h"

namespace verbatim {
Engine::Engine(Mmu& mmu, WindowSet& windows, EventGate& gate, const EngineOptions& options)
    : mmu_(mmu),
      windows_(windows),
      gate_(gate),
      options_(options),
      adaptation_(options.force_probes),
      time_(options.account_time) {}

Result<std::unique_ptr<Engine>> Engine::Create(Mmu& mmu, WindowSet& windows, PortIo& ports,
                                               const CpuModel& model, EventGate& gate,
                                               const EngineOptions& options) {
  std::unique_ptr<Engine> engine(new Engine(mmu, windows, gate, options));
  engine->context_ = std::make_unique<ExecutionContext>();
  engine->context_->engine = engine.get();
  Result<std::unique_ptr<CodeMemory>> memory =
      CodeMemory::Create(options.code_cache_bytes, options.code_backing);
  if (!memory) return std::unexpected(memory.error());
  engine->code_memory_ = std::move(*memory);
  Result<Stubs> stubs =
      BuildStubs(*engine->code_memory_, {.callout = CalloutThunk,
                                         .access_begin = AccessBeginThunk,
                                         .access_end = AccessEndThunk,
                                         .count_return_misses = options.count_executions});
  if (!stubs) return std::unexpected(stubs.error());
  engine->stubs_ = *stubs;
  engine->store_ = std::make_unique<BlockStore>(*engine->code_memory_, engine->cells_,
                                                engine->stubs_.table.return_miss);
  engine->translator_ = std::make_unique<Translator>(
      model.features, *engine->code_memory_, engine->stubs_.table, engine->cells_, engine->sites_,
      engine->adaptation_, OnThisHost(options.optimisations));
  if (options.validate) {
    engine->guard_ =
        std::make_unique<BlockGuard>(*engine->code_memory_, *engine->store_, engine->stubs_.table,
                                     engine->sites_, options.describe_block, engine->statistics_);
    engine->store_->SetPatchObserver(engine->guard_.get());
  }
  Result<EmptyJumpTable> empty = EmptyJumpTable::Create(engine->stubs_.empty_slot);
  if (!empty) return std::unexpected(empty.error());
  engine->window_code_ = std::make_unique<WindowCodeSet>(windows.max_windows(), std::move(*empty),
                                                         engine->stubs_.table.return_miss);
  engine->linked_pages_ =
      std::make_unique<LinkedPages>(windows, *engine->store_, *engine->window_code_);
  windows.SetObserver(engine->linked_pages_.get());
  mmu.memory().SetCodeWriteObserver(engine.get());
  mmu.memory().SetMapObserver(engine.get());
  const bool observes_ports =
      options.account_time || (options.observer != nullptr &&
                               (options.observer->Wants() & BitOf(Observation::kPorts)) != 0);
  if (observes_ports) engine->observed_ports_ = std::make_unique<ObservedPorts>(ports, *engine);
  engine->cpu_ =
      std::make_unique<VirtualCpu>(engine->context_->cpu, mmu, &windows,
                                   observes_ports ? *engine->observed_ports_ : ports, model);
  engine->cpu_->SetFpuPointerSource(engine.get());
  engine->segments_ = std::make_unique<SegmentedMemory>(engine->context_->cpu, mmu);
  engine->strings_ = std::make_unique<StringOperations>(engine->context_->cpu, *engine->segments_);
  engine->trap_page_ = ::mmap(nullptr, kPageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (engine->trap_page_ == MAP_FAILED) {
    engine->trap_page_ = nullptr;
    return Fail("engine: cannot map the trap page: {}", std::strerror(errno));
  }
  engine->signal_target_ = {.context = engine->context_.get(),
                            .memory = engine->code_memory_.get(),
                            .store = engine->store_.get(),
                            .stubs = &engine->stubs_};
  if (options.observer != nullptr) {
    if (Status status = engine->Observe(*options.observer); !status) {
      return std::unexpected(status.error());
    }
  }
  return engine;
}

Engine::~Engine() {
  windows_.SetObserver(nullptr);
  mmu_.memory().SetCodeWriteObserver(nullptr);
  mmu_.memory().SetMapObserver(nullptr);
  mmu_.memory().SetDeviceAccessObserver(nullptr);
  if (trap_page_ != nullptr) ::munmap(trap_page_, kPageBytes);
}

void Engine::Kick() {
  context_->kick = 1;
  if (running_.load(std::memory_order_acquire)) ::pthread_kill(thread_.load(), KickSignal());
}

Result<RunResult> Engine::Run(RunFor limit) {
  Result<std::unique_ptr<SignalScope>> scope = SignalScope::Enter(&signal_target_);
  if (!scope) return std::unexpected(scope.error());
  thread_.store(::pthread_self());
  running_.store(true, std::memory_order_release);
  SetDumpHook(
      [](void* engine) noexcept {
        const std::string report = static_cast<Engine*>(engine)->CrashReport();
        [[maybe_unused]] const ssize_t n = ::write(2, report.data(), report.size());
      },
      this);
  const bool watched = limit == RunFor::kOneInstruction || !watch_.empty();
  context_->cpu.watch = watched ? &watch_ : nullptr;
  RunResult result = RunResult::kStopped;
  time_.Begin();
  const Status status = RunLoop(limit, result);
  time_.End();
  context_->cpu.watch = nullptr;
  running_.store(false, std::memory_order_release);
  DrainRecorder();
  SetDumpHook(nullptr, nullptr);
  if (!status) return std::unexpected(status.error());
  return result;
}

Status Engine::RunLoop(RunFor limit, RunResult& result) {
  const CpuState& cpu = context_->cpu;
  const bool holds_interrupts = limit == RunFor::kOneInstruction;
  advanced_ = false;
  // The first time round, whatever waits is served.
  context_->kick = 1;
  while (true) {
    if (context_->kick != 0) {
      context_->kick = 0;
      servicing_ = true;
      const TimeSpan span(time_, Activity::kDevices);
      gate_.Service();
      servicing_ = false;
      if (Observes(Observation::kKicks)) options_.observer->OnKicked(cpu, mmu_);
    }
    if (cpu.shutdown) {
      result = RunResult::kShutdown;
      return {};
    }
    if (cpu.watch != nullptr) [[unlikely]] {
      if (const std::optional<RunResult> stop = WatchResult(limit)) {
        result = *stop;
        return {};
      }
    }
    if (gate_.StopRequested()) return {};
    if (cpu.pending_debug != 0 && DeliverPendingDebugTraps()) continue;
    if ((!holds_interrupts || cpu.halted) && DeliverPendingInterrupt()) continue;
    if (cpu.halted) {
      WaitForKick();
      continue;
    }
    if (!breakpoints_.empty() && limit == RunFor::kEver && AtBreakpoint()) [[unlikely]] {
      result = RunResult::kBreakpoint;
      return {};
    }
    if (Observes(Observation::kModes)) TellMode();
    if (Status status = Step(); !status) return status;
  }
}

bool Engine::DeliverPendingDebugTraps() {
  const StepOutcome outcome = cpu_->DeliverDebugTraps();
  NoteOutcome(outcome);
  if (outcome == StepOutcome::kNext) return false;
  advanced_ = true;
  return true;
}

// Returns true if the state changed.
bool Engine::DeliverPendingInterrupt() {
  CpuState& cpu = context_->cpu;
  if (!gate_.InterruptRequested() || !cpu_->InterruptsEnabled()) return false;
  cpu.halted = false;
  advanced_ = true;
  ++statistics_.interrupts;
  const uint8_t vector = gate_.AcknowledgeInterrupt();
  if (Observes(Observation::kInterrupts)) Tell(InterruptSeen{vector});
  NoteOutcome(cpu_->DeliverInterrupt(vector));
  return true;
}

// Sleeps until the kick flag is set or a timer event is due. A kick between the test and the sleep
// changes the futex word, so it is not lost; one during the sleep interrupts it. The deadline is
// the futex's own time-out: a signal would cost more, and wake whoever polls a signalfd of this
// process.
void Engine::WaitForKick() {
  const TimeSpan span(time_, Activity::kHalted);
  const uint64_t before = MonotonicNowNs();
  const std::optional<uint64_t> deadline = gate_.SuspendTimer();
  const timespec until = ToTimespec(deadline.value_or(0));
  while (context_->kick == 0) {
    const auto result = ::syscall(SYS_futex, &context_->kick, FUTEX_WAIT_BITSET_PRIVATE, 0,
                                  deadline ? &until : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
    if (result != 0 && errno == ETIMEDOUT) context_->kick = 1;
  }
  statistics_.halted_ns += MonotonicNowNs() - before;
}

void Engine::SyncFlagsFromHost() {
  context_->cpu.eflags =
      context_->virtual_flags | (static_cast<uint32_t>(context_->host_flags) & flag::kHostResident);
}

void Engine::SyncFlagsToHost() {
  const uint32_t eflags = context_->cpu.eflags;
  context_->host_flags = (eflags & flag::kHostResident) | 0x202;
  // RF lasts for one instruction.
  context_->virtual_flags = eflags & ~(flag::kHostResident | flag::kRf);
  context_->flags_if_clear = context_->virtual_flags & ~flag::kIf;
  context_->flags_if_set = context_->virtual_flags | flag::kIf;
  context_->interrupt_pending = gate_.InterruptRequested() ? 1 : 0;
  UpdateSegmentGeneration();
}

void Engine::UpdateSegmentPointers() {
  const auto pointer = [this](const SegmentRegister& segment) {
    const bool plain = segment.CoversAll() && segment.IsWritableData();
    return plain ? &segment.base : static_cast<const uint32_t*>(trap_page_);
  };
  context_->fs_base = pointer(context_->cpu.segments[kFs]);
  context_->gs_base = pointer(context_->cpu.segments[kGs]);
}

void Engine::Remember(uint32_t eip) { recent_eips_[recent_count_++ % recent_eips_.size()] = eip; }

void Engine::Enter(const BlockEntry& entry) {
  SyncFlagsToHost();
  UpdateSegmentPointers();
  Remember(context_->cpu.eip);
  entered_generation_ = window_code_->generation();
  context_->entry_pc = entry.code();
  ++statistics_.entries;
  context_->shadow_rsp = code_->shadow_rsp;
  if (Observes(Observation::kResumes)) Tell(Resumed{});
  time_.Switch(GeneratedCode());
  stubs_.enter(context_.get());
  time_.Switch(ActivityOf(static_cast<ExitReason>(context_->exit_reason)));
  FollowFarTransfers();
}

// One entry into generated code and what comes of it.
Status Engine::Step() {
  CpuState& cpu = context_->cpu;
  const bool traced = IsTraced(cpu);
  if (traced && cpu_->MeetsInstructionBreakpoint()) {
    Raise({Vector::kDebug, 0, {}});
    return {};
  }
  // In the shadow of STI or MOV SS, with an interrupt waiting: one instruction, then deliver.
  const bool shadow = cpu.shadow_active && cpu.shadow_eip == cpu.eip && InterruptAwaitsBoundary();
  BlockMode mode = PresentMode();
  if (shadow) mode = mode.Single();
  if (std::exchange(software_once_, false) || traced) mode = mode.SingleInSoftware();
  if (!traced) return RunOnce(mode);

  const bool single_step = (cpu.eflags & flag::kTf) != 0;
  const uint32_t resume = cpu.eflags & flag::kRf;
  const uint32_t eip = cpu.eip;
  cpu.debug_hits = 0;
  if (Status status = RunOnce(mode); !status) return status;
  NoteAdvance();
  switch (static_cast<ExitReason>(context_->exit_reason)) {
    case ExitReason::kBlockEnd:
      NoteOutcome(cpu_->EndTracedInstruction(single_step));
      break;
    case ExitReason::kKicked:
    case ExitReason::kDead:
    case ExitReason::kStale:
    case ExitReason::kHostFault:
      // Not executed yet: its breakpoint stays suppressed.
      if (cpu.eip == eip) cpu.eflags |= resume;
      break;
    default:
      break;
  }
  return {};
}

Status Engine::RunOnce(BlockMode mode) {
  context_->exit_reason = static_cast<uint32_t>(ExitReason::kLookup);
  if (Status selected = SelectWindow(mode); !selected) return selected;
  MapRepeatedAccess();
  const std::optional<BlockEntry> entry = FindOrTranslate(mode);
  if (!entry) return {};
  ChainPending(*entry);
  // What the tables lead to must be redirected when it dies: the body alone is.
  if (!mode.single() && !entry->IsInside()) {
    const Block& block = entry->block;
    code_->table.Set(block.eip, block, cells_.Find(block.eip));
    code_->TargetOf(block.eip) = {block.eip, block.body()};
  }
  mode_ = mode;
  Enter(*entry);
  SyncFlagsFromHost();
  while (HandleExit() && window_code_->generation() == entered_generation_) {
    SyncFlagsToHost();
    if (Observes(Observation::kResumes)) Tell(Resumed{});
    time_.Switch(GeneratedCode());
    stubs_.resume(context_.get());
    time_.Switch(ActivityOf(static_cast<ExitReason>(context_->exit_reason)));
    FollowFarTransfers();
    SyncFlagsFromHost();
  }
  SaveShadowStack();
  // An instruction behind STI or MOV SS that was executed alone was the last in their shadow.
  if (static_cast<ExitReason>(context_->exit_reason) == ExitReason::kBlockEnd) {
    context_->cpu.shadow_active = false;
  }
  return {};
}

// Where code was dropped meanwhile, what ran must not come back: its shadow stack may hold the
// dropped. Nor may the place stay that was saved before it ran, though the code was that of another
// window: the slots there have been used for other things since.
void Engine::SaveShadowStack() {
  if (window_code_->generation() == entered_generation_) {
    code_->shadow_rsp = context_->shadow_rsp;
  } else {
    code_->ResetShadow();
  }
}

void Engine::NoteOutcome(StepOutcome outcome) {
  if (outcome == StepOutcome::kHalted) {
    context_->cpu.halted = true;
    ++statistics_.halts;
  } else if (outcome == StepOutcome::kFpuError) {
    WaitForFpuInterrupt();
  } else if (outcome == StepOutcome::kShutdown) {
    context_->cpu.shutdown = true;
  }
}

void Engine::Raise(const Exception& exception) {
  advanced_ = true;
  NoteOutcome(cpu_->RaiseException(exception));
}

// An exception that a block was translated into.
void Engine::RaiseFromBlock(Vector vector) {
  if (vector == Vector::kInvalidOpcode && firmware_ != nullptr) {
    const Faultable<TrapOutcome> outcome = firmware_->OnUndefined(context_->cpu);
    if (!outcome) {
      Raise(outcome.error());
      return;
    }
    if (*outcome == TrapOutcome::kDone) return;
  }
  Raise({vector, 0, {}});
}

bool Engine::HandleExit() {
  const auto reason = static_cast<ExitReason>(context_->exit_reason);
  if (Observes(Observation::kExits)) Tell(ExitSeen{reason, context_->exit_argument});
  switch (reason) {
    case ExitReason::kLookup:
      ++statistics_.exits_lookup;
      return false;
    case ExitReason::kLink: {
      ++statistics_.exits_link;
      const auto* stub =
          reinterpret_cast<const uint8_t*>(static_cast<uintptr_t>(context_->exit_argument));
      Block* block = store_->FindByHost(stub);
      CHECK(block != nullptr);
      const auto offset = static_cast<uint32_t>(stub - block->host_start);
      const auto link = std::ranges::find(block->links, offset, &Link::stub_offset);
      CHECK(link != block->links.end());
      pending_link_ = {block, static_cast<size_t>(link - block->links.begin())};
      return false;
    }
    case ExitReason::kGuess:
      ++statistics_.exits_guess;
      LearnTarget();
      return false;
    case ExitReason::kDead:
      ++statistics_.exits_dead;
      return false;
    case ExitReason::kStale: {
      ++statistics_.exits_stale;
      Block* block = store_->FindByHost(
          reinterpret_cast<const uint8_t*>(static_cast<uintptr_t>(context_->exit_argument)));
      CHECK(block != nullptr);
      drop_cause_ = DropCause::kStale;
      store_->Invalidate(*block);
      code_pages_.NoteStale(block->key.physical);
      if (block->crosses_page) code_pages_.NoteStale(block->second_page);
      return false;
    }
    case ExitReason::kCallout:
      ++statistics_.exits_callout;
      return false;
    case ExitReason::kKicked:
      ++statistics_.exits_kicked;
      return false;
    case ExitReason::kBlockEnd:
      ++statistics_.exits_block_end;
      return false;
    case ExitReason::kHostFault:
      ++statistics_.exits_host_fault;
      return HandleHostFault();
    case ExitReason::kException:
      ++statistics_.exits_exception;
      RaiseFromBlock(static_cast<Vector>(context_->exit_argument));
      return false;
  }
  CHECK(false);
  return false;
}

DynamicStatistics Engine::Executed() const {
  DynamicStatistics sum = executed_before_;
  for (const Block& block : store_->blocks()) {
    if (block.executions == nullptr) continue;
    const ExecutionCounts& counts = *block.executions;
    sum.blocks += counts.body;
    sum.instructions += counts.body * block.instruction_count;
    sum.copied += counts.body * block.ident_count;
    sum.table_hits += counts.arrivals;
    sum.return_hits += counts.returns;
  }
  sum.return_misses = context_->return_misses;
  return sum;
}

std::string Engine::CrashReport() const {
  const CpuState& cpu = context_->cpu;
  std::string report;
  auto out = std::back_inserter(report);
  fmt::format_to(out,
                 "eax={:08x} ebx={:08x} ecx={:08x} edx={:08x} esi={:08x} edi={:08x} ebp={:08x} "
                 "esp={:08x}\neip={:08x} eflags={:08x} cpl={} cr0={:08x} cr2={:08x} cr3={:08x} "
                 "cr4={:08x}\n",
                 cpu.gpr[kEax], cpu.gpr[kEbx], cpu.gpr[kEcx], cpu.gpr[kEdx], cpu.gpr[kEsi],
                 cpu.gpr[kEdi], cpu.gpr[kEbp], cpu.gpr[kEsp], cpu.eip, cpu.eflags, cpu.cpl, cpu.cr0,
                 cpu.cr2, cpu.cr3, cpu.cr4);
  static constexpr const char* kNames[] = {"es", "cs", "ss", "ds", "fs", "gs"};
  for (unsigned i = 0; i < kSegmentCount; ++i) {
    const SegmentRegister& s = cpu.segments[i];
    fmt::format_to(out, "{}={:04x} base={:08x} limit={:08x} attributes={:04x}\n", kNames[i],
                   s.selector, s.base, s.limit, s.attributes);
  }
  fmt::format_to(out, "gdtr={:08x}/{:04x} idtr={:08x}/{:04x} ldtr={:04x} tr={:04x}\n",
                 cpu.gdtr.base, cpu.gdtr.limit, cpu.idtr.base, cpu.idtr.limit, cpu.ldtr.selector,
                 cpu.tr.selector);
  fmt::format_to(out, "last blocks entered from the run loop (oldest first):");
  const uint32_t shown =
      std::min<uint32_t>(recent_count_, static_cast<uint32_t>(recent_eips_.size()));
  for (uint32_t i = 0; i < shown; ++i) {
    fmt::format_to(out, "{}{:08x}", i % 8 == 0 ? "\n  " : " ",
                   recent_eips_[(recent_count_ - shown + i) % recent_eips_.size()]);
  }
  fmt::format_to(out, "\n");
  return report;
}

}  // namespace verbatim
