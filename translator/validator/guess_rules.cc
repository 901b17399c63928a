// SPDX-License-Identifier: Apache-2.0
#include "translator/validator/guess_rules.h"

#include <algorithm>

#include "base/bits.h"
#include "translator/validator/abstract_state.h"
#include "translator/validator/host_instruction.h"

namespace verbatim::validator {
namespace {

constexpr uint32_t kFieldBytes = 4;
constexpr uint32_t kOpcodeOfJumpIf = 2;

// The instruction at `offset`, if it is one of this operation.
std::optional<HostInstruction> Find(std::span<const uint8_t> code, uint32_t offset,
                                    Operation operation) {
  if (offset >= code.size()) return std::nullopt;
  const HostInstruction in = Decode(code.subspan(offset));
  return in.operation == operation ? std::optional(in) : std::nullopt;
}

// lea to, [r8 + displacement], whose displacement is at `field`.
bool IsDistance(std::span<const uint8_t> code, uint32_t field, uint8_t to) {
  if (field < Link::kDistanceOpcode || code.size() < kFieldBytes ||
      field > code.size() - kFieldBytes) {
    return false;
  }
  const auto in = Find(code, field - Link::kDistanceOpcode, Operation::kLea);
  return in && in->length == Link::kDistanceOpcode + kFieldBytes && !in->wide && in->reg == to &&
         in->base == kR8 && in->index == kNone;
}

}  // namespace

std::optional<std::array<uint32_t, 2>> GuessFields(std::span<const uint8_t> code,
                                                   const Link& link) {
  if (link.guess_back > link.source_offset || link.source_offset >= code.size()) {
    return std::nullopt;
  }
  const uint32_t distance = link.source_offset - link.guess_back;
  if (!IsDistance(code, distance, kR9)) return std::nullopt;
  const uint32_t sum_offset = distance + kFieldBytes;
  const auto sum = Find(code, sum_offset, Operation::kAddOverflow);
  if (!sum || (sum->writes & SetOf(kR9)) == 0) return std::nullopt;
  const uint32_t jump_offset = sum_offset + sum->length;
  const auto jump = Find(code, jump_offset, Operation::kJumpIf);
  const bool overflow = jump &&
                        jump_offset + kOpcodeOfJumpIf == link.source_offset - Link::kDoubtField &&
                        code[jump_offset] == 0x0F && code[jump_offset + 1] == 0x80;
  if (!overflow) return std::nullopt;
  const int64_t doubt = int64_t{jump_offset} + jump->length + jump->branch;
  if (doubt < link.source_offset || doubt >= static_cast<int64_t>(code.size())) {
    return std::nullopt;
  }
  const uint32_t doubted = static_cast<uint32_t>(doubt) + Link::kDistanceOpcode;
  if (!IsDistance(code, doubted, kR10)) return std::nullopt;
  return std::array{distance, doubted};
}

bool HoldsGuess(std::span<const uint8_t> code, const Link& link, uint32_t field) {
  return LoadLittle<uint32_t>(&code[field]) == 0u - link.target_eip;
}

bool IsGuarded(std::span<const uint8_t> code, const Link& link) {
  const auto fields = GuessFields(code, link);
  return fields && std::ranges::all_of(
                       *fields, [&](uint32_t field) { return HoldsGuess(code, link, field); });
}

}  // namespace verbatim::validator
