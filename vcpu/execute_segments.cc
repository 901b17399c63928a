// SPDX-License-Identifier: Apache-2.0
// Loads, stores and inspection of segment selectors (SDM vol. 2: MOV, PUSH, POP, LDS, LLDT, LTR,
// LAR, LSL, VERR, ARPL).
#include "base/bits.h"
#include "vcpu/virtual_cpu.h"

namespace verbatim {
namespace {

constexpr bool In(uint32_t set, SystemType type) {
  return ((set >> static_cast<unsigned>(type)) & 1) != 0;
}
// System types that LAR and LSL accept.
constexpr uint32_t kLarTypes = 0x1A3E;
constexpr uint32_t kLslTypes = 0x0A0E;
// The manual leaves bits 16 to 19 undefined; processors give those of the limit.
constexpr uint32_t kLarMask = 0x00FFFF00;

}  // namespace

void VirtualCpu::StartShadow(uint32_t next_eip, bool inhibits_debug) {
  state_.shadow_active = true;
  state_.shadow_inhibits_debug = inhibits_debug;
  state_.shadow_eip = next_eip;
}

StepOutcome VirtualCpu::CommitSegment(uint8_t segment, const SegmentRegister& value) {
  SegmentRegister& target = state_.segments[segment];
  const bool same = target.base == value.base && target.limit == value.limit &&
                    target.attributes == value.attributes;
  target = value;
  return same ? StepOutcome::kNext : StepOutcome::kModeOrFlow;
}

VirtualCpu::Outcome VirtualCpu::MoveToSegment(const GuestInstruction& instruction,
                                              uint32_t next_eip) {
  if (instruction.opcode == 0x8C) {
    RETURN_IF_FAULT(
        memory_.StoreSelectorRm(instruction, state_.segments[instruction.reg].selector));
    return StepOutcome::kNext;
  }
  ASSIGN_OR_FAULT(const uint16_t selector, memory_.LoadRm16(instruction));
  ASSIGN_OR_FAULT(const SegmentRegister value, tables_.PrepareSegment(instruction.reg, selector));
  if (instruction.reg == kSs) StartShadow(next_eip, true);
  return CommitSegment(instruction.reg, value);
}

VirtualCpu::Outcome VirtualCpu::PushSegment(const GuestInstruction& instruction) {
  const Segment segment = SegmentOfOpcode(instruction);
  RETURN_IF_FAULT(memory_.Push(state_.segments[segment].selector, instruction.operand_bits / 8u));
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::PopSegment(const GuestInstruction& instruction, uint32_t next_eip) {
  const Segment segment = SegmentOfOpcode(instruction);
  const unsigned bytes = instruction.operand_bits / 8u;
  uint32_t word[1];
  RETURN_IF_FAULT(memory_.Peek(word, bytes));
  ASSIGN_OR_FAULT(const SegmentRegister value,
                  tables_.PrepareSegment(segment, static_cast<uint16_t>(word[0])));
  memory_.MoveStackPointer(bytes);
  if (segment == kSs) StartShadow(next_eip, true);
  return CommitSegment(segment, value);
}

VirtualCpu::Outcome VirtualCpu::LoadFarPointer(const GuestInstruction& instruction,
                                               Segment segment) {
  const unsigned bytes = instruction.operand_bits / 8u;
  std::array<uint8_t, 6> pointer{};
  ASSIGN_OR_FAULT(const LinearAddress address,
                  memory_.OperandAddress(instruction, bytes + 2, bytes, false));
  RETURN_IF_FAULT(memory_.mmu().Read(address, pointer.data(), bytes + 2, memory_.privilege()));
  ASSIGN_OR_FAULT(const SegmentRegister value,
                  tables_.PrepareSegment(segment, LoadLittle<uint16_t>(&pointer[bytes])));
  memory_.SetRegister(instruction.reg, LoadLittle<uint32_t>(pointer.data()),
                      instruction.operand_bits);
  return CommitSegment(segment, value);
}

VirtualCpu::Outcome VirtualCpu::LoadLdt(const GuestInstruction& instruction) {
  if (!SegmentsAreProtected()) return RaiseUndefined();
  RETURN_IF_FAULT(RequireCpl0());
  ASSIGN_OR_FAULT(const uint16_t selector, memory_.LoadRm16(instruction));
  if (IsNullSelector(selector)) {
    state_.ldtr = SegmentRegister{.selector = selector};
    return StepOutcome::kNext;
  }
  const uint32_t error = SelectorError(selector);
  if ((selector & kSelectorTableBit) != 0) return RaiseGeneralProtection(error);
  ASSIGN_OR_FAULT(const Descriptor ldt, tables_.Read(selector, Vector::kGeneralProtection));
  if (!ldt.IsSystem() || ldt.Type() != SystemType::kLdt) return RaiseGeneralProtection(error);
  if (!ldt.Present()) return Raise(Vector::kSegmentNotPresent, error);
  state_.ldtr = ldt.Load(selector);
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::LoadTaskRegister(const GuestInstruction& instruction) {
  if (!SegmentsAreProtected()) return RaiseUndefined();
  RETURN_IF_FAULT(RequireCpl0());
  ASSIGN_OR_FAULT(const uint16_t selector, memory_.LoadRm16(instruction));
  const uint32_t error = SelectorError(selector);
  if (IsNullSelector(selector) || (selector & kSelectorTableBit) != 0) {
    return RaiseGeneralProtection(error);
  }
  ASSIGN_OR_FAULT(const Descriptor tss, tables_.Read(selector, Vector::kGeneralProtection));
  if (!tss.IsAvailableTss()) return RaiseGeneralProtection(error);
  if (!tss.Present()) return Raise(Vector::kSegmentNotPresent, error);
  RETURN_IF_FAULT(tables_.SetBusy(selector, true));
  state_.tr = tss.Load(selector);
  state_.tr.attributes |= kTssBusyBit;
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::InspectSelector(const GuestInstruction& instruction) {
  if (!SegmentsAreProtected()) return RaiseUndefined();
  ASSIGN_OR_FAULT(const uint16_t selector, memory_.LoadRm16(instruction));
  Descriptor descriptor;
  ASSIGN_OR_FAULT(bool accepted, tables_.ReadVisible(selector, descriptor));
  if (accepted) {
    const bool system = descriptor.IsSystem();
    switch (instruction.mnemonic) {
      case Mnemonic::kLar:
        accepted = !system || In(kLarTypes, descriptor.Type());
        if (accepted) {
          memory_.SetRegister(instruction.reg, descriptor.high & kLarMask,
                              instruction.operand_bits);
        }
        break;
      case Mnemonic::kLsl:
        accepted = !system || In(kLslTypes, descriptor.Type());
        if (accepted) {
          memory_.SetRegister(instruction.reg, descriptor.Limit(), instruction.operand_bits);
        }
        break;
      case Mnemonic::kVerr:
        accepted = !system && descriptor.IsReadable();
        break;
      default:  // VERW
        // A conforming code segment is visible but not writable.
        accepted = !system && descriptor.IsWritableData();
        break;
    }
  }
  state_.eflags = (state_.eflags & ~flag::kZf) | (accepted ? flag::kZf : 0);
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::AdjustRpl(const GuestInstruction& instruction) {
  if (!SegmentsAreProtected()) return RaiseUndefined();
  ASSIGN_OR_FAULT(const uint16_t selector, memory_.LoadRm16(instruction));
  const unsigned rpl = state_.gpr[instruction.reg] & 3u;
  const bool raised = RplOf(selector) < rpl;
  if (raised) {
    const uint16_t adjusted = WithRpl(selector, rpl);
    if (instruction.mod == 3) {
      memory_.SetRegister(instruction.rm, adjusted, 16);
    } else {
      RETURN_IF_FAULT(memory_.StoreOperand<uint16_t>(instruction, adjusted));
    }
  }
  state_.eflags = (state_.eflags & ~flag::kZf) | (raised ? flag::kZf : 0);
  return StepOutcome::kNext;
}

}  // namespace verbatim
