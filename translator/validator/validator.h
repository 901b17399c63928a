// SPDX-License-Identifier: Apache-2.0
// Proves that a block stays confined, whatever guest registers and memory hold, from its host bytes
// alone: decodes them again with a decoder of its own and follows what each register may hold.
//
// From any of its entries (entry check, body, return sites, dead stub, returns of the stubs it
// calls) a block can only
// - access memory through the window and its guards, the fields of the execution context that
//   dataflow.cc lists, the jump table within its bounds, the operand that access_begin returned,
//   and its own execution counter;
// - leave by the stubs, with what each expects in r8d and r9d, by the jump table or by a return on
//   the shadow stack;
// - execute instructions of opcode_table.cc;
// and r13, r14, r15 and gs keep their values, rsp its height, the guest's registers their 32 bits
// and the host its privileged flags. What this rests on is in docs/validator.md.
#ifndef VERBATIM_TRANSLATOR_VALIDATOR_VALIDATOR_H_
#define VERBATIM_TRANSLATOR_VALIDATOR_VALIDATOR_H_

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "codecache/block.h"
#include "codecache/block_store.h"
#include "translator/site.h"
#include "translator/stub_table.h"
#include "translator/validator/abstract_state.h"

namespace verbatim {

struct ValidationError {
  uint32_t offset = 0;  // of the instruction in the block's host code
  std::string reason;
  std::vector<uint8_t> bytes;  // the instruction, or as much as one can be
};

using Validation = std::expected<void, ValidationError>;

class Validator {
 public:
  // Both outlive the validator; blocks must name sites of this table.
  Validator(const StubTable& stubs, const SiteTable& sites) : stubs_(stubs), sites_(sites) {}

  // The block as it was emitted. `code` is what lies, or is to lie, at block.host_start.
  [[nodiscard]] Validation Check(const Block& block, std::span<const uint8_t> code);

  // A block that passed Check was patched at `offset`: a link was chained or its stub replaced, or
  // the block died and its body or a return site was redirected.
  [[nodiscard]] Validation CheckPatch(const Block& block, std::span<const uint8_t> code,
                                      uint32_t offset, const BlockStore& store);

 private:
  const StubTable& stubs_;
  const SiteTable& sites_;
  // Kept between calls for their memory: what is known of each byte, and states that wait at the
  // targets of forward jumps.
  std::vector<uint8_t> marks_;
  std::vector<std::pair<uint32_t, validator::State>> waiting_;
};

}  // namespace verbatim

#endif  // VERBATIM_TRANSLATOR_VALIDATOR_VALIDATOR_H_
