// SPDX-License-Identifier: Apache-2.0
// The virtual CPU: the semantics of every sensitive instruction, of exceptions and interrupts, and
// of the modes. It knows guest state only, nothing of host code. vCPU thread only.
#ifndef VERBATIM_VCPU_VIRTUAL_CPU_H_
#define VERBATIM_VCPU_VIRTUAL_CPU_H_

#include <cstdint>
#include <expected>
#include <optional>

#include "decoder/instruction.h"
#include "memory/mmu.h"
#include "memory/window.h"
#include "vcpu/cpu_model.h"
#include "vcpu/cpu_state.h"
#include "vcpu/port_io.h"

namespace verbatim {

// Exception vectors (SDM vol. 3, table 6-1).
enum class Vector : uint8_t {
  kDivideError = 0, kDebug = 1, kNmi = 2, kBreakpoint = 3, kOverflow = 4, kBound = 5,
  kInvalidOpcode = 6, kDeviceNotAvailable = 7, kDoubleFault = 8, kInvalidTss = 10,
  kSegmentNotPresent = 11, kStackFault = 12, kGeneralProtection = 13, kPageFault = 14,
  kMathFault = 16, kAlignmentCheck = 17, kMachineCheck = 18, kSimdFault = 19,
};

// An exception that an instruction raises, before it is delivered.
struct Exception {
  Vector vector = Vector::kInvalidOpcode;
  uint32_t error_code = 0;          // where the vector has one
  LinearAddress fault_address;      // kPageFault: goes to CR2
};

template <typename T>
using Faultable = std::expected<T, Exception>;

// What is left for the run loop to do after a sensitive instruction.
enum class StepOutcome : uint8_t {
  kNext,        // done; eip is the next instruction; nothing that translated code depends on changed
  kModeOrFlow,  // done; eip, CPL, segments, paging or other mode state may have changed: look up anew
  kRepeat,      // a string I/O instruction has iterations left; eip still at it
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

  [[nodiscard]] CpuState& state() { return state_; }
  [[nodiscard]] const CpuModel& model() const { return model_; }
  [[nodiscard]] const CpuStatistics& statistics() const { return statistics_; }

  // Power-on state (SDM vol. 3, table 9-1).
  void Reset();

  // Executes one sensitive instruction that was fetched at state.eip; on success eip is past it (or
  // at its target). A fault it raises is delivered through the IDT before this returns; eip is then
  // the handler's and the outcome kModeOrFlow.
  StepOutcome Execute(const GuestInstruction& instruction);

  // Delivers an exception that was raised at state.eip (faults: eip is the faulting instruction;
  // traps: the next). Handles double fault, triple fault (kShutdown), task gates.
  StepOutcome RaiseException(const Exception& exception);
  // Delivers an external interrupt or NMI at state.eip.
  StepOutcome DeliverInterrupt(uint8_t vector);
  StepOutcome DeliverNmi();

  // IF, shadow: may a maskable interrupt be delivered before the instruction at state.eip?
  [[nodiscard]] bool InterruptsEnabled() const;

  // Effective linear address of a memory operand with present registers, after segment checks for an
  // access of its size (limit, type, null: #GP or #SS).
  [[nodiscard]] Faultable<LinearAddress> EffectiveLinearAddress(const GuestInstruction& instruction,
                                                                bool write);

  // Called after state was set up from outside (loaders, snapshot): tells the MMU and the windows.
  void SynchronizePaging();

 private:
  CpuState& state_;
  Mmu& mmu_;
  WindowSet* windows_;
  PortIo& ports_;
  const CpuModel model_;
  CpuStatistics statistics_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_VIRTUAL_CPU_H_
