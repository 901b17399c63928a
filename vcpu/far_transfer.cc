// SPDX-License-Identifier: Apache-2.0
// Far transfers: check, push, commit. See far_transfer.h.
#include "vcpu/far_transfer.h"

#include <span>

namespace verbatim {
namespace {

// The flat segments of SYSENTER and SYSEXIT (SDM vol. 2): 4 GiB, 32-bit, accessed.
constexpr uint16_t kFlatCode = 0xC09B;
constexpr uint16_t kFlatData = 0xC093;
constexpr uint16_t kDpl3 = 0x0060;

SegmentRegister FlatSegment(uint32_t selector, unsigned cpl, uint16_t attributes) {
  return {.selector = WithRpl(static_cast<uint16_t>(selector), cpl),
          .attributes = static_cast<uint16_t>(attributes | (cpl == 3 ? kDpl3 : 0)),
          .base = 0,
          .limit = 0xFFFFFFFF};
}

bool IsCallGate(const Descriptor& descriptor) {
  return descriptor.IsSystem() && (descriptor.Type() == SystemType::kCallGate16 ||
                                   descriptor.Type() == SystemType::kCallGate32);
}

}  // namespace

void FarTransfer::Commit(const SegmentRegister& cs, uint32_t eip) {
  state_.segments[kCs] = cs;
  state_.eip = eip;
}

void FarTransfer::CommitReal(uint16_t selector, uint32_t eip) {
  SegmentRegister& cs = state_.segments[kCs];
  if (state_.Virtual8086()) {
    cs = Virtual8086Segment(selector);
  } else {
    LoadRealMode(cs, selector);
  }
  state_.eip = eip;
}

Faultable<SegmentRegister> FarTransfer::PrepareDirect(uint16_t selector,
                                                      const Descriptor& descriptor) {
  const uint32_t error = SelectorError(selector);
  const bool allowed = descriptor.IsConforming()
                           ? descriptor.Dpl() <= state_.cpl
                           : RplOf(selector) <= state_.cpl && descriptor.Dpl() == state_.cpl;
  if (!allowed) return RaiseGeneralProtection(error);
  if (!descriptor.Present()) return Raise(Vector::kSegmentNotPresent, error);
  return tables_.PrepareCode(selector, descriptor, state_.cpl);
}

Faultable<Descriptor> FarTransfer::ReadGateTarget(const Descriptor& gate, bool call) {
  const uint16_t selector = gate.GateSelector();
  const uint32_t error = SelectorError(selector);
  if (IsNullSelector(selector)) return RaiseGeneralProtection();
  ASSIGN_OR_FAULT(const Descriptor code, tables_.Read(selector, Vector::kGeneralProtection));
  const bool same_level_only = !call && !code.IsConforming();
  if (!code.IsCode() || code.Dpl() > state_.cpl || (same_level_only && code.Dpl() != state_.cpl)) {
    return RaiseGeneralProtection(error);
  }
  if (!code.Present()) return Raise(Vector::kSegmentNotPresent, error);
  return code;
}

Faultable<void> FarTransfer::SwitchTask(uint16_t selector, const Descriptor& descriptor,
                                        TaskSwitchCause cause, uint32_t next_eip) {
  const uint32_t error = SelectorError(selector);
  const bool gate = descriptor.IsSystem() && descriptor.Type() == SystemType::kTaskGate;
  if (!gate && (!descriptor.IsAvailableTss() || (selector & kSelectorTableBit) != 0)) {
    return RaiseGeneralProtection(error);
  }
  if (descriptor.Dpl() < state_.cpl || descriptor.Dpl() < RplOf(selector)) {
    return RaiseGeneralProtection(error);
  }
  if (!descriptor.Present()) return Raise(Vector::kSegmentNotPresent, error);
  ASSIGN_OR_FAULT(
      const bool trap,
      gate ? tasks_.SwitchThroughGate(descriptor.GateSelector(), cause, next_eip, state_.eflags)
           : tasks_.SwitchTo(selector, descriptor, cause, next_eip, state_.eflags));
  if (trap) return Raise(Vector::kDebug);
  return {};
}

Faultable<void> FarTransfer::Jump(uint16_t selector, uint32_t offset, uint32_t next_eip) {
  if (SegmentsAreReal()) {
    if (offset > state_.segments[kCs].limit) return RaiseGeneralProtection();
    CommitReal(selector, offset);
    return {};
  }
  if (IsNullSelector(selector)) return RaiseGeneralProtection();
  ASSIGN_OR_FAULT(const Descriptor descriptor, tables_.Read(selector, Vector::kGeneralProtection));
  if (descriptor.IsCode()) {
    ASSIGN_OR_FAULT(const SegmentRegister cs, PrepareDirect(selector, descriptor));
    if (offset > cs.limit) return RaiseGeneralProtection();
    Commit(cs, offset);
    return {};
  }
  if (!IsCallGate(descriptor)) {
    return SwitchTask(selector, descriptor, TaskSwitchCause::kJump, next_eip);
  }
  if (descriptor.Dpl() < state_.cpl || descriptor.Dpl() < RplOf(selector)) {
    return RaiseGeneralProtection(SelectorError(selector));
  }
  if (!descriptor.Present()) return Raise(Vector::kSegmentNotPresent, SelectorError(selector));
  ASSIGN_OR_FAULT(const Descriptor code, ReadGateTarget(descriptor, false));
  ASSIGN_OR_FAULT(const SegmentRegister cs,
                  tables_.PrepareCode(descriptor.GateSelector(), code, state_.cpl));
  if (descriptor.GateOffset() > cs.limit) return RaiseGeneralProtection();
  Commit(cs, descriptor.GateOffset());
  return {};
}

// The room on the stack is looked at before the limit of the target (SDM vol. 2, CALL).
Faultable<void> FarTransfer::PushAndCommit(const PushFrame& frame, const SegmentRegister& cs,
                                           uint32_t offset) {
  if (offset > cs.limit) {
    RETURN_IF_FAULT(SegmentedMemory::CheckFrame(frame, state_.segments[kSs], state_.gpr[kEsp], 0));
    return RaiseGeneralProtection();
  }
  RETURN_IF_FAULT(memory_.Push(frame));
  Commit(cs, offset);
  return {};
}

Faultable<void> FarTransfer::Call(uint16_t selector, uint32_t offset, unsigned operand_bits,
                                  uint32_t next_eip) {
  PushFrame frame(operand_bits / 8);
  frame.Push(state_.segments[kCs].selector);
  frame.Push(next_eip);
  if (SegmentsAreReal()) {
    if (offset > state_.segments[kCs].limit) return RaiseGeneralProtection();
    RETURN_IF_FAULT(memory_.Push(frame));
    CommitReal(selector, offset);
    return {};
  }
  if (IsNullSelector(selector)) return RaiseGeneralProtection();
  ASSIGN_OR_FAULT(const Descriptor descriptor, tables_.Read(selector, Vector::kGeneralProtection));
  if (descriptor.IsCode()) {
    ASSIGN_OR_FAULT(const SegmentRegister cs, PrepareDirect(selector, descriptor));
    return PushAndCommit(frame, cs, offset);
  }
  if (!IsCallGate(descriptor)) {
    return SwitchTask(selector, descriptor, TaskSwitchCause::kCall, next_eip);
  }
  if (descriptor.Dpl() < state_.cpl || descriptor.Dpl() < RplOf(selector)) {
    return RaiseGeneralProtection(SelectorError(selector));
  }
  if (!descriptor.Present()) return Raise(Vector::kSegmentNotPresent, SelectorError(selector));
  ASSIGN_OR_FAULT(const Descriptor code, ReadGateTarget(descriptor, true));
  if (!code.IsConforming() && code.Dpl() < state_.cpl) {
    return CallInner(descriptor, code, next_eip);
  }
  PushFrame gate_frame(descriptor.GateIs32() ? 4 : 2);
  gate_frame.Push(state_.segments[kCs].selector);
  gate_frame.Push(next_eip);
  ASSIGN_OR_FAULT(const SegmentRegister cs,
                  tables_.PrepareCode(descriptor.GateSelector(), code, state_.cpl));
  return PushAndCommit(gate_frame, cs, descriptor.GateOffset());
}

Faultable<void> FarTransfer::CallInner(const Descriptor& gate, const Descriptor& code,
                                       uint32_t next_eip) {
  const unsigned bytes = gate.GateIs32() ? 4 : 2;
  ASSIGN_OR_FAULT(const DescriptorTables::InnerStack target, tables_.PrepareInnerStack(code.Dpl()));
  uint32_t parameters[31];
  const std::span<uint32_t> used(parameters, gate.GateParameters());
  if (!used.empty()) RETURN_IF_FAULT(memory_.Peek(used, bytes));
  PushFrame frame(bytes);
  frame.Push(state_.segments[kSs].selector);
  frame.Push(state_.gpr[kEsp]);
  for (size_t i = used.size(); i-- > 0;) frame.Push(used[i]);
  frame.Push(state_.segments[kCs].selector);
  frame.Push(next_eip);
  ASSIGN_OR_FAULT(const SegmentRegister cs,
                  tables_.PrepareCode(gate.GateSelector(), code, code.Dpl()));
  const uint32_t stack_error = SelectorError(target.segment.selector);
  if (gate.GateOffset() > cs.limit) {
    RETURN_IF_FAULT(
        SegmentedMemory::CheckFrame(frame, target.segment, target.pointer, stack_error));
    return RaiseGeneralProtection();
  }
  ASSIGN_OR_FAULT(const uint32_t pointer, memory_.WriteFrame(frame, target.segment, target.pointer,
                                                             code.Dpl(), stack_error));
  state_.cpl = code.Dpl();
  state_.segments[kSs] = target.segment;
  memory_.SetStackPointer(pointer);
  Commit(cs, gate.GateOffset());
  return {};
}

Faultable<void> FarTransfer::Return(unsigned operand_bits, uint32_t released) {
  const unsigned bytes = operand_bits / 8;
  uint32_t frame[2];  // EIP, CS
  RETURN_IF_FAULT(memory_.Peek(frame, bytes));
  const uint32_t eip = frame[0];
  const uint16_t selector = static_cast<uint16_t>(frame[1]);
  if (SegmentsAreReal()) {
    if (eip > state_.segments[kCs].limit) return RaiseGeneralProtection();
    CommitReal(selector, eip);
    memory_.MoveStackPointer(2 * bytes + released);
    return {};
  }
  if (RplOf(selector) < state_.cpl && !IsNullSelector(selector)) {
    return RaiseGeneralProtection(SelectorError(selector));
  }
  ASSIGN_OR_FAULT(const SegmentRegister cs,
                  tables_.PrepareReturnCode(selector, Vector::kGeneralProtection));
  if (RplOf(selector) == state_.cpl) {
    if (eip > cs.limit) return RaiseGeneralProtection();
    Commit(cs, eip);
    memory_.MoveStackPointer(2 * bytes + released);
    return {};
  }
  const unsigned new_cpl = RplOf(selector);
  uint32_t outer[2];  // ESP, SS
  RETURN_IF_FAULT(memory_.Peek(outer, bytes, 2 * bytes + released));
  ASSIGN_OR_FAULT(
      const SegmentRegister stack,
      tables_.PrepareStack(static_cast<uint16_t>(outer[1]), new_cpl, Vector::kGeneralProtection));
  if (eip > cs.limit) return RaiseGeneralProtection();
  Commit(cs, eip);
  state_.segments[kSs] = stack;
  state_.cpl = new_cpl;
  memory_.SetStackPointer(outer[0] + released);
  tables_.DropInaccessibleSegments();
  return {};
}

Faultable<void> FarTransfer::SysEnter() {
  const uint32_t cs = static_cast<uint32_t>(state_.sysenter_cs);
  if (!state_.ProtectedMode() || (cs & 0xFFFCu) == 0) return RaiseGeneralProtection();
  state_.eflags &= ~(flag::kVm | flag::kIf | flag::kRf);
  state_.cpl = 0;
  state_.segments[kSs] = FlatSegment((cs & 0xFFFCu) + 8, 0, kFlatData);
  state_.gpr[kEsp] = static_cast<uint32_t>(state_.sysenter_esp);
  Commit(FlatSegment(cs, 0, kFlatCode), static_cast<uint32_t>(state_.sysenter_eip));
  return {};
}

Faultable<void> FarTransfer::SysExit() {
  const uint32_t cs = static_cast<uint32_t>(state_.sysenter_cs);
  if (!state_.ProtectedMode() || state_.cpl != 0 || (cs & 0xFFFCu) == 0) {
    return RaiseGeneralProtection();
  }
  state_.cpl = 3;
  state_.segments[kSs] = FlatSegment((cs & 0xFFFCu) + 24, 3, kFlatData);
  state_.gpr[kEsp] = state_.gpr[kEcx];
  Commit(FlatSegment((cs & 0xFFFCu) + 16, 3, kFlatCode), state_.gpr[kEdx]);
  return {};
}

}  // namespace verbatim
