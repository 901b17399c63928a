// SPDX-License-Identifier: Apache-2.0
// The order of checks is the manual's: presence and reserved bits level by level, then the rights
// of all levels together, then A and D.
#include "memory/page_walk.h"

#include "base/bits.h"

namespace verbatim {
namespace {

constexpr uint64_t kPhysicalMask = (uint64_t{1} << kPhysicalAddressBits) - 1;
// PAE entries: bits above the physical width, XD (bit 63) apart.
constexpr uint64_t kPaeHighReserved = ~kPhysicalMask & ~kPteNoExecute;
constexpr uint32_t kLegacyLargeBytes = 4u << 20;
constexpr uint32_t kPaeLargeBytes = 2u << 20;

uint64_t ReadEntry(PhysicalMemory& memory, PhysicalAddress location, bool pae) {
  const uint32_t bytes = pae ? 8 : 4;
  if (const uint8_t* host = memory.HostPointerTo(location)) [[likely]] {
    return pae ? LoadLittle<uint64_t>(host) : LoadLittle<uint32_t>(host);
  }
  uint64_t entry = 0;
  memory.Read(location, &entry, bytes);
  return entry;
}

// A and D lie in the low byte of either format, but the whole doubleword is written, as the
// processor's locked access does.
void SetBits(PhysicalMemory& memory, PhysicalAddress location, uint64_t& entry, uint64_t bits) {
  if ((entry & bits) == bits) return;
  entry |= bits;
  const auto low = static_cast<uint32_t>(entry);
  memory.Write(location, &low, sizeof low);
}

uint32_t AccessBits(const PagingState& paging, AccessKind kind, Privilege privilege) {
  uint32_t code = 0;
  if (kind == AccessKind::kWrite) code |= kFaultWrite;
  if (privilege == Privilege::kUser) code |= kFaultUser;
  // 4.7: the I/D flag reports instruction fetches only where XD can matter.
  if (kind == AccessKind::kExecute && paging.pae && paging.no_execute) code |= kFaultFetch;
  return code;
}

}  // namespace

bool PdpteIsValid(uint64_t pdpte) {
  constexpr uint64_t kLowReserved = 0x1E6;  // bits 1, 2, 5, 6, 7, 8
  return (pdpte & kPtePresent) == 0 || (pdpte & (kLowReserved | ~kPhysicalMask)) == 0;
}

bool LocatePde(const PagingState& paging, LinearAddress address, PhysicalAddress& location) {
  if (!paging.pae) {
    location = {(paging.cr3 & ~uint64_t{kPageOffsetMask}) + (address.value >> 22) * 4};
    return true;
  }
  const uint64_t pdpte = paging.pdpte[address.value >> 30];
  if ((pdpte & kPtePresent) == 0) return false;
  location = {FrameStart(paging, pdpte).value + Bits(address.value, 21, 9) * 8};
  return true;
}

uint64_t ReservedPdeBits(const PagingState& paging, uint64_t pde) {
  if (!paging.pae) {
    constexpr uint64_t kPse36Reserved = 0x3E0000;  // bits 17-21: bits 13-16 are address bits 32-35
    return PdeIsLarge(paging, pde) ? pde & kPse36Reserved : 0;
  }
  constexpr uint64_t kPaeLargeReserved = 0x1FE000;  // bits 13-20
  uint64_t reserved = kPaeHighReserved;
  if (!paging.no_execute) reserved |= kPteNoExecute;
  if (PdeIsLarge(paging, pde)) reserved |= kPaeLargeReserved;
  return pde & reserved;
}

uint64_t ReservedPteBits(const PagingState& paging, uint64_t pte) {
  if (!paging.pae) return 0;
  return pte & (paging.no_execute ? kPaeHighReserved : kPaeHighReserved | kPteNoExecute);
}

PhysicalAddress LargePageStart(const PagingState& paging, uint64_t pde) {
  if (paging.pae) return {pde & kPhysicalMask & ~uint64_t{kPaeLargeBytes - 1}};
  return {(Bits(pde, 13, 4) << 32) | (pde & ~uint64_t{kLegacyLargeBytes - 1} & 0xFFFFFFFFu)};
}

PhysicalAddress FrameStart(const PagingState& paging, uint64_t entry) {
  const uint64_t width = paging.pae ? kPhysicalMask : 0xFFFFFFFFu;
  return {entry & width & ~uint64_t{kPageOffsetMask}};
}

Translation CombineEntries(const PagingState& paging, uint64_t pde, uint64_t pte, bool large,
                           LinearAddress address) {
  if (!paging.enabled) {
    return {.address = {address.value},
            .page_bytes = kPageBytes,
            .writable = true,
            .user = true,
            .executable = true,
            .global = false,
            .dirty = true};
  }
  const uint64_t leaf = large ? pde : pte;
  const uint64_t common = large ? pde : pde & pte;  // rights that every level grants
  const uint64_t any = large ? pde : pde | pte;     // XD at any level forbids
  Translation page;
  if (large) {
    page.page_bytes = paging.pae ? kPaeLargeBytes : kLegacyLargeBytes;
    page.address = LargePageStart(paging, pde) + (address.value & (page.page_bytes - 1));
  } else {
    page.page_bytes = kPageBytes;
    page.address = FrameStart(paging, pte) + address.PageOffset();
  }
  page.writable = (common & kPteWritable) != 0;
  page.user = (common & kPteUser) != 0;
  page.executable = !(paging.pae && paging.no_execute) || (any & kPteNoExecute) == 0;
  page.global = paging.global_pages && (leaf & kPteGlobal) != 0;
  page.dirty = (leaf & kPteDirty) != 0;
  return page;
}

std::expected<PageWalk, PageFault> WalkPageTables(PhysicalMemory& memory, const PagingState& paging,
                                                  LinearAddress address, AccessKind kind,
                                                  Privilege privilege, WalkEffect effect) {
  PageWalk walk;
  walk.large = !paging.enabled;
  const auto fault = [&](uint32_t reason) {
    return std::unexpected(
        PageFault{.address = address, .error_code = reason | AccessBits(paging, kind, privilege)});
  };
  PhysicalAddress pde_location;
  PhysicalAddress pte_location;
  if (paging.enabled) {
    if (!LocatePde(paging, address, pde_location)) return fault(0);
    walk.pde = ReadEntry(memory, pde_location, paging.pae);
    if ((walk.pde & kPtePresent) == 0) return fault(0);
    if (ReservedPdeBits(paging, walk.pde) != 0) return fault(kFaultPresent | kFaultReserved);
    walk.large = PdeIsLarge(paging, walk.pde);
  }
  if (!walk.large) {
    const uint32_t index =
        paging.pae ? Bits(address.value, 12, 9) * 8 : Bits(address.value, 12, 10) * 4;
    pte_location = FrameStart(paging, walk.pde) + index;
    walk.pte = ReadEntry(memory, pte_location, paging.pae);
    if ((walk.pte & kPtePresent) == 0) return fault(0);
    if (ReservedPteBits(paging, walk.pte) != 0) return fault(kFaultPresent | kFaultReserved);
  }
  walk.translation = CombineEntries(paging, walk.pde, walk.pte, walk.large, address);
  if (!AccessAllowed(paging, walk.translation, kind, privilege)) return fault(kFaultPresent);

  if (paging.enabled && effect == WalkEffect::kSetAccessedDirty) {
    const uint64_t leaf_bits =
        kPteAccessed | (kind == AccessKind::kWrite ? kPteDirty : uint64_t{0});
    if (walk.large) {
      SetBits(memory, pde_location, walk.pde, leaf_bits);
    } else {
      SetBits(memory, pde_location, walk.pde, kPteAccessed);
      SetBits(memory, pte_location, walk.pte, leaf_bits);
    }
    if (kind == AccessKind::kWrite) walk.translation.dirty = true;
  }
  return walk;
}

}  // namespace verbatim
