// SPDX-License-Identifier: Apache-2.0
// Where the branches of one window go that cannot be host jumps. Two parts, one behind the other:
//
// Hashed entries, for indirect branches: by a hash of the guest eip, the entry of the block that
// was last entered there. Targets verify their own address, so a collision costs time, never
// correctness.
//
// Direct cells, for direct branches to other pages that no link can lead to: by the number that
// DirectCells gave the target, the body of its block. Not verified.
//
// Overflow entries, behind both: when the hashed entry of a target leads somewhere else already,
// the target goes here as well, with its eip beside its body. Who finds the entry to be another's
// looks here before giving up. Only a program whose code has outgrown the hashed entries uses them,
// or their memory.
//
// What leads into a page that is no longer mapped as it was must be cleared: neither part could
// tell. Slots are 32-bit host code addresses (see code_memory.h). An empty one leads to the
// stub that EmptyJumpTable was made with. Tables are copies on write of an empty one: what a window
// does not use costs no memory.
#ifndef VERBATIM_CODECACHE_JUMP_TABLE_H_
#define VERBATIM_CODECACHE_JUMP_TABLE_H_

#include <tsl/robin_map.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/file.h"
#include "base/result.h"
#include "codecache/block.h"
#include "codecache/direct_cells.h"

namespace verbatim {

// The pages of a table that leads nowhere but to the miss stub.
class EmptyJumpTable {
 public:
  [[nodiscard]] static Result<EmptyJumpTable> Create(const uint8_t* miss_stub);
  [[nodiscard]] uint32_t miss() const { return miss_; }
  [[nodiscard]] const FileDescriptor& memfd() const { return memfd_; }

 private:
  EmptyJumpTable(uint32_t miss, FileDescriptor memfd) : miss_(miss), memfd_(std::move(memfd)) {}
  uint32_t miss_;
  FileDescriptor memfd_;
};

class JumpTable {
 public:
  static constexpr uint32_t kHashedEntries = 65536;
  static constexpr uint32_t kSlots = kHashedEntries + DirectCells::kCells;

  static constexpr uint32_t kOverflowBits = 19;
  static constexpr uint32_t kOverflowEntries = 1u << kOverflowBits;
  static constexpr uint32_t kOverflowOffset = kSlots * sizeof(uint32_t);  // in bytes, from data()
  // Collisions after which a program is taken for one that needs them.
  static constexpr uint32_t kCollisions = 2048;
  struct Overflow {
    uint32_t minus_eip = 0;
    uint32_t body = 0;
  };
  // The upper bits of eip's CRC32C, as the instruction CRC32 computes it. 0 for eip 0.
  [[nodiscard]] static uint32_t OverflowIndex(uint32_t eip);
  // Of no eip: 0 means eip 0 at entry 0 alone, and 1, that is eip FFFFFFFFh, is not looked for
  // there.
  [[nodiscard]] static constexpr Overflow NoOverflow(uint32_t index) {
    return {.minus_eip = index == 0 ? 1u : 0u};
  }

  // What generated code computes: eip rotated right by 2 and by 18, the low 16 bits of the sum. All
  // of eip counts, with bits 0 and 1 at the top: what lies close together shares cache lines of
  // the table, but neither three entries of an unrolled loop nor what lies 256 KiB apart collide.
  static constexpr unsigned kHashRotation = 2;
  static constexpr unsigned kHashFold = 18;
  [[nodiscard]] static constexpr uint32_t Hash(uint32_t eip) {
    const uint32_t sum = std::rotr(eip, kHashRotation) + std::rotr(eip, kHashFold);
    return sum & (kHashedEntries - 1);
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

  // `empty` is only read.
  [[nodiscard]] static Result<JumpTable> Create(const EmptyJumpTable& empty);
  JumpTable(JumpTable&& other) noexcept;
  JumpTable& operator=(JumpTable&&) = delete;
  ~JumpTable();

  [[nodiscard]] const uint32_t* data() const { return slots_; }
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
  JumpTable(uint32_t miss, uint32_t* slots) : miss_(miss), slots_(slots) {}
  void ClearFilled(const Filled& filled);
  [[nodiscard]] Overflow& OverflowOf(uint32_t eip) {
    return reinterpret_cast<Overflow*>(slots_ + kSlots)[OverflowIndex(eip)];
  }

  uint32_t miss_;
  uint32_t* slots_;
  uint32_t collisions_ = 0;  // since the table was cleared
  // What was set since it was last cleared, by the page of eip; each eip once.
  tsl::robin_map<uint32_t, std::vector<Filled>> filled_;
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_JUMP_TABLE_H_
