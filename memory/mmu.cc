// SPDX-License-Identifier: Apache-2.0
// TLB misses, accesses that cross a page, flushes.
#include "memory/mmu.h"

#include <algorithm>

#include "base/check.h"
#include "memory/page_walk.h"

namespace verbatim {

void Mmu::SetPaging(const PagingState& paging, bool drop_global) {
  paging_ = paging;
  ++paging_generation_;
  Flush(drop_global);
}

void Mmu::Flush(bool drop_global) {
  local_tag_ += uint64_t{1} << kGenerationShift;
  if (drop_global) {
    global_tag_ += uint64_t{1} << kGenerationShift;
    caches_large_pages_ = false;
  }
}

void Mmu::InvalidatePage(LinearAddress address) {
  if (caches_large_pages_) {
    // The page that contains `address` may have been cached as up to 1024 pieces: dropping too much
    // is always allowed (SDM vol. 3, 4.10.4.1).
    Flush(true);
    return;
  }
  const uint32_t page = address.Page();
  for (auto& set : tlb_) {
    TlbEntry& entry = set[page % kTlbEntries];
    if ((entry.tag & ((1u << kGenerationShift) - 1)) == page) entry.tag = 0;
  }
}

bool Mmu::LoadPdptes(uint32_t cr3, std::array<uint64_t, 4>& pdptes) {
  constexpr uint32_t kPdptMask = ~uint32_t{31};
  std::array<uint64_t, 4> loaded;
  memory_.Read({cr3 & kPdptMask}, loaded.data(), sizeof loaded);
  if (!std::ranges::all_of(loaded, PdpteIsValid)) return false;
  pdptes = loaded;
  return true;
}

std::expected<const Mmu::TlbEntry*, PageFault> Mmu::FindOrFill(LinearAddress address,
                                                               AccessKind kind,
                                                               Privilege privilege) {
  if (const TlbEntry* entry = Find(address, kind, privilege)) return entry;
  const auto walk =
      WalkPageTables(memory_, paging_, address, kind, privilege, WalkEffect::kSetAccessedDirty);
  if (!walk) return std::unexpected(walk.error());
  const uint32_t page = address.Page();
  TlbEntry& entry = tlb_[SetOf(kind, privilege)][page % kTlbEntries];
  entry.translation = walk->translation;
  entry.translation.address.value -= address.PageOffset();
  entry.tag = page | (entry.translation.global ? global_tag_ : local_tag_);
  const PhysicalAddress start = entry.translation.address;
  const bool direct = kind != AccessKind::kWrite || memory_.KindOf(start) == PageKind::kRam;
  entry.host = direct ? memory_.HostPointerTo(start) : nullptr;
  entry.device = memory_.DeviceAt(start, kind == AccessKind::kWrite);
  if (walk->large) caches_large_pages_ = true;
  return &entry;
}

std::expected<Translation, PageFault> Mmu::Translate(LinearAddress address, AccessKind kind,
                                                     Privilege privilege) {
  const auto entry = FindOrFill(address, kind, privilege);
  if (!entry) return std::unexpected(entry.error());
  Translation translation = (*entry)->translation;
  translation.address.value += address.PageOffset();
  return translation;
}

std::expected<Translation, PageFault> Mmu::Peek(LinearAddress address, AccessKind kind,
                                                Privilege privilege) {
  const auto walk = WalkPageTables(memory_, paging_, address, kind, privilege, WalkEffect::kNone);
  if (!walk) return std::unexpected(walk.error());
  return walk->translation;
}

std::expected<void, PageFault> Mmu::ReadSlowly(LinearAddress address, void* to, uint32_t bytes,
                                               Privilege privilege) {
  CHECK(bytes <= kPageBytes);
  if (const auto device = DeviceAt(address, bytes, AccessKind::kRead, privilege); device.handler) {
    const uint64_t value = device.handler->ReadMmio(device.offset, bytes);
    std::memcpy(to, &value, bytes);
    return {};
  }
  auto* out = static_cast<uint8_t*>(to);
  while (bytes != 0) {
    const auto page = Translate(address, AccessKind::kRead, privilege);
    if (!page) return std::unexpected(page.error());
    const uint32_t piece = std::min(bytes, kPageBytes - address.PageOffset());
    memory_.Read(page->address, out, piece);
    address = address + piece;
    out += piece;
    bytes -= piece;
  }
  return {};
}

std::expected<void, PageFault> Mmu::WriteSlowly(LinearAddress address, const void* from,
                                                uint32_t bytes, Privilege privilege) {
  CHECK(bytes <= kPageBytes);
  if (bytes == 0) return {};
  if (const auto device = DeviceAt(address, bytes, AccessKind::kWrite, privilege); device.handler) {
    uint64_t value = 0;
    std::memcpy(&value, from, bytes);
    device.handler->WriteMmio(device.offset, bytes, value);
    return {};
  }
  const uint32_t head = std::min(bytes, kPageBytes - address.PageOffset());
  const auto first = Translate(address, AccessKind::kWrite, privilege);
  if (!first) return std::unexpected(first.error());
  if (head == bytes) {
    memory_.Write(first->address, from, bytes);
    return {};
  }
  const auto second = Translate(address + head, AccessKind::kWrite, privilege);
  if (!second) return std::unexpected(second.error());
  memory_.Write(first->address, from, head);
  memory_.Write(second->address, static_cast<const uint8_t*>(from) + head, bytes - head);
  return {};
}

std::expected<void, PageFault> Mmu::ProbeWrite(LinearAddress address, uint32_t bytes,
                                               Privilege privilege) {
  CHECK(bytes <= kPageBytes);
  if (bytes == 0) return {};
  const uint32_t head = std::min(bytes, kPageBytes - address.PageOffset());
  const auto first = Translate(address, AccessKind::kWrite, privilege);
  if (!first) return std::unexpected(first.error());
  if (head == bytes) return {};
  const auto second = Translate(address + head, AccessKind::kWrite, privilege);
  if (!second) return std::unexpected(second.error());
  return {};
}

}  // namespace verbatim
