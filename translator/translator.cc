// SPDX-License-Identifier: Apache-2.0
#include "translator/translator.h"

#include <utility>

#include "translator/block_builder.h"

namespace verbatim {

std::variant<Block, TranslationFailure> Translator::Translate(const TranslationRequest& request) {
  BlockBuilder builder(request, decoder_, memory_, stubs_, sites_, policy_);
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

}  // namespace verbatim
