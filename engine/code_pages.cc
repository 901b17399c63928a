// SPDX-License-Identifier: Apache-2.0
#include "engine/code_pages.h"

#include <algorithm>

namespace verbatim {

bool CodePages::NoteWrite(PhysicalAddress page) {
  Record& record = pages_[page.Page()];
  if (record.checked || ++record.writes < kWrites) return false;
  record.writes = 0;
  record.checked = true;
  record.stale = false;
  record.stable_since_ns = 0;
  checked_.push_back(page.Page());
  ++turns_;
  return true;
}

void CodePages::NoteStale(PhysicalAddress page) {
  const auto found = pages_.find(page.Page());
  if (found != pages_.end()) found.value().stale = true;
}

std::vector<PhysicalAddress> CodePages::TakeStable(uint64_t now_ns) {
  next_review_ns_ = now_ns + kReviewPeriodNs;
  std::vector<PhysicalAddress> stable;
  std::erase_if(checked_, [&](uint32_t page) {
    Record& record = pages_[page];
    if (record.stale || record.stable_since_ns == 0) {
      record.stale = false;
      record.stable_since_ns = now_ns;
      return false;
    }
    if (now_ns - record.stable_since_ns < record.patience_ns) return false;
    record.checked = false;
    record.patience_ns = std::min(2 * record.patience_ns, kLongestPatienceNs);
    stable.push_back({uint64_t{page} << kPageShift});
    return true;
  });
  return stable;
}

void CodePages::Clear() {
  pages_.clear();
  checked_.clear();
  next_review_ns_ = 0;
}

}  // namespace verbatim
