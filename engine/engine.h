// SPDX-License-Identifier: Apache-2.0
// The run loop: enters translated code, and deals with every reason to come out of it. The one
// place where host and guest meet.
//
// The implementation is spread by topic:
//   engine.cc        set-up, run loop, halting, crash report
//   lookup.cc        from eip to a block: fetch, find, translate, flush
//   debug.cc         stops for a debugger outside of the guest
//   callouts.cc      sensitive instructions and software accesses, called from generated code
//   segment_loads.cc, far_transfers.cc  what stubs repeat of them
//   software_move.cc loads and stores in software form, done by a single callout
//   host_fault.cc    host signals in generated code become guest faults, fills or adaptations
//   observation.cc   what is told to an observer
//
// Threads: everything on the thread that calls Run, except Kick, which any thread may call.
#ifndef VERBATIM_ENGINE_ENGINE_H_
#define VERBATIM_ENGINE_ENGINE_H_

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codecache/block_store.h"
#include "codecache/code_memory.h"
#include "engine/adaptation.h"
#include "engine/block_guard.h"
#include "engine/block_recorder.h"
#include "engine/breakpoints.h"
#include "engine/code_pages.h"
#include "engine/engine_observer.h"
#include "engine/event_gate.h"
#include "engine/host_signals.h"
#include "engine/linked_pages.h"
#include "engine/statistics.h"
#include "engine/stubs.h"
#include "engine/time_account.h"
#include "engine/window_code.h"
#include "memory/mmu.h"
#include "memory/window.h"
#include "translator/execution_context.h"
#include "translator/translator.h"
#include "vcpu/access_watch.h"
#include "vcpu/firmware_trap.h"
#include "vcpu/segmented_memory.h"
#include "vcpu/string_operations.h"
#include "vcpu/virtual_cpu.h"

namespace verbatim {

#ifdef VERBATIM_VALIDATE_BY_DEFAULT
inline constexpr bool kValidateByDefault = true;
#else
inline constexpr bool kValidateByDefault = false;
#endif

struct EngineOptions {
  uint64_t code_cache_bytes = 64ull << 20;
  // Counts executions of each block, for the dynamic statistics.
  bool count_executions = false;
  // Blocks end at branches, so that who enters one executes all of it.
  bool end_at_branches = false;
  // Keeps account of the time, for the statistics of it.
  bool account_time = false;
  CodeBacking code_backing = CodeBacking::kMemfd;
  // Sees what the engine does; may be null.
  EngineObserver* observer = nullptr;
  // Has each block and each patch validated before it can run (docs/validator.md).
  bool validate = kValidateByDefault;
  // For the report on a block that is not confined; may be null.
  DescribeBlock describe_block = nullptr;
  // For tests: every block is a single instruction; every memory access is in software form.
  bool force_single = false;
  bool force_software = false;
  // Every access that can looks first whether its page is mapped.
  bool force_probes = false;
  // Those that are in force.
  OptimisationSet optimisations{};
};

enum class RunResult : uint8_t {
  kStopped,   // EventGate::StopRequested
  kShutdown,  // triple fault
  // For who debugs the guest from outside (docs/decisions/debugger.md):
  kBreakpoint,  // in front of an instruction at one
  kWatchpoint,  // behind an instruction that met one
  kStepped,     // RunFor::kOneInstruction is through
};

// kOneInstruction: the one in front, breakpoint or not, with interrupts held off; a fault that it
// raises counts as done at the handler's first instruction, an iteration of a repeated string as an
// instruction. A processor in HLT waits for its interrupt, and takes it.
enum class RunFor : uint8_t { kEver, kOneInstruction };

class Engine final : public CodeWriteObserver,
                     public MemoryMapObserver,
                     private FpuPointerSource,
                     private CpuObserver,
                     private DeviceAccessObserver,
                     private PatchObserver {
 public:
  // All references outlive the engine.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> Create(Mmu& mmu, WindowSet& windows,
                                                              PortIo& ports, const CpuModel& model,
                                                              EventGate& gate,
                                                              const EngineOptions& options);
  ~Engine() override;

  [[nodiscard]] VirtualCpu& cpu() { return *cpu_; }
  [[nodiscard]] const CpuState& state() const { return context_->cpu; }

  // Runs the guest from the present state until the gate wants a stop, the guest dies or, if it is
  // debugged, one of the reasons for that.
  [[nodiscard]] Result<RunResult> Run(RunFor limit = RunFor::kEver);
  // Makes the run loop call EventGate::Service soon; wakes it from HLT. Any thread, or a signal
  // handler.
  void Kick();

