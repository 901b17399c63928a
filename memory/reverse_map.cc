// SPDX-License-Identifier: Apache-2.0
#include "memory/reverse_map.h"

#include <algorithm>

namespace verbatim {

void ReverseMap::Add(uint32_t window, uint32_t first, uint64_t ram_page, uint32_t pages) {
  if (pages >= kLongRun) {
    runs_.push_back({.ram_page = ram_page, .pages = pages, .first = first, .window = window});
    return;
  }
  for (uint32_t i = 0; i < pages; ++i) {
    const Node node{.linear_page = (first + i) & 0xFFFFFu,
                    .window = window & (kMaxWindows - 1),
                    .next = heads_[ram_page + i]};
    if (free_ == kEnd) {
      heads_[ram_page + i] = static_cast<uint32_t>(nodes_.size());
      nodes_.push_back(node);
    } else {
      heads_[ram_page + i] = free_;
      free_ = nodes_[free_].next;
      nodes_[heads_[ram_page + i]] = node;
    }
  }
  nodes_used_ += pages;
}

void ReverseMap::Forget(uint64_t ram_page) {
  for (uint32_t n = heads_[ram_page]; n != kEnd;) {
    const uint32_t next = nodes_[n].next;
    nodes_[n].next = free_;
    free_ = n;
    --nodes_used_;
    n = next;
  }
  heads_[ram_page] = kEnd;
}

void ReverseMap::Clear() {
  std::ranges::fill(heads_, kEnd);
  nodes_.clear();
  free_ = kEnd;
  nodes_used_ = 0;
  runs_.clear();
}

void ReverseMap::Rebuilt() {
  node_limit_ = 2 * nodes_used_ + kNodeSlack;
  run_limit_ = 2 * runs_.size() + kRunSlack;
}

}  // namespace verbatim
