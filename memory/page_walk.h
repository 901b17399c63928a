// SPDX-License-Identifier: Apache-2.0
// One walk of the guest's page tables (SDM vol. 3, 4.3 "32-bit paging", 4.4 "PAE paging", 4.6
// "access rights", 4.7 "page-fault exceptions", 4.8 "accessed and dirty flags"), without any cache.
//
// Physical addresses are 36 bits wide. Tables may lie anywhere: what is read there is what the bus
// gives (all ones where nothing answers), and A and D written to anything but RAM are lost.
// A and D change only if the access is allowed: a faulting walk leaves memory untouched.
#ifndef VERBATIM_MEMORY_PAGE_WALK_H_
#define VERBATIM_MEMORY_PAGE_WALK_H_

#include <array>
#include <cstdint>
#include <expected>

#include "memory/paging.h"
#include "memory/physical_memory.h"

namespace verbatim {

inline constexpr unsigned kPhysicalAddressBits = 36;

enum class WalkEffect : uint8_t {
  kSetAccessedDirty,
  kNone,
};

struct PageWalk {
  Translation translation{};
  // The entries used, with the A and D bits that the walk set; zero while paging is off.
  uint64_t pde = 0;
  uint64_t pte = 0;    // zero if `large`
  bool large = false;  // no table was used: the PDE maps the page, or paging is off
};

[[nodiscard]] std::expected<PageWalk, PageFault> WalkPageTables(
    PhysicalMemory& memory, const PagingState& paging, LinearAddress address, AccessKind kind,
    Privilege privilege, WalkEffect effect);

// The page and the rights that a PDE and a PTE (unless `large`) give together; both are present.
[[nodiscard]] Translation CombineEntries(const PagingState& paging, uint64_t pde, uint64_t pte,
                                         bool large, LinearAddress address);

// Whether a present PDPTE may be loaded (4.4.1: bits 1-2, 5-8 and those above the physical width
// must be clear).
[[nodiscard]] bool PdpteIsValid(uint64_t pdpte);

// Where the PDE for `address` lies; false if PAE's PDPTE is not present. Paging is on.
[[nodiscard]] bool LocatePde(const PagingState& paging, LinearAddress address,
                             PhysicalAddress& location);
// Whether this present PDE maps a page rather than naming a table.
[[nodiscard]] inline bool PdeIsLarge(const PagingState& paging, uint64_t pde) {
  return (pde & kPteLarge) != 0 && (paging.pae || paging.large_pages);
}
// Reserved bits that are set in a present entry (4.3, table 4-2 f.; 4.4.2).
[[nodiscard]] uint64_t ReservedPdeBits(const PagingState& paging, uint64_t pde);
[[nodiscard]] uint64_t ReservedPteBits(const PagingState& paging, uint64_t pte);
// First byte of the page that a large PDE or a PTE maps, and of the table that a PDE names.
[[nodiscard]] PhysicalAddress LargePageStart(const PagingState& paging, uint64_t pde);
[[nodiscard]] PhysicalAddress FrameStart(const PagingState& paging, uint64_t entry);

// Whether the combined rights of all levels allow this kind of access (4.6.1).
[[nodiscard]] inline bool AccessAllowed(const PagingState& paging, const Translation& page,
                                        AccessKind kind, Privilege privilege) {
  if (privilege == Privilege::kUser && !page.user) return false;
  switch (kind) {
    case AccessKind::kRead:
      return true;
    case AccessKind::kWrite:
      return page.writable || (privilege == Privilege::kSupervisor && !paging.write_protect);
    case AccessKind::kExecute:
      return page.executable;
  }
  return false;
}

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_PAGE_WALK_H_
