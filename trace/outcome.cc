// SPDX-License-Identifier: Apache-2.0
#include "trace/outcome.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "base/bits.h"
#include "translator/block_mode.h"
#include "translator/execution_context.h"

namespace verbatim {
namespace {

// Where the code of the instruction at `eip` begins, not before `from`: behind the move of the
// stack pointer that its predecessors left to do.
std::optional<uint32_t> HostBegin(const Block& block, uint32_t eip, uint32_t from) {
  const auto precedes_move = [&](const RecoveryPoint& point) {
    const size_t next = static_cast<size_t>(&point - block.recovery.data()) + 1;
    return point.stack_lag != 0 && next < block.recovery.size() &&
           block.recovery[next].eip == eip && block.recovery[next].stack_lag == 0 &&
           block.recovery[next].kind == RecoveryKind::kInstruction;
  };
  for (const RecoveryPoint& point : block.recovery) {
    if (precedes_move(point)) continue;
    if (point.host_offset >= from && point.host_offset < block.stubs_offset &&
        point.kind != RecoveryKind::kEipInR8 && point.eip == eip) {
      return point.host_offset;
    }
  }
  return std::nullopt;
}

// Has the instruction a site? With `access`, only one for a memory access.
bool HasSite(const TranslatedBlock& translated, uint32_t eip, bool access) {
  const Block& block = translated.block;
  for (uint32_t id = block.first_site; id < block.first_site + block.site_count; ++id) {
    const Site& site = translated.sites.At(id);
    if (site.eip == eip && (!access || site.bytes != 0)) return true;
  }
  return false;
}

// The form of BlockBuilder::EmitRecord: mov r9, [r15 + next] ; mov dword [r9], imm32 ;
// lea r9, [r9 + 4] ; mov [r15 + next], r9
constexpr uint32_t kRecordBytes = 25;
bool IsRecord(const TranslatedBlock& translated, uint32_t offset) {
  constexpr std::array<uint8_t, 3> kLoad = {0x4D, 0x8B, 0x8F};
  if (offset + kRecordBytes > translated.block.host_bytes) return false;
  const uint8_t* code = translated.block.host_start + offset;
  return std::equal(kLoad.begin(), kLoad.end(), code) &&
         LoadLittle<uint32_t>(code + kLoad.size()) == offsetof(ExecutionContext, record_next);
}

// Where the code is that stands for the instruction itself: behind the comparison of the block's
// bytes and the record of its execution, which stand with the first instruction, or with the one
// that a call returns to.
uint32_t OwnBegin(const TranslatedBlock& translated, const InstructionOutcome& at) {
  uint32_t begin = std::max(at.host_begin, translated.block.check_end_offset);
  if (IsRecord(translated, begin)) begin += kRecordBytes;
  return begin;
}

// The form of BlockBuilder::EmitException: mov r8d, imm32 ; mov r9d, imm32 ; jmp exception
bool JumpsToException(const TranslatedBlock& translated, uint32_t offset) {
  constexpr uint32_t kJump = 12;
  constexpr uint32_t kBytes = kJump + 5;
  if (offset + kBytes > translated.block.host_bytes) return false;
  const uint8_t* jump = translated.block.host_start + offset + kJump;
  return jump[0] == 0xE9 && jump + 5 + LoadLittle<int32_t>(jump + 1) == translated.stubs.exception;
}

// The form of BlockBuilder::EmitCallout: mov r9d, imm32 ; call callout
bool BeginsWithCallout(const TranslatedBlock& translated, uint32_t offset) {
  constexpr uint32_t kCall = 6;
  constexpr uint32_t kBytes = kCall + 5;
  if (offset + kBytes > translated.block.host_bytes) return false;
  const uint8_t* call = translated.block.host_start + offset + kCall;
  return call[0] == 0xE8 && call + 5 + LoadLittle<int32_t>(call + 1) == translated.stubs.callout;
}

Outcome OutcomeOf(const TranslatedBlock& translated, const InstructionOutcome& at) {
  switch (at.instruction.handling) {
    case Handling::kUndefined:
      return Outcome::kRaises;
    case Handling::kNoOperation:
      return Outcome::kNothing;
    case Handling::kSensitive:
      return BeginsWithCallout(translated, OwnBegin(translated, at)) ? Outcome::kSimulated
                                                                     : Outcome::kInCache;
    case Handling::kString:
      return HasSite(translated, at.eip, false) ? Outcome::kSoftware : Outcome::kRewritten;
    case Handling::kStack:
    case Handling::kControlFlow:
      return HasSite(translated, at.eip, true) ? Outcome::kSoftware : Outcome::kRewritten;
    case Handling::kIdent:
      if (JumpsToException(translated, OwnBegin(translated, at))) return Outcome::kRaises;
      return HasSite(translated, at.eip, true) ? Outcome::kSoftware : Outcome::kIdent;
  }
  return Outcome::kIdent;
}

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kIdent:
      return "ident";
    case Outcome::kRewritten:
      return "rewritten";
    case Outcome::kSoftware:
      return "software";
    case Outcome::kInCache:
      return "in cache";
    case Outcome::kSimulated:
      return "simulated";
    case Outcome::kNothing:
      return "nothing";
    case Outcome::kRaises:
      return "raises";
  }
  return "";
}

std::vector<InstructionOutcome> OutcomesOf(const TranslatedBlock& translated) {
  const Block& block = translated.block;
  const bool code32 = BlockMode(block.key.mode).code32();
  std::vector<InstructionOutcome> outcomes;
  uint32_t offset = 0;
  uint32_t from = block.body_offset;
  for (uint32_t i = 0; i < block.instruction_count && offset < block.guest_bytes; ++i) {
    InstructionOutcome at;
    at.instruction = translated.decoder.Decode(translated.guest_bytes.subspan(offset), code32);
    // An undefined instruction counts as one byte, whatever more of it lies behind the block.
    at.instruction.length = std::max<uint8_t>(at.instruction.length, 1);
    at.eip = block.eip + offset;
    const std::optional<uint32_t> begin = HostBegin(block, at.eip, from);
    at.host_begin = begin.value_or(from);
    at.host_end = block.stubs_offset;
    if (begin && !outcomes.empty()) outcomes.back().host_end = *begin;
    if (!begin && !outcomes.empty()) outcomes.back().host_end = from;
    from = at.host_begin;
    offset += at.instruction.length;
    outcomes.push_back(at);
  }
  for (InstructionOutcome& at : outcomes) at.outcome = OutcomeOf(translated, at);
  return outcomes;
}

}  // namespace verbatim
