// SPDX-License-Identifier: Apache-2.0
// A look at the guest's page tables as they are now, without any effect on them: what windows use
// to extend runs and to compare. Consecutive looks in one table cost a few nanoseconds.
//
// Tables that do not lie in RAM or ROM are reported as holding nothing: such a page is mapped alone
// and dropped at the next comparison.
#ifndef VERBATIM_MEMORY_GUEST_TABLES_H_
#define VERBATIM_MEMORY_GUEST_TABLES_H_

#include <cstdint>
#include <optional>

#include "memory/page_walk.h"
#include "memory/paging.h"
#include "memory/physical_memory.h"

namespace verbatim {

class GuestTables {
 public:
  GuestTables(PhysicalMemory& memory, const PagingState& paging)
      : memory_(memory), paging_(paging), slot_shift_(paging.pae && paging.enabled ? 9 : 10) {}

  // A slot is what one PDE covers: 1024 pages, or 512 with PAE.
  [[nodiscard]] uint32_t SlotOf(uint32_t page) const { return page >> slot_shift_; }
  [[nodiscard]] uint32_t IndexOf(uint32_t page) const { return page & ((1u << slot_shift_) - 1); }

  // The slot's PDE; 0 if there is none.
  [[nodiscard]] uint64_t Pde(uint32_t slot) {
    Load(slot);
    return pde_;
  }
  [[nodiscard]] bool IsLarge(uint32_t slot) {
    Load(slot);
    return large_;
  }
  // The table that the slot's PDE names, as the host sees it; nullptr if it names none.
  [[nodiscard]] const uint8_t* Table(uint32_t slot) {
    Load(slot);
    return table_;
  }

  // How the page is mapped; nothing if it is not present or reserved bits are set. The Accessed
  // bits are in the entries; nobody has checked them.
  [[nodiscard]] std::optional<PageWalk> Look(uint32_t page);

 private:
  static constexpr uint32_t kNoSlot = ~uint32_t{0};

  void Load(uint32_t slot) {
    if (slot != slot_) LoadSlot(slot);
  }
  void LoadSlot(uint32_t slot);

  PhysicalMemory& memory_;
  const PagingState& paging_;
  unsigned slot_shift_;
  uint32_t slot_ = kNoSlot;
  uint64_t pde_ = 0;
  bool large_ = false;
  const uint8_t* table_ = nullptr;
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_GUEST_TABLES_H_
