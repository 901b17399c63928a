// SPDX-License-Identifier: Apache-2.0
// One window: what it shows, the guest entries it relies on, and the exact number of host mappings
// (VMAs) this takes.
//
// The kernel merges neighbouring pages into one VMA if their rights agree and their memfd pages are
// consecutive; StartsIn() counts by the same rule, so the count needs no record of its own. Before
// Map(), which adds at most two, the owner makes room in the budget. Protecting and unmapping pages
// may split mappings too: where that does not fit, the window gives up all its mappings.
#ifndef VERBATIM_MEMORY_SHADOW_WINDOW_H_
#define VERBATIM_MEMORY_SHADOW_WINDOW_H_

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "memory/guest_tables.h"
#include "memory/page_walk.h"
#include "memory/paging.h"
#include "memory/physical_memory.h"
#include "memory/shadow_slot.h"
#include "memory/window.h"

namespace verbatim {

// What the windows of one set share.
struct WindowContext {
  PhysicalMemory& memory;
  uint64_t mapping_budget;  // statistics.live_mappings never exceeds it
  SlotPool slots{};
  WindowStatistics statistics{};
  WindowObserver* observer = nullptr;
  uint32_t windows_with_global = 0;  // that may keep a page from a global entry
};

// Pages to be shown with the same rights, both ends included.
struct PageRun {
  uint32_t first = 0;
  uint32_t last = 0;
  uint64_t memfd_page = 0;  // of `first`
  bool writable = false;
  bool upgrade = false;  // all are mapped read-only from these memfd pages already
};

class Window {
 public:
  // `rights`: the PageRights of this window.
  Window(WindowContext& context, WindowId id, Privilege privilege, uint64_t host_base,
         uint8_t* rights)
      : context_(context), id_(id), privilege_(privilege), host_base_(host_base), rights_(rights) {}
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  [[nodiscard]] WindowId id() const { return id_; }
  [[nodiscard]] Privilege privilege() const { return privilege_; }
  [[nodiscard]] uint64_t host_base() const { return host_base_; }
  // The paging state of the last use. Its format (paging on, PAE, PSE, NXE) decides how kept
  // entries are read: it changes only while the window is empty.
  [[nodiscard]] const PagingState& paging() const { return paging_; }
  void set_paging(const PagingState& paging) { paging_ = paging; }
  [[nodiscard]] bool SameFormat(const PagingState& paging) const;
  [[nodiscard]] uint64_t live_mappings() const { return live_; }
  [[nodiscard]] bool empty() const { return used_slots_ == 0; }

  [[nodiscard]] bool IsMapped(uint32_t page) const;
  [[nodiscard]] bool IsWritable(uint32_t page) const;
  // Nothing is kept of the page's slot: neither mapped nor noted.
  [[nodiscard]] bool SlotUnused(uint32_t page) const { return slots_[SlotOf(page)] == nullptr; }
  [[nodiscard]] uint32_t PagesPerSlot() const { return 1u << slot_shift(); }
  // Only while IsMapped().
  [[nodiscard]] uint64_t MemfdPageOf(uint32_t page) const;
  [[nodiscard]] uint64_t HostAddressOf(uint32_t page) const {
    return host_base_ + (uint64_t{page} << kPageShift);
  }

  // Drops what the walk of `page`, done just now, shows to be stale in its slot.
  void Reconcile(uint32_t page, const PageWalk& walk);
  // Whether `page`, which the tables now map as `walk` says, may be added to a run without a
  // Reconcile() first.
  [[nodiscard]] bool Agrees(uint32_t page, const PageWalk& walk) const;
  // Maps the run, or makes it writable. False if the host has no room for another mapping; nothing
  // has changed then. `walk` is the walk of `page`, which lies in the run; the entries of the other
  // pages come from `tables`.
  [[nodiscard]] bool Map(const PageRun& run, uint32_t page, const PageWalk& walk,
                         GuestTables& tables);
  void NoteExecution(uint32_t page, const PageWalk& walk);
  [[nodiscard]] bool IsExecuted(uint32_t page) const {
    const ShadowSlot* slot = slots_[SlotOf(page)].get();
    return slot != nullptr && slot->noted.Test(IndexOf(page));
  }
  // What the kept entries map the page to; it must be mapped or noted.
  [[nodiscard]] PhysicalAddress KeptPageOf(uint32_t page) const {
    return KeptPageIn(*slots_[SlotOf(page)], page);
  }
  // Drops the note, with notice.
  void ForgetExecution(uint32_t page);
  // Takes write access from a writable page.
  void WriteProtect(uint32_t page);

