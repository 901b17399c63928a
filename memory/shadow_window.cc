// SPDX-License-Identifier: Apache-2.0
// Mapping, protecting and unmapping, with the record of kept entries and the count of host
// mappings. Comparison with the guest's tables is in shadow_compare.cc.
#include "memory/shadow_window.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "memory/page_rights.h"
#include "memory/window_range.h"

namespace verbatim {
namespace {

void* HostPointer(uint64_t address) { return reinterpret_cast<void*>(address); }

uint64_t BytesOf(uint32_t first, uint32_t last) {
  return (uint64_t{last} - first + 1) << kPageShift;
}

}  // namespace

Window::~Window() {
  if (live_ != 0) UnmapAll();
}

bool Window::SameFormat(const PagingState& paging) const {
  return paging_.enabled == paging.enabled && paging_.pae == paging.pae &&
         paging_.large_pages == paging.large_pages && paging_.no_execute == paging.no_execute;
}

bool Window::IsMapped(uint32_t page) const {
  const ShadowSlot* slot = slots_[SlotOf(page)].get();
  return slot != nullptr && slot->mapped.Test(IndexOf(page));
}

bool Window::IsWritable(uint32_t page) const {
  const ShadowSlot* slot = slots_[SlotOf(page)].get();
  return slot != nullptr && slot->writable.Test(IndexOf(page));
}

uint64_t Window::MemfdPageOf(uint32_t page) const {
  return MemfdPageIn(*slots_[SlotOf(page)], page);
}

PhysicalAddress Window::KeptPageIn(const ShadowSlot& slot, uint32_t page) const {
  if (!paging_.enabled) return {uint64_t{page} << kPageShift};
  const uint32_t index = IndexOf(page);
  return slot.large ? LargePageStart(paging_, slot.pde) + (uint64_t{index} << kPageShift)
                    : FrameStart(paging_, slot.Pte(index, pae()));
}

uint64_t Window::MemfdPageIn(const ShadowSlot& slot, uint32_t page) const {
  return context_.memory.MemfdOffset(KeptPageIn(slot, page)) >> kPageShift;
}

uint64_t Window::ReliedBits(bool writable) const {
  return kPtePresent | kPteAccessed | (privilege_ == Privilege::kUser ? kPteUser : 0) |
         (writable ? kPteWritable : 0);
}

ShadowSlot& Window::KeepPde(uint32_t number, const PageWalk& walk, bool writable) {
  std::unique_ptr<ShadowSlot>& slot = slots_[number];
  if (slot == nullptr) {
    slot = context_.slots.Take();
    used_[number / 64] |= uint64_t{1} << (number % 64);
    ++used_slots_;
  }
  if (slot->Empty()) {
    slot->large = walk.large;
    local_[number / 64] &= ~(uint64_t{1} << (number % 64));
    slot->pde = 0;
  }
  uint64_t relied = ReliedBits(writable);
  if (walk.large) {
    const bool global = walk.translation.global;
    relied |= kExactLargePde | (writable ? kPteDirty : 0) | (global ? kPteGlobal : 0);
    NoteGlobal(number, global);
  }
  slot->pde = ExtendKept(slot->pde, walk.pde, relied);
  return *slot;
}

void Window::KeepPte(uint32_t number, uint32_t index, uint64_t pte, bool writable) {
  ShadowSlot& slot = *slots_[number];
  const uint64_t kept = slot.Keeps(index) ? slot.Pte(index, pae()) : 0;
  const bool global = paging_.global_pages && (pte & kPteGlobal) != 0;
  const uint64_t relied =
      ReliedBits(writable) | kExactPte | (writable ? kPteDirty : 0) | (global ? kPteGlobal : 0);
  slot.SetPte(index, pae(), ExtendKept(kept, pte, relied));
  NoteGlobal(number, global);
}

// A page of the slot is kept from an entry that is global or not.
void Window::NoteGlobal(uint32_t number, bool global) {
  if (!global) {
    local_[number / 64] |= uint64_t{1} << (number % 64);
    return;
  }
  if (!keeps_global_) ++context_.windows_with_global;
  keeps_global_ = true;
}

void Window::KeepRun(const PageRun& run, uint32_t page, const PageWalk& walk, GuestTables& tables) {
  for (uint32_t first = run.first; first <= run.last;) {
    const uint32_t number = SlotOf(first);
    const uint32_t last = std::min(run.last, FirstPageOf(number) + LastIndex());
    const auto entries_of = [&](uint32_t p) {
      const std::optional<PageWalk> entries = p == page ? walk : tables.Look(p);
      CHECK(entries.has_value());  // the run was made from the same tables
      return *entries;
    };
    const PageWalk first_entries = entries_of(first);
    ShadowSlot& slot = KeepPde(number, first_entries, run.writable);
    if (!slot.large) {
      for (uint32_t p = first; p <= last; ++p) {
        KeepPte(number, IndexOf(p), entries_of(p).pte, run.writable);
      }
    }
    SetShown(number, IndexOf(first), IndexOf(last), run.writable);
    first = last + 1;
  }
}

void Window::SetShown(uint32_t number, uint32_t first, uint32_t last, bool writable) {
  ShadowSlot& slot = *slots_[number];
  slot.mapped.SetRange(first, last);
  if (writable) {
    slot.writable.SetRange(first, last);
  } else {
    slot.writable.ClearRange(first, last);
  }
  const uint8_t rights = writable ? PageRights::kWritable : PageRights::kReadable;
  std::fill_n(rights_ + FirstPageOf(number) + first, last - first + 1, rights);
}

void Window::SetHidden(uint32_t number, uint32_t first, uint32_t last) {
  ShadowSlot& slot = *slots_[number];
  slot.mapped.ClearRange(first, last);
  slot.writable.ClearRange(first, last);
  std::fill_n(rights_ + FirstPageOf(number) + first, last - first + 1, PageRights::kHidden);
}

void Window::ReleaseIfEmpty(uint32_t number) {
  if (slots_[number] == nullptr || !slots_[number]->Empty()) return;
  context_.slots.Return(std::move(slots_[number]));
  used_[number / 64] &= ~(uint64_t{1} << (number % 64));
  local_[number / 64] &= used_[number / 64];
  --used_slots_;
}

void Window::ReleaseEmptySlots() {
  ForEachSlot([this](uint32_t number) { ReleaseIfEmpty(number); });
}

// The number of pages in [first, last] at which a host mapping starts.
uint64_t Window::StartsIn(uint32_t first, uint32_t last) const {
  if (first >= kPages) return 0;
  last = std::min(last, kPages - 1);
  uint64_t starts = 0;
  // The mapped page looked at before, to see whether the next one continues it.
  bool have_previous = first != 0 && IsMapped(first - 1);
  uint32_t previous = first - 1;
  bool previous_writable = have_previous && IsWritable(previous);
  uint64_t previous_frame = have_previous ? MemfdPageOf(previous) : 0;
  for (uint32_t number = SlotOf(first); number <= SlotOf(last); ++number) {
    const ShadowSlot* slot = slots_[number].get();
    if (slot == nullptr) continue;
    const uint32_t base = FirstPageOf(number);
    const uint32_t from = number == SlotOf(first) ? IndexOf(first) : 0;
    const uint32_t to = number == SlotOf(last) ? IndexOf(last) : LastIndex();
    slot->mapped.ForEachIn(from, to, [&](uint32_t index) {
      const uint32_t page = base + index;
      const bool writable = slot->writable.Test(index);
      const uint64_t frame = MemfdPageIn(*slot, page);
      const bool continues = have_previous && previous + 1 == page &&
                             previous_writable == writable && previous_frame + 1 == frame;
      if (!continues) ++starts;
      have_previous = true;
      previous = page;
      previous_writable = writable;
      previous_frame = frame;
    });
  }
  return starts;
}

void Window::Account(uint64_t before, uint64_t after) {
  live_ += after - before;
  context_.statistics.live_mappings += after - before;
}

bool Window::Map(const PageRun& run, uint32_t page, const PageWalk& walk, GuestTables& tables) {
  const uint64_t before = StartsIn(run.upgrade ? run.first : run.last + 1, run.last + 1);
  void* const start = HostPointer(HostAddressOf(run.first));
  const uint64_t bytes = BytesOf(run.first, run.last);
  const int rights = run.writable ? PROT_READ | PROT_WRITE : PROT_READ;
  if (run.upgrade) {
    if (mprotect(start, bytes, rights) != 0) {
      CHECK(errno == ENOMEM);
      return false;
    }
    ++context_.statistics.protections;
  } else {
    const auto offset = static_cast<off_t>(run.memfd_page << kPageShift);
    // A page that was asked for is used at once: the host's own fault for it is saved.
    const int populate = run.first == run.last ? MAP_POPULATE : 0;
    void* const got =
        mmap(start, bytes, rights, MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE | populate,
             context_.memory.memfd(), offset);
    if (got == MAP_FAILED) {
      CHECK(errno == ENOMEM);  // EEXIST: something foreign lies in the window
      return false;
    }
    CHECK(got == start);
    ++context_.statistics.runs_mapped;
    context_.statistics.pages_mapped += run.last - run.first + 1;
  }
  KeepRun(run, page, walk, tables);
  // The inside of the run is one mapping by construction.
  Account(before, StartsIn(run.first, run.first) + StartsIn(run.last + 1, run.last + 1));
  return true;
}

void Window::NoteExecution(uint32_t page, const PageWalk& walk) {
  ShadowSlot& slot = KeepPde(SlotOf(page), walk, false);
  if (!slot.large) KeepPte(SlotOf(page), IndexOf(page), walk.pte, false);
  slot.noted.Set(IndexOf(page));
}

void Window::WriteProtect(uint32_t page) {
  if (!HasRoomFor(2)) {
    Unmap(page, page);
    return;
  }
  const uint64_t before = StartsIn(page, page + 1);
  if (mprotect(HostPointer(HostAddressOf(page)), kPageBytes, PROT_READ) != 0) {
    CHECK(errno == ENOMEM);
    UnmapAll();  // unlike a split, this never needs another mapping
    return;
  }
  ++context_.statistics.protections;
  SetShown(SlotOf(page), IndexOf(page), IndexOf(page), false);
  Account(before, StartsIn(page, page + 1));
}

// Unmaps a range; all mapped pages in it are to go. Slots stay, even if they are empty now.
void Window::Unmap(uint32_t first, uint32_t last) {
  const uint64_t before = StartsIn(first, last + 1);
  const bool splits = before == 0 && last + 1 < kPages && IsMapped(last + 1);
  if (splits && !HasRoomFor(1)) {
    UnmapAll();
    return;
  }
  if (munmap(HostPointer(HostAddressOf(first)), BytesOf(first, last)) != 0) {
    CHECK(errno == ENOMEM);
    UnmapAll();
    return;
  }
  for (uint32_t number = SlotOf(first); number <= SlotOf(last); ++number) {
    if (slots_[number] == nullptr) continue;
    const uint32_t from = number == SlotOf(first) ? IndexOf(first) : 0;
    const uint32_t to = number == SlotOf(last) ? IndexOf(last) : LastIndex();
    SetHidden(number, from, to);
  }
  Account(before, StartsIn(last + 1, last + 1));
}

void Window::Withdraw(uint32_t first, uint32_t last) {
  Unmap(first, last);
  for (uint32_t number = SlotOf(first); number <= SlotOf(last); ++number) ReleaseIfEmpty(number);
}

void Window::WithdrawFollowing(uint32_t first) {
  if (first >= kPages || !IsMapped(first)) return;
  const uint32_t end = FirstPageOf(SlotOf(first)) + LastIndex();
  uint32_t last = first;
  while (last < end && IsMapped(last + 1)) ++last;
  Withdraw(first, last);
}

void Window::Flush(PendingUnmap& pending) {
  if (pending.any) Unmap(pending.first, pending.last);
  pending.any = false;
}

void Window::ForgetMapped() {
  ForEachSlot([this](uint32_t number) { SetHidden(number, 0, LastIndex()); });
  Account(live_, 0);
}

void Window::UnmapAll() {
  CHECK(munmap(HostPointer(host_base_), WindowRange::kWindowBytes) == 0);
  ForgetMapped();
}

bool Window::EvictSlot(uint32_t slot) {
  slot %= kSlots;
  if (slots_[slot] == nullptr || slots_[slot]->mapped.None()) return false;
  const uint32_t first = FirstPageOf(slot);
  if (StartsIn(first, first + LastIndex()) < 2) return false;
  Unmap(first, first + LastIndex());
  ReleaseIfEmpty(slot);
  return true;
}

void Window::Reset() {
  relies_on_clear_wp = false;
  if (keeps_global_) --context_.windows_with_global;
  keeps_global_ = false;
  if (empty()) return;
  if (live_ != 0) UnmapAll();
  ForEachSlot([this](uint32_t number) { slots_[number]->noted.ClearAll(); });
  ReleaseEmptySlots();
  if (context_.observer != nullptr) context_.observer->OnWindowReset(id_);
}

}  // namespace verbatim
