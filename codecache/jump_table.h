// SPDX-License-Identifier: Apache-2.0
// Where the branches of one window go that cannot be host jumps. Two parts, one behind the other:
//
// Hashed entries, for indirect branches: by a hash of the guest eip, the entry of the block that
// was last entered there. Targets verify their own address, so a collision costs time, never
// correctness.
//
// Direct cells, for direct branches to other pages: by the number that DirectCells gave the target,
// the body of its block. Not verified.
//
// What leads into a page that is no longer mapped as it was must be cleared: neither part could
// tell. Slots are 32-bit host code addresses (see code_memory.h). An empty one leads to the miss
// stub.
#ifndef VERBATIM_CODECACHE_JUMP_TABLE_H_
#define VERBATIM_CODECACHE_JUMP_TABLE_H_

#include <tsl/robin_map.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/address.h"
#include "codecache/block.h"
#include "codecache/direct_cells.h"

namespace verbatim {

class JumpTable {
 public:
  static constexpr uint32_t kHashedEntries = 65536;
  static constexpr uint32_t kSlots = kHashedEntries + DirectCells::kCells;

  // What generated code computes: bits 2 to 17. Function entries are mostly aligned to 16, return
  // addresses are not.
  static constexpr unsigned kHashRotation = 2;
  [[nodiscard]] static constexpr uint32_t Hash(uint32_t eip) {
    return (eip >> kHashRotation) & (kHashedEntries - 1);
  }
  // Byte offsets from data().
  [[nodiscard]] static constexpr uint32_t CellOffset(uint32_t cell) {
    return (kHashedEntries + cell) * static_cast<uint32_t>(sizeof(uint32_t));
  }

  [[nodiscard]] static constexpr bool IsCellOffset(uint32_t offset) {
    return offset >= CellOffset(0);
  }
  [[nodiscard]] static constexpr uint32_t HashedOffset(uint32_t eip) {
    return Hash(eip) * static_cast<uint32_t>(sizeof(uint32_t));
  }

  explicit JumpTable(const uint8_t* miss_stub);

  [[nodiscard]] const uint32_t* data() const { return slots_.get(); }
  // Leads branches to `eip` into `block`.
  void Set(uint32_t eip, const Block& block, std::optional<uint32_t> cell);
  // Clears what leads into this page of code, an instruction before it that runs into it included.
  // `first_eip` is the eip of the page's first byte.
  void ClearPage(uint32_t first_eip);
  void Clear();

 private:
  struct Filled {
    uint32_t eip;
    std::optional<uint32_t> cell;
  };
  void ClearFilled(const Filled& filled);

  uint32_t miss_;
  std::unique_ptr<uint32_t[]> slots_;
  // What was set since it was last cleared, by the page of eip; each eip once.
  tsl::robin_map<uint32_t, std::vector<Filled>> filled_;
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_JUMP_TABLE_H_
