// SPDX-License-Identifier: Apache-2.0
// Events and returns that go as they went the last time. The checks of a delivery depend on the
// gate, the descriptors of code and stack, the privilege levels and little else. Where all of these
// are as they were, read anew and compared as they stand in memory, their outcome is known, and so
// are the hidden parts to be loaded. What cannot be read without a walk, or is rare, is left to the
// way that checks everything: nothing has happened by then.
#include "base/bits.h"
#include "vcpu/event_delivery.h"

namespace verbatim {
namespace {

// Nothing can be out of its bounds, nor wrap at 64 KiB.
bool IsPlainStack(const SegmentRegister& stack) {
  return stack.IsWritableData() && stack.CoversAll() && stack.Big();
}

bool HasWideStacks(const SegmentRegister& tr) {
  return tr.Present() && (tr.attributes & 0x8u) != 0;
}

}  // namespace

const uint8_t* EventDelivery::AtHand(uint32_t address, uint32_t bytes) const {
  return memory_.mmu().AtHand({address}, bytes, AccessKind::kRead, Privilege::kSupervisor);
}

std::optional<uint64_t> EventDelivery::GlobalDescriptorAtHand(uint16_t selector) const {
  if ((selector & kSelectorTableBit) != 0 || (selector | 7u) > state_.gdtr.limit) return {};
  const uint8_t* at = AtHand(state_.gdtr.base + (selector & 0xFFF8u), sizeof(uint64_t));
  if (at == nullptr) return {};
  return LoadLittle<uint64_t>(at);
}

bool EventDelivery::StillStands(const KnownSegment& known) const {
  const std::optional<uint64_t> now = GlobalDescriptorAtHand(known.segment.selector);
  return now && *now == known.descriptor;
}

std::optional<EventDelivery::KnownSegment> EventDelivery::Know(
    const SegmentRegister& segment) const {
  const std::optional<uint64_t> descriptor = GlobalDescriptorAtHand(segment.selector);
  if (!descriptor) return {};
  return KnownSegment{segment, *descriptor};
}

bool EventDelivery::DeliverAsBefore(const Event& event) {
  const KnownGate& known = known_gates_[event.vector];
  if (known.from_cpl != state_.cpl || known.software != event.software || !state_.ProtectedMode() ||
      state_.Virtual8086() || AccessesWatched(state_) ||
      event.vector * 8u + 7 > state_.idtr.limit) {
    return false;
  }
  const uint8_t* const gate = AtHand(state_.idtr.base + event.vector * 8u, sizeof known.gate);
  if (gate == nullptr || LoadLittle<uint64_t>(gate) != known.gate || !StillStands(known.code)) {
    return false;
  }
  SegmentRegister& ss = state_.segments[kSs];
  const bool inner = known.to_cpl != known.from_cpl;
  uint32_t pointer = state_.gpr[kEsp];
  if (inner) {
    constexpr uint32_t kBytes = 6;  // ESP, SS
    const uint32_t offset = known.to_cpl * 8 + 4;
    if (!HasWideStacks(state_.tr) || offset + kBytes - 1 > state_.tr.limit) return false;
    const uint8_t* const stack = AtHand(state_.tr.base + offset, kBytes);
    if (stack == nullptr || LoadLittle<uint16_t>(stack + 4) != known.stack.segment.selector ||
        !StillStands(known.stack)) {
      return false;
    }
    pointer = LoadLittle<uint32_t>(stack);
  } else if (!IsPlainStack(ss)) {
    return false;
  }
  constexpr uint32_t kEach = 4;
  const uint32_t bytes = (3 + (inner ? 2 : 0) + (event.has_error_code ? 1 : 0)) * kEach;
  const uint32_t base = inner ? known.stack.segment.base : ss.base;
  uint8_t* to = memory_.mmu().AtHand({base + pointer - bytes}, bytes, AccessKind::kWrite,
                                     PrivilegeOf(known.to_cpl));
  if (to == nullptr) return false;
  const auto store = [&](uint32_t value) {
    StoreLittle(to, value);
    to += kEach;
  };
  if (event.has_error_code) store(event.error_code);
  store(event.return_eip);
  store(state_.segments[kCs].selector);
  store(event.saved_flags);
  if (inner) {
    store(state_.gpr[kEsp]);
    store(ss.selector);
    ss = known.stack.segment;
    state_.cpl = known.to_cpl;
  }
  state_.gpr[kEsp] = pointer - bytes;
  state_.segments[kCs] = known.code.segment;
  state_.eip = known.eip;
  state_.eflags &= ~known.cleared_flags;
  return true;
}

// After a delivery through a gate; `from` is the state in front of it.
void EventDelivery::RememberDelivery(const Event& event, unsigned from_cpl) {
  KnownGate& known = known_gates_[event.vector];
  known.from_cpl = KnownGate::kNone;
  // Alignment is checked at CPL 3.
  if (!state_.ProtectedMode() || state_.cpl == 3 || AccessesWatched(state_)) return;
  const uint8_t* const gate = AtHand(state_.idtr.base + event.vector * 8u, sizeof known.gate);
  if (gate == nullptr) return;
  known.gate = LoadLittle<uint64_t>(gate);
  const Descriptor descriptor{static_cast<uint32_t>(known.gate),
                              static_cast<uint32_t>(known.gate >> 32)};
  const bool interrupt = descriptor.Type() == SystemType::kInterruptGate32;
  if (!interrupt && descriptor.Type() != SystemType::kTrapGate32) return;
  const std::optional<KnownSegment> code = Know(state_.segments[kCs]);
  const std::optional<KnownSegment> stack = Know(state_.segments[kSs]);
  if (!code || !IsPlainStack(state_.segments[kSs]) || (from_cpl != state_.cpl && !stack)) return;
  known.code = *code;
  if (stack) known.stack = *stack;
  known.eip = descriptor.GateOffset();
  known.cleared_flags = flag::kTf | flag::kVm | flag::kRf | flag::kNt | (interrupt ? flag::kIf : 0);
  known.to_cpl = state_.cpl;
  known.software = event.software;
  known.from_cpl = from_cpl;
}

bool EventDelivery::ReturnAsBefore(unsigned operand_bits) {
  constexpr uint32_t kSame = 12;
  constexpr uint32_t kOuter = 20;
  const SegmentRegister& ss = state_.segments[kSs];
  if (operand_bits != 32 || !state_.ProtectedMode() || state_.cpl == 3 || !IsPlainStack(ss) ||
      (state_.eflags & (flag::kVm | flag::kNt)) != 0 || AccessesWatched(state_)) {
    return false;
  }
  const auto frame = [&](uint32_t bytes) {
    return memory_.mmu().AtHand({ss.base + state_.gpr[kEsp]}, bytes, AccessKind::kRead,
                                PrivilegeOf(state_.cpl));
  };
  const uint8_t* const from = frame(kSame);
  if (from == nullptr) return false;
  const auto selector = LoadLittle<uint16_t>(from + 4);
  const auto flags = LoadLittle<uint32_t>(from + 8);
  const unsigned cpl = RplOf(selector);
  const KnownReturn& known = known_returns_[cpl];
  if (!known.valid || selector != known.code.segment.selector || (flags & flag::kVm) != 0 ||
      cpl < state_.cpl || !StillStands(known.code)) {
    return false;
  }
  const uint32_t eip = LoadLittle<uint32_t>(from);
  if (cpl == state_.cpl) {
    state_.gpr[kEsp] += kSame;
    LoadFlags(flags, operand_bits, cpl);
  } else {
    if (frame(kOuter) == nullptr || !known.has_stack ||
        LoadLittle<uint16_t>(from + 16) != known.stack.segment.selector ||
        !StillStands(known.stack)) {
      return false;
    }
    state_.gpr[kEsp] = LoadLittle<uint32_t>(from + kSame);
    state_.segments[kSs] = known.stack.segment;
    LoadFlags(flags, operand_bits, state_.cpl);
    state_.cpl = cpl;
    tables_.DropInaccessibleSegments();
  }
  state_.segments[kCs] = known.code.segment;
  state_.eip = eip;
  return true;
}

void EventDelivery::RememberReturn(unsigned from_cpl) {
  if (!state_.ProtectedMode() || state_.Virtual8086()) return;
  KnownReturn& known = known_returns_[state_.cpl];
  known.valid = false;
  const SegmentRegister& cs = state_.segments[kCs];
  const SegmentRegister& ss = state_.segments[kSs];
  const std::optional<KnownSegment> code = Know(cs);
  if (!code || cs.limit != 0xFFFFFFFFu) return;
  known.code = *code;
  known.has_stack = false;
  if (from_cpl != state_.cpl && ss.Big()) {
    const std::optional<KnownSegment> stack = Know(ss);
    if (stack) known.stack = *stack;
    known.has_stack = stack.has_value();
  }
  known.valid = true;
}

}  // namespace verbatim