  // Who is asked before #UD is raised; outlives the engine, or null.
  void SetFirmwareTrap(FirmwareTrap* firmware) { firmware_ = firmware; }

  // Where a run shall stop. Guest memory does not change, nor anything that the guest can see. Not
  // while it runs.
  void AddBreakpoint(LinearAddress address);
  void RemoveBreakpoint(LinearAddress address) { breakpoints_.Remove(address); }
  [[nodiscard]] const Breakpoints& breakpoints() const { return breakpoints_; }
  [[nodiscard]] AccessWatch& watch() { return watch_; }

  // Forgets all translations: guest memory was replaced behind the engine's back. Not while it
  // runs.
  void DropTranslations();

  [[nodiscard]] const EngineStatistics& statistics() const { return statistics_; }
  [[nodiscard]] const TimeAccount& time() const { return time_; }
  [[nodiscard]] const BlockStore& store() const { return *store_; }
  [[nodiscard]] const CodeMemory& code_memory() const { return *code_memory_; }
  [[nodiscard]] const TranslatorStatistics& translator_statistics() const {
    return translator_->statistics();
  }
  // From the execution counts.
  [[nodiscard]] DynamicStatistics Executed() const;

  // Registers, control registers and the last blocks, for a human.
  [[nodiscard]] std::string CrashReport() const;

  void OnCodeWrite(PhysicalAddress address, uint32_t bytes) override;
  void OnMapChange(PhysicalAddress start, uint64_t bytes) override;
  void OnViewShown(PhysicalAddress start, uint64_t bytes) override;
  void OnViewHiding(PhysicalAddress start, uint64_t bytes, uint64_t memfd_page) override;

 private:
  Engine(Mmu& mmu, WindowSet& windows, EventGate& gate, const EngineOptions& options);

  // The link by which generated code has asked for its target.
  struct PendingLink {
    Block* block;
    size_t index;
  };

  // engine.cc
  [[nodiscard]] Status RunLoop(RunFor limit, RunResult& result);
  [[nodiscard]] Status Step();
  [[nodiscard]] Status RunOnce(BlockMode mode);
  void Enter(const BlockEntry& entry);
  [[nodiscard]] Activity GeneratedCode() const {
    return context_->cpu.cpl == 3 ? Activity::kUserCode : Activity::kKernelCode;
  }
  // True: resume at the host fault.
  [[nodiscard]] bool HandleExit();
  [[nodiscard]] bool DeliverPendingDebugTraps();
  [[nodiscard]] bool DeliverPendingInterrupt();
  // IF is set and an interrupt waits; the shadow of STI or MOV SS may still hold it off.
  [[nodiscard]] bool InterruptAwaitsBoundary() const {
    return (context_->cpu.eflags & flag::kIf) != 0 && gate_.InterruptRequested();
  }
  void WaitForKick();
  void SyncFlagsFromHost();
  void SyncFlagsToHost();
  void UpdateSegmentPointers();
  void Raise(const Exception& exception);
  void RaiseFromBlock(Vector vector);
  void SaveShadowStack();
  void NoteOutcome(StepOutcome outcome);
  void Remember(uint32_t eip);

  // debug.cc
  [[nodiscard]] bool AtBreakpoint() const;
  // What stops a run, if anything does, once an instruction or an event is done.
  [[nodiscard]] std::optional<RunResult> WatchResult(RunFor limit);
  void NoteAdvance();

  // lookup.cc
  [[nodiscard]] Status SelectWindow(BlockMode mode);
  [[nodiscard]] bool Optimises(Optimisation one) const { return options_.optimisations.Has(one); }
  [[nodiscard]] BlockMode PresentMode();
  [[nodiscard]] uint32_t CodeSegmentId();
  // Nothing: a fault was delivered to the guest instead, or the cache was flushed: look again.
  [[nodiscard]] std::optional<BlockEntry> FindOrTranslate(BlockMode mode);
  [[nodiscard]] std::optional<BlockEntry> FindInside(const BlockKey& key) const;
  [[nodiscard]] bool LeadsTo(const PendingLink& pending, const BlockKey& key) const;
  [[nodiscard]] Block* TranslateAt(const BlockKey& key);
  [[nodiscard]] bool MoveCodeTo(const BlockKey& key);
  void RecycleCells();
  void ShowMoved(const Block& block);
  void ShowTranslated(const Block& block, const TranslationRequest& request);
  [[nodiscard]] Faultable<PhysicalAddress> FetchPage(LinearAddress address);
  // Blocks of the page are to compare its bytes whenever they are entered.
  [[nodiscard]] bool MustCheck(PhysicalAddress page) const;
  void MarkCode(PhysicalAddress page);
  // Drops what was translated from the page; the next translation is done under its new rule.
  void DropPage(PhysicalAddress page, DropCause cause);
  [[nodiscard]] bool HasCode(PhysicalAddress start, uint64_t bytes) const;
  void FlushCodeCache();
  [[nodiscard]] bool MayChain(const Block& source, const Link& link, const Block& target);
  void ChainPending(const BlockEntry& target);

