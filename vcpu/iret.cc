// SPDX-License-Identifier: Apache-2.0
// IRET and IRETD (SDM vol. 2, IRET; vol. 3, 20.2.2).
#include "vcpu/event_delivery.h"

namespace verbatim {
namespace {

constexpr uint32_t kAlways = flag::kArithmetic | flag::kTf | flag::kDf | flag::kNt;
constexpr uint32_t kWide = flag::kRf | flag::kAc | flag::kId;
constexpr uint32_t kVirtualPending = flag::kVif | flag::kVip;

}  // namespace

void EventDelivery::LoadFlags(uint32_t image, unsigned operand_bits, unsigned cpl) {
  uint32_t writable = kAlways;
  if (operand_bits == 32) writable |= kWide;
  if (cpl <= state_.Iopl()) writable |= flag::kIf;
  if (cpl == 0) {
    writable |= flag::kIopl;
    if (operand_bits == 32) writable |= kVirtualPending;
  }
  state_.eflags = (state_.eflags & ~writable) | (image & writable);
}

Faultable<void> EventDelivery::Return(unsigned operand_bits, uint32_t next_eip) {
  if (ReturnAsBefore(operand_bits)) {
    state_.nmi_blocked = false;
    return {};
  }
  const unsigned from_cpl = state_.cpl;
  const bool by_task = (state_.eflags & flag::kNt) != 0;
  RETURN_IF_FAULT(ReturnSlowly(operand_bits, next_eip));
  if (!by_task) RememberReturn(from_cpl);
  return {};
}

Faultable<void> EventDelivery::ReturnSlowly(unsigned operand_bits, uint32_t next_eip) {
  if (!state_.ProtectedMode() || state_.Virtual8086()) {
    RETURN_IF_FAULT(ReturnReal(operand_bits));
    state_.nmi_blocked = false;
    return {};
  }
  if ((state_.eflags & flag::kNt) != 0) {
    state_.nmi_blocked = false;
    ASSIGN_OR_FAULT(const bool trap, tasks_.Return(next_eip));
    if (trap) return Raise(Vector::kDebug);
    return {};
  }

  uint32_t frame[3];  // EIP, CS, EFLAGS
  RETURN_IF_FAULT(memory_.Peek(frame, operand_bits / 8));
  const uint16_t selector = static_cast<uint16_t>(frame[1]);
  if (operand_bits == 32 && (frame[2] & flag::kVm) != 0 && state_.cpl == 0) {
    RETURN_IF_FAULT(ReturnToVirtual8086(frame));
  } else if (RplOf(selector) < state_.cpl && !IsNullSelector(selector)) {
    return RaiseGeneralProtection(SelectorError(selector));
  } else if (RplOf(selector) > state_.cpl) {
    RETURN_IF_FAULT(ReturnToOuter(frame, operand_bits));
  } else {
    ASSIGN_OR_FAULT(const SegmentRegister cs,
                    tables_.PrepareReturnCode(selector, Vector::kGeneralProtection));
    if (frame[0] > cs.limit) return RaiseGeneralProtection();
    state_.segments[kCs] = cs;
    state_.eip = frame[0];
    memory_.MoveStackPointer(3 * operand_bits / 8);
    LoadFlags(frame[2], operand_bits, state_.cpl);
  }
  state_.nmi_blocked = false;
  return {};
}

Faultable<void> EventDelivery::ReturnReal(unsigned operand_bits) {
  const bool virtual8086 = state_.Virtual8086();
  if (virtual8086 && state_.Iopl() != 3) return RaiseGeneralProtection();
  uint32_t frame[3];
  RETURN_IF_FAULT(memory_.Peek(frame, operand_bits / 8));
  SegmentRegister& cs = state_.segments[kCs];
  if (frame[0] > (virtual8086 ? 0xFFFFu : cs.limit)) return RaiseGeneralProtection();
  const uint16_t selector = static_cast<uint16_t>(frame[1]);
  if (virtual8086) {
    cs = Virtual8086Segment(selector);
  } else {
    LoadRealMode(cs, selector);
  }
  state_.eip = frame[0];
  memory_.MoveStackPointer(3 * operand_bits / 8);
  uint32_t writable = kAlways | flag::kIf;
  if (operand_bits == 32) writable |= kWide;
  if (!virtual8086) writable |= flag::kIopl;
  state_.eflags = (state_.eflags & ~writable) | (frame[2] & writable);
  return {};
}

Faultable<void> EventDelivery::ReturnToVirtual8086(const uint32_t (&frame)[3]) {
  uint32_t outer[6];  // ESP, SS, ES, DS, FS, GS
  RETURN_IF_FAULT(memory_.Peek(outer, 4, sizeof frame));
  if (frame[0] > 0xFFFFu) return RaiseGeneralProtection();
  LoadFlags(frame[2], 32, 0);
  state_.eflags |= flag::kVm;
  state_.cpl = 3;
  state_.eip = frame[0];
  state_.gpr[kEsp] = outer[0];
  const auto load = [&](Segment segment, uint32_t selector) {
    state_.segments[segment] = Virtual8086Segment(static_cast<uint16_t>(selector));
  };
  load(kCs, frame[1]);
  load(kSs, outer[1]);
  load(kEs, outer[2]);
  load(kDs, outer[3]);
  load(kFs, outer[4]);
  load(kGs, outer[5]);
  return {};
}

Faultable<void> EventDelivery::ReturnToOuter(const uint32_t (&frame)[3], unsigned operand_bits) {
  const uint16_t selector = static_cast<uint16_t>(frame[1]);
  const unsigned old_cpl = state_.cpl;
  const unsigned new_cpl = RplOf(selector);
  ASSIGN_OR_FAULT(const SegmentRegister cs,
                  tables_.PrepareReturnCode(selector, Vector::kGeneralProtection));
  uint32_t outer[2];  // ESP, SS
  RETURN_IF_FAULT(memory_.Peek(outer, operand_bits / 8, 3 * operand_bits / 8));
  ASSIGN_OR_FAULT(
      const SegmentRegister stack,
      tables_.PrepareStack(static_cast<uint16_t>(outer[1]), new_cpl, Vector::kGeneralProtection));
  if (frame[0] > cs.limit) return RaiseGeneralProtection();
  state_.segments[kCs] = cs;
  state_.segments[kSs] = stack;
  state_.cpl = new_cpl;
  state_.eip = frame[0];
  memory_.SetStackPointer(outer[0]);
  LoadFlags(frame[2], operand_bits, old_cpl);
  tables_.DropInaccessibleSegments();
  return {};
}

}  // namespace verbatim
