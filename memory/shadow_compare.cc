// SPDX-License-Identifier: Apache-2.0
// Comparison of the kept entries with the guest's tables. The common case is that nothing changed:
// a full slot then costs one pass of vector operations over two 4 KiB arrays.
#include <algorithm>
#include <bit>
#include <span>
#include <type_traits>

#include "base/bits.h"
#include "memory/shadow_window.h"

namespace verbatim {
namespace {

constexpr uint32_t kEntriesPerWord = 64;
// From this many kept entries of 64 on, one vector pass first is quicker than looking at each.
constexpr int kDense = 48;

// Lost(), or 0 if the kept entry has a bit of `spared`.
template <typename Entry>
Entry LostUnlessSpared(Entry kept, Entry now, Entry spared) {
  const Entry lost = Lost<Entry>(kept, now, kExactPte);
  return (kept & spared) != 0 ? Entry{0} : lost;
}

// Whether any of 64 entries lost something that is not spared.
template <typename Entry>
bool AnyLost(const uint8_t* kept, const uint8_t* now, Entry spared) {
  constexpr uint32_t kVectorBytes = 16;  // SSE2, which every x86-64 has
  typedef Entry Vector __attribute__((vector_size(kVectorBytes)));
  constexpr Entry kExact = static_cast<Entry>(kExactPte);
  constexpr Entry kLosable = static_cast<Entry>(kLosableBits);
  constexpr Entry kAddable = static_cast<Entry>(kPteNoExecute);
  Vector any{};
  for (uint32_t at = 0; at < kEntriesPerWord * sizeof(Entry); at += kVectorBytes) {
    const auto a = LoadLittle<Vector>(kept + at);
    const auto b = LoadLittle<Vector>(now + at);
    const Vector lost = (a & ~b & kLosable) | ((a ^ b) & kExact) | (~a & b & kAddable);
    any |= lost & ((a & spared) == 0);
  }
  Entry sum = 0;
  for (uint32_t i = 0; i < kVectorBytes / sizeof(Entry); ++i) sum |= any[i];
  return sum != 0;
}

// The subset of `candidates`, entries [first, first + 64), that lost something.
template <typename Entry>
uint64_t LostInWord(const uint8_t* kept, const uint8_t* now, uint32_t first, uint64_t candidates,
                    Entry spared) {
  kept += first * sizeof(Entry);
  now += first * sizeof(Entry);
  if (std::popcount(candidates) >= kDense && !AnyLost<Entry>(kept, now, spared)) return 0;
  uint64_t lost = 0;
  for (uint64_t rest = candidates; rest != 0; rest &= rest - 1) {
    const auto i = static_cast<uint32_t>(std::countr_zero(rest));
    const auto old_entry = LoadLittle<Entry>(kept + i * sizeof(Entry));
    const auto new_entry = LoadLittle<Entry>(now + i * sizeof(Entry));
    if (LostUnlessSpared<Entry>(old_entry, new_entry, spared) != 0) lost |= uint64_t{1} << i;
  }
  return lost;
}

uint32_t RangesOf(const PageBitmap& mapped, const PageBitmap& gone) {
  uint32_t ranges = 0;
  bool in_range = false;
  mapped.ForEach([&](uint32_t index) {
    const bool goes = gone.Test(index);
    if (goes && !in_range) ++ranges;
    in_range = goes;
  });
  return ranges;
}

}  // namespace

bool Window::PdeLost(const ShadowSlot& slot, uint32_t number, GuestTables& tables) const {
  if (slot.large != tables.IsLarge(number)) return true;
  if (!slot.large && tables.Table(number) == nullptr) return true;
  const uint64_t exact = slot.large ? kExactLargePde : kExactTablePde;
  return Lost<uint64_t>(slot.pde, tables.Pde(number), exact) != 0;
}

bool Window::KeptGlobal(const ShadowSlot& slot, uint32_t index) const {
  const uint64_t leaf = slot.large ? slot.pde : slot.Pte(index, pae());
  return slot.Keeps(index) && (leaf & kPteGlobal) != 0;
}

PageBitmap Window::ChangedPages(const ShadowSlot& slot, uint32_t number, GuestTables& tables,
                                bool spare_global) const {
  PageBitmap changed = slot.mapped | slot.noted;
  if (PdeLost(slot, number, tables)) {
    if (spare_global) {
      (slot.mapped | slot.noted).ForEach([&](uint32_t index) {
        if (KeptGlobal(slot, index)) changed.Clear(index);
      });
    }
    return changed;
  }
  if (slot.large) return {};
  const uint8_t* const kept = slot.ptes.data();
  const uint8_t* const now = tables.Table(number);
  for (uint32_t i = 0; i < PageBitmap::kWords; ++i) {
    const uint64_t candidates = changed.word(i);
    if (candidates == 0) continue;
    const uint64_t spared = spare_global ? kPteGlobal : 0;
    const uint32_t first = i * kEntriesPerWord;
    changed.set_word(i, pae() ? LostInWord<uint64_t>(kept, now, first, candidates, spared)
                              : LostInWord<uint32_t>(kept, now, first, candidates,
                                                     static_cast<uint32_t>(spared)));
  }
  return changed;
}

void Window::DropNotes(uint32_t number, const PageBitmap& changed) {
  ShadowSlot& slot = *slots_[number];
  (slot.noted & changed).ForEach([&](uint32_t index) {
    slot.noted.Clear(index);
    if (context_.observer != nullptr) {
      context_.observer->OnExecutableDropped(
          id_, LinearAddress{(FirstPageOf(number) + index) << kPageShift});
    }
  });
}

void Window::ForgetExecution(uint32_t page) {
  PageBitmap only;
  only.Set(IndexOf(page));
  DropNotes(SlotOf(page), only);
}

// Adds the mapped pages among `changed` to `pending`; flushes it at each page that stays.
void Window::Drop(uint32_t number, const PageBitmap& changed, PendingUnmap& pending) {
  ShadowSlot& slot = *slots_[number];
  const PageBitmap mapped = slot.mapped;
  const PageBitmap gone = mapped & changed;
  if (changed.None()) {
    if (pending.any && !mapped.None()) Flush(pending);
    return;
  }
  context_.statistics.pages_dropped += changed.Count();
  DropNotes(number, changed);
  if (gone.None()) {
    if (!mapped.None()) Flush(pending);
    return;
  }
  const bool all_go = RangesOf(mapped, gone) > kMaxDropRanges;
  mapped.ForEach([&](uint32_t index) {
    const uint32_t page = FirstPageOf(number) + index;
    if (!all_go && !gone.Test(index)) {
      Flush(pending);
      return;
    }
    if (!pending.any) pending = {.first = page, .last = page, .any = true};
    pending.last = page;
  });
}

void Window::DropAtOnce(uint32_t number, const PageBitmap& changed) {
  PendingUnmap pending;
  Drop(number, changed, pending);
  Flush(pending);
  ReleaseIfEmpty(number);
}

void Window::Compare(GuestTables& tables, bool spare_global) {
  ++context_.statistics.comparisons;
  // Of a kernel's window few slots are local: the others are not even looked at.
  const std::array<uint64_t, kSlots / 64> due = spare_global ? local_ : used_;
  PendingUnmap pending;
  ForEachOf(due, [&](uint32_t number) {
    // What is spared in between stays.
    if (spare_global && pending.any && SlotOf(pending.last) + 1 < number) Flush(pending);
    Drop(number, ChangedPages(*slots_[number], number, tables, spare_global), pending);
  });
  Flush(pending);
  ForEachOf(due, [this](uint32_t number) { ReleaseIfEmpty(number); });
}

bool Window::IsAbandoned() const {
  if (!paging_.enabled) return false;
  GuestTables tables(context_.memory, paging_);
  bool all_lost = true;
  ForEachOf(used_, [&](uint32_t number) {
    if (!all_lost) return;
    const ShadowSlot& slot = *slots_[number];
    all_lost = ChangedPages(slot, number, tables, false) == (slot.mapped | slot.noted);
  });
  return all_lost;
}

void Window::ComparePages(GuestTables& tables, std::span<const uint32_t> pages) {
  while (!pages.empty()) {
    const uint32_t number = SlotOf(pages.front());
    const auto others =
        std::ranges::find_if(pages, [&](uint32_t page) { return SlotOf(page) != number; });
    const auto count = static_cast<size_t>(others - pages.begin());
    if (slots_[number] != nullptr) {
      DropAtOnce(number, ChangedAmong(*slots_[number], number, pages.first(count), tables));
    }
    pages = pages.subspan(count);
  }
}

PageBitmap Window::ChangedAmong(const ShadowSlot& slot, uint32_t number,
                                std::span<const uint32_t> pages, GuestTables& tables) const {
  if (PdeLost(slot, number, tables)) return slot.mapped | slot.noted;
  PageBitmap changed;
  if (slot.large) return changed;
  const uint8_t* const now = tables.Table(number);
  for (const uint32_t page : pages) {
    const uint32_t index = IndexOf(page);
    if (!slot.Keeps(index)) continue;
    const uint64_t entry =
        pae() ? LoadLittle<uint64_t>(now + index * 8) : LoadLittle<uint32_t>(now + index * 4);
    if (Lost<uint64_t>(slot.Pte(index, pae()), entry, kExactPte) != 0) changed.Set(index);
  }
  return changed;
}

void Window::DropGlobalPage(uint32_t page) {
  const uint32_t number = SlotOf(page);
  if (!KeepsGlobal(page)) return;
  const ShadowSlot& slot = *slots_[number];
  PageBitmap changed;
  changed.Set(IndexOf(page));
  DropAtOnce(number, slot.large ? slot.mapped | slot.noted : changed);
}

void Window::Reconcile(uint32_t page, const PageWalk& walk) {
  const uint32_t number = SlotOf(page);
  const uint32_t index = IndexOf(page);
  if (slots_[number] == nullptr) return;
  const ShadowSlot& slot = *slots_[number];
  const uint64_t exact = slot.large ? kExactLargePde : kExactTablePde;
  if (slot.large != walk.large || Lost<uint64_t>(slot.pde, walk.pde, exact) != 0) {
    DropAtOnce(number, slot.mapped | slot.noted);
    return;
  }
  if (slot.large || !slot.Keeps(index)) return;
  if (Lost<uint64_t>(slot.Pte(index, pae()), walk.pte, kExactPte) == 0) return;
  PageBitmap changed;
  changed.Set(index);
  DropAtOnce(number, changed);
}

bool Window::Agrees(uint32_t page, const PageWalk& walk) const {
  const ShadowSlot* slot = slots_[SlotOf(page)].get();
  if (slot == nullptr || slot->Empty()) return true;
  const uint64_t exact = slot->large ? kExactLargePde : kExactTablePde;
  if (slot->large != walk.large || Lost<uint64_t>(slot->pde, walk.pde, exact) != 0) return false;
  const uint32_t index = IndexOf(page);
  return slot->large || !slot->Keeps(index) ||
         Lost<uint64_t>(slot->Pte(index, pae()), walk.pte, kExactPte) == 0;
}

}  // namespace verbatim
