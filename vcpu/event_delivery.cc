// SPDX-License-Identifier: Apache-2.0
// Delivery through gates. All checks and the pushes come first, the commit is last. See
// event_delivery.h; iret.cc holds the return.
#include "vcpu/event_delivery.h"

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr uint32_t kErrorExternal = 1u << 0;
constexpr uint32_t kErrorIdt = 1u << 1;

bool TakesExternalBit(Vector vector) {
  return vector == Vector::kInvalidTss || vector == Vector::kSegmentNotPresent ||
         vector == Vector::kStackFault || vector == Vector::kGeneralProtection;
}

}  // namespace

Faultable<void> EventDelivery::Deliver(const Event& event) {
  if (DeliverAsBefore(event)) {
    state_.shadow_active = false;
    state_.halted = false;
    return {};
  }
  const bool may_remember = state_.ProtectedMode() && !state_.Virtual8086();
  const unsigned from_cpl = state_.cpl;
  auto done = state_.ProtectedMode() ? DeliverProtected(event) : DeliverReal(event);
  if (!done) {
    if (!event.software && TakesExternalBit(done.error().vector)) {
      done.error().error_code |= kErrorExternal;
    }
    return done;
  }
  state_.shadow_active = false;
  state_.halted = false;
  if (may_remember) RememberDelivery(event, from_cpl);
  return {};
}

Faultable<void> EventDelivery::DeliverReal(const Event& event) {
  const uint32_t offset = event.vector * 4u;
  if (offset + 3 > state_.idtr.limit) return RaiseGeneralProtection();
  ASSIGN_OR_FAULT(const uint32_t target, memory_.mmu().Load<uint32_t>({state_.idtr.base + offset},
                                                                      Privilege::kSupervisor));
  const uint32_t eip = target & 0xFFFFu;
  SegmentRegister& cs = state_.segments[kCs];
  if (eip > cs.limit) return RaiseGeneralProtection();
  PushFrame frame(2);
  frame.Push(event.saved_flags);
  frame.Push(cs.selector);
  frame.Push(event.return_eip);
  RETURN_IF_FAULT(memory_.Push(frame));
  LoadRealMode(cs, static_cast<uint16_t>(target >> 16));
  state_.eip = eip;
  state_.eflags &= ~(flag::kIf | flag::kTf | flag::kAc | flag::kRf);
  return {};
}

Faultable<void> EventDelivery::DeliverProtected(const Event& event) {
  const uint32_t offset = event.vector * 8u;
  const uint32_t error = offset | kErrorIdt;
  if (offset + 7 > state_.idtr.limit) return RaiseGeneralProtection(error);
  ASSIGN_OR_FAULT(const uint64_t bytes, memory_.mmu().Load<uint64_t>({state_.idtr.base + offset},
                                                                     Privilege::kSupervisor));
  const Descriptor gate{static_cast<uint32_t>(bytes), static_cast<uint32_t>(bytes >> 32)};
  if (!gate.IsSystem()) return RaiseGeneralProtection(error);
  switch (gate.Type()) {
    case SystemType::kTaskGate:
    case SystemType::kInterruptGate16:
    case SystemType::kTrapGate16:
    case SystemType::kInterruptGate32:
    case SystemType::kTrapGate32:
      break;
    default:
      return RaiseGeneralProtection(error);
  }
  if (event.software && gate.Dpl() < state_.cpl) return RaiseGeneralProtection(error);
  if (!gate.Present()) return Raise(Vector::kSegmentNotPresent, error);
  return gate.Type() == SystemType::kTaskGate ? EnterTask(gate, event) : EnterHandler(gate, event);
}

Faultable<void> EventDelivery::EnterTask(const Descriptor& gate, const Event& event) {
  ASSIGN_OR_FAULT(const bool trap,
                  tasks_.SwitchThroughGate(gate.GateSelector(), TaskSwitchCause::kInterrupt,
                                           event.return_eip, event.saved_flags));
  if (event.has_error_code) {
    const unsigned bytes = (state_.tr.attributes & 0x8u) != 0 ? 4 : 2;
    RETURN_IF_FAULT(memory_.Push(event.error_code, bytes));
  }
  if (trap) return Raise(Vector::kDebug);
  return {};
}

Faultable<void> EventDelivery::EnterHandler(const Descriptor& gate, const Event& event) {
  const uint16_t selector = gate.GateSelector();
  const uint32_t error = SelectorError(selector);
  const bool from_virtual = state_.Virtual8086();
  if (IsNullSelector(selector)) return RaiseGeneralProtection();
  ASSIGN_OR_FAULT(const Descriptor code, tables_.Read(selector, Vector::kGeneralProtection));
  if (!code.IsCode() || code.Dpl() > state_.cpl) return RaiseGeneralProtection(error);
  const bool inner = !code.IsConforming() && code.Dpl() < state_.cpl;
  if (!code.Present()) return Raise(Vector::kSegmentNotPresent, error);
  // A virtual-8086 task is interrupted to level 0 only.
  if (from_virtual && (!inner || code.Dpl() != 0)) return RaiseGeneralProtection(error);
  const unsigned new_cpl = inner ? code.Dpl() : state_.cpl;

  PushFrame frame(gate.GateIs32() ? 4 : 2);
  SegmentRegister stack = state_.segments[kSs];
  uint32_t stack_pointer = state_.gpr[kEsp];
  uint32_t stack_error = 0;
  if (inner) {
    ASSIGN_OR_FAULT(const DescriptorTables::InnerStack target, tables_.PrepareInnerStack(new_cpl));
    if (from_virtual) {
      for (const Segment segment : {kGs, kFs, kDs, kEs}) {
        frame.Push(state_.segments[segment].selector);
      }
    }
    frame.Push(state_.segments[kSs].selector);
    frame.Push(state_.gpr[kEsp]);
    stack = target.segment;
    stack_pointer = target.pointer;
    stack_error = SelectorError(stack.selector);
  }
  frame.Push(event.saved_flags);
  frame.Push(state_.segments[kCs].selector);
  frame.Push(event.return_eip);
  if (event.has_error_code) frame.Push(event.error_code);
  if (gate.GateOffset() > code.Limit()) {
    // The room on the stack is looked at first (SDM vol. 2, INT n).
    RETURN_IF_FAULT(SegmentedMemory::CheckFrame(frame, stack, stack_pointer, stack_error));
    return RaiseGeneralProtection();
  }
  ASSIGN_OR_FAULT(const SegmentRegister cs, tables_.PrepareCode(selector, code, new_cpl));
  ASSIGN_OR_FAULT(stack_pointer,
                  memory_.WriteFrame(frame, stack, stack_pointer, new_cpl, stack_error));

  if (from_virtual) {
    for (const Segment segment : {kGs, kFs, kDs, kEs}) {
      state_.segments[segment] = SegmentRegister{};
    }
  }
  state_.segments[kSs] = stack;
  state_.segments[kCs] = cs;
  state_.cpl = new_cpl;
  memory_.SetStackPointer(stack_pointer);
  state_.eip = gate.GateOffset();
  uint32_t cleared = flag::kTf | flag::kVm | flag::kRf | flag::kNt;
  const bool interrupt_gate =
      gate.Type() == SystemType::kInterruptGate16 || gate.Type() == SystemType::kInterruptGate32;
  if (interrupt_gate) cleared |= flag::kIf;
  state_.eflags &= ~cleared;
  return {};
}

}  // namespace verbatim
