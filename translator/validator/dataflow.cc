// SPDX-License-Identifier: Apache-2.0
// Instructions that neither access memory nor transfer control; memory_rules.cc and exit_rules.cc
// have the others.
#include "translator/validator/dataflow.h"

#include <bit>

#include "decoder/instruction.h"

namespace verbatim::validator {
namespace {

template <typename Action>
void ForEach(RegisterSet set, Action action) {
  for (; set != 0; set &= static_cast<RegisterSet>(set - 1)) {
    action(static_cast<uint8_t>(std::countr_zero(set)));
  }
}

// The register after some of its bits, or perhaps none, were replaced by the guest's.
Value PartlyReplaced(const Value& old) {
  if (old.Is32()) return Value::Number32();
  return old.kind == Kind::kNumber ? Value::AnyNumber() : Value{};
}

bool IsFixed(uint8_t reg) { return (kFixedRegisters & SetOf(reg)) != 0; }

constexpr Complaint kFixedWritten = "writes rsp, r13, r14 or r15";
constexpr Complaint kNotData = "computes with a register that holds no number of the guest";

}  // namespace

const Site* Dataflow::SiteOf(const Value& value) const {
  if (!value.IsConstant() || value.low < block_.first_site) return nullptr;
  if (value.low >= int64_t{block_.first_site} + block_.site_count) return nullptr;
  return value.low < sites_.size() ? &sites_.At(static_cast<uint32_t>(value.low)) : nullptr;
}

Complaint Dataflow::Step(State& state, const HostInstruction& in) const {
  switch (in.operation) {
    case Operation::kPlain:
    case Operation::kBitString:
    case Operation::kZeroExtend:
      return Plain(state, in);
    case Operation::kAddOverflow:
      return in.base == kR15 ? Plain(state, in) : "adds what is no field of the context";
    case Operation::kMove:
      return Move(state, in);
    case Operation::kMoveImmediate:
      if (IsFixed(in.rm)) return kFixedWritten;
      state.Set(in.rm, Value::Constant(in.immediate));
      return nullptr;
    case Operation::kLea:
      return LoadAddress(state, in);
    case Operation::kAnd:
    case Operation::kNot64:
    case Operation::kRotate:
    case Operation::kShift:
    case Operation::kExtract:
    case Operation::kDeposit:
      return Compute(state, in);
    case Operation::kPush:
    case Operation::kPop:
    case Operation::kPushFlags:
    case Operation::kPopFlags:
      return UseStack(state, in);
    case Operation::kString:
      return StringMove(state, in);
    case Operation::kMaskedMove:
      return MaskedMove(state, in);
    default:
      return "not an instruction that blocks may hold";
  }
}

Complaint Dataflow::Plain(State& state, const HostInstruction& in) const {
  if ((in.reads & state.opaque()) != 0) return kNotData;
  if (((in.writes | in.partial) & kFixedRegisters) != 0) return kFixedWritten;
  if (in.has_memory) {
    Value loaded;
    if (Complaint complaint = Access(state, in, loaded)) return complaint;
    if (in.memory_read && loaded.kind != Kind::kNumber) return "computes with a host pointer";
  }
  ForEach(in.partial, [&](uint8_t reg) { state.Set(reg, PartlyReplaced(state[reg])); });
  Value result = Value::Number32();
  if (in.operation == Operation::kZeroExtend) {
    const bool word_of_register = !in.has_memory && in.immediate == 0xFFFF;
    result = word_of_register ? Low16(state[in.rm])
                              : Value::Number(0, static_cast<int64_t>(in.immediate));
  }
  ForEach(in.writes, [&](uint8_t reg) { state.Set(reg, result); });
  return nullptr;
}

Complaint Dataflow::Move(State& state, const HostInstruction& in) const {
  if (!in.has_memory) {
    const uint8_t from = in.reg_to_memory ? in.reg : in.rm;
    const uint8_t to = in.reg_to_memory ? in.rm : in.reg;
    if (IsFixed(to)) return kFixedWritten;
    const Value& value = state[from];
    const bool pointer = in.wide && value.kind == Kind::kOperand;
    if ((SetOf(from) & state.opaque()) != 0 && !pointer) return kNotData;
    state.Set(to, in.wide ? Value{value} : Low32(value));
    return nullptr;
  }
  if (in.reg_to_memory) {
    const bool record = state[in.reg].IsRecord(kRecordNext) && in.wide && in.base == kR15;
    if ((SetOf(in.reg) & state.opaque()) != 0 && !record) {
      return "stores what is no number of the guest";
    }
    Value ignored;
    return Access(state, in, ignored);
  }
  if (IsFixed(in.reg)) return kFixedWritten;
  Value loaded;
  if (Complaint complaint = Access(state, in, loaded)) return complaint;
  state.Set(in.reg, loaded);
  return nullptr;
}

// The one place for r13: a window address is made of it.
Complaint Dataflow::LoadAddress(State& state, const HostInstruction& in) const {
  if (IsFixed(in.reg)) return kFixedWritten;
  if (in.address32) return "lea with a 32-bit address";
  const bool advances = in.wide && in.index == kNone && in.displacement == sizeof(uint32_t);
  if (advances && in.base != kNone && state[in.base].IsRecord(kRecordWritten)) {
    state.Set(in.reg, Value::Record(kRecordNext));
    return nullptr;
  }
  Value sum = Value::Constant(static_cast<uint64_t>(int64_t{in.displacement}));
  if (in.base != kNone) {
    const bool window = in.wide && in.base == kR13;
    if ((SetOf(in.base) & state.opaque()) != 0 && !window) return kNotData;
    sum = Add(sum, state[in.base]);
  }
  if (in.index != kNone) {
    if ((SetOf(in.index) & state.opaque()) != 0) return kNotData;
    sum = Add(sum, Scaled(state[in.index], in.scale));
  }
  if (!sum.IsData()) return "an address of more than the window's base and numbers";
  state.Set(in.reg, in.wide ? sum : Low32(sum));
  return nullptr;
}

Complaint Dataflow::Compute(State& state, const HostInstruction& in) const {
  const bool group = in.operation == Operation::kAnd || in.operation == Operation::kNot64;
  const uint8_t to = group ? in.rm : in.reg;
  if (IsFixed(to)) return kFixedWritten;
  RegisterSet sources = SetOf(in.rm);
  if (in.operation == Operation::kShift || in.operation == Operation::kDeposit) {
    sources |= SetOf(in.vvvv);
  }
  // PEXT alone may look at the host's flags.
  if ((sources & state.opaque()) != 0) return kNotData;
  Value value;
  switch (in.operation) {
    case Operation::kAnd: {
      if (!state[to].IsData()) break;
      // A mask with the top bit set is sign-extended, and means no more than 32 bits here.
      const auto mask = static_cast<uint32_t>(in.immediate);
      value = Value::Number(0, mask);
      value.resident_only = (mask & ~flag::kHostResident) == 0;
      break;
    }
    case Operation::kNot64:
      value = Not64(state[to]);
      break;
    case Operation::kRotate:
      value = RotatedRight(state[in.rm], static_cast<unsigned>(in.immediate), in.wide);
      break;
    case Operation::kShift:
      value = ShiftedRight(state[in.rm], state[in.vvvv], in.wide);
      break;
    case Operation::kExtract:
      if (IsFixed(in.vvvv)) return kNotData;
      value = Extracted(state[in.vvvv], state[in.rm]);
      break;
    default:
      value = Deposited(state[in.vvvv], state[in.rm]);
      break;
  }
  if (!value.IsData()) return kNotData;
  state.Set(to, value);
  return nullptr;
}

Complaint Dataflow::UseStack(State& state, const HostInstruction& in) const {
  constexpr Complaint kTooHigh = "pushes more than expansions do";
  constexpr Complaint kEmpty = "pops what the block did not push";
  Value value;
  switch (in.operation) {
    case Operation::kPush:
      if (state[in.rm].kind != Kind::kNumber) return kNotData;
      return state.Push(state[in.rm]) ? nullptr : kTooHigh;
    case Operation::kPushFlags:
      return state.Push({.kind = Kind::kHostFlags}) ? nullptr : kTooHigh;
    case Operation::kPop:
      if (IsFixed(in.rm)) return kFixedWritten;
      if (!state.Pop(value)) return kEmpty;
      state.Set(in.rm, value);
      return nullptr;
    default:
      if (!state.Pop(value)) return kEmpty;
      if (value.kind != Kind::kNumber || !value.resident_only) {
        return "loads flags that are not the guest's to set";
      }
      return nullptr;
  }
}

}  // namespace verbatim::validator
