// SPDX-License-Identifier: Apache-2.0
// The virtual CPU: the semantics of every sensitive instruction, of exceptions and interrupts, and
// of the modes. It knows guest state only, nothing of host code. vCPU thread only.
//
// An instruction completes, or leaves the state as it was apart from what the manual says has
// changed (string I/O, task switches), and is then delivered as an exception.
#ifndef VERBATIM_VCPU_VIRTUAL_CPU_H_
#define VERBATIM_VCPU_VIRTUAL_CPU_H_

#include <cstdint>

#include "decoder/instruction.h"
#include "memory/mmu.h"
#include "memory/window.h"
#include "vcpu/cpu_model.h"
#include "vcpu/cpu_observer.h"
#include "vcpu/cpu_state.h"
#include "vcpu/descriptor_tables.h"
#include "vcpu/event_delivery.h"
#include "vcpu/exception.h"
#include "vcpu/far_transfer.h"
#include "vcpu/fpu_image.h"
#include "vcpu/msr.h"
#include "vcpu/paging_control.h"
#include "vcpu/port_access.h"
#include "vcpu/port_io.h"
#include "vcpu/segmented_memory.h"
#include "vcpu/task_switch.h"

namespace verbatim {

// What is left for the run loop to do after a sensitive instruction.
enum class StepOutcome : uint8_t {
  kNext,  // done; eip is the next instruction; nothing that translated code depends on changed
  kModeOrFlow,  // done; eip, CPL, segments, paging or other mode state may have changed: look up
                // anew
  kRepeat,      // a string I/O instruction has iterations left; eip still at it
  kFpuError,    // an x87 exception waits and CR0.NE is clear: FERR#; eip still at the instruction
  kHalted,      // HLT
  kShutdown,    // triple fault
};

struct CpuStatistics {
  uint64_t exceptions[32] = {};
  uint64_t interrupts = 0;
  uint64_t software_interrupts = 0;
  uint64_t task_switches = 0;
  uint64_t cr3_loads = 0;
  uint64_t unknown_msr = 0;
};

class VirtualCpu {
 public:
  // `state` outlives the CPU (it lies in the engine's execution context). `windows` may be null in
  // tests: it is told of flushes only.
  VirtualCpu(CpuState& state, Mmu& mmu, WindowSet* windows, PortIo& ports, const CpuModel& model);
  VirtualCpu(const VirtualCpu&) = delete;
  VirtualCpu& operator=(const VirtualCpu&) = delete;

  [[nodiscard]] CpuState& state() { return state_; }
  [[nodiscard]] const CpuModel& model() const { return model_; }
  [[nodiscard]] const CpuStatistics& statistics() const { return statistics_; }

  // Power-on state (SDM vol. 3, table 9-1).
  void Reset();
  // The INIT pin (the same table): as Reset, but x87 and SSE state, the time stamp counter, caching
  // and most model-specific registers stay.
  void Init();

  // Who translates x87 pointers; outlives the CPU. Without it those of translated code are zero.
  void SetFpuPointerSource(FpuPointerSource* source) { fpu_pointers_ = source; }

  // Who hears of exceptions; outlives the CPU, or null.
  void SetObserver(CpuObserver* observer) { observer_ = observer; }

  // Who follows IA32_APIC_BASE: writes to it, and Reset; outlives the CPU.
  void SetApicBaseObserver(ApicBaseObserver* observer) { msrs_.SetApicBaseObserver(observer); }

  // Executes one sensitive instruction that was fetched at state.eip; on success eip is past it (or
  // at its target). A fault it raises is delivered through the IDT before this returns; eip is then
  // the handler's and the outcome kModeOrFlow. The single-step trap (EFLAGS.TF) of the instruction
  // is delivered here too. Instructions that the decoder calls undefined raise #UD or #GP(0).
  StepOutcome Execute(const GuestInstruction& instruction);

