// SPDX-License-Identifier: Apache-2.0
// One pass over the host code in address order. Jumps within a block lead forward, so that what is
// known at an instruction is complete when the pass comes to it: what falls through joined with
// what the jumps brought. Whatever is entered from outside starts from a guest boundary.
#include "translator/validator/validator.h"

#include <algorithm>
#include <optional>

#include "base/bits.h"
#include "translator/validator/dataflow.h"
#include "translator/validator/guess_rules.h"
#include "translator/validator/host_instruction.h"

namespace verbatim {
namespace {

using namespace validator;

// A patched jump: E9 and four bytes.
constexpr uint32_t kJumpBytes = 5;

// What is known of a byte of host code.
enum Mark : uint8_t {
  kStart = 1,    // an instruction begins here
  kEntered = 2,  // reached from outside, or from within at a boundary
  kTarget = 4,   // of a forward jump: a state waits for it
  kEipInR8 = 8,  // with kEntered: r8 holds a guest address; alone: as soon as it is entered
  kReturnSite = 16,
  kResumed = 32,    // a stub comes back to it
  kLinkField = 64,  // the displacement of a direct branch of 32 bits
  kDoubted = 128,   // with kEntered: a stub may send a check of the target back to here
};

class Pass {
 public:
  Pass(const Block& block, std::span<const uint8_t> code, const StubTable& stubs,
       const SiteTable& sites, std::vector<uint8_t>& marks,
       std::vector<std::pair<uint32_t, State>>& waiting)
      : block_(block), code_(code), flow_(block, stubs, sites), marks_(marks), waiting_(waiting) {}

  [[nodiscard]] Validation Run();

 private:
  [[nodiscard]] Complaint MarkEntries();
  [[nodiscard]] Complaint Arrive();
  [[nodiscard]] Complaint Execute(const HostInstruction& in);
  [[nodiscard]] Complaint Branch(const HostInstruction& in);
  [[nodiscard]] Complaint JumpWithin(uint32_t target, bool in_doubt);
  [[nodiscard]] Complaint LeaveInDoubt() const;
  [[nodiscard]] Complaint Call(const HostInstruction& in);
  [[nodiscard]] Complaint CheckUnclean();
  [[nodiscard]] Complaint CheckTables();
  [[nodiscard]] Complaint CheckPatchable(uint32_t offset) const;
  [[nodiscard]] Validation Error(Complaint reason) const;
  [[nodiscard]] const uint8_t* AddressOf(uint32_t offset) const {
    return block_.host_start + offset;
  }

