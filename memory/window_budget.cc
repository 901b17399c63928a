// SPDX-License-Identifier: Apache-2.0
// Keeping the number of host mappings within the budget.
//
// Order of sacrifice: whole windows that are not in use, least recently used first (one munmap
// each); then slots of the windows in use, round robin, down to 7/8 of the budget so that the next
// faults find room; then everything. Only mappings go: execution notes stay valid.
#include <algorithm>

#include "memory/reverse_map.h"
#include "memory/shadow_window.h"
#include "memory/window.h"

namespace verbatim {

void WindowSet::MakeRoom(uint64_t mappings) {
  WindowStatistics& statistics = context_->statistics;
  const auto fits = [&](uint64_t limit) { return statistics.live_mappings + mappings <= limit; };
  if (fits(options_.mapping_budget)) [[likely]]
    return;

  while (!fits(options_.mapping_budget)) {
    Window* oldest = nullptr;
    for (const auto& window : windows_) {
      if (window->live_mappings() == 0 || IsSelected(*window)) continue;
      if (oldest == nullptr || window->last_selected < oldest->last_selected) {
        oldest = window.get();
      }
    }
    if (oldest == nullptr) break;
    oldest->UnmapAll();
    ++statistics.evictions;
  }
  if (fits(options_.mapping_budget)) return;

  const uint64_t goal = options_.mapping_budget - options_.mapping_budget / 8;
  for (uint32_t looked_at = 0; looked_at < Window::kSlots && !fits(goal); ++looked_at) {
    for (const auto& window : windows_) {
      if (IsSelected(*window) && window->EvictSlot(eviction_cursor_)) ++statistics.evictions;
    }
    eviction_cursor_ = (eviction_cursor_ + 1) % Window::kSlots;
  }
  if (!fits(options_.mapping_budget)) UnmapAllWindows();
}

void WindowSet::UnmapAllWindows() {
  for (const auto& window : windows_) {
    if (window->live_mappings() == 0) continue;
    window->UnmapAll();
    ++context_->statistics.evictions;
  }
}

void WindowSet::RebuildReverseMap() {
  writable_->Clear();
  for (const auto& window : windows_) {
    window->ForEachWritableRun([&](uint32_t first, uint64_t memfd_page, uint32_t pages) {
      writable_->Add(window->id(), first, memfd_page, pages);
    });
  }
  writable_->Rebuilt();
}

}  // namespace verbatim
