// SPDX-License-Identifier: Apache-2.0
// What a window keeps of one guest page table: the entries its mappings and notes rely on.
//
// A kept entry holds only what is relied on: the frame always, R/W and D only for a writable host
// mapping, U/S only in a user window. So a kept entry differs from the guest's entry in a way that
// matters exactly if Lost() says so; rights, presence and A or D bits that were added since do not
// matter. A kept entry means nothing unless its page is in `mapped` or `noted`.
#ifndef VERBATIM_MEMORY_SHADOW_SLOT_H_
#define VERBATIM_MEMORY_SHADOW_SLOT_H_

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/bits.h"
#include "memory/page_bitmap.h"
#include "memory/paging.h"

namespace verbatim {

// Bits whose change always matters: the frame. Of a PDE that names a table nothing is exact: only
// what the table holds counts.
inline constexpr uint64_t kExactPte = 0x7FFF'FFFF'FFFF'F000;
inline constexpr uint64_t kExactLargePde = 0x7FFF'FFFF'FFFF'E000 | kPteLarge;
inline constexpr uint64_t kExactTablePde = 0;
inline constexpr uint64_t kLosableBits =
    kPtePresent | kPteWritable | kPteUser | kPteAccessed | kPteDirty;

// Nonzero if `now` takes away or replaces something that `kept` relies on.
template <typename Entry>
[[nodiscard]] constexpr Entry Lost(Entry kept, Entry now, uint64_t exact) {
  return (kept & ~now & static_cast<Entry>(kLosableBits)) |
         ((kept ^ now) & static_cast<Entry>(exact)) |
         (~kept & now & static_cast<Entry>(kPteNoExecute));
}

// `kept` extended by what a new use of the same entry relies on. Execution relies on XD being
// clear; an entry with XD set is in use for data only.
[[nodiscard]] constexpr uint64_t ExtendKept(uint64_t kept, uint64_t entry, uint64_t relied) {
  return ((kept | (entry & relied)) & ~kPteNoExecute) | (entry & kPteNoExecute);
}

struct ShadowSlot {
  bool large = false;   // the PDE maps a page (or paging is off): no table
  uint64_t pde = 0;     // kept
  PageBitmap mapped;    // shown in the window
  PageBitmap writable;  // of those, with write access
  PageBitmap noted;     // execution was noted
  // Kept entries: 1024 of four bytes, or 512 of eight with PAE.
  alignas(64) std::array<uint8_t, 4096> ptes;

  [[nodiscard]] uint64_t Pte(uint32_t index, bool pae) const {
    return pae ? LoadLittle<uint64_t>(&ptes[index * 8]) : LoadLittle<uint32_t>(&ptes[index * 4]);
  }
  void SetPte(uint32_t index, bool pae, uint64_t entry) {
    if (pae) {
      StoreLittle(&ptes[index * 8], entry);
    } else {
      StoreLittle(&ptes[index * 4], static_cast<uint32_t>(entry));
    }
  }
  [[nodiscard]] bool Keeps(uint32_t index) const { return mapped.Test(index) || noted.Test(index); }
  [[nodiscard]] bool Empty() const { return mapped.None() && noted.None(); }
};

// Slots are recycled, so that a steady state allocates nothing.
class SlotPool {
 public:
  [[nodiscard]] std::unique_ptr<ShadowSlot> Take() {
    if (free_.empty()) return std::make_unique<ShadowSlot>();
    std::unique_ptr<ShadowSlot> slot = std::move(free_.back());
    free_.pop_back();
    return slot;
  }
  void Return(std::unique_ptr<ShadowSlot> slot) { free_.push_back(std::move(slot)); }

 private:
  std::vector<std::unique_ptr<ShadowSlot>> free_;
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_SHADOW_SLOT_H_