  const Block& block_;
  const std::span<const uint8_t> code_;
  const Dataflow flow_;
  std::vector<uint8_t>& marks_;
  std::vector<std::pair<uint32_t, State>>& waiting_;
  std::optional<State> state_;  // none: nothing falls through to here
  uint32_t at_ = 0;
  uint32_t next_ = 0;
};

bool IsDirectBranch(const HostInstruction& in) {
  return in.operation == Operation::kJump || in.operation == Operation::kJumpIf ||
         in.operation == Operation::kCall;
}

Validation ErrorAt(std::span<const uint8_t> code, uint32_t offset, Complaint reason) {
  const auto rest = code.subspan(std::min<size_t>(offset, code.size()));
  constexpr size_t kShown = 15;
  const auto shown = rest.first(std::min(rest.size(), kShown));
  return std::unexpected(ValidationError{offset, reason, {shown.begin(), shown.end()}});
}

Validation Pass::Error(Complaint reason) const { return ErrorAt(code_, at_, reason); }

Complaint Pass::MarkEntries() {
  if (code_.size() != block_.host_bytes || code_.empty()) return "not the code of the block";
  marks_.assign(code_.size(), 0);
  waiting_.clear();
  const auto mark = [this](uint32_t offset, unsigned what) {
    if (offset >= marks_.size()) return false;
    marks_[offset] |= static_cast<uint8_t>(what);
    return true;
  };
  bool inside = mark(0, kEntered | kEipInR8) && mark(block_.body_offset, kEntered) &&
                mark(block_.dead_offset, kEntered);
  for (const uint32_t offset : block_.return_sites) {
    inside = inside && mark(offset, kEntered | kEipInR8 | kReturnSite);
  }
  for (const Link& link : block_.links) {
    if (!link.IsGuess() || link.given_up) continue;
    inside = inside && mark(link.guess_branch(), kEipInR8) && mark(link.stub_offset, kEipInR8);
  }
  for (const RecoveryPoint& point : block_.recovery) {
    if (!point.start) continue;
    const bool between = point.kind == RecoveryKind::kInstruction && point.stack_lag == 0;
    if (!between) return "a start amid what an instruction does";
    if (block_.check_end_offset != 0) return "a start behind the comparison of the guest's bytes";
    inside = inside && point.host_offset < block_.stubs_offset && mark(point.host_offset, kEntered);
  }
  return inside ? nullptr : "an entry outside the block";
}

// Joins what leads to the instruction at `at_`.
Complaint Pass::Arrive() {
  const uint8_t mark = marks_[at_];
  const auto join = [this](const State& state) {
    if (!state_) {
      state_ = state;
      return true;
    }
    return state_->JoinWith(state);
  };
  constexpr Complaint kUneven = "paths meet with the shadow stack at different heights";
  if ((mark & kEntered) != 0) {
    State entered = State::Boundary();
    if ((mark & kEipInR8) != 0) entered.Set(kR8, Value::Number32());
    if (!join(entered)) return kUneven;
  }
  if ((mark & kTarget) != 0) {
    for (const auto& [offset, state] : waiting_) {
      if (offset == at_ && !join(state)) return kUneven;
    }
    std::erase_if(waiting_, [this](const auto& each) { return each.first == at_; });
  }
  return nullptr;
}

Validation Pass::Run() {
  if (Complaint complaint = MarkEntries()) return Error(complaint);
  while (at_ < code_.size()) {
    if (marks_[at_] != 0) {
      if (Complaint complaint = Arrive()) return Error(complaint);
    }
    const HostInstruction in = Decode(code_.subspan(at_));
    if (in.operation == Operation::kInvalid)
      return Error("not an instruction that blocks may hold");
    next_ = at_ + in.length;
    marks_[at_] |= kStart;
    for (uint32_t inner = at_ + 1; inner < next_; ++inner) {
      if (marks_[inner] != 0) return Error("is entered in its middle");
    }
    if (IsDirectBranch(in) && in.length >= kJumpBytes) marks_[next_ - 4] |= kLinkField;
    // What nothing leads to must be confined all the same: it begins between guest instructions.
    if (!state_) state_ = State::Boundary();
    if (Complaint complaint = Execute(in)) return Error(complaint);
    at_ = next_;
  }
  if (state_) return Error("runs off the block's end");
  if (Complaint complaint = CheckTables()) return Error(complaint);
  return {};
}

Complaint Pass::Execute(const HostInstruction& in) {
  switch (in.operation) {
    case Operation::kJump:
    case Operation::kJumpIf:
      return Branch(in);
    case Operation::kCall:
      return Call(in);
    case Operation::kJumpRegister:
    case Operation::kReturn: {
      const Complaint complaint = flow_.LeaveIndirectly(*state_, in);
      state_.reset();
      return complaint;
    }
    case Operation::kCallRegister: {
      const Complaint complaint = flow_.LeaveIndirectly(*state_, in);
      if (complaint != nullptr) return complaint;
      if (next_ >= marks_.size() || (marks_[next_] & kReturnSite) == 0) {
        return "a call that comes back to no return site";
      }
      state_.reset();
      return nullptr;
    }
    default:
      if (Complaint complaint = flow_.Step(*state_, in)) return complaint;
      return state_->Unclean() != 0 ? CheckUnclean() : nullptr;
  }
}

Complaint Pass::Branch(const HostInstruction& in) {
  const int64_t target = int64_t{next_} + in.branch;
  const bool within = target >= 0 && target < static_cast<int64_t>(code_.size());
  Complaint complaint = nullptr;
  if (within) {
    const bool in_doubt = in.operation == Operation::kJumpIf && target >= block_.stubs_offset &&
                          (*state_)[kR8].Is32();
    complaint = JumpWithin(static_cast<uint32_t>(target), in_doubt);
    if (in_doubt && next_ < marks_.size()) marks_[next_] |= kEntered | kDoubted;
  } else {
    complaint = flow_.Leave(*state_, block_.host_start + target);
    if (complaint == nullptr && flow_.IsDoubt(block_.host_start + target)) {
      complaint = LeaveInDoubt();
    }
  }
  if (in.operation == Operation::kJump) state_.reset();
  return complaint;
}

// Out-of-line code starts from a boundary, whatever more is known: that saves keeping the state.
// But where a check of the guest's target by its sum is in doubt, the address in r8 and what was
// computed of it are still needed.
Complaint Pass::JumpWithin(uint32_t target, bool in_doubt) {
  if (target < next_) return "jumps backward";
  if (target >= block_.stubs_offset) {
    if (!state_->AtBoundary()) return "leaves the body between instructions of the guest";
    if (!in_doubt) {
      const bool needs_target = (marks_[target] & kEipInR8) != 0;
      if (needs_target && !(*state_)[kR8].Is32()) return "guesses what is no guest address";
      marks_[target] |= kEntered;
      return nullptr;
    }
  }
  marks_[target] |= kTarget;
  waiting_.emplace_back(target, *state_);
  return nullptr;
}

// The stub goes where r11 says.
Complaint Pass::LeaveInDoubt() const {
  const auto start = static_cast<int64_t>(reinterpret_cast<uintptr_t>(block_.host_start));
  const Value& back = (*state_)[kR11];
  const int64_t offset = back.low - start;
  const bool known = back.IsConstant() && offset >= 0 &&
                     offset < static_cast<int64_t>(marks_.size()) &&
                     (marks_[static_cast<size_t>(offset)] & kDoubted) != 0;
  return known ? nullptr : "is sent back to where it did not come from";
}

Complaint Pass::Call(const HostInstruction& in) {
  const int64_t target = int64_t{next_} + in.branch;
  const bool within = target >= 0 && target < static_cast<int64_t>(code_.size());
  if (!within) {
    bool is_stub = false;
    const Complaint complaint = flow_.CallStub(*state_, block_.host_start + target, is_stub);
    if (complaint != nullptr) return complaint;
    if (!is_stub) return "calls no stub";
    if (next_ < marks_.size()) marks_[next_] |= kResumed;
    return nullptr;
  }
  if (next_ >= marks_.size() || (marks_[next_] & kReturnSite) == 0) {
    return "a call that comes back to no return site";
  }
  const Complaint complaint = JumpWithin(static_cast<uint32_t>(target), false);
  state_.reset();
  return complaint;
}

// A signal at the next instruction saves the low halves of the guest's registers. Of a number or a
// window address that is the guest's; a pointer that access_begin returned must not be seen.
Complaint Pass::CheckUnclean() {
  for (uint8_t reg = 0; reg < kRegisters; ++reg) {
    if ((state_->Unclean() & SetOf(reg)) == 0) continue;
    if ((*state_)[reg].IsData()) continue;
    if (block_.recovery.empty() || IsGuestBoundary(block_.RecoveryAt(AddressOf(next_)).kind)) {
      return "a host value in a guest register where the guest may be interrupted";
    }
  }
  return nullptr;
}

// Five bytes from here become a jump one day: nothing may be on its way to their middle then.
Complaint Pass::CheckPatchable(uint32_t offset) const {
  if (marks_.size() - offset < kJumpBytes) return "no room for a patch";
  for (uint32_t inner = offset + 1; inner < offset + kJumpBytes; ++inner) {
    if ((marks_[inner] & (kEntered | kTarget | kResumed)) != 0) {
      return "enters what a patch will replace";
    }
  }
  return nullptr;
}

Complaint Pass::CheckTables() {
  at_ = block_.body_offset;
  if (Complaint complaint = CheckPatchable(at_)) return complaint;
  for (const uint32_t offset : block_.return_sites) {
    at_ = offset;
    if (Complaint complaint = CheckPatchable(at_)) return complaint;
  }
  for (const Link& link : block_.links) {
    if (link.given_up) continue;
    at_ = link.source_offset;
    if (at_ >= marks_.size() || (marks_[at_] & kLinkField) == 0) return "a link of no branch";
    const uint32_t target = at_ + 4 + LoadLittle<uint32_t>(&code_[at_]);
    if (target != link.stub_offset) return "a link whose branch leads elsewhere";
    const uint32_t stub = link.IsGuess() ? Link::kGuessStubBytes : Link::kStubBytes;
    if (marks_.size() - target < stub) return "a link without room for its stub";
    if (link.IsGuess() && !IsGuarded(code_, link)) return "a guess that nothing asks for";
  }
  for (const RecoveryPoint& point : block_.recovery) {
    at_ = point.host_offset;
    if (at_ >= marks_.size() || (marks_[at_] & kStart) == 0) {
      return "a recovery point amid an instruction";
    }
  }
  return nullptr;
}

}  // namespace

Validation Validator::Check(const Block& block, std::span<const uint8_t> code) {
  return Pass(block, code, stubs_, sites_, marks_, waiting_).Run();
}

}  // namespace verbatim