  // The tables of its last use have lost all that it keeps.
  [[nodiscard]] bool IsAbandoned() const;
  // Compares with the guest's tables and drops what differs, with notice of dropped execution.
  // `spare_global`: pages that were kept from global entries are exempt.
  void Compare(GuestTables& tables, bool spare_global);
  // The same for these pages alone (all of a large page); in ascending order.
  void ComparePages(GuestTables& tables, std::span<const uint32_t> pages);
  // Whether the page was kept from a global entry.
  [[nodiscard]] bool KeepsGlobal(uint32_t page) const {
    const ShadowSlot* slot = keeps_global_ ? slots_[SlotOf(page)].get() : nullptr;
    return slot != nullptr && KeptGlobal(*slot, IndexOf(page));
  }
  // Whether any page may have been.
  [[nodiscard]] bool keeps_global() const { return keeps_global_; }
  // Drops such a page (all of a large page).
  void DropGlobalPage(uint32_t page);

  // Unmaps a range, in which all mapped pages are to go; execution notes stay.
  void Withdraw(uint32_t first, uint32_t last);
  // Unmaps the pages from `first` on that are mapped without a gap, as far as their table reaches;
  // execution notes stay.
  void WithdrawFollowing(uint32_t first);
  // Unmaps everything at once; execution notes stay.
  void UnmapAll();
  // Unmaps one slot if that frees host mappings; execution notes stay. `slot` is modulo kSlots.
  bool EvictSlot(uint32_t slot);
  // Forgets everything, notes included, and tells the observer.
  void Reset();

  // visit(first page, memfd page, pages) for maximal writable runs of consecutive memfd pages.
  template <typename Visit>
  void ForEachWritableRun(Visit visit) const;

  static constexpr uint32_t kSlots = 2048;

  // What the owner remembers of the window: when it was last in line with the tables and in use.
  uint64_t compared_generation = 0;
  uint64_t last_selected = 0;
  // Something may have been mapped writable only because CR0.WP was clear.
  bool relies_on_clear_wp = false;

 private:
  static constexpr uint32_t kPages = 1u << 20;
  // Beyond this many ranges in one slot, unmapping all of it is cheaper than what re-mapping costs.
  static constexpr uint32_t kMaxDropRanges = 32;

  // Pages that wait to be unmapped together: nothing between them is to stay.
  struct PendingUnmap {
    uint32_t first = 0;
    uint32_t last = 0;
    bool any = false;
  };

  [[nodiscard]] bool pae() const { return paging_.pae && paging_.enabled; }
  [[nodiscard]] unsigned slot_shift() const { return pae() ? 9 : 10; }
  [[nodiscard]] uint32_t SlotOf(uint32_t page) const { return page >> slot_shift(); }
  [[nodiscard]] uint32_t IndexOf(uint32_t page) const { return page & ((1u << slot_shift()) - 1); }
  [[nodiscard]] uint32_t FirstPageOf(uint32_t slot) const { return slot << slot_shift(); }
  [[nodiscard]] uint32_t LastIndex() const { return (1u << slot_shift()) - 1; }
  [[nodiscard]] PhysicalAddress KeptPageIn(const ShadowSlot& slot, uint32_t page) const;
  [[nodiscard]] uint64_t MemfdPageIn(const ShadowSlot& slot, uint32_t page) const;

