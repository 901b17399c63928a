// SPDX-License-Identifier: Apache-2.0
#include "memory/guest_tables.h"

#include "base/bits.h"

namespace verbatim {

void GuestTables::LoadSlot(uint32_t slot) {
  slot_ = slot;
  pde_ = 0;
  table_ = nullptr;
  large_ = !paging_.enabled;
  if (large_) return;
  PhysicalAddress location;
  if (!LocatePde(paging_, {slot << (slot_shift_ + kPageShift)}, location)) return;
  const uint8_t* host = memory_.HostPointerTo(location);
  if (host == nullptr) return;
  pde_ = paging_.pae ? LoadLittle<uint64_t>(host) : LoadLittle<uint32_t>(host);
  if ((pde_ & kPtePresent) == 0 || ReservedPdeBits(paging_, pde_) != 0) {
    pde_ = 0;
    return;
  }
  large_ = PdeIsLarge(paging_, pde_);
  if (!large_) table_ = memory_.HostPointerTo(FrameStart(paging_, pde_));
}

std::optional<PageWalk> GuestTables::Look(uint32_t page) {
  Load(SlotOf(page));
  PageWalk walk{.pde = pde_, .large = large_};
  const LinearAddress address{page << kPageShift};
  if (!large_) {
    if (table_ == nullptr) return std::nullopt;
    const uint32_t index = IndexOf(page);
    walk.pte = paging_.pae ? LoadLittle<uint64_t>(table_ + index * 8)
                           : LoadLittle<uint32_t>(table_ + index * 4);
    if ((walk.pte & kPtePresent) == 0 || ReservedPteBits(paging_, walk.pte) != 0) {
      return std::nullopt;
    }
  }
  walk.translation = CombineEntries(paging_, walk.pde, walk.pte, walk.large, address);
  return walk;
}

}  // namespace verbatim
