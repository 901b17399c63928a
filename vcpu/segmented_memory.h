// SPDX-License-Identifier: Apache-2.0
// Guest memory by segment and offset: the checks of segmentation (SDM vol. 3, 5.3 to 5.5), memory
// operands, and the stack as the multi-word transactions that exceptions and far transfers need.
#ifndef VERBATIM_VCPU_SEGMENTED_MEMORY_H_
#define VERBATIM_VCPU_SEGMENTED_MEMORY_H_

#include <array>
#include <cstdint>
#include <span>

#include "decoder/instruction.h"
#include "memory/mmu.h"
#include "vcpu/access_watch.h"
#include "vcpu/cpu_state.h"
#include "vcpu/debug_registers.h"
#include "vcpu/exception.h"

namespace verbatim {

[[nodiscard]] constexpr Privilege PrivilegeOf(unsigned cpl) {
  return cpl == 3 ? Privilege::kUser : Privilege::kSupervisor;
}

// Values pushed together: either all are written or none.
class PushFrame {
 public:
  // `bytes_each` is 2 or 4.
  explicit PushFrame(unsigned bytes_each) : bytes_each_(bytes_each) {}

  // In the order in which the processor pushes.
  void Push(uint32_t value) { values_[count_++] = value; }

  [[nodiscard]] unsigned bytes_each() const { return bytes_each_; }
  [[nodiscard]] std::span<const uint32_t> values() const { return {values_.data(), count_}; }

 private:
  // The largest is a call gate with 31 parameters and SS, ESP, CS, EIP.
  static constexpr unsigned kCapacity = 40;

  unsigned bytes_each_;
  unsigned count_ = 0;
  std::array<uint32_t, kCapacity> values_;
};

class SegmentedMemory {
 public:
  SegmentedMemory(CpuState& state, Mmu& mmu) : state_(state), mmu_(mmu) {}

  [[nodiscard]] Mmu& mmu() { return mmu_; }
  [[nodiscard]] Privilege privilege() const { return PrivilegeOf(state_.cpl); }

  // Whether [offset, offset + bytes) lies within the segment. One of 4 GiB wraps.
  [[nodiscard]] static bool IsWithin(const SegmentRegister& segment, uint32_t offset,
                                     uint32_t bytes) {
    const uint64_t last = uint64_t{offset} + bytes - 1;
    if (segment.IsExpandDown()) {
      return offset > segment.limit && last <= (segment.Big() ? 0xFFFFFFFFu : 0xFFFFu);
    }
    return last <= segment.limit || segment.limit == 0xFFFFFFFFu;
  }
  // Whether its type permits the access.
  [[nodiscard]] static bool Permits(const SegmentRegister& segment, bool write) {
    return write ? segment.IsWritableData() : segment.IsReadable();
  }
  // Linear address of `bytes` at `offset`, after the type and limit checks: #SS(0) through SS,
  // #GP(0) through the others.
  [[nodiscard]] Faultable<LinearAddress> Locate(uint8_t segment, uint32_t offset, uint32_t bytes,
                                                bool write) const;
  // Of the byte that CLFLUSH names: as for a read, but execute-only segments will do (SDM vol. 2).
  [[nodiscard]] Faultable<LinearAddress> LocateLine(uint8_t segment, uint32_t offset) const;
  // Likewise, for an access that follows: data breakpoints are met here.
  [[nodiscard]] Faultable<LinearAddress> Check(uint8_t segment, uint32_t offset, uint32_t bytes,
                                               bool write) {
    const Faultable<LinearAddress> address = Locate(segment, offset, bytes, write);
    if (address) MeetBreakpoints(*address, bytes, write);
    return address;
  }
  // CR0.AM, EFLAGS.AC and CPL 3 (SDM vol. 3, 6.15, interrupt 17).
  [[nodiscard]] bool ChecksAlignment() const {
    return state_.cpl == 3 && (state_.cr0 & cr0::kAm) != 0 && (state_.eflags & flag::kAc) != 0;
  }
  // #AC(0) for a misaligned access while they are checked; `alignment` is that of table 6-7.
  [[nodiscard]] Faultable<void> CheckAlignment(LinearAddress address, uint32_t alignment) const;