  // Record what a use relies on. The slot's earlier entries agree (Reconcile, Agrees).
  ShadowSlot& KeepPde(uint32_t number, const PageWalk& walk, bool writable);
  void KeepPte(uint32_t number, uint32_t index, uint64_t pte, bool writable);
  [[nodiscard]] uint64_t ReliedBits(bool writable) const;
  void KeepRun(const PageRun& run, uint32_t page, const PageWalk& walk, GuestTables& tables);
  void ReleaseIfEmpty(uint32_t number);
  void ReleaseEmptySlots();

  [[nodiscard]] uint64_t StartsIn(uint32_t first, uint32_t last) const;
  void Account(uint64_t before, uint64_t after);
  void NoteGlobal(uint32_t number, bool global);
  [[nodiscard]] bool HasRoomFor(uint64_t mappings) const {
    return context_.statistics.live_mappings + mappings <= context_.mapping_budget;
  }
  void Unmap(uint32_t first, uint32_t last);
  void Flush(PendingUnmap& pending);
  void ForgetMapped();
  // Pages of one slot, by index, both ends included: what is recorded of them, and what translated
  // code may see.
  void SetShown(uint32_t number, uint32_t first, uint32_t last, bool writable);
  void SetHidden(uint32_t number, uint32_t first, uint32_t last);

  // For each of these slots, in ascending order; `visit(number)` may release that slot.
  template <typename Visit>
  static void ForEachOf(const std::array<uint64_t, kSlots / 64>& slots, Visit visit) {
    for (uint32_t i = 0; i < slots.size(); ++i) {
      for (uint64_t word = slots[i]; word != 0; word &= word - 1) {
        visit(i * 64 + static_cast<uint32_t>(std::countr_zero(word)));
      }
    }
  }
  // For each slot in use.
  template <typename Visit>
  void ForEachSlot(Visit visit) const {
    ForEachOf(used_, visit);
  }

  // Pages of the slot whose kept entries have lost something (in shadow_compare.cc).
  [[nodiscard]] bool PdeLost(const ShadowSlot& slot, uint32_t number, GuestTables& tables) const;
  [[nodiscard]] PageBitmap ChangedPages(const ShadowSlot& slot, uint32_t number,
                                        GuestTables& tables, bool spare_global) const;
  [[nodiscard]] PageBitmap ChangedAmong(const ShadowSlot& slot, uint32_t number,
                                        std::span<const uint32_t> pages, GuestTables& tables) const;
  [[nodiscard]] bool KeptGlobal(const ShadowSlot& slot, uint32_t index) const;
  void DropNotes(uint32_t number, const PageBitmap& changed);
  void Drop(uint32_t number, const PageBitmap& changed, PendingUnmap& pending);
  void DropAtOnce(uint32_t number, const PageBitmap& changed);

  WindowContext& context_;
  WindowId id_;
  Privilege privilege_;
  uint64_t host_base_;
  uint8_t* rights_;
  PagingState paging_;
  uint64_t live_ = 0;  // host mappings of this window
  uint32_t used_slots_ = 0;
  bool keeps_global_ = false;  // some page was kept from a global entry since the last Reset()
  std::array<std::unique_ptr<ShadowSlot>, kSlots> slots_{};
  std::array<uint64_t, kSlots / 64> used_{};   // one bit for each slot that exists
  std::array<uint64_t, kSlots / 64> local_{};  // of them, those that keep pages that are not global
};

template <typename Visit>
void Window::ForEachWritableRun(Visit visit) const {
  uint32_t first = 0;
  uint64_t memfd_page = 0;
  uint32_t pages = 0;
  ForEachSlot([&](uint32_t number) {
    const ShadowSlot& slot = *slots_[number];
    slot.writable.ForEach([&](uint32_t index) {
      const uint32_t page = FirstPageOf(number) + index;
      const uint64_t frame = MemfdPageIn(slot, page);
      if (pages == 0 || page != first + pages || frame != memfd_page + pages) {
        if (pages != 0) visit(first, memfd_page, pages);
        first = page;
        memfd_page = frame;
        pages = 0;
      }
      ++pages;
    });
  });
  if (pages != 0) visit(first, memfd_page, pages);
}

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_SHADOW_WINDOW_H_
