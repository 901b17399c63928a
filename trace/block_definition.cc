// SPDX-License-Identifier: Apache-2.0
#include "trace/block_definition.h"

#include <algorithm>
#include <vector>

#include "trace/outcome.h"
#include "translator/block_mode.h"

namespace verbatim {
namespace {

// Where the guest goes on at the return sites of the block, in their order.
std::vector<uint32_t> ReturnEips(const Block& block) {
  std::vector<uint32_t> eips;
  for (const uint32_t site : block.return_sites) {
    // Behind the moment between blocks, when the address is in a register alone.
    const auto point = std::ranges::find_if(block.recovery, [site](const RecoveryPoint& each) {
      return each.host_offset > site && each.kind != RecoveryKind::kEipInR8;
    });
    eips.push_back(point == block.recovery.end() ? 0 : point->eip);
  }
  return eips;
}

}  // namespace

BlockDefinition DefinitionOf(const TranslatedBlock& translated) {
  const Block& block = translated.block;
  const BlockMode mode(block.key.mode);
  BlockDefinition definition{.number = block.number,
                             .eip = block.eip,
                             .linear = block.key.linear.value,
                             .physical = block.key.physical.value,
                             .cpl = static_cast<uint8_t>(mode.cpl()),
                             .code32 = mode.code32(),
                             .bytes = {},
                             .instructions = {},
                             .return_eips = ReturnEips(block)};
  for (const InstructionOutcome& at : OutcomesOf(translated)) {
    definition.instructions.push_back({at.instruction.length, at.outcome});
  }
  definition.bytes.assign(translated.guest_bytes.begin(), translated.guest_bytes.end());
  return definition;
}

}  // namespace verbatim
