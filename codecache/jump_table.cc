// SPDX-License-Identifier: Apache-2.0
#include "codecache/jump_table.h"

#include <algorithm>

#include "decoder/instruction.h"

namespace verbatim {

JumpTable::JumpTable(const uint8_t* miss_stub)
    : miss_(static_cast<uint32_t>(reinterpret_cast<uintptr_t>(miss_stub))),
      entries_(std::make_unique_for_overwrite<uint32_t[]>(kEntries)) {
  std::fill_n(entries_.get(), kEntries, miss_);
}

void JumpTable::Set(uint32_t eip, const uint8_t* entry) {
  const uint32_t index = Index(eip);
  if (entries_[index] == miss_) filled_.push_back(static_cast<uint16_t>(index));
  entries_[index] = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(entry));
}

void JumpTable::ClearPage(uint32_t first_eip) {
  constexpr uint32_t kBefore = kMaxInstructionBytes - 1;
  for (uint32_t i = 0; i < kPageBytes + kBefore; ++i) {
    entries_[Index(first_eip - kBefore + i)] = miss_;
  }
}

void JumpTable::Clear() {
  for (const uint16_t index : filled_) entries_[index] = miss_;
  filled_.clear();
}

}  // namespace verbatim
