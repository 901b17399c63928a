// SPDX-License-Identifier: Apache-2.0
// Which window is used when, and what flushes mean for it. Faults are resolved in
// window_resolve.cc, the budget is kept in window_budget.cc.
//
// Window 0 shows physical memory (paging off), window 1 is the supervisor's, the others belong to
// one CR3 value each and are reused least recently used first.
#include "memory/window.h"

#include <algorithm>
#include <utility>

#include "memory/guest_tables.h"
#include "memory/page_rights.h"
#include "memory/reverse_map.h"
#include "memory/shadow_window.h"
#include "memory/window_range.h"

namespace verbatim {
namespace {

constexpr WindowId kPhysicalWindow = 0;
constexpr WindowId kSupervisorWindow = 1;
constexpr WindowId kFirstUserWindow = 2;

// Single pages that wait to be compared together; more are as well compared with all others.
constexpr size_t kMaxInvalidated = 64;

// Neighbours that INVLPG takes out one after the other before those that follow go with them.
constexpr uint32_t kSweep = 8;

// What CR3 says of the address space: the page directory, or with PAE the 32-byte aligned PDPT.
uint32_t AddressSpaceOf(const PagingState& paging) {
  return paging.cr3 & (paging.pae ? ~uint32_t{31} : ~kPageOffsetMask);
}

// `windows` becomes how many there was room for.
Result<WindowRange> ReserveUpTo(uint32_t& windows, uint32_t least) {
  for (;;) {
    Result<WindowRange> range = WindowRange::Create(windows);
    if (range || windows <= least) return range;
    windows = std::max(windows / 2, least);
  }
}

}  // namespace

Result<std::unique_ptr<WindowSet>> WindowSet::Create(Mmu& mmu, const Options& options) {
  if (options.max_windows < kMinWindows || options.max_windows > ReverseMap::kMaxWindows) {
    return Fail("windows: {} windows asked for, expected {} to {}", options.max_windows,
                kMinWindows, ReverseMap::kMaxWindows);
  }
  if (options.mapping_budget < kMinMappingBudget) {
    return Fail("windows: a budget of {} host mappings, expected at least {}",
                options.mapping_budget, kMinMappingBudget);
  }
  Options fitting = options;
  Result<WindowRange> range = ReserveUpTo(fitting.max_windows, kEnoughWindows);
  if (!range) return std::unexpected(range.error());
  Result<PageRights> rights = PageRights::Create(fitting.max_windows);
  if (!rights) return std::unexpected(rights.error());
  return std::unique_ptr<WindowSet>(
      new WindowSet(mmu, fitting, std::move(*range), std::move(*rights)));
}

WindowSet::WindowSet(Mmu& mmu, const Options& options, WindowRange range, PageRights rights)
    : mmu_(mmu),
      options_(options),
      range_(std::make_unique<WindowRange>(std::move(range))),
      rights_(std::make_unique<PageRights>(std::move(rights))),
      context_(new WindowContext{.memory = mmu.memory(), .mapping_budget = options.mapping_budget}),
      writable_(std::make_unique<ReverseMap>(mmu.memory().memfd_bytes() >> kPageShift)) {
  while (windows_.size() < kFirstUserWindow) AddWindow();
}

Window& WindowSet::AddWindow() {
  const auto id = static_cast<WindowId>(windows_.size());
  const Privilege privilege = id < kFirstUserWindow ? Privilege::kSupervisor : Privilege::kUser;
  return *windows_.emplace_back(
      std::make_unique<Window>(*context_, id, privilege, range_->WindowBase(id), rights_->Of(id)));
}

WindowSet::~WindowSet() = default;

void WindowSet::SetObserver(WindowObserver* observer) { context_->observer = observer; }

const WindowStatistics& WindowSet::statistics() const { return context_->statistics; }

bool WindowSet::Shows(WindowId window, LinearAddress address, bool write) const {
  const Window& shown = *windows_[window];
  return write ? shown.IsWritable(address.Page()) : shown.IsMapped(address.Page());
}

uint64_t WindowSet::HostBase(WindowId window) const { return range_->WindowBase(window); }

const uint8_t* WindowSet::RightsOf(WindowId window) const { return rights_->Of(window); }

bool WindowSet::IsSelected(const Window& window) const {
  return std::ranges::any_of(selected_, [&](const Selection& selection) {
    return selection.generation != 0 && selection.window == window.id();
  });
}

WindowId WindowSet::SelectSlowly(Privilege privilege) {
  Window* window = windows_[kPhysicalWindow].get();
  if (mmu_.paging().enabled) {
    window = privilege == Privilege::kUser ? &UserWindow() : windows_[kSupervisorWindow].get();
  }
  BringInLine(*window);
  if (privilege == Privilege::kUser) DropInvalidated(*window);
  window->last_selected = ++selections_;
  selected_[static_cast<uint32_t>(privilege)] = {.window = window->id(),
                                                 .generation = generation()};
  return window->id();
}

Window* WindowSet::FindUserWindow() const {
  const uint32_t space = AddressSpaceOf(mmu_.paging());
  const auto found = by_space_.find(space);
  if (found == by_space_.end()) return nullptr;
  Window& window = *found->second;
  const bool its = window.SameFormat(mmu_.paging()) && AddressSpaceOf(window.paging()) == space;
  return its ? &window : nullptr;
}

// One whose tables have lost all that it relies on: so they are left when a process has gone. Looks
// at a few windows each time.
Window* WindowSet::FindAbandonedWindow() {
  constexpr uint32_t kLooks = 16;
  const auto users = static_cast<uint32_t>(windows_.size()) - kFirstUserWindow;
  for (uint32_t i = 0; i < std::min(kLooks, users); ++i) {
    abandoned_cursor_ = (abandoned_cursor_ + 1) % users;
    Window& window = *windows_[kFirstUserWindow + abandoned_cursor_];
    if (!IsSelected(window) && window.IsAbandoned()) return &window;
  }
  return nullptr;
}

Window& WindowSet::UserWindow() {
  if (Window* window = FindUserWindow()) return *window;
  Window* window = FindAbandonedWindow();
  if (window == nullptr && windows_.size() < options_.max_windows) window = &AddWindow();
  if (window == nullptr) {
    window = std::ranges::min_element(
                 windows_.begin() + kFirstUserWindow, windows_.end(), {},
                 [](const std::unique_ptr<Window>& each) { return each->last_selected; })
                 ->get();
  }
  window->Reset();
  if (const auto before = by_space_.find(AddressSpaceOf(window->paging()));
      before != by_space_.end() && before->second == window) {
    by_space_.erase(before);
  }
  by_space_[AddressSpaceOf(mmu_.paging())] = window;
  return *window;
}

void WindowSet::BringInLine(Window& window) {
  const PagingState& paging = mmu_.paging();
  if (!window.SameFormat(paging)) window.Reset();
  // CR0.WP takes effect without a flush: what was mapped writable by virtue of WP being clear may
  // not stay.
  if (paging.write_protect && window.relies_on_clear_wp) window.Reset();
  // A window of the supervisor may have been filled from other tables even if no flush was
  // reported since.
  const bool other_tables =
      window.paging().cr3 != paging.cr3 || window.paging().pdpte != paging.pdpte;
  const bool compare = window.compared_generation != flush_generation_ || other_tables;
  const bool spare_global =
      paging.global_pages && window.compared_generation >= full_flush_generation_;
  window.set_paging(paging);
  window.compared_generation = flush_generation_;
  if (!compare || window.empty() || !paging.enabled) return;
  GuestTables tables(mmu_.memory(), paging);
  window.Compare(tables, spare_global);
}

void WindowSet::FlushAll(bool keep_global) {
  ++flush_generation_;
  // No global one is among them: the comparison that is due now covers them all.
  invalidated_.clear();
  if (!keep_global) full_flush_generation_ = flush_generation_;
}

void WindowSet::InvalidatePage(LinearAddress address) {
  const PagingState& paging = mmu_.paging();
  if (!paging.enabled) return;
  const uint32_t page = address.Page();
  GuestTables tables(mmu_.memory(), paging);
  Window& supervisor = *windows_[kSupervisorWindow];
  if (supervisor.SameFormat(paging)) {
    const bool was_mapped = supervisor.IsMapped(page);
    supervisor.ComparePages(tables, {&page, 1});
    if (was_mapped && !supervisor.IsMapped(page)) FollowSweep(supervisor, page);
  }
  // INVLPG reaches global pages of all address spaces.
  if (context_->windows_with_global != 0) {
    for (WindowId id = kFirstUserWindow; id < windows_.size(); ++id) {
      if (windows_[id]->keeps_global()) windows_[id]->DropGlobalPage(page);
    }
  }
  if (invalidated_.size() == kMaxInvalidated) {
    FlushAll(true);
  } else {
    invalidated_.push_back(page);
    ++invalidations_;
  }
}

// A guest that changes one page after the other takes those behind it out as well: of a long run
// each costs a split of its mapping, all together cost one.
void WindowSet::FollowSweep(Window& window, uint32_t page) {
  sweep_ = page == sweep_next_ ? sweep_ + 1 : 1;
  sweep_next_ = page + 1;
  if (sweep_ >= kSweep) window.WithdrawFollowing(page + 1);
}

// Of the user window of the present address space: another one is selected after a flush only.
void WindowSet::DropInvalidated(Window& window) {
  if (!invalidated_.empty() && mmu_.paging().enabled) {
    std::ranges::sort(invalidated_);
    GuestTables tables(mmu_.memory(), mmu_.paging());
    window.ComparePages(tables, invalidated_);
  }
  invalidated_.clear();
}

void WindowSet::ResetAll() {
  for (const auto& window : windows_) window->Reset();
  writable_->Clear();
  writable_->Rebuilt();
}

}  // namespace verbatim
