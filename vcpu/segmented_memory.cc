// SPDX-License-Identifier: Apache-2.0
// Segment checks, operand addresses and stack transactions. See segmented_memory.h.
#include "vcpu/segmented_memory.h"

#include "base/bits.h"

namespace verbatim {
Faultable<LinearAddress> SegmentedMemory::LocateIf(bool allowed, uint8_t segment, uint32_t offset,
                                                   uint32_t bytes) const {
  const SegmentRegister& s = state_.segments[segment];
  if (!allowed || !IsWithin(s, offset, bytes)) [[unlikely]] {
    return Raise(segment == kSs ? Vector::kStackFault : Vector::kGeneralProtection);
  }
  return LinearAddress{s.base + offset};
}

Faultable<LinearAddress> SegmentedMemory::Locate(uint8_t segment, uint32_t offset, uint32_t bytes,
                                                 bool write) const {
  return LocateIf(Permits(state_.segments[segment], write), segment, offset, bytes);
}

Faultable<LinearAddress> SegmentedMemory::LocateLine(uint8_t segment, uint32_t offset) const {
  const SegmentRegister& s = state_.segments[segment];
  return LocateIf(s.IsReadable() || s.IsCode(), segment, offset, 1);
}

Faultable<void> SegmentedMemory::CheckAlignment(LinearAddress address, uint32_t alignment) const {
  if ((address.value & (alignment - 1)) != 0 && ChecksAlignment()) [[unlikely]] {
    return Raise(Vector::kAlignmentCheck);
  }
  return {};
}

Faultable<uint16_t> SegmentedMemory::LoadRm16(const GuestInstruction& instruction) {
  if (instruction.mod == 3) return static_cast<uint16_t>(state_.gpr[instruction.rm]);
  return LoadOperand<uint16_t>(instruction);
}

Faultable<void> SegmentedMemory::StoreSelectorRm(const GuestInstruction& instruction,
                                                 uint32_t value) {
  if (instruction.mod != 3) {
    return StoreOperand<uint16_t>(instruction, static_cast<uint16_t>(value));
  }
  SetRegister(instruction.rm, value, instruction.operand_bits);
  return {};
}

void SegmentedMemory::SetRegister(unsigned index, uint32_t value, unsigned bits) {
  uint32_t& target = state_.gpr[index];
  target = bits == 16 ? (target & 0xFFFF0000u) | (value & 0xFFFFu) : value;
}

void SegmentedMemory::SetStackPointer(uint32_t value) {
  SetRegister(kEsp, value, state_.segments[kSs].Big() ? 32 : 16);
}

Faultable<void> SegmentedMemory::Peek(std::span<uint32_t> words, unsigned bytes_each,
                                      uint32_t skip_bytes) {
  const uint32_t mask = StackMask();
  const uint32_t size = static_cast<uint32_t>(words.size()) * bytes_each;
  const uint32_t start = (state_.gpr[kEsp] + skip_bytes) & mask;
  if (mask == 0xFFFFFFFFu || start + size <= 0x10000u) [[likely]] {
    ASSIGN_OR_FAULT(const LinearAddress address, Check(kSs, start, size, false));
    RETURN_IF_FAULT(CheckAlignment(address, bytes_each));
    RETURN_IF_FAULT(mmu_.Read(address, words.data(), size, privilege()));
    if (bytes_each == 4) return {};
    // Words are widened where they lie, from the last one on.
    for (size_t i = words.size(); i-- > 0;) {
      words[i] = LoadLittle<uint16_t>(reinterpret_cast<const uint8_t*>(words.data()) + i * 2);
    }
    return {};
  }
  for (size_t i = 0; i < words.size(); ++i) {
    const uint32_t offset = (start + static_cast<uint32_t>(i) * bytes_each) & mask;
    if (bytes_each == 4) {
      ASSIGN_OR_FAULT(words[i], Load<uint32_t>(kSs, offset));
    } else {
      ASSIGN_OR_FAULT(words[i], Load<uint16_t>(kSs, offset));
    }
  }
  return {};
}

Faultable<void> SegmentedMemory::CheckFrame(const PushFrame& frame, const SegmentRegister& stack,
                                            uint32_t stack_pointer, uint32_t error_code) {
  const uint32_t mask = stack.Big() ? 0xFFFFFFFFu : 0xFFFFu;
  const unsigned each = frame.bytes_each();
  if (!stack.IsWritableData()) return Raise(Vector::kStackFault, error_code);
  for (size_t i = 1; i <= frame.values().size(); ++i) {
    const uint32_t offset = (stack_pointer - static_cast<uint32_t>(i) * each) & mask;
    if (!IsWithin(stack, offset, each)) return Raise(Vector::kStackFault, error_code);
  }
  return {};
}

Faultable<uint32_t> SegmentedMemory::WriteFrame(const PushFrame& frame,
                                                const SegmentRegister& stack,
                                                uint32_t stack_pointer, unsigned cpl,
                                                uint32_t error_code) {
  const uint32_t mask = stack.Big() ? 0xFFFFFFFFu : 0xFFFFu;
  const unsigned each = frame.bytes_each();
  const std::span<const uint32_t> values = frame.values();
  const uint32_t size = static_cast<uint32_t>(values.size()) * each;
  const uint32_t start = (stack_pointer - size) & mask;
  const Privilege rights = PrivilegeOf(cpl);
  if (!stack.IsWritableData()) return Raise(Vector::kStackFault, error_code);
  if (cpl == 3) RETURN_IF_FAULT(CheckAlignment({stack.base + start}, each));

  if (mask == 0xFFFFFFFFu || start + size <= 0x10000u) [[likely]] {
    if (!IsWithin(stack, start, size)) return Raise(Vector::kStackFault, error_code);
    std::array<uint8_t, 160> bytes;
    uint32_t position = size;
    for (const uint32_t value : values) {
      position -= each;
      if (each == 4) {
        StoreLittle(&bytes[position], value);
      } else {
        StoreLittle(&bytes[position], static_cast<uint16_t>(value));
      }
    }
    RETURN_IF_FAULT(mmu_.Write({stack.base + start}, bytes.data(), size, rights));
    MeetBreakpoints({stack.base + start}, size, true);
    return start;
  }

  // The frame wraps around the top of a 64 KiB stack: word by word, all checked first.
  RETURN_IF_FAULT(CheckFrame(frame, stack, stack_pointer, error_code));
  uint32_t offset = stack_pointer;
  for (size_t i = 0; i < values.size(); ++i) {
    offset = (offset - each) & mask;
    RETURN_IF_FAULT(mmu_.ProbeWrite({stack.base + offset}, each, rights));
  }
  offset = stack_pointer;
  for (const uint32_t value : values) {
    offset = (offset - each) & mask;
    RETURN_IF_FAULT(mmu_.Write({stack.base + offset}, &value, each, rights));
    MeetBreakpoints({stack.base + offset}, each, true);
  }
  return start;
}

Faultable<void> SegmentedMemory::Push(const PushFrame& frame) {
  ASSIGN_OR_FAULT(const uint32_t pointer,
                  WriteFrame(frame, state_.segments[kSs], state_.gpr[kEsp], state_.cpl, 0));
  SetStackPointer(pointer);
  return {};
}

Faultable<void> SegmentedMemory::Push(uint32_t value, unsigned bytes) {
  const SegmentRegister& stack = state_.segments[kSs];
  if (bytes == 4 && stack.Big()) [[likely]] {
    const uint32_t pointer = state_.gpr[kEsp] - 4;
    RETURN_IF_FAULT(Store<uint32_t>(kSs, pointer, value));
    state_.gpr[kEsp] = pointer;
    return {};
  }
  PushFrame frame(bytes);
  frame.Push(value);
  return Push(frame);
}

}  // namespace verbatim
