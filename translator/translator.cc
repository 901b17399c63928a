// SPDX-License-Identifier: Apache-2.0
#include "translator/translator.h"

#include <utility>

#include "base/check.h"
#include "codecache/jump_table.h"
#include "translator/block_builder.h"
#include "translator/host_emitter.h"

namespace verbatim {

std::variant<Block, TranslationFailure> Translator::Translate(const TranslationRequest& request) {
  BlockBuilder builder(request, decoder_, memory_, stubs_, cells_, sites_, policy_, optimisations_,
                       scratch_);
  if (!builder.Decode()) return TranslationFailure::kNeedsSecondPage;
  if (!builder.Emit()) return TranslationFailure::kCacheFull;
  Block block = builder.TakeBlock();
  memory_.Commit(block.host_bytes);
  statistics_.instructions += block.instruction_count;
  statistics_.ident += block.ident_count;
  statistics_.guest_bytes += block.guest_bytes;
  statistics_.host_bytes += block.host_bytes;
  statistics_.software_sites += builder.software_sites();
  statistics_.unknown_instructions += builder.unknown_instructions();
  return block;
}

std::vector<uint8_t> Translator::LinkThroughCell(uint32_t target) {
  if (!optimisations_.Has(Optimisation::kCells)) return {};
  const std::optional<uint32_t> cell = cells_.For(target);
  const uint32_t slot = cell ? JumpTable::CellOffset(*cell) : JumpTable::HashedOffset(target);
  // The few hashed entries that a load reaches with a short displacement leave no room for a cell.
  constexpr uint32_t kLongDisplacements = 128;
  if (slot < kLongDisplacements) return {};
  std::vector<uint8_t> code(Link::kStubBytes);
  HostEmitter out(code, nullptr);
  // mov r8d, target ; mov r9d, [r14 + cell] ; jmp r9
  out.MoveImmediate(kR8, target);
  out.Load32(kR9, {.base = kR14, .displacement = static_cast<int32_t>(slot)});
  out.JumpRegister(kR9);
  code.resize(out.offset());
  return code;
}

std::vector<uint8_t> Translator::JumpThroughTable(bool call) {
  constexpr size_t kMostBytes = 32;
  std::vector<uint8_t> code(kMostBytes);
  HostEmitter out(code, nullptr);
  BlockBuilder::EmitHashedJump(out, call);
  CHECK(!out.overflowed());
  code.resize(out.offset());
  return code;
}

}  // namespace verbatim
