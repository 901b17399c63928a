// SPDX-License-Identifier: Apache-2.0
// Links that lead to another page than their own, found by either of the two.
#ifndef VERBATIM_CODECACHE_PAGE_LINKS_H_
#define VERBATIM_CODECACHE_PAGE_LINKS_H_

#include <tsl/robin_map.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/address.h"
#include "codecache/block.h"

namespace verbatim {

struct PageLink {
  Block* source = nullptr;
  size_t index = 0;  // in source->links
  MappedPage target;

  [[nodiscard]] Link& link() const { return source->links[index]; }
  // Else it was undone, or its block is dead or somewhere else.
  [[nodiscard]] bool IsIn(uint32_t linear_page) const {
    return source->valid && link().to_other_page && source->key.linear.Page() == linear_page;
  }
};

class PageLinks {
 public:
  void Add(const PageLink& link) {
    Keep(from_[link.source->key.linear.Page()], link);
    Keep(into_[link.target.linear.Page()], link);
  }

  // Those of blocks of the linear page, or that lead into it; some may have been undone. What
  // `remove(link)` is true for is forgotten; it may not add any.
  template <typename Remove>
  void RemoveFrom(uint32_t linear_page, Remove remove) {
    RemoveIf(from_, linear_page, remove);
  }
  template <typename Remove>
  void RemoveInto(uint32_t linear_page, Remove remove) {
    RemoveIf(into_, linear_page, remove);
  }
  void Clear() {
    from_.clear();
    into_.clear();
  }

 private:
  using Lists = tsl::robin_map<uint32_t, std::vector<PageLink>>;

  // Before a list grows, what has been undone goes.
  static void Keep(std::vector<PageLink>& list, const PageLink& link) {
    if (list.size() == list.capacity()) {
      std::erase_if(
          list, [](const PageLink& each) { return !each.IsIn(each.source->key.linear.Page()); });
    }
    list.push_back(link);
  }
  template <typename Remove>
  static void RemoveIf(Lists& lists, uint32_t linear_page, Remove remove) {
    const auto found = lists.find(linear_page);
    if (found == lists.end()) return;
    std::erase_if(found.value(), remove);
    if (found->second.empty()) lists.erase(found);
  }

  Lists from_;
  Lists into_;
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_PAGE_LINKS_H_
