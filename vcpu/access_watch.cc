// SPDX-License-Identifier: Apache-2.0
#include "vcpu/access_watch.h"

#include <algorithm>

namespace verbatim {
namespace {

bool Meets(const Watchpoint& watchpoint, LinearAddress address, uint32_t bytes, bool write) {
  if (watchpoint.kind == (write ? WatchKind::kRead : WatchKind::kWrite)) return false;
  // Distances, so that an access may run over the end of the address space.
  const uint32_t first = watchpoint.address.value;
  return first - address.value < bytes || address.value - first < watchpoint.bytes;
}

}  // namespace

void AccessWatch::Add(const Watchpoint& watchpoint) {
  if (std::ranges::find(watchpoints_, watchpoint) == watchpoints_.end()) {
    watchpoints_.push_back(watchpoint);
  }
}

void AccessWatch::Remove(const Watchpoint& watchpoint) { std::erase(watchpoints_, watchpoint); }

void AccessWatch::Note(LinearAddress address, uint32_t bytes, bool write) {
  if (hit_) return;
  for (const Watchpoint& watchpoint : watchpoints_) {
    if (!Meets(watchpoint, address, bytes, write)) continue;
    hit_ = watchpoint;
    return;
  }
}

}  // namespace verbatim
