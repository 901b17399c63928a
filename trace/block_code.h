// SPDX-License-Identifier: Apache-2.0
// One translated block as bytes: guest code, host code, and which host bytes stand for which guest
// instruction. What a trace keeps of a translation: taking it costs two copies, and a BlockLister
// makes text of it whenever that is wanted.
//
// Offsets count from host_start. The entry is [0, body_offset), the instructions follow it without
// a gap, and from stubs_offset on stands what is out of line.
#ifndef VERBATIM_TRACE_BLOCK_CODE_H_
#define VERBATIM_TRACE_BLOCK_CODE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine_observer.h"
#include "trace/outcome.h"

namespace verbatim {

struct BlockCode {
  struct Instruction {
    uint8_t length = 0;
    Outcome outcome = Outcome::kIdent;
    uint32_t host_end = 0;  // offset; it begins where the one before it ends
  };
  struct Link {
    uint32_t target_eip = 0;
    uint32_t field = 0;  // offset of what is patched
    uint32_t stub = 0;   // offset of where it leads at first
  };

  uint32_t number = 0;
  uint32_t eip = 0;
  uint32_t linear = 0;
  uint64_t physical = 0;
  uint8_t cpl = 0;
  bool code32 = true;
  std::string mode;  // "CPL 0, 32-bit code, 32-bit stack"
  std::optional<uint64_t> second_page;
  uint32_t ident_count = 0;
  std::vector<uint8_t> guest;
  std::vector<Instruction> instructions;
  uint64_t host_start = 0;
  std::vector<uint8_t> host;
  uint32_t body_offset = 0;
  uint32_t stubs_offset = 0;
  std::vector<Link> links;
  std::vector<uint32_t> return_sites;  // offsets
};

[[nodiscard]] BlockCode CodeOf(const TranslatedBlock& translated);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_BLOCK_CODE_H_
