// SPDX-License-Identifier: Apache-2.0
#include "engine/linked_pages.h"

#include <algorithm>

namespace verbatim {

bool LinkedPages::MayLead(const MappedPage& from, const MappedPage& to) {
  const std::vector<WindowId> ids = windows_.WindowsThatExecute(from);
  return std::ranges::all_of(ids, [&](WindowId id) {
    if (windows_.Executes(id, to) || windows_.ResetIfGone(id, from)) return true;
    if (!windows_.Foresee(id, to)) return false;
    OnExecutableNoted(id, to);
    return true;
  });
}

// What the page leads to comes along where the guest's tables have it; links to the rest are
// undone.
void LinkedPages::OnExecutableNoted(WindowId window, const MappedPage& page) {
  noted_.assign(1, page);
  while (!noted_.empty()) {
    const MappedPage next = noted_.back();
    noted_.pop_back();
    store_.UndoLinksFrom(next, [&](const MappedPage& target) {
      if (windows_.Executes(window, target)) return true;
      if (!windows_.Foresee(window, target)) return false;
      noted_.push_back(target);
      return true;
    });
  }
}

void LinkedPages::OnExecutableDropped(WindowId window, LinearAddress page) {
  store_.UndoLinksInto(
      page, [&](const MappedPage& source) { return !windows_.Executes(window, source); });
  code_.OnExecutableDropped(window, page);
}

void LinkedPages::OnWindowReset(WindowId window) { code_.OnWindowReset(window); }

}  // namespace verbatim
