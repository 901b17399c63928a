// SPDX-License-Identifier: Apache-2.0
// The indirect-branch table of one window: maps a guest eip, by its low 16 bits, to the entry of the
// block that was last entered there. Targets verify their own address, so a collision or a stale
// neighbour costs time, never correctness; an entry whose page is no longer mapped as it was must
// be cleared, for the target cannot verify that.
//
// Entries are 32-bit host code addresses (see code_memory.h). An empty entry leads to the miss stub.
#ifndef VERBATIM_CODECACHE_JUMP_TABLE_H_
#define VERBATIM_CODECACHE_JUMP_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/address.h"
#include "codecache/block.h"

namespace verbatim {

class JumpTable {
 public:
  static constexpr uint32_t kEntries = 65536;
  [[nodiscard]] static constexpr uint32_t Index(uint32_t eip) { return eip & (kEntries - 1); }

  explicit JumpTable(const uint8_t* miss_stub);

  [[nodiscard]] const uint32_t* data() const { return entries_.get(); }
  void Set(uint32_t eip, const uint8_t* entry);
  // Clears what may lead into this page of code, a page-crossing instruction before it included.
  // `first_eip` is the eip of the page's first byte.
  void ClearPage(uint32_t first_eip);
  void Clear();

 private:
  uint32_t miss_;
  std::unique_ptr<uint32_t[]> entries_;
  std::vector<uint16_t> filled_;  // indices set since the last Clear; may hold repetitions
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_JUMP_TABLE_H_
