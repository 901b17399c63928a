// SPDX-License-Identifier: Apache-2.0
// The ways out of a block, and what each stub must find in the registers (translator/stub_table.h).
#include <algorithm>

#include "translator/validator/dataflow.h"

namespace verbatim::validator {
namespace {

constexpr uint32_t kVectors = 32;

constexpr Complaint kNoBoundary =
    "leaves with more than 32 bits in a guest register or with the shadow stack moved";
constexpr Complaint kNoTarget = "leaves without a guest address in r8d";

}  // namespace

Complaint Dataflow::Leave(const State& state, const uint8_t* target) const {
  if (!state.AtBoundary()) return kNoBoundary;
  const Value& r8 = state[kR8];
  const Value& r9 = state[kR9];
  if (!r8.Is32()) return kNoTarget;
  if (target == stubs_.miss || target == stubs_.return_miss || target == stubs_.dispatch ||
      target == stubs_.block_end) {
    return nullptr;
  }
  if (IsDoubt(target)) {
    return r9.Is32() && state[kR10].Is32() ? nullptr : "leaves in doubt of no sum";
  }
  if (target == stubs_.dead) {
    return r8.IsConstant() && r8.low == block_.eip ? nullptr : "another address than the block's";
  }
  if (target == stubs_.stale) {
    const auto body = static_cast<int64_t>(reinterpret_cast<uintptr_t>(block_.body()));
    const bool own = r8.IsConstant() && r8.low == block_.eip && r9.IsConstant() && r9.low == body;
    return own ? nullptr : "another block's bytes than its own";
  }
  if (target == stubs_.exception) {
    if (!r8.IsConstant() || !r9.IsConstant() || r9.low < 0 || r9.low >= kVectors) {
      return "raises no known exception";
    }
    return nullptr;
  }
  if (target == stubs_.link) {
    const auto start = static_cast<int64_t>(reinterpret_cast<uintptr_t>(block_.host_start));
    if (!r8.IsConstant() || !r9.IsConstant()) return "names no link";
    const auto link =
        std::ranges::lower_bound(block_.links, r9.low - start, {},
                                 [](const Link& each) { return int64_t{each.stub_offset}; });
    const bool known = link != block_.links.end() && link->stub_offset == r9.low - start &&
                       link->target_eip == r8.low;
    return known ? nullptr : "names no link";
  }
  if (target == stubs_.guess) {
    const auto start = static_cast<int64_t>(reinterpret_cast<uintptr_t>(block_.host_start));
    const bool known =
        r9.IsConstant() && std::ranges::any_of(block_.links, [&](const Link& link) {
          return link.IsGuess() && !link.given_up && link.guess_end() == r9.low - start;
        });
    return known ? nullptr : "names no guess";
  }
  return "leads to no stub";
}

Complaint Dataflow::LeaveIndirectly(const State& state, const HostInstruction& in) const {
  if (!state.AtBoundary()) return kNoBoundary;
  if (!state[kR8].Is32()) return kNoTarget;
  if (in.operation == Operation::kReturn) return nullptr;
  return state[in.rm].kind == Kind::kCode ? nullptr : "goes where the jump table does not say";
}

Complaint Dataflow::CallStub(State& state, const uint8_t* target, bool& is_stub) const {
  is_stub = target == stubs_.callout || target == stubs_.load_segment ||
            target == stubs_.far_transfer || target == stubs_.access_begin ||
            target == stubs_.access_end;
  if (!is_stub) return nullptr;
  if (!state.AtBoundary()) return kNoBoundary;
  const Site* site = SiteOf(state[kR9]);
  if (site == nullptr) return "calls out for no site of the block";
  const auto number = static_cast<uint32_t>(state[kR9].low);
  if (target == stubs_.load_segment && !state[kR8].Is32()) return "loads no selector";
  if (target == stubs_.far_transfer) {
    const bool plain = state[kR8].Is32() && state[kR10].Is32() && state[kR11].Is32();
    if (!plain) return "transfers to no far address";
  }
  // r11 is kept; what else was in scratch registers is gone.
  State after = State::Boundary();
  if (state[kR11].IsData()) after.Set(kR11, state[kR11]);
  if (target == stubs_.access_begin) {
    if (site->bytes == 0 || (!site->read && !site->write)) return "begins no access";
    after.Set(kR8, {.kind = Kind::kOperand, .site = number});
    after.BeginAccess(number);
  } else if (target == stubs_.access_end) {
    const bool begun = state.access().kind == Kind::kOperand && state.access().site == number;
    if (!begun || !site->write) return "ends another access than was begun";
  }
  state = after;
  return nullptr;
}

}  // namespace verbatim::validator
