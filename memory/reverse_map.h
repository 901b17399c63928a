// SPDX-License-Identifier: Apache-2.0
// From a page of RAM, named by its place in the memfd, to the places in windows that may show it
// writable.
//
// Entries are hints: they are added whenever a run is mapped writable and not removed when it goes
// away, so who asks must check each against the window. Short runs have one entry for each page,
// long ones (a kernel's linear map) one for the whole run. When most entries may be stale the owner
// rebuilds the map from the windows; the cost is spread over the additions that led there.
#ifndef VERBATIM_MEMORY_REVERSE_MAP_H_
#define VERBATIM_MEMORY_REVERSE_MAP_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace verbatim {

class ReverseMap {
 public:
  static constexpr uint32_t kMaxWindows = 4096;

  explicit ReverseMap(uint64_t memfd_pages) : heads_(memfd_pages, kEnd) {}

  // Linear pages from `first` on show `pages` pages of RAM from `ram_page` on.
  void Add(uint32_t window, uint32_t first, uint64_t ram_page, uint32_t pages);
  // All entries were visited and what they named is writable no longer: forgets the short ones.
  void Forget(uint64_t ram_page);

  // visit(window, linear_page) for every place that may show the page.
  template <typename Visit>
  void ForEach(uint64_t ram_page, Visit visit) const {
    for (uint32_t n = heads_[ram_page]; n != kEnd; n = nodes_[n].next) {
      visit(nodes_[n].window, nodes_[n].linear_page);
    }
    for (const Run& run : runs_) {
      if (ram_page - run.ram_page < run.pages) {
        visit(run.window, run.first + static_cast<uint32_t>(ram_page - run.ram_page));
      }
    }
  }

  [[nodiscard]] bool WantsRebuild() const {
    return nodes_used_ > node_limit_ || runs_.size() > run_limit_;
  }
  // A rebuild is Clear(), Add() for all that is writable, Rebuilt().
  void Clear();
  void Rebuilt();

 private:
  static constexpr uint32_t kEnd = ~uint32_t{0};
  static constexpr uint32_t kLongRun = 256;
  static constexpr uint32_t kNodeSlack = 1u << 16;
  static constexpr uint32_t kRunSlack = 512;

  struct Node {
    uint32_t linear_page : 20;
    uint32_t window : 12;
    uint32_t next;
  };
  struct Run {
    uint64_t ram_page;
    uint32_t pages;
    uint32_t first;
    uint32_t window;
  };

  std::vector<uint32_t> heads_;  // by page of RAM: first node
  std::vector<Node> nodes_;
  uint32_t free_ = kEnd;
  uint32_t nodes_used_ = 0;
  uint32_t node_limit_ = kNodeSlack;
  std::vector<Run> runs_;
  size_t run_limit_ = kRunSlack;
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_REVERSE_MAP_H_