  // Debugging (debug_registers.h). While IsTraced, instructions come here or are followed, one by
  // one: before each, MeetsInstructionBreakpoint, which sets DR6, asks whether #DB comes instead;
  // after one that translated code completed, EndTracedInstruction delivers its traps; kNext if
  // there are none. `single_step`: EFLAGS.TF was set when it began.
  [[nodiscard]] bool MeetsInstructionBreakpoint();
  StepOutcome EndTracedInstruction(bool single_step);
  // Traps that delivering an event has met, or that MOV SS has held back: before anything else at
  // the next boundary (SDM vol. 3, table 6-2).
  StepOutcome DeliverDebugTraps();

  // Delivers an exception that was raised at state.eip (faults: eip is the faulting instruction;
  // traps: the next). Handles double fault, triple fault (kShutdown), task gates. For kDebug the
  // caller has set DR6.
  StepOutcome RaiseException(const Exception& exception);
  // Delivers an external interrupt or NMI at state.eip.
  StepOutcome DeliverInterrupt(uint8_t vector);
  StepOutcome DeliverNmi();

  // IF, shadow: may a maskable interrupt be delivered before the instruction at state.eip?
  [[nodiscard]] bool InterruptsEnabled() const {
    return (state_.eflags & flag::kIf) != 0 &&
           !(state_.shadow_active && state_.shadow_eip == state_.eip);
  }

  // Do misaligned accesses raise #AC now? Only accesses in software form are checked.
  [[nodiscard]] bool ChecksAlignment() const { return memory_.ChecksAlignment(); }

  // Effective linear address of a memory operand with present registers, after segment checks for
  // an access of its size (limit, type, null: #GP or #SS).
  [[nodiscard]] Faultable<LinearAddress> EffectiveLinearAddress(const GuestInstruction& instruction,
                                                                bool write);

  // The x87 and SSE state as FXSAVE writes it, and back; the latter fails where FXRSTOR would (bits
  // of MXCSR that are reserved). On the thread that runs the guest.
  void SaveFpuImage(std::span<uint8_t, kFxsaveWrittenBytes> image) const;
  [[nodiscard]] bool LoadFpuImage(std::span<const uint8_t, kFxsaveWrittenBytes> image);

  // Called after state was set up from outside (loaders, snapshot): tells the MMU and the windows.
  void SynchronizePaging();

 private:
  void StartAtResetVector();
  using Outcome = Faultable<StepOutcome>;

  // The instruction at eip follows a load of SS (SDM vol. 3, 6.8.3).
  [[nodiscard]] bool DebugInhibited() const {
    return state_.shadow_active && state_.shadow_inhibits_debug && state_.shadow_eip == state_.eip;
  }
  void NoteDebugTraps(bool single_step);

  // execute.cc
  [[nodiscard]] Outcome Dispatch(const GuestInstruction& instruction, uint32_t next_eip);
  [[nodiscard]] Outcome DispatchTransfer(const GuestInstruction& instruction, uint32_t next_eip);
  [[nodiscard]] Outcome Halt();
  [[nodiscard]] Faultable<void> Transfer(const GuestInstruction& instruction, uint32_t next_eip);
  [[nodiscard]] Faultable<void> FarBranch(const GuestInstruction& instruction, uint32_t next_eip);
  [[nodiscard]] Faultable<void> SoftwareInterrupt(uint8_t vector, uint32_t next_eip);
  [[nodiscard]] Faultable<void> RequireCpl0() const {
    if (state_.cpl != 0) [[unlikely]]
      return RaiseGeneralProtection();
    return {};
  }
  [[nodiscard]] bool SegmentsAreProtected() const {
    return state_.ProtectedMode() && !state_.Virtual8086();
  }

  // execute_flags.cc
  [[nodiscard]] Outcome ClearInterruptFlag();
  [[nodiscard]] Outcome SetInterruptFlag(uint32_t next_eip);
  [[nodiscard]] Outcome PushFlags(unsigned operand_bits);
  [[nodiscard]] Outcome PopFlags(unsigned operand_bits);

