// SPDX-License-Identifier: Apache-2.0
// The blocks that a trace has defined so far, by the numbers of their entries.
#ifndef VERBATIM_TRACE_KNOWN_BLOCKS_H_
#define VERBATIM_TRACE_KNOWN_BLOCKS_H_

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "trace/binary_format.h"

namespace verbatim {

class KnownBlocks {
 public:
  // An entry: the block, and which of its instructions comes first.
  struct Entry {
    const BlockDefinition* block = nullptr;
    uint32_t linear = 0;
    size_t first = 0;
  };

  void Add(const BlockDefinition& block) {
    const BlockDefinition& kept = blocks_[block.number] = block;
    entries_[block.number] = {&kept, block.linear, 0};
    for (size_t i = 0; i < block.return_eips.size(); ++i) {
      const uint32_t eip = block.return_eips[i];
      size_t first = 0;
      for (uint32_t at = block.eip; first < block.instructions.size() && at != eip; ++first) {
        at += block.instructions[first].length;
      }
      entries_[block.number + 1 + static_cast<uint32_t>(i)] = {
          &kept, block.linear + (eip - block.eip), first};
    }
  }
  // Null if the trace does not define it.
  [[nodiscard]] const Entry* Find(uint32_t number) const {
    const auto found = entries_.find(number);
    return found == entries_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<uint32_t, BlockDefinition> blocks_;  // whose elements stay where they are
  std::unordered_map<uint32_t, Entry> entries_;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_KNOWN_BLOCKS_H_