  template <typename T>
  [[nodiscard]] Faultable<T> Load(uint8_t segment, uint32_t offset) {
    ASSIGN_OR_FAULT(const LinearAddress address, Check(segment, offset, sizeof(T), false));
    RETURN_IF_FAULT(CheckAlignment(address, sizeof(T)));
    ASSIGN_OR_FAULT(const T value, mmu_.Load<T>(address, privilege()));
    return value;
  }
  template <typename T>
  [[nodiscard]] Faultable<void> Store(uint8_t segment, uint32_t offset, T value) {
    ASSIGN_OR_FAULT(const LinearAddress address, Check(segment, offset, sizeof(T), true));
    RETURN_IF_FAULT(CheckAlignment(address, sizeof(T)));
    RETURN_IF_FAULT(mmu_.Store<T>(address, value, privilege()));
    return {};
  }

  // Memory operands.
  [[nodiscard]] uint32_t EffectiveOffset(const GuestInstruction& instruction) const {
    const MemoryOperand& memory = instruction.memory;
    uint32_t offset = static_cast<uint32_t>(memory.displacement);
    if (memory.base != kNoGpr) offset += state_.gpr[memory.base];
    if (memory.index != kNoGpr) offset += state_.gpr[memory.index] * memory.scale;
    return instruction.address_bits == 16 ? offset & 0xFFFFu : offset;
  }
  [[nodiscard]] Faultable<LinearAddress> OperandAddress(const GuestInstruction& instruction,
                                                        uint32_t bytes, uint32_t alignment,
                                                        bool write) {
    ASSIGN_OR_FAULT(const LinearAddress address,
                    Check(instruction.memory.segment, EffectiveOffset(instruction), bytes, write));
    RETURN_IF_FAULT(CheckAlignment(address, alignment));
    return address;
  }
  template <typename T>
  [[nodiscard]] Faultable<T> LoadOperand(const GuestInstruction& instruction) {
    return Load<T>(instruction.memory.segment, EffectiveOffset(instruction));
  }
  template <typename T>
  [[nodiscard]] Faultable<void> StoreOperand(const GuestInstruction& instruction, T value) {
    return Store<T>(instruction.memory.segment, EffectiveOffset(instruction), value);
  }
  // A 16-bit register-or-memory source (ModRM.rm).
  [[nodiscard]] Faultable<uint16_t> LoadRm16(const GuestInstruction& instruction);
  // A register of the operand size (zero-extended value) or 16 bits of memory.
  [[nodiscard]] Faultable<void> StoreSelectorRm(const GuestInstruction& instruction,
                                                uint32_t value);
  // Writes a general register, all of it or its low half.
  void SetRegister(unsigned index, uint32_t value, unsigned bits);

  // The stack. Offsets wrap at 64 KiB on a 16-bit stack.
  [[nodiscard]] uint32_t StackMask() const {
    return state_.segments[kSs].Big() ? 0xFFFFFFFFu : 0xFFFFu;
  }
  // ESP or SP, by the width of the stack segment loaded now.
  void SetStackPointer(uint32_t value);
  // Adds to ESP or SP.
  void MoveStackPointer(uint32_t delta) { SetStackPointer(state_.gpr[kEsp] + delta); }
  // Reads words that a pop would, from `skip_bytes` above the stack pointer on; moves nothing.
  [[nodiscard]] Faultable<void> Peek(std::span<uint32_t> words, unsigned bytes_each,
                                     uint32_t skip_bytes = 0);
  // The segment checks that WriteFrame makes, without the write.
  [[nodiscard]] static Faultable<void> CheckFrame(const PushFrame& frame,
                                                  const SegmentRegister& stack,
                                                  uint32_t stack_pointer, uint32_t error_code);
  // Writes `frame` below `stack_pointer` of the stack segment `stack` with the rights of `cpl`;
  // returns the new stack pointer. Violations of the segment raise #SS(error_code).
  [[nodiscard]] Faultable<uint32_t> WriteFrame(const PushFrame& frame, const SegmentRegister& stack,
                                               uint32_t stack_pointer, unsigned cpl,
                                               uint32_t error_code);
  // Pushes onto the present stack: writes and moves the stack pointer.
  [[nodiscard]] Faultable<void> Push(const PushFrame& frame);
  [[nodiscard]] Faultable<void> Push(uint32_t value, unsigned bytes);

 private:
  [[nodiscard]] Faultable<LinearAddress> LocateIf(bool allowed, uint8_t segment, uint32_t offset,
                                                  uint32_t bytes) const;
  void MeetBreakpoints(LinearAddress address, uint32_t bytes, bool write) {
    if (AccessesWatched(state_)) [[unlikely]] {
      state_.debug_hits |= MatchDataBreakpoints(state_, address, bytes, write);
      if (state_.watch != nullptr) state_.watch->Note(address, bytes, write);
    }
  }

  CpuState& state_;
  Mmu& mmu_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_SEGMENTED_MEMORY_H_
