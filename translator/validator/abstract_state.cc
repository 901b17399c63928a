// SPDX-License-Identifier: Apache-2.0
#include "translator/validator/abstract_state.h"

#include <algorithm>
#include <bit>

#include "decoder/instruction.h"

namespace verbatim::validator {
namespace {

// flag::kHostResident as a mask that a constant must stay within.
bool IsResidentMask(const Value& mask) {
  return mask.IsConstant() && mask.Is32() &&
         (static_cast<uint64_t>(mask.low) & ~uint64_t{flag::kHostResident}) == 0;
}

}  // namespace

Value Join(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.kind == Kind::kNothing) return {};
  if (a.kind == Kind::kOperand && a.site != b.site) return {};
  Value joined = a;
  joined.resident_only = a.resident_only && b.resident_only;
  joined.virtual_flags = a.virtual_flags && b.virtual_flags;
  joined.word_high = std::max(a.word_high, b.word_high);
  joined.low = std::min(a.low, b.low);
  joined.high = std::max(a.high, b.high);
  return joined;
}

Value Add(const Value& a, const Value& b) {
  if (!a.IsData() || !b.IsData()) return {};
  const bool window = a.kind == Kind::kWindow || b.kind == Kind::kWindow;
  if (a.kind == Kind::kWindow && b.kind == Kind::kWindow) return {};
  Value sum;
  sum.kind = window ? Kind::kWindow : Kind::kNumber;
  if (__builtin_add_overflow(a.low, b.low, &sum.low) ||
      __builtin_add_overflow(a.high, b.high, &sum.high)) {
    sum.low = Value::kLowest;
    sum.high = Value::kHighest;
  }
  return sum;
}

Value Scaled(const Value& a, uint8_t scale) {
  if (scale == 1) return a;
  if (a.kind != Kind::kNumber) return {};
  int64_t low = 0;
  int64_t high = 0;
  if (__builtin_mul_overflow(a.low, int64_t{scale}, &low) ||
      __builtin_mul_overflow(a.high, int64_t{scale}, &high)) {
    return Value::AnyNumber();
  }
  return Value::Number(low, high);
}

Value Low32(const Value& a) {
  if (!a.IsData()) return {};
  if (a.low < 0 || a.high > Value::kMax32) return Value::Number32();
  // The window's base has no bit in the low half.
  Value low = a;
  low.kind = Kind::kNumber;
  return low;
}

Value Low16(const Value& a) {
  if (!a.IsData()) return {};
  if (a.low >= 0 && a.high <= 0xFFFF) return Value::Number(a.low, a.high);
  return Value::Number(0, a.word_high);
}

Value Not64(const Value& a) {
  if (a.kind != Kind::kNumber) return {};
  return Value::Number(~a.high, ~a.low);
}

Value RotatedRight(const Value& a, unsigned count, bool wide) {
  if (!a.IsData()) return {};
  if (!wide) {
    Value turned = Value::Number32();
    // The halves change places.
    if (count == 16 && a.Is32()) turned.word_high = static_cast<uint16_t>(a.high >> 16);
    return turned;
  }
  count &= 63;
  if (a.kind != Kind::kNumber) return {};
  if (count == 0) return a;
  // What all fits into the bits that wrap moves up by the rest.
  const unsigned up = 64 - count;
  const bool wraps = a.low >= 0 && (count == 63 || a.high >> count == 0);
  if (wraps && a.high <= Value::kHighest >> up) return Value::Number(a.low << up, a.high << up);
  return Value::AnyNumber();
}

Value ShiftedRight(const Value& a, const Value& count, bool wide) {
  if (a.kind != Kind::kNumber || count.kind != Kind::kNumber) return {};
  if (!wide) {
    const bool known = count.IsConstant() && a.Is32();
    const auto by = static_cast<unsigned>(count.low & 31);
    return known ? Value::Number(a.low >> by, a.high >> by) : Value::Number32();
  }
  if (!count.IsConstant()) return Value::AnyNumber();
  const auto by = static_cast<unsigned>(count.low & 63);
  if (by == 0) return a;
  if (a.low >= 0) return Value::Number(a.low >> by, a.high >> by);
  return Value::Number(0, static_cast<int64_t>(~uint64_t{0} >> by));
}

Value Extracted(const Value& a, const Value& mask) {
  // Of the host's flags only those may be seen that are the guest's.
  const bool allowed =
      a.kind == Kind::kHostFlags ? IsResidentMask(mask) : a.IsData() && mask.IsData();
  if (!allowed) return {};
  if (!mask.IsConstant()) return Value::Number32();
  const int bits = std::popcount(static_cast<uint32_t>(mask.low));
  return Value::Number(0, (int64_t{1} << bits) - 1);
}

Value Deposited(const Value& a, const Value& mask) {
  if (!a.IsData() || !mask.IsData()) return {};
  if (!mask.IsConstant()) return Value::Number32();
  Value value = Value::Number(0, static_cast<uint32_t>(mask.low));
  value.resident_only = IsResidentMask(mask);
  return value;
}

const State& State::Boundary() {
  static const State boundary = MakeBoundary();
  return boundary;
}

State State::MakeBoundary() {
  State state;
  for (uint8_t reg = 0; reg < kRegisters; ++reg) {
    if ((kGuestRegisters & SetOf(reg)) != 0) state.Set(reg, Value::Number32());
  }
  // Only lea may use it; see the dataflow.
  state.registers_[kR13] = {.kind = Kind::kWindow, .low = 0, .high = 0};
  return state;
}

void State::Set(uint8_t reg, const Value& value) {
  const RegisterSet bit = SetOf(reg);
  registers_[reg] = value;
  opaque_ = static_cast<RegisterSet>(value.IsData() ? opaque_ & ~bit : opaque_ | bit);
  large_ = static_cast<RegisterSet>(value.Is32() ? large_ & ~bit : large_ | bit);
  written_ |= bit;
}

bool State::Push(const Value& value) {
  if (depth_ == kMaxDepth) return false;
  stack_[depth_++] = value;
  return true;
}

bool State::Pop(Value& value) {
  if (depth_ == 0) return false;
  value = stack_[--depth_];
  return true;
}

bool State::JoinWith(const State& other) {
  if (depth_ != other.depth_) return false;
  for (uint8_t reg = 0; reg < kRegisters; ++reg) {
    if ((kFixedRegisters & SetOf(reg)) != 0) continue;
    Set(reg, Join(registers_[reg], other.registers_[reg]));
  }
  for (uint8_t i = 0; i < depth_; ++i) stack_[i] = Join(stack_[i], other.stack_[i]);
  access_ = Join(access_, other.access_);
  written_ |= other.written_;
  return true;
}

}  // namespace verbatim::validator
