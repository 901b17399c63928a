// SPDX-License-Identifier: Apache-2.0
// Instructions with no 64-bit encoding, ENTER, and the port instructions' operand forms (SDM
// vol. 2). Flags that the manual leaves undefined follow AL, with OF clear.
#include <bit>

#include "vcpu/virtual_cpu.h"

namespace verbatim {

void VirtualCpu::SetResultFlags(uint8_t al, bool carry, bool adjust) {
  uint32_t flags = 0;
  if (carry) flags |= flag::kCf;
  if (adjust) flags |= flag::kAf;
  if (al == 0) flags |= flag::kZf;
  if ((al & 0x80u) != 0) flags |= flag::kSf;
  if (std::popcount(al) % 2 == 0) flags |= flag::kPf;
  state_.eflags = (state_.eflags & ~flag::kArithmetic) | flags;
}

VirtualCpu::Outcome VirtualCpu::Decimal(const GuestInstruction& instruction) {
  uint32_t ax = state_.gpr[kEax] & 0xFFFFu;
  const uint8_t old_al = static_cast<uint8_t>(ax);
  const bool old_carry = (state_.eflags & flag::kCf) != 0;
  const bool low = (old_al & 0xFu) > 9 || (state_.eflags & flag::kAf) != 0;
  const bool high = old_al > 0x99 || old_carry;
  const uint32_t base = instruction.immediate & 0xFFu;
  bool carry = false;
  bool adjust = false;
  switch (instruction.mnemonic) {
    case Mnemonic::kAaa:
      if (low) ax += 0x106;
      ax &= 0xFF0Fu;
      carry = adjust = low;
      break;
    case Mnemonic::kAas:
      if (low) ax -= 0x106;
      ax &= 0xFF0Fu;
      carry = adjust = low;
      break;
    case Mnemonic::kAam:
      if (base == 0) return Raise(Vector::kDivideError);
      ax = ((old_al / base) << 8) | (old_al % base);
      break;
    case Mnemonic::kAad:
      ax = (old_al + (ax >> 8) * base) & 0xFFu;
      break;
    case Mnemonic::kDaa: {
      uint32_t al = old_al;
      if (low) al += 0x06;
      if (high) al += 0x60;
      ax = (ax & 0xFF00u) | (al & 0xFFu);
      adjust = low;
      carry = high;
      break;
    }
    case Mnemonic::kDas: {
      uint32_t al = old_al;
      if (low) al -= 0x06;
      if (high) al -= 0x60;
      ax = (ax & 0xFF00u) | (al & 0xFFu);
      adjust = low;
      carry = high || (low && old_al < 6);
      break;
    }
    default:  // SALC: no flags
      memory_.SetRegister(kEax, (ax & 0xFF00u) | (old_carry ? 0xFFu : 0u), 16);
      return StepOutcome::kNext;
  }
  memory_.SetRegister(kEax, ax, 16);
  SetResultFlags(static_cast<uint8_t>(ax), carry, adjust);
  return StepOutcome::kNext;
}

// Two loads, each with checks of its own: the first may fault before the second is looked at.
VirtualCpu::Outcome VirtualCpu::Bound(const GuestInstruction& instruction) {
  const uint32_t value = state_.gpr[instruction.reg];
  const uint8_t segment = instruction.memory.segment;
  const uint32_t offset = memory_.EffectiveOffset(instruction);
  bool inside = false;
  if (instruction.operand_bits == 16) {
    ASSIGN_OR_FAULT(const uint16_t lower, memory_.Load<uint16_t>(segment, offset));
    ASSIGN_OR_FAULT(const uint16_t upper, memory_.Load<uint16_t>(segment, offset + 2));
    const auto index = static_cast<int16_t>(value);
    inside = index >= static_cast<int16_t>(lower) && index <= static_cast<int16_t>(upper);
  } else {
    ASSIGN_OR_FAULT(const uint32_t lower, memory_.Load<uint32_t>(segment, offset));
    ASSIGN_OR_FAULT(const uint32_t upper, memory_.Load<uint32_t>(segment, offset + 4));
    const auto index = static_cast<int32_t>(value);
    inside = index >= static_cast<int32_t>(lower) && index <= static_cast<int32_t>(upper);
  }
  if (!inside) return Raise(Vector::kBound);
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::PushAll(unsigned operand_bits) {
  if (!SegmentsAreProtected() && !state_.segments[kSs].Big()) {
    // A frame that would lie across the end of the segment is #GP here, not #SS (SDM vol. 2,
    // PUSHA).
    const uint32_t sp = state_.gpr[kEsp] & 0xFFFFu;
    if (sp >= 7 && sp <= 15 && sp % 2 == 1) return RaiseGeneralProtection();
  }
  PushFrame frame(operand_bits / 8);
  for (const uint32_t value : state_.gpr) frame.Push(value);
  RETURN_IF_FAULT(memory_.Push(frame));
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::PopAll(unsigned operand_bits) {
  uint32_t words[8];
  RETURN_IF_FAULT(memory_.Peek(words, operand_bits / 8));
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned index = 7 - i;
    if (index != kEsp) memory_.SetRegister(index, words[i], operand_bits);
  }
  memory_.MoveStackPointer(operand_bits);  // eight words of operand_bits / 8 bytes
  return StepOutcome::kNext;
}

// Word by word: the display that is copied may lie where the frame goes.
VirtualCpu::Outcome VirtualCpu::Enter(const GuestInstruction& instruction) {
  const unsigned bytes = instruction.operand_bits / 8u;
  const unsigned level = instruction.immediate2 & 31u;
  const uint32_t mask = memory_.StackMask();
  const auto load = [&](uint32_t offset) -> Faultable<uint32_t> {
    if (bytes == 4) return memory_.Load<uint32_t>(kSs, offset);
    ASSIGN_OR_FAULT(const uint16_t value, memory_.Load<uint16_t>(kSs, offset));
    return uint32_t{value};
  };
  uint32_t pointer = state_.gpr[kEsp];
  const auto push = [&](uint32_t value) -> Faultable<void> {
    pointer = (pointer - bytes) & mask;
    if (bytes == 4) return memory_.Store<uint32_t>(kSs, pointer, value);
    return memory_.Store<uint16_t>(kSs, pointer, static_cast<uint16_t>(value));
  };
  RETURN_IF_FAULT(push(state_.gpr[kEbp]));
  // On a 16-bit stack the upper half of ESP goes with it.
  const uint32_t frame_value = (state_.gpr[kEsp] & ~mask) | pointer;
  for (unsigned i = 1; i < level; ++i) {
    ASSIGN_OR_FAULT(const uint32_t link, load((state_.gpr[kEbp] - i * bytes) & mask));
    RETURN_IF_FAULT(push(link));
  }
  if (level > 0) RETURN_IF_FAULT(push(frame_value));
  // Last comes a probe of where the pointer ends up (SDM vol. 2, ENTER). If it faults, as if
  // anything before it does, only memory has changed.
  const uint32_t final_pointer = (pointer - (instruction.immediate & 0xFFFFu)) & mask;
  ASSIGN_OR_FAULT(const LinearAddress final_address, memory_.Locate(kSs, final_pointer, 1, true));
  RETURN_IF_FAULT(memory_.mmu().ProbeWrite(final_address, 1, memory_.privilege()));
  memory_.SetStackPointer(final_pointer);
  // EBP is as wide as the operand, whatever the stack.
  memory_.SetRegister(kEbp, frame_value, instruction.operand_bits);
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::PortIn(const GuestInstruction& instruction) {
  const bool immediate = (instruction.opcode & 8u) == 0;
  const uint16_t port =
      static_cast<uint16_t>(immediate ? instruction.immediate & 0xFFu : state_.gpr[kEdx]);
  const unsigned bytes = (instruction.opcode & 1u) == 0 ? 1 : instruction.operand_bits / 8u;
  RETURN_IF_FAULT(ports_.In(port, bytes));
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::PortOut(const GuestInstruction& instruction) {
  const bool immediate = (instruction.opcode & 8u) == 0;
  const uint16_t port =
      static_cast<uint16_t>(immediate ? instruction.immediate & 0xFFu : state_.gpr[kEdx]);
  const unsigned bytes = (instruction.opcode & 1u) == 0 ? 1 : instruction.operand_bits / 8u;
  RETURN_IF_FAULT(ports_.Out(port, bytes));
  return StepOutcome::kNext;
}

VirtualCpu::Outcome VirtualCpu::StringIo(const GuestInstruction& instruction) {
  const unsigned bytes = (instruction.opcode & 1u) == 0 ? 1 : instruction.operand_bits / 8u;
  const bool input = (instruction.opcode & 2u) == 0;  // 6C, 6D; 6E, 6F are OUTS
  ASSIGN_OR_FAULT(const bool more, input ? ports_.InString(instruction, bytes)
                                         : ports_.OutString(instruction, bytes));
  return more ? StepOutcome::kRepeat : StepOutcome::kNext;
}

}  // namespace verbatim
