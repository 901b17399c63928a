// SPDX-License-Identifier: Apache-2.0
// What the validator knows of the registers at one point of a block, whatever the guest does: for
// each a kind, and for numbers the range they lie in.
//
// The lattice: kNothing is the top (any bits at all, not to be used); two values join to the hull
// of their ranges if they are of one kind, and to kNothing otherwise.
#ifndef VERBATIM_TRANSLATOR_VALIDATOR_ABSTRACT_STATE_H_
#define VERBATIM_TRANSLATOR_VALIDATOR_ABSTRACT_STATE_H_

#include <array>
#include <cstdint>
#include <limits>

#include "translator/validator/host_instruction.h"

namespace verbatim::validator {

enum Register : uint8_t {
  kRax,
  kRcx,
  kRdx,
  kRbx,
  kRsp,
  kRbp,
  kRsi,
  kRdi,
  kR8,
  kR9,
  kR10,
  kR11,
  kR12,
  kR13,
  kR14,
  kR15,
  kRegisters,
};

[[nodiscard]] constexpr RegisterSet SetOf(uint8_t reg) {
  return static_cast<RegisterSet>(1u << reg);
}
// The guest's eax to edi, esp being in r12.
inline constexpr RegisterSet kGuestRegisters = 0x10EF;
// Never written: the host's stack pointer but by push, pop, call and ret.
inline constexpr RegisterSet kFixedRegisters =
    SetOf(kRsp) | SetOf(kR13) | SetOf(kR14) | SetOf(kR15);

enum class Kind : uint8_t {
  kNothing,
  kNumber,       // the guest's, or computed from what is the guest's
  kWindow,       // the window's base plus a number; its low half is the number's
  kOperand,      // what access_begin returned for `site`
  kSegmentBase,  // points at the base of FS or GS, or at the page that traps
  kPageRights,   // a byte for each page of the window, to be read
  kCode,         // from the jump table: a block's entry or body, or the miss stub
  kHostFlags,    // RFLAGS, the host's bits included
  kRecord,       // where the number of an executed block goes; `low` is a RecordStage
};

// Recording an execution: a pointer moves on only past a number that was written, so that it meets
// the page that is unmapped behind the buffer.
enum RecordStage : uint8_t { kRecordLoaded, kRecordWritten, kRecordNext };

struct Value {
  Kind kind = Kind::kNothing;
  bool resident_only = false;   // kNumber: no bit but of flags that live in the host's RFLAGS
  bool virtual_flags = false;   // kNumber: one of the engine's values of virtual_flags
  uint16_t word_high = 0xFFFF;  // kNumber: the largest that its low 16 bits can be
  uint32_t site = 0;            // kOperand
  // kNumber, kWindow: the range, inclusive, as signed 64-bit numbers.
  int64_t low = 0;
  int64_t high = 0;

  static constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
  static constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();
  static constexpr int64_t kMax32 = 0xFFFFFFFF;

  [[nodiscard]] static constexpr Value Number(int64_t low, int64_t high) {
    return {.kind = Kind::kNumber, .low = low, .high = high};
  }
  [[nodiscard]] static constexpr Value Constant(uint64_t value) {
    return Number(static_cast<int64_t>(value), static_cast<int64_t>(value));
  }
  // A zero-extended 32-bit number.
  [[nodiscard]] static constexpr Value Number32() { return Number(0, kMax32); }
  [[nodiscard]] static constexpr Value AnyNumber() { return Number(kLowest, kHighest); }

  [[nodiscard]] constexpr bool IsConstant() const { return kind == Kind::kNumber && low == high; }
  [[nodiscard]] constexpr bool Is32() const {
    return kind == Kind::kNumber && low >= 0 && high <= kMax32;
  }
  [[nodiscard]] constexpr bool IsRecord(RecordStage stage) const {
    return kind == Kind::kRecord && low == stage && high == stage;
  }
  [[nodiscard]] static constexpr Value Record(RecordStage stage) {
    return {.kind = Kind::kRecord, .low = stage, .high = stage};
  }
  // May instructions compute with it?
  [[nodiscard]] constexpr bool IsData() const {
    return kind == Kind::kNumber || kind == Kind::kWindow;
  }
};

// The least value that covers both.
[[nodiscard]] Value Join(const Value& a, const Value& b);
// Of data: the 64-bit sum, the product with a scale, the low 32 bits, the low 16.
[[nodiscard]] Value Add(const Value& a, const Value& b);
[[nodiscard]] Value Scaled(const Value& a, uint8_t scale);
[[nodiscard]] Value Low32(const Value& a);
[[nodiscard]] Value Low16(const Value& a);
[[nodiscard]] Value Not64(const Value& a);
[[nodiscard]] Value RotatedRight(const Value& a, unsigned count, bool wide);
[[nodiscard]] Value ShiftedRight(const Value& a, const Value& count, bool wide);
// pext of the flags or a number under a mask, and its inverse.
[[nodiscard]] Value Extracted(const Value& a, const Value& mask);
[[nodiscard]] Value Deposited(const Value& a, const Value& mask);

class State {
 public:
  static constexpr uint8_t kMaxDepth = 2;

  // Between instructions of the guest: its registers hold its numbers, all else nothing.
  [[nodiscard]] static const State& Boundary();

  [[nodiscard]] const Value& operator[](uint8_t reg) const { return registers_[reg]; }
  // Not for fixed registers.
  void Set(uint8_t reg, const Value& value);
  void Forget(uint8_t reg) { Set(reg, {}); }

  // Registers that instructions may not compute with.
  [[nodiscard]] RegisterSet opaque() const { return opaque_; }
  // The guest's registers are numbers of 32 bits, and the shadow stack is as it was.
  [[nodiscard]] bool AtBoundary() const { return depth_ == 0 && (large_ & kGuestRegisters) == 0; }
  // Guest registers that hold more than a number of 32 bits.
  [[nodiscard]] RegisterSet Unclean() const { return large_ & kGuestRegisters; }

  // The shadow stack above where it was at the block's entry. False: too high or empty.
  [[nodiscard]] bool Push(const Value& value);
  [[nodiscard]] bool Pop(Value& value);

  // Guest registers written since the last access_begin.
  [[nodiscard]] RegisterSet written() const { return written_; }
  // Of the last access_begin; nothing if that is not known.
  [[nodiscard]] const Value& access() const { return access_; }
  void BeginAccess(uint32_t site) {
    written_ = 0;
    access_ = {.kind = Kind::kOperand, .site = site};
  }

  // False: the shadow stack's heights differ.
  [[nodiscard]] bool JoinWith(const State& other);

 private:
  [[nodiscard]] static State MakeBoundary();

  std::array<Value, kRegisters> registers_{};
  std::array<Value, kMaxDepth> stack_{};
  Value access_;
  uint8_t depth_ = 0;
  RegisterSet opaque_ = 0xFFFF;
  RegisterSet large_ = 0xFFFF;
  RegisterSet written_ = 0xFFFF;
};

}  // namespace verbatim::validator

#endif  // VERBATIM_TRANSLATOR_VALIDATOR_ABSTRACT_STATE_H_