  // callouts.cc
  static bool CalloutThunk(ExecutionContext* context, uint32_t site) noexcept;
  static bool AccessBeginThunk(ExecutionContext* context, uint32_t site) noexcept;
  static bool AccessEndThunk(ExecutionContext* context, uint32_t site) noexcept;
  [[nodiscard]] bool Callout(uint32_t number);
  [[nodiscard]] bool AccessBegin(const Site& site);
  void AccessEnd(const Site& site);
  [[nodiscard]] Faultable<LinearAddress> SiteAddress(const Site& site);
  [[nodiscard]] bool LeaveCallout();
  [[nodiscard]] bool MayResumeAfter(const Site& site, uint64_t drops_before,
                                    uint64_t invalidations_before);
  [[nodiscard]] bool TransferAfterCallout();
  [[nodiscard]] bool MayNotStore(const Site& site, LinearAddress address);
  [[nodiscard]] Faultable<uint8_t*> DirectPointer(LinearAddress address, const Site& site,
                                                  bool& guilty);
  [[nodiscard]] bool DeviceRaisedInterrupt();
  // A software access of the site is through. True: its blocks are gone, it has got another form.
  [[nodiscard]] bool ForgiveSite(const Site& site, bool guilty);
  // The same of one to plain memory; `mapped`: the window shows the page.
  [[nodiscard]] bool JudgeAccess(const Site& site, LinearAddress address, bool mapped);
  void NoteSoftwareFault(PhysicalAddress instruction, LinearAddress address);
  void PardonSite(const Site& site);
  // What an access of the site has raised is delivered. True: generated code goes on in the
  // handler.
  [[nodiscard]] bool RaiseFromAccess(const Site& site, const Exception& exception);
  void PardonIfView(const Site& site, LinearAddress address);
  void LeaveAfterInstruction() { context_->kick = 1; }

  // segment_loads.cc
  // For the stub to repeat what the site has just loaded.
  void KeepSegmentLoad(const Site& site, uint32_t number);
  void UpdateSegmentGeneration();
  // What was known of the place of descriptor tables holds no longer.
  void ForgetTables();

  // far_transfers.cc
  // For the stub to repeat the transfer that led from `from` to the present code.
  void KeepFarTarget(WindowCode& from);
  // Generated code may be that of another segment than was entered.
  void FollowFarTransfers() {
    if (context_->tables != code_) [[unlikely]]
      AdoptTables();
  }
  void AdoptTables();

  // software_move.cc
  [[nodiscard]] bool Move(const Site& site);
  [[nodiscard]] bool MoveToDevice(const Site& site);
  [[nodiscard]] Faultable<void> MoveOperand(const Site& site, LinearAddress address);

  // host_fault.cc
  // True: the cause is gone, resume exactly there.
  [[nodiscard]] bool HandleHostFault();
  [[nodiscard]] bool HandlePageFault(const Block& block);
  void HandleFpuError();
  void WaitForFpuInterrupt();
  [[nodiscard]] std::optional<GuestInstruction> FetchAgain(const Block& block, uint32_t eip);
  [[nodiscard]] FpuPointers ToGuest(const HostFpuPointers& host) override;
  // Of the instruction at cpu.eip, in `block`, which has faulted:
  [[nodiscard]] PhysicalAddress InstructionIn(const Block& block) const;
  [[nodiscard]] bool CanLookFirst(const Block& block);
  // True: its site has got another form.
  bool AdaptSite(const Block& block, uint32_t weight);
  bool AdaptUserSite(const Block& block);
  void RetranslateSite(PhysicalAddress site);
  void LearnTarget();
  void GiveUpGuess(Block& block, Link& link);
  // Before user code goes on, with its window selected.
  void MapRepeatedAccess();

  // observation.cc
  // The ports as the processor sees them while accesses are observed or timed.
  class ObservedPorts final : public PortIo {
   public:
    ObservedPorts(PortIo& ports, Engine& engine) : ports_(ports), engine_(engine) {}
    uint32_t ReadPort(uint16_t port, unsigned bytes) override;
    void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

