// SPDX-License-Identifier: Apache-2.0
// CLI, STI, PUSHF, POPF (SDM vol. 2). CR4.VME and PVI do not exist in the models.
#include "vcpu/virtual_cpu.h"

namespace verbatim {
namespace {

constexpr uint32_t kUserFlags = flag::kArithmetic | flag::kTf | flag::kDf | flag::kNt;
// Translated code depends on these.
constexpr uint32_t kModeFlags = flag::kTf | flag::kAc;

}  // namespace

VirtualCpu::Outcome VirtualCpu::ClearInterruptFlag() {
  if (state_.ProtectedMode() && state_.cpl > state_.Iopl()) return RaiseGeneralProtection();
  state_.eflags &= ~flag::kIf;
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::SetInterruptFlag(uint32_t next_eip) {
  if (state_.ProtectedMode() && state_.cpl > state_.Iopl()) return RaiseGeneralProtection();
  if ((state_.eflags & flag::kIf) == 0) {
    state_.eflags |= flag::kIf;
    StartShadow(next_eip, false);
  }
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::PushFlags(unsigned operand_bits) {
  if (state_.Virtual8086() && state_.Iopl() != 3) return RaiseGeneralProtection();
  RETURN_IF_FAULT(memory_.Push(state_.eflags & ~(flag::kVm | flag::kRf), operand_bits / 8));
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::PopFlags(unsigned operand_bits) {
  if (state_.Virtual8086() && state_.Iopl() != 3) return RaiseGeneralProtection();
  uint32_t image[1];
  RETURN_IF_FAULT(memory_.Peek(image, operand_bits / 8));
  uint32_t writable = kUserFlags;
  if (operand_bits == 32) writable |= flag::kAc | flag::kId;
  if (state_.cpl <= state_.Iopl()) writable |= flag::kIf;
  if (state_.cpl == 0) writable |= flag::kIopl;
  const uint32_t flags = (state_.eflags & ~writable) | (image[0] & writable);
  const bool mode_changed = ((flags ^ state_.eflags) & kModeFlags) != 0;
  memory_.MoveStackPointer(operand_bits / 8);
  state_.eflags = flags;
  return mode_changed ? StepOutcome::kModeOrFlow : StepOutcome::kNext;
}

}  // namespace verbatim
