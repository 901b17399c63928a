// SPDX-License-Identifier: Apache-2.0
// What a block that was checked may become when it is patched.
#include <algorithm>
#include <optional>

#include "translator/validator/dataflow.h"
#include "translator/validator/guess_rules.h"
#include "translator/validator/host_instruction.h"
#include "translator/validator/validator.h"

namespace verbatim {
namespace {

using namespace validator;

constexpr uint32_t kJumpBytes = 5;

constexpr Complaint kNoPatch = "a patch where none may be";

struct DirectBranch {
  Operation operation = Operation::kInvalid;
  const uint8_t* target = nullptr;
};

// The direct branch that begins at `offset` and ends with its 32-bit displacement at `end`.
std::optional<DirectBranch> BranchAt(const Block& block, std::span<const uint8_t> code,
                                     uint32_t offset, uint32_t end) {
  if (offset >= end || end > code.size()) return std::nullopt;
  const HostInstruction in = Decode(code.subspan(offset));
  if (in.length != end - offset) return std::nullopt;
  const bool direct = in.operation == Operation::kJump || in.operation == Operation::kCall ||
                      in.operation == Operation::kJumpIf;
  if (!direct) return std::nullopt;
  return DirectBranch{in.operation, block.host_start + end + in.branch};
}

// A live block's body, or a start inside it, which code of `from` may enter unchecked: the same
// mode, and where the link leads. That whoever executes `from` has the other page, too, nothing
// here tells.
bool IsChainable(const Block& from, const Link& link, const Block* to, const uint8_t* target) {
  if (to == nullptr || !to->valid || to->crosses_page || to->key.mode != from.key.mode ||
      to->LinearOf(link.target_eip) != from.LinearOf(link.target_eip) ||
      link.to_other_page != (to->page() != from.page())) {
    return false;
  }
  if (target == to->body()) return to->eip == link.target_eip;
  const RecoveryPoint* const start = to->StartOf(link.target_eip);
  return start != nullptr && target == to->host_start + start->host_offset;
}

Complaint CheckLink(const Block& block, std::span<const uint8_t> code, const Link& link,
                    const BlockStore& store) {
  const uint32_t field = link.source_offset;
  auto branch = BranchAt(block, code, field - 1, field + 4);
  if (!branch) branch = BranchAt(block, code, field - 2, field + 4);
  if (!branch) return "a link of no branch";
  if (branch->target == block.host_start + link.stub_offset) return nullptr;
  if (link.IsGuess() && !IsGuarded(code, link)) return "a guess that nothing asks for";
  return IsChainable(block, link, store.FindByHost(branch->target), branch->target)
             ? nullptr
             : "a link to no block that it may lead to";
}

// The body of a dead block leads to its stub.
Complaint CheckRedirected(const Block& block, std::span<const uint8_t> code) {
  const uint32_t at = block.body_offset;
  const auto branch = BranchAt(block, code, at, at + kJumpBytes);
  if (!branch || branch->operation != Operation::kJump) return "a dead body that is no jump";
  if (block.valid) return "a live body was redirected";
  return branch->target == block.host_start + block.dead_offset
             ? nullptr
             : "a dead body that leads elsewhere than to its stub";
}

bool IsOfGuess(std::span<const uint8_t> code, const Link& link, uint32_t offset) {
  if (!link.IsGuess() || link.given_up) return false;
  const auto fields = GuessFields(code, link);
  return fields && std::ranges::find(*fields, offset) != fields->end();
}

// The guess changes while the branch leads to its stub.
Complaint CheckGuess(const Block& block, std::span<const uint8_t> code, const Link& link,
                     uint32_t field) {
  const auto branch = BranchAt(block, code, link.guess_branch(), link.guess_end());
  if (!branch || branch->target != block.host_start + link.stub_offset) {
    return "another guess of where a branch leads";
  }
  return HoldsGuess(code, link, field) ? nullptr : "another guess than the link's";
}

// Straight code, from `state`, to a way out before `end`.
Complaint CheckWayOut(const Block& block, std::span<const uint8_t> code, uint32_t offset,
                      uint32_t end, State state, const Dataflow& flow) {
  for (uint32_t at = offset; at < end;) {
    const HostInstruction in = Decode(code.subspan(at, end - at));
    if (in.operation == Operation::kInvalid) break;
    at += in.length;
    if (in.operation == Operation::kJumpRegister) return flow.LeaveIndirectly(state, in);
    if (in.operation == Operation::kCallRegister) {
      return block.IsReturnSite(at) ? flow.LeaveIndirectly(state, in)
                                    : "a call that comes back to no return site";
    }
    if (in.operation == Operation::kJump) {
      return flow.Leave(state, block.host_start + at + in.branch);
    }
    if (Complaint complaint = flow.Step(state, in)) return complaint;
  }
  return "a stub without an end";
}

Complaint CheckStub(const Block& block, std::span<const uint8_t> code, uint32_t offset,
                    const Dataflow& flow) {
  return CheckWayOut(block, code, offset, offset + Link::kStubBytes, State::Boundary(), flow);
}

// It goes where r8d says, as the guess did if it was wrong.
Complaint CheckGivenUp(const Block& block, std::span<const uint8_t> code, const Link& link,
                       const Dataflow& flow) {
  State state = State::Boundary();
  state.Set(kR8, Value::Number32());
  return CheckWayOut(block, code, link.guess_begin(), link.guess_end(), state, flow);
}

// A patch that may be of a guess, but is not of its branch.
Complaint CheckGuessAt(const Block& block, std::span<const uint8_t> code, uint32_t offset,
                       const Dataflow& flow) {
  for (const Link& link : block.links) {
    if (link.given_up && link.guess_begin() == offset) {
      return CheckGivenUp(block, code, link, flow);
    }
    if (IsOfGuess(code, link, offset)) return CheckGuess(block, code, link, offset);
  }
  return kNoPatch;
}

}  // namespace

Validation Validator::CheckPatch(const Block& block, std::span<const uint8_t> code, uint32_t offset,
                                 const BlockStore& store) {
  const auto link = std::ranges::find_if(block.links, [offset](const Link& each) {
    return each.source_offset == offset || each.stub_offset == offset;
  });
  Complaint complaint = kNoPatch;
  if (offset >= code.size()) {
    // Nowhere.
  } else if (offset == block.body_offset) {
    complaint = CheckRedirected(block, code);
  } else if (block.IsReturnSite(offset)) {
    const auto branch = BranchAt(block, code, offset, offset + kJumpBytes);
    const bool missed = !block.valid && branch && branch->operation == Operation::kJump &&
                        branch->target == stubs_.return_miss;
    complaint = missed ? nullptr : "a return site that does not miss";
  } else if (link != block.links.end() && link->source_offset == offset) {
    complaint = CheckLink(block, code, *link, store);
  } else if (link == block.links.end()) {
    complaint = CheckGuessAt(block, code, offset, Dataflow(block, stubs_, sites_));
  } else if (!link->IsGuess()) {
    complaint = CheckStub(block, code, offset, Dataflow(block, stubs_, sites_));
  }
  if (complaint == nullptr) return {};
  const auto rest = code.subspan(std::min<size_t>(offset, code.size()));
  const auto shown = rest.first(std::min<size_t>(rest.size(), Link::kStubBytes));
  return std::unexpected(ValidationError{offset, complaint, {shown.begin(), shown.end()}});
}

}  // namespace verbatim