   private:
    PortIo& ports_;
    Engine& engine_;
  };
  [[nodiscard]] Status Observe(EngineObserver& observer);
  void DrainRecorder();
  [[nodiscard]] bool Observes(Observation what) const { return (observed_ & BitOf(what)) != 0; }
  // Only what is observed.
  void Tell(const EngineEvent& event) { TellAt(context_->cpu.eip, event); }
  void TellAt(uint32_t eip, const EngineEvent& event);
  void TellMode();
  void TellHostFault(FaultMeaning meaning, bool write = false, uint32_t address = 0);
  // `goes_on`, which a callout returns.
  [[nodiscard]] bool TellResumed(bool goes_on) {
    if (goes_on && Observes(Observation::kResumes)) Tell(Resumed{});
    return goes_on;
  }
  [[nodiscard]] StepOutcome ExecuteObserved(const GuestInstruction& instruction);
  void OnException(const Exception& exception) override;
  void OnSoftwareInterrupt(uint8_t vector) override;
  void OnDeviceAccess(PhysicalAddress address, unsigned bytes, bool write, uint64_t value) override;
  void OnPatched(const Block& block, uint32_t offset) override;
  uint32_t Drop(PhysicalAddress start, uint32_t bytes, DropCause cause);

  // An access of user code that the guest was told of: when it is about to be repeated, its page is
  // mapped at once, which saves a second signal.
  struct FaultedAccess {
    uint32_t eip = 0;
    LinearAddress address;
    bool write = false;
  };

  Mmu& mmu_;
  WindowSet& windows_;
  EventGate& gate_;
  FirmwareTrap* firmware_ = nullptr;
  const EngineOptions options_;

  std::unique_ptr<ExecutionContext> context_;
  std::unique_ptr<CodeMemory> code_memory_;
  Stubs stubs_;
  DirectCells cells_;
  SiteTable sites_;
  Adaptation adaptation_;
  CodePages code_pages_;
  std::unique_ptr<BlockStore> store_;
  std::unique_ptr<Translator> translator_;
  std::unique_ptr<BlockGuard> guard_;  // nullptr: nothing is validated
  std::unique_ptr<WindowCodeSet> window_code_;
  std::unique_ptr<LinkedPages> linked_pages_;
  std::unique_ptr<BlockRecorder> recorder_;  // nullptr: executions are not recorded
  std::unique_ptr<PortIo> observed_ports_;   // nullptr: nobody looks
  std::unique_ptr<VirtualCpu> cpu_;
  std::unique_ptr<StringOperations> strings_;
  std::unique_ptr<SegmentedMemory> segments_;
  void* trap_page_ = nullptr;  // unreadable: where fs_base and gs_base point while restricted

  WindowId window_ = 0;
  WindowCode* code_ = nullptr;  // of window_
  BlockMode mode_;              // of the block that runs
  // WindowCodeSet::generation when code_ was entered.
  uint64_t entered_generation_ = 0;
  std::optional<PendingLink> pending_link_;
  std::optional<FaultedAccess> faulted_access_;
  std::vector<std::pair<uint32_t, uint32_t>> code_segments_;  // (base, limit) by id - 1

  SignalTarget signal_target_;
  std::atomic<pthread_t> thread_{};
  std::atomic<bool> running_ = false;
  uint64_t invalidations_ = 0;  // grows with every code write that dropped blocks
  bool access_bounced_ = false;
  Breakpoints breakpoints_;
  AccessWatch watch_;
  bool advanced_ = false;       // while watched: an instruction or an event was done
  bool software_once_ = false;  // the next instruction runs in software form
  LinearAddress access_address_;
  DescriptorTable known_gdtr_;  // as of the last look
  uint64_t table_moves_ = 0;
  // The last x87 operand that was accessed in software form: where, and what it stood for.
  uint64_t fpu_operand_ = 0;
  LinearAddress fpu_operand_address_;
  Observations observed_ = 0;
  uint32_t block_number_ = 0;  // the last that was given to a translation
  DropCause drop_cause_ = DropCause::kWritten;
  ProcessorMode told_mode_ = ProcessorMode::kReal;
  bool servicing_ = false;  // devices act on their own
  EngineStatistics statistics_;
  TimeAccount time_;
  std::deque<ExecutionCounts> execution_counts_;
  DynamicStatistics executed_before_{};  // by blocks that a flush has taken
  std::array<uint32_t, 32> recent_eips_{};
  uint32_t recent_count_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_ENGINE_H_
