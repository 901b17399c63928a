// SPDX-License-Identifier: Apache-2.0
// What became of each instruction of a block, and which host bytes that is. Derived from what the
// block carries for other purposes: its recovery points, its sites, the host code itself.
#ifndef VERBATIM_TRACE_OUTCOME_H_
#define VERBATIM_TRACE_OUTCOME_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "decoder/instruction.h"
#include "engine/engine_observer.h"

namespace verbatim {

enum class Outcome : uint8_t {
  kIdent,      // copied; esp renamed, the memory operand directed through the window
  kRewritten,  // string, stack and control flow instructions in terms of the host
  kSoftware,   // its memory access is made by a callout
  kInCache,    // sensitive, simulated by a few host instructions
  kSimulated,  // sensitive, simulated by a callout
  kNothing,    // hints
  kRaises,     // known to fault: #UD, #NM, #GP
};

[[nodiscard]] std::string_view OutcomeName(Outcome outcome);

struct InstructionOutcome {
  GuestInstruction instruction;
  uint32_t eip = 0;
  Outcome outcome = Outcome::kIdent;
  // Host bytes, offsets from Block::host_start; empty where the instruction shares a place with
  // the next.
  uint32_t host_begin = 0;
  uint32_t host_end = 0;
};

// In guest order. The last one's host bytes extend to the jump that leaves the block.
[[nodiscard]] std::vector<InstructionOutcome> OutcomesOf(const TranslatedBlock& translated);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_OUTCOME_H_
