// SPDX-License-Identifier: Apache-2.0
// Which memory an instruction may access, and what it finds there.
#include <algorithm>
#include <array>
#include <cstddef>

#include "codecache/jump_table.h"
#include "memory/page_rights.h"
#include "translator/execution_context.h"
#include "translator/validator/dataflow.h"

namespace verbatim::validator {
namespace {

// The window and what is unmapped around it for ever (memory/window.h), from the window's base. An
// access that begins in a guard faults, so only its first byte matters.
constexpr int64_t kGuardBelow = -(int64_t{1} << 32);
constexpr int64_t kGuardsEnd = int64_t{1} << 33;
// A bit offset of 32 bits reaches so far to either side.
constexpr int64_t kBitStringReach = int64_t{1} << 28;

constexpr int64_t kTableBytes = int64_t{JumpTable::kSlots} * int64_t{sizeof(uint32_t)};
constexpr int64_t kSlotBytes = sizeof(uint32_t);

enum class Content : uint8_t {
  kNumber16,
  kNumber32,
  kNumber64,
  kVirtualFlags,
  kSegmentBase,
  kRecord,
  kPageRights
};

struct ContextField {
  size_t offset;
  Content content;
  bool writable = false;
};

#define FIELD(name) offsetof(ExecutionContext, name)

constexpr size_t SegmentField(uint8_t segment, size_t field) {
  return FIELD(cpu.segments) + segment * sizeof(SegmentRegister) + field;
}
constexpr ContextField SelectorOf(uint8_t segment, bool writable) {
  return {SegmentField(segment, offsetof(SegmentRegister, selector)), Content::kNumber16, writable};
}
constexpr ContextField BaseOf(uint8_t segment, bool writable) {
  return {SegmentField(segment, offsetof(SegmentRegister, base)), Content::kNumber32, writable};
}
constexpr ContextField LimitOf(uint8_t segment) {
  return {SegmentField(segment, offsetof(SegmentRegister, limit)), Content::kNumber32};
}

// All of the context that blocks touch themselves.
constexpr std::array kContextFields{
    ContextField{FIELD(virtual_flags), Content::kVirtualFlags, true},
    ContextField{FIELD(flags_if_clear), Content::kVirtualFlags},
    ContextField{FIELD(flags_if_set), Content::kVirtualFlags},
    ContextField{FIELD(interrupt_pending), Content::kNumber32},
    ContextField{FIELD(minus_one), Content::kNumber32},
    ContextField{FIELD(fs_base), Content::kSegmentBase},
    ContextField{FIELD(record_next), Content::kRecord, true},
    ContextField{FIELD(gs_base), Content::kSegmentBase},
    ContextField{FIELD(page_rights), Content::kPageRights},
    ContextField{FIELD(cpu.tsc_offset), Content::kNumber64},
    ContextField{FIELD(cpu.cr0), Content::kNumber32},
    ContextField{FIELD(cpu.cr2), Content::kNumber32},
    ContextField{FIELD(cpu.cr3), Content::kNumber32},
    ContextField{FIELD(cpu.cr4), Content::kNumber32},
    SelectorOf(kEs, true),
    BaseOf(kEs, true),
    SelectorOf(kCs, false),
    BaseOf(kCs, false),
    SelectorOf(kSs, false),
    BaseOf(kSs, false),
    SelectorOf(kDs, true),
    BaseOf(kDs, true),
    SelectorOf(kFs, true),
    BaseOf(kFs, true),
    SelectorOf(kGs, true),
    BaseOf(kGs, true),
    LimitOf(kEs),
    LimitOf(kCs),
    LimitOf(kSs),
    LimitOf(kDs),
    LimitOf(kFs),
    LimitOf(kGs),
};

#undef FIELD

constexpr uint8_t BytesOf(Content content) {
  if (content == Content::kNumber16) return 2;
  const bool eight = content == Content::kNumber64 || content == Content::kSegmentBase ||
                     content == Content::kRecord || content == Content::kPageRights;
  return eight ? 8 : 4;
}

// Whether an instruction that stores data of the guest may do so to such a field.
bool MayStore(Content content, const HostInstruction& in, const State& state) {
  switch (content) {
    case Content::kNumber16:
      return in.operation == Operation::kPlain && !in.memory_read;
    case Content::kVirtualFlags:
      return in.operation == Operation::kMove && state[in.reg].virtual_flags;
    case Content::kRecord:
      return in.operation == Operation::kMove && state[in.reg].IsRecord(kRecordNext);
    default:
      return in.operation == Operation::kMove && state[in.reg].kind == Kind::kNumber;
  }
}

Value ValueOf(Content content) {
  switch (content) {
    case Content::kNumber16:
    case Content::kNumber32:
      return Value::Number32();
    case Content::kNumber64:
      return Value::AnyNumber();
    case Content::kVirtualFlags: {
      Value value = Value::Number32();
      value.virtual_flags = true;
      return value;
    }
    case Content::kSegmentBase:
      return {.kind = Kind::kSegmentBase};
    case Content::kRecord:
      return Value::Record(kRecordLoaded);
    case Content::kPageRights:
      return {.kind = Kind::kPageRights};
  }
  return {};
}

bool InWindow(const Value& pointer) {
  return pointer.kind == Kind::kWindow && pointer.low >= 0 && pointer.high <= Value::kMax32;
}

bool InWindowOrGuards(const Value& pointer) {
  return pointer.kind == Kind::kWindow && pointer.low >= kGuardBelow && pointer.high < kGuardsEnd;
}

// Guest register to host register (docs/architecture.md).
uint8_t HostRegisterOf(uint8_t gpr) { return gpr == kEsp ? uint8_t{kR12} : gpr; }

constexpr Complaint kPlainPointer = "accesses memory by what is no checked pointer";

}  // namespace

bool Dataflow::IsCounter(int64_t address) const {
  const ExecutionCounts& counts = *block_.executions;
  return std::ranges::any_of(std::array{&counts.body, &counts.arrivals, &counts.returns},
                             [address](const uint64_t* counter) {
                               return address ==
                                      static_cast<int64_t>(reinterpret_cast<uintptr_t>(counter));
                             });
}

// `loaded` is what a register gets that the operand is moved to.
Complaint Dataflow::Access(State& state, const HostInstruction& in, Value& loaded) const {
  loaded = Value::Number32();
  if (in.window) return AccessWindow(state, in);
  if (in.address32) return "a 32-bit address outside the window";
  if (in.base == kNone) return "an absolute address";
  if (in.memory_bytes == 0) return "a hint outside the window";
  if (in.base == kR15) return AccessContext(state, in, loaded);
  if (in.base == kR14) return AccessJumpTable(state, in, loaded);
  if (state[in.base].kind == Kind::kPageRights) return AccessPageRights(state, in);
  if (in.index != kNone || in.displacement != 0) return kPlainPointer;
  const Value& pointer = state[in.base];
  if (pointer.kind == Kind::kOperand) return AccessOperand(state, in, pointer);
  if (pointer.kind == Kind::kSegmentBase) {
    const bool load = in.operation == Operation::kMove && !in.reg_to_memory && !in.wide;
    return load ? nullptr : "more than a load of a segment's base";
  }
  if (pointer.IsRecord(kRecordLoaded)) {
    const bool number = in.operation == Operation::kPlain && in.memory_write && !in.memory_read &&
                        in.memory_bytes == sizeof(uint32_t);
    if (!number) return "not the number of an executed block";
    state.Set(in.base, Value::Record(kRecordWritten));
    return nullptr;
  }
  if (block_.executions != nullptr && pointer.IsConstant() && IsCounter(pointer.low)) {
    if (in.operation != Operation::kMove || !in.wide) return "not a count of executions";
    loaded = Value::AnyNumber();
    return nullptr;
  }
  return kPlainPointer;
}

Complaint Dataflow::AccessWindow(const State& state, const HostInstruction& in) const {
  if (in.wide) return "64 bits of guest memory";
  Value address = Value::Constant(static_cast<uint64_t>(int64_t{in.displacement}));
  if (in.base != kNone) {
    if ((SetOf(in.base) & state.opaque()) != 0) return "a window address of no number";
    address = Add(address, state[in.base]);
  }
  if (in.index != kNone) {
    if ((SetOf(in.index) & state.opaque()) != 0) return "a window address of no number";
    address = Add(address, Scaled(state[in.index], in.scale));
  }
  if (in.address32) return nullptr;
  const int64_t reach = in.operation == Operation::kBitString ? kBitStringReach : 0;
  if (address.kind != Kind::kNumber || address.low < kGuardBelow + reach ||
      address.high >= kGuardsEnd - reach) {
    return "a 64-bit window address that may pass the guards";
  }
  return nullptr;
}

Complaint Dataflow::AccessContext(const State& state, const HostInstruction& in,
                                  Value& loaded) const {
  if (in.index != kNone || in.displacement < 0) return "an index into the context";
  for (const ContextField& field : kContextFields) {
    if (field.offset != static_cast<size_t>(in.displacement)) continue;
    if (in.memory_bytes != BytesOf(field.content)) break;
    loaded = ValueOf(field.content);
    if (!in.memory_write) return nullptr;
    if (!field.writable || !MayStore(field.content, in, state)) {
      return "writes what it may not of the context";
    }
    return nullptr;
  }
  return "no field of the context that blocks may touch";
}

Complaint Dataflow::AccessJumpTable(const State& state, const HostInstruction& in,
                                    Value& loaded) const {
  if (in.operation != Operation::kMove || in.reg_to_memory || in.wide) {
    return "more than a load from the jump table";
  }
  int64_t low = in.displacement;
  int64_t high = in.displacement;
  int64_t end = kTableBytes;
  if (in.index != kNone) {
    // Only hashed entries verify the address that they are reached with.
    const Value& index = state[in.index];
    if (index.kind != Kind::kNumber || in.scale != kSlotBytes)
      return "not a slot of the jump table";
    if (index.low < 0 || index.high >= JumpTable::kHashedEntries) {
      return "an index that may pass the jump table";
    }
    low += index.low * kSlotBytes;
    high += index.high * kSlotBytes;
    end = int64_t{JumpTable::kHashedEntries} * kSlotBytes;
  }
  if (low < 0 || high > end - kSlotBytes || in.displacement % kSlotBytes != 0) {
    return "not a slot of the jump table";
  }
  loaded = {.kind = Kind::kCode};
  return nullptr;
}

Complaint Dataflow::AccessPageRights(const State& state, const HostInstruction& in) const {
  const bool look = in.operation == Operation::kZeroExtend && in.memory_bytes == 1;
  if (!look || in.index == kNone || in.scale != 1 || in.displacement != 0) {
    return "more than a look at a page's rights";
  }
  const Value& page = state[in.index];
  const bool is_page =
      page.kind == Kind::kNumber && page.low >= 0 && page.high < int64_t{PageRights::kPages};
  return is_page ? nullptr : "the rights of what is no page";
}

Complaint Dataflow::AccessOperand(const State& state, const HostInstruction& in,
                                  const Value& pointer) const {
  const Site& site = sites_.At(pointer.site);
  if (in.wide) return "64 bits of guest memory";
  if (in.memory_bytes > site.bytes) return "more bytes than access_begin checked";
  if (in.memory_read && !site.read) return "reads what access_begin checked for writing";
  if (in.memory_write && !site.write) return "writes what access_begin checked for reading";
  // For a bit string the pointer is moved by minus the distance that the offset means.
  const bool moved = IsBitString(site.instruction);
  if (moved != (in.operation == Operation::kBitString)) return "a bit string, or none, by mistake";
  if (moved) {
    const uint8_t offset = HostRegisterOf(site.instruction.reg);
    const bool same_size = in.operand16 == (site.instruction.operand_bits == 16);
    if (in.reg != offset || !same_size || (state.written() & SetOf(offset)) != 0) {
      return "another bit offset than access_begin knew";
    }
  }
  return nullptr;
}

Complaint Dataflow::StringMove(State& state, const HostInstruction& in) const {
  constexpr RegisterSet kAddresses = SetOf(kRsi) | SetOf(kRdi);
  const auto data = static_cast<RegisterSet>((in.reads & ~kAddresses) | SetOf(kRcx));
  if ((data & state.opaque()) != 0) return "computes with a register that holds no number";
  for (const uint8_t reg : {kRsi, kRdi}) {
    if ((in.reads & SetOf(reg)) == 0) continue;
    if (!InWindowOrGuards(state[reg])) return "a string outside the window";
    // It may have gone up or down by any number of bytes. A guard cannot be passed step by step.
    state.Set(reg, {.kind = Kind::kWindow, .low = Value::kLowest, .high = Value::kHighest});
  }
  // A repeated one counts rcx down.
  if (!state[kRcx].Is32()) return "a count of more than 32 bits";
  if ((in.writes & SetOf(kRax)) != 0) state.Set(kRax, Value::Number32());
  if ((in.partial & SetOf(kRax)) != 0 && !state[kRax].Is32())
    return "a number of more than 32 bits";
  return nullptr;
}

Complaint Dataflow::MaskedMove(const State& state, const HostInstruction& in) const {
  const Value& pointer = state[kRdi];
  if (InWindow(pointer)) return nullptr;
  if (pointer.kind != Kind::kOperand) return "a masked move outside the window";
  const Site& site = sites_.At(pointer.site);
  return site.write && in.memory_bytes <= site.bytes ? nullptr
                                                     : "more bytes than access_begin checked";
}

}  // namespace verbatim::validator
