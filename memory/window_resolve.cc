// SPDX-License-Identifier: Apache-2.0
// Host faults in windows, execution notes, and protection of pages with translated code.
#include <algorithm>
#include <compare>
#include <vector>

#include "base/check.h"
#include "memory/guest_tables.h"
#include "memory/page_walk.h"
#include "memory/reverse_map.h"
#include "memory/shadow_window.h"
#include "memory/window.h"

namespace verbatim {
namespace {

constexpr uint32_t kLastPage = (1u << 20) - 1;

bool HasHostBytes(PageKind kind) { return kind == PageKind::kRam || kind == PageKind::kRom; }

// The Accessed bits of the levels used are set, so that the page may be shown without a walk.
bool IsAccessed(const PageWalk& walk, const PagingState& paging) {
  if (!paging.enabled) return true;
  const uint64_t entries = walk.large ? walk.pde : walk.pde & walk.pte;
  return (entries & kPteAccessed) != 0;
}

}  // namespace

bool WindowSet::MayShowWritable(const Window& window, const Translation& page) const {
  return page.dirty && AccessAllowed(mmu_.paging(), page, AccessKind::kWrite, window.privilege()) &&
         mmu_.memory().KindOf(page.address) == PageKind::kRam &&
         !mmu_.memory().IsCodePage(page.address);
}

PageRun WindowSet::RunAround(const Window& window, uint32_t page, const PageWalk& walk,
                             GuestTables& tables) const {
  const PagingState& paging = mmu_.paging();
  const PhysicalMemory& memory = mmu_.memory();
  PageRun run{.first = page,
              .last = page,
              .memfd_page = memory.MemfdOffset(walk.translation.address) >> kPageShift,
              .writable = MayShowWritable(window, walk.translation),
              .upgrade = window.IsMapped(page)};
  // Whether `other` can be shown by the same host mapping, which wants `memfd_page` there.
  const auto continues = [&](uint32_t other, uint64_t memfd_page) {
    if (window.IsMapped(other) != run.upgrade || window.IsWritable(other)) return false;
    const std::optional<PageWalk> next = tables.Look(other);
    if (!next || !IsAccessed(*next, paging)) return false;
    const Translation& at = next->translation;
    return HasHostBytes(memory.KindOf(at.address)) &&
           (run.writable || !memory.IsView(at.address)) &&
           memory.MemfdOffset(at.address) >> kPageShift == memfd_page &&
           AccessAllowed(paging, at, AccessKind::kRead, window.privilege()) &&
           MayShowWritable(window, at) == run.writable &&
           (!run.writable || at.writable == walk.translation.writable) &&
           window.Agrees(other, *next);
  };
  // Whether the whole of an unused slot can: all its pages then do what `inside` does.
  const uint32_t slot_pages = window.PagesPerSlot();
  const auto slot_continues = [&](uint32_t inside) {
    const uint32_t first = inside & ~(slot_pages - 1);
    if (run.upgrade || !window.SlotUnused(first)) return false;
    const std::optional<PageWalk> slot = tables.Look(first);
    return slot && slot->large && memory.IsPlainRam(slot->translation.address, slot_pages);
  };
  const uint32_t reach = walk.large ? kLastPage : options_.max_small_run;
  const uint32_t lowest = page - std::min(page, reach);
  const uint32_t highest = page + std::min(kLastPage - page, reach);
  while (run.first > lowest && run.memfd_page > 0 && continues(run.first - 1, run.memfd_page - 1)) {
    const uint32_t step = run.first % slot_pages == 0 && slot_continues(run.first - 1)
                              ? std::min(slot_pages, run.first - lowest)
                              : 1;
    run.first -= step;
    run.memfd_page -= step;
  }
  while (run.last < highest &&
         continues(run.last + 1, run.memfd_page + (run.last - run.first) + 1)) {
    const uint32_t next = run.last + 1;
    run.last += next % slot_pages == 0 && slot_continues(next)
                    ? std::min(slot_pages, highest - run.last)
                    : 1;
  }
  return run;
}

void WindowSet::MapRun(Window& window, const PageRun& run, uint32_t page, const PageWalk& walk,
                       GuestTables& tables) {
  if (!window.Map(run, page, walk, tables)) {
    // Something else in the process uses up the host's mappings.
    UnmapAllWindows();
    PageRun again = run;
    again.upgrade = false;
    CHECK(window.Map(again, page, walk, tables));
  }
  if (!run.writable) return;
  if (!walk.translation.writable) window.relies_on_clear_wp = true;
  writable_->Add(window.id(), run.first, run.memfd_page, run.last - run.first + 1);
  if (writable_->WantsRebuild()) RebuildReverseMap();
}

Resolution WindowSet::Resolve(WindowId id, LinearAddress address, bool write) {
  Window& window = *windows_[id];
  PhysicalMemory& memory = mmu_.memory();
  const PagingState& paging = mmu_.paging();
  CHECK(window.SameFormat(paging));  // Select() was called after the last change
  const auto walk =
      WalkPageTables(memory, paging, address, write ? AccessKind::kWrite : AccessKind::kRead,
                     window.privilege(), WalkEffect::kSetAccessedDirty);
  if (!walk) return {.outcome = ResolveOutcome::kGuestFault, .fault = walk.error()};

  Resolution resolution{.user_page = paging.enabled && walk->translation.user};
  const PhysicalAddress target = walk->translation.address;
  const PageKind kind = memory.KindOf(target);
  if (!HasHostBytes(kind) || (write && kind == PageKind::kRom)) {
    resolution.outcome = ResolveOutcome::kDevice;
    return resolution;
  }
  if (write && memory.IsCodePage(target)) {
    resolution.outcome = ResolveOutcome::kCodePage;
    return resolution;
  }
  // Pages of a view must be found again to be withdrawn, which only those that are shown writable
  // can be. One that is not dirty as yet waits for its first store.
  if (memory.IsView(target) && !MayShowWritable(window, walk->translation)) {
    resolution.outcome = ResolveOutcome::kDevice;
    return resolution;
  }
  resolution.newly_mapped = Show(window, address, write, *walk);
  return resolution;
}

bool WindowSet::Show(Window& window, LinearAddress address, bool write, const PageWalk& walk) {
  const uint32_t page = address.Page();
  MakeRoom(2);
  window.Reconcile(page, walk);
  if (window.IsMapped(page) && (!write || window.IsWritable(page))) return false;
  GuestTables tables(mmu_.memory(), mmu_.paging());
  MapRun(window, RunAround(window, page, walk, tables), page, walk, tables);
  return true;
}

void WindowSet::MapAhead(WindowId id, LinearAddress address, bool write) {
  Window& window = *windows_[id];
  const PhysicalMemory& memory = mmu_.memory();
  const PagingState& paging = mmu_.paging();
  CHECK(window.SameFormat(paging));
  const auto walk =
      WalkPageTables(mmu_.memory(), paging, address, write ? AccessKind::kWrite : AccessKind::kRead,
                     window.privilege(), WalkEffect::kNone);
  if (!walk || !IsAccessed(*walk, paging) || (write && !walk->translation.dirty)) return;
  const PhysicalAddress target = walk->translation.address;
  const PageKind kind = memory.KindOf(target);
  if (!HasHostBytes(kind) || (write && (kind == PageKind::kRom || memory.IsCodePage(target)))) {
    return;
  }
  if (memory.IsView(target) && !MayShowWritable(window, walk->translation)) return;
  if (Show(window, address, write, *walk)) ++context_->statistics.mapped_ahead;
}

std::expected<Translation, PageFault> WindowSet::NoteExecution(WindowId id, LinearAddress address) {
  Window& window = *windows_[id];
  CHECK(window.SameFormat(mmu_.paging()));
  const auto walk = WalkPageTables(mmu_.memory(), mmu_.paging(), address, AccessKind::kExecute,
                                   window.privilege(), WalkEffect::kSetAccessedDirty);
  if (!walk) return std::unexpected(walk.error());
  const uint32_t page = address.Page();
  window.Reconcile(page, *walk);
  const bool known = window.IsExecuted(page);
  window.NoteExecution(page, *walk);
  if (!known && context_->observer != nullptr) {
    const PhysicalAddress physical = mmu_.memory().ApplyA20(walk->translation.address);
    context_->observer->OnExecutableNoted(id, {address.PageStart(), physical.PageStart()});
  }
  return walk->translation;
}

bool WindowSet::Executes(WindowId id, const MappedPage& page) const {
  const Window& window = *windows_[id];
  const uint32_t number = page.linear.Page();
  return window.IsExecuted(number) &&
         mmu_.memory().ApplyA20(window.KeptPageOf(number)) == page.physical;
}

std::vector<WindowId> WindowSet::WindowsThatExecute(const MappedPage& page) const {
  std::vector<WindowId> ids;
  for (const auto& window : windows_) {
    if (Executes(window->id(), page)) ids.push_back(window->id());
  }
  return ids;
}

std::optional<PageWalk> WindowSet::LookForFetch(const Window& window,
                                                const MappedPage& page) const {
  const auto walk = WalkPageTables(mmu_.memory(), window.paging(), page.linear,
                                   AccessKind::kExecute, window.privilege(), WalkEffect::kNone);
  if (!walk) return std::nullopt;
  const PhysicalAddress found = mmu_.memory().ApplyA20(walk->translation.address);
  return found == page.physical ? std::optional(*walk) : std::nullopt;
}

bool WindowSet::Foresee(WindowId id, const MappedPage& page) {
  Window& window = *windows_[id];
  const std::optional<PageWalk> walk = LookForFetch(window, page);
  const uint32_t number = page.linear.Page();
  if (!walk || !IsAccessed(*walk, window.paging()) || !window.Agrees(number, *walk)) return false;
  window.NoteExecution(number, *walk);
  return true;
}

bool WindowSet::ResetIfGone(WindowId id, const MappedPage& page) {
  Window& window = *windows_[id];
  if (IsSelected(window) || LookForFetch(window, page)) return false;
  window.Reset();
  return true;
}

bool WindowSet::ForgetExecution(LinearAddress linear, PhysicalAddress physical) {
  for (const auto& window : windows_) {
    if (!window->IsExecuted(linear.Page())) continue;
    if (IsSelected(*window)) return false;
    if (LookForFetch(*window, {linear.PageStart(), physical.PageStart()})) return false;
    window->ForgetExecution(linear.Page());
  }
  return true;
}

void WindowSet::WriteProtect(PhysicalAddress page) {
  PhysicalMemory& memory = mmu_.memory();
  if (memory.KindOf(page) != PageKind::kRam) return;
  const uint64_t ram_page = memory.MemfdOffset(page) >> kPageShift;
  writable_->ForEach(ram_page, [&](uint32_t id, uint32_t linear_page) {
    Window& window = *windows_[id];
    if (window.IsWritable(linear_page) && window.MemfdPageOf(linear_page) == ram_page) {
      window.WriteProtect(linear_page);
    }
  });
  writable_->Forget(ram_page);
}

void WindowSet::Withdraw(uint64_t memfd_page, uint64_t pages) {
  struct Place {
    uint32_t window;
    uint32_t page;
    auto operator<=>(const Place&) const = default;
  };
  std::vector<Place> places;
  for (uint64_t frame = memfd_page; frame < memfd_page + pages; ++frame) {
    writable_->ForEach(frame, [&](uint32_t id, uint32_t page) {
      const Window& window = *windows_[id];
      if (window.IsMapped(page) && window.MemfdPageOf(page) == frame) places.push_back({id, page});
    });
    writable_->Forget(frame);
  }
  std::ranges::sort(places);
  for (size_t i = 0; i < places.size();) {
    const Place first = places[i];
    uint32_t last = first.page;
    for (++i; i < places.size() && places[i].window == first.window && places[i].page <= last + 1;
         ++i) {
      last = places[i].page;
    }
    windows_[first.window]->Withdraw(first.page, last);
  }
}

}  // namespace verbatim
