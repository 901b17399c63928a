// SPDX-License-Identifier: Apache-2.0
// Construction, reset, and the delivery of events with the double- and triple-fault rules (SDM
// vol. 3, table 6-5). The instructions are in the execute_*.cc files.
#include "vcpu/virtual_cpu.h"

#include <x86intrin.h>

#include <algorithm>

#include "vcpu/fpu_image.h"

namespace verbatim {
namespace {

constexpr uint64_t kMiscEnableAtReset = 0x1801;  // fast strings; no BTS, no PEBS
constexpr uint16_t kLdtAttributes = 0x0082;
constexpr uint16_t kTss16BusyAttributes = 0x0083;
// Serial faults of one event. Real processors can repeat #AC for ever here.
constexpr int kMaxNesting = 16;

// Faults push RF set, so that returning to the instruction does not meet its breakpoint again. #DB
// pushes it as it is: clear for an instruction breakpoint (SDM vol. 3, 17.3.1.1).
constexpr bool PushesResumeFlag(Vector vector) {
  constexpr uint32_t kFaults = (1u << 0) | (1u << 5) | (1u << 6) | (1u << 7) | (0x1Fu << 10) |
                               (1u << 16) | (1u << 17) | (1u << 19);
  return ((kFaults >> static_cast<unsigned>(vector)) & 1) != 0;
}

constexpr bool IsContributory(Vector vector) {
  constexpr uint32_t kContributory = (1u << 0) | (0xFu << 10);
  return ((kContributory >> static_cast<unsigned>(vector)) & 1) != 0;
}

constexpr bool MakesDoubleFault(Vector first, Vector second) {
  if (first == Vector::kPageFault) return second == Vector::kPageFault || IsContributory(second);
  return IsContributory(first) && IsContributory(second);
}

}  // namespace

VirtualCpu::VirtualCpu(CpuState& state, Mmu& mmu, WindowSet* windows, PortIo& ports,
                       const CpuModel& model)
    : state_(state),
      model_(model),
      memory_(state, mmu),
      tables_(state, mmu),
      paging_(state, mmu, windows, model_),
      msrs_(state, model_, paging_, statistics_.unknown_msr),
      tasks_(state, mmu, tables_, paging_, statistics_.task_switches),
      events_(state, memory_, tables_, tasks_),
      transfers_(state, memory_, tables_, tasks_),
      ports_(state, memory_, ports) {}

// What reset and INIT have in common; the rest of the state is that of a new CpuState.
void VirtualCpu::StartAtResetVector() {
  AccessWatch* const watch = state_.watch;
  state_ = CpuState{};
  state_.watch = watch;
  state_.gpr[kEdx] = model_.signature;
  state_.eip = 0xFFF0;
  for (SegmentRegister& segment : state_.segments) {
    segment = {.selector = 0, .attributes = kRealModeAttributes, .base = 0, .limit = 0xFFFF};
  }
  state_.segments[kCs].selector = 0xF000;
  state_.segments[kCs].base = 0xFFFF0000;
  state_.ldtr = {.selector = 0, .attributes = kLdtAttributes, .base = 0, .limit = 0xFFFF};
  state_.tr = {.selector = 0, .attributes = kTss16BusyAttributes, .base = 0, .limit = 0xFFFF};
  state_.gdtr.limit = 0xFFFF;
  state_.idtr.limit = 0xFFFF;
}

void VirtualCpu::Reset() {
  StartAtResetVector();
  state_.cr0 = cr0::kCd | cr0::kNw | cr0::kEt;
  msrs_.SetApicBase(kApicBaseDefault | kApicBaseBsp |
                    (model_.has_apic ? kApicBaseEnable : uint64_t{0}));
  state_.misc_enable = kMiscEnableAtReset;
  state_.tsc_offset = uint64_t{0} - __rdtsc();
  ResetFpu();
  SynchronizePaging();
}

void VirtualCpu::Init() {
  const CpuState before = state_;
  StartAtResetVector();
  state_.cr0 = cr0::kEt | (before.cr0 & (cr0::kCd | cr0::kNw));
  state_.xmm = before.xmm;
  state_.mxcsr = before.mxcsr;
  state_.fpu_pointers = before.fpu_pointers;
  state_.sysenter_cs = before.sysenter_cs;
  state_.sysenter_esp = before.sysenter_esp;
  state_.sysenter_eip = before.sysenter_eip;
  state_.apic_base = before.apic_base;
  state_.misc_enable = before.misc_enable;
  state_.pat = before.pat;
  state_.mtrr_def_type = before.mtrr_def_type;
  state_.mtrr_variable = before.mtrr_variable;
  state_.mtrr_fixed = before.mtrr_fixed;
  state_.bios_sign_id = before.bios_sign_id;
  state_.mcg_status = before.mcg_status;
  state_.tsc_offset = before.tsc_offset;
  state_.machine_check_control = before.machine_check_control;
  SynchronizePaging();
}

void VirtualCpu::SynchronizePaging() { paging_.Synchronize(); }

Faultable<LinearAddress> VirtualCpu::EffectiveLinearAddress(const GuestInstruction& instruction,
                                                            bool write) {
  return memory_.Locate(instruction.memory.segment, memory_.EffectiveOffset(instruction),
                        std::max<uint32_t>(instruction.memory.bytes, 1), write);
}

StepOutcome VirtualCpu::RaiseException(const Exception& exception) {
  Exception current = exception;
  // What an instruction met before it faulted is not reported; what its delivery meets is.
  state_.debug_hits = 0;
  if (state_.watch != nullptr) state_.watch->Forget();
  for (int nesting = 0; nesting < kMaxNesting; ++nesting) {
    ++statistics_.exceptions[static_cast<unsigned>(current.vector) % 32];
    if (current.vector == Vector::kPageFault) state_.cr2 = current.fault_address.value;
    if (observer_ != nullptr) observer_->OnException(current);
    const uint32_t resume = PushesResumeFlag(current.vector) ? flag::kRf : 0;
    const auto done = events_.Deliver({.vector = static_cast<uint8_t>(current.vector),
                                       .software = false,
                                       .has_error_code = HasErrorCode(current.vector),
                                       .error_code = current.error_code,
                                       .return_eip = state_.eip,
                                       .saved_flags = state_.eflags | resume});
    if (done) {
      NoteDebugTraps(false);
      if (current.vector == Vector::kDebug) state_.dr[7] &= ~dr7::kGeneralDetect;
      return StepOutcome::kModeOrFlow;
    }
    const Exception& next = done.error();
    // #DB here is the T bit of a task that has been entered.
    if (current.vector == Vector::kDoubleFault && next.vector != Vector::kDebug) break;
    if (next.vector == Vector::kPageFault) state_.cr2 = next.fault_address.value;
    current = MakesDoubleFault(current.vector, next.vector) ? Exception{Vector::kDoubleFault, 0, {}}
                                                            : next;
  }
  state_.shutdown = true;
  return StepOutcome::kShutdown;
}

StepOutcome VirtualCpu::DeliverInterrupt(uint8_t vector) {
  ++statistics_.interrupts;
  state_.debug_hits = 0;
  const auto done = events_.Deliver({.vector = vector,
                                     .software = false,
                                     .has_error_code = false,
                                     .error_code = 0,
                                     .return_eip = state_.eip,
                                     .saved_flags = state_.eflags});
  if (!done) return RaiseException(done.error());
  NoteDebugTraps(false);
  return StepOutcome::kModeOrFlow;
}

StepOutcome VirtualCpu::DeliverNmi() {
  state_.nmi_blocked = true;
  return DeliverInterrupt(static_cast<uint8_t>(Vector::kNmi));
}

Faultable<void> VirtualCpu::SoftwareInterrupt(uint8_t vector, uint32_t next_eip) {
  ++statistics_.software_interrupts;
  if (observer_ != nullptr) observer_->OnSoftwareInterrupt(vector);
  return events_.Deliver({.vector = vector,
                          .software = true,
                          .has_error_code = false,
                          .error_code = 0,
                          .return_eip = next_eip,
                          .saved_flags = state_.eflags});
}

}  // namespace verbatim