  // execute_segments.cc
  [[nodiscard]] Outcome MoveToSegment(const GuestInstruction& instruction, uint32_t next_eip);
  [[nodiscard]] Outcome PushSegment(const GuestInstruction& instruction);
  [[nodiscard]] Outcome PopSegment(const GuestInstruction& instruction, uint32_t next_eip);
  [[nodiscard]] Outcome LoadFarPointer(const GuestInstruction& instruction, Segment segment);
  StepOutcome CommitSegment(uint8_t segment, const SegmentRegister& value);
  void StartShadow(uint32_t next_eip, bool inhibits_debug);
  [[nodiscard]] Outcome LoadLdt(const GuestInstruction& instruction);
  [[nodiscard]] Outcome LoadTaskRegister(const GuestInstruction& instruction);
  [[nodiscard]] Outcome InspectSelector(const GuestInstruction& instruction);
  [[nodiscard]] Outcome AdjustRpl(const GuestInstruction& instruction);

  // execute_system.cc
  [[nodiscard]] Outcome MoveControl(const GuestInstruction& instruction);
  [[nodiscard]] Outcome MoveDebug(const GuestInstruction& instruction);
  [[nodiscard]] Outcome WriteCr0(uint32_t value);
  [[nodiscard]] Outcome ClearTaskSwitched();
  [[nodiscard]] Outcome WriteBackCaches();
  [[nodiscard]] Outcome LoadTable(const GuestInstruction& instruction, DescriptorTable& table);
  [[nodiscard]] Outcome StoreTable(const GuestInstruction& instruction,
                                   const DescriptorTable& table);
  [[nodiscard]] Outcome StoreMachineStatus(const GuestInstruction& instruction);
  [[nodiscard]] Outcome StoreSystemSelector(const GuestInstruction& instruction,
                                            const SegmentRegister& value);
  [[nodiscard]] Outcome LoadMachineStatus(const GuestInstruction& instruction);
  [[nodiscard]] Outcome InvalidatePage(const GuestInstruction& instruction);
  [[nodiscard]] Outcome ReadTimeStamp();
  [[nodiscard]] Outcome ReadPerformanceCounter();
  [[nodiscard]] Outcome ReadMsr();
  [[nodiscard]] Outcome WriteMsr();
  void Cpuid();

  // execute_fpu.cc
  [[nodiscard]] Outcome FpuState(const GuestInstruction& instruction);
  [[nodiscard]] Outcome FxSave(const GuestInstruction& instruction);
  [[nodiscard]] Outcome FxRestore(const GuestInstruction& instruction);
  [[nodiscard]] Outcome StoreFpu(const GuestInstruction& instruction, bool with_registers);
  [[nodiscard]] Outcome LoadFpu(const GuestInstruction& instruction, bool with_registers);
  [[nodiscard]] Outcome MoveMxcsr(const GuestInstruction& instruction);

  // execute_legacy.cc
  [[nodiscard]] Outcome Decimal(const GuestInstruction& instruction);
  void SetResultFlags(uint8_t al, bool carry, bool adjust);
  [[nodiscard]] Outcome Bound(const GuestInstruction& instruction);
  [[nodiscard]] Outcome PushAll(unsigned operand_bits);
  [[nodiscard]] Outcome PopAll(unsigned operand_bits);
  [[nodiscard]] Outcome Enter(const GuestInstruction& instruction);
  [[nodiscard]] Outcome StringIo(const GuestInstruction& instruction);
  [[nodiscard]] Outcome PortIn(const GuestInstruction& instruction);
  [[nodiscard]] Outcome PortOut(const GuestInstruction& instruction);

  CpuState& state_;
  const CpuModel model_;
  CpuStatistics statistics_;
  FpuPointerSource* fpu_pointers_ = nullptr;
  CpuObserver* observer_ = nullptr;
  LogLimiter undecoded_;
  SegmentedMemory memory_;
  DescriptorTables tables_;
  PagingControl paging_;
  ModelSpecificRegisters msrs_;
  TaskSwitcher tasks_;
  EventDelivery events_;
  FarTransfer transfers_;
  PortAccess ports_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_VIRTUAL_CPU_H_
