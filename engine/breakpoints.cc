// SPDX-License-Identifier: Apache-2.0
#include "engine/breakpoints.h"

#include <algorithm>

namespace verbatim {

bool Breakpoints::Add(LinearAddress address) {
  const auto at = std::ranges::lower_bound(addresses_, address);
  if (at != addresses_.end() && *at == address) return false;
  addresses_.insert(at, address);
  return true;
}

void Breakpoints::Remove(LinearAddress address) {
  const auto at = std::ranges::lower_bound(addresses_, address);
  if (at != addresses_.end() && *at == address) addresses_.erase(at);
}

bool Breakpoints::Contains(LinearAddress address) const {
  return std::ranges::binary_search(addresses_, address);
}

bool Breakpoints::AnyInPageOf(LinearAddress address) const {
  const auto at = std::ranges::lower_bound(addresses_, address.PageStart());
  return at != addresses_.end() && at->Page() == address.Page();
}

}  // namespace verbatim
