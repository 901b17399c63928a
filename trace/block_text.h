// SPDX-License-Identifier: Apache-2.0
// One translated block as text: guest instructions, what became of each, the host code of each.
#ifndef VERBATIM_TRACE_BLOCK_TEXT_H_
#define VERBATIM_TRACE_BLOCK_TEXT_H_

#include <cstdint>
#include <string>

#include "engine/block_observer.h"
#include "trace/disassembler.h"

namespace verbatim {

class BlockTextWriter {
 public:
  // `number` names the block in the heading.
  [[nodiscard]] std::string Write(const TranslatedBlock& translated, uint64_t number);

 private:
  void WriteHost(const TranslatedBlock& translated, uint32_t begin, uint32_t end,
                 std::string& text);

  Disassembler guest16_{Disassembler::Mode::kGuest16};
  Disassembler guest32_{Disassembler::Mode::kGuest32};
  Disassembler host_{Disassembler::Mode::kHost};
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_BLOCK_TEXT_H_
