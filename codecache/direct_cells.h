// SPDX-License-Identifier: Apache-2.0
// Numbers for the targets of direct jumps and calls that leave their page. Each window has a cell
// per number (codecache/jump_table.h), which leads straight to the target's body: nothing can
// collide, so nothing is verified.
//
// A number whose last user let go of it may still be filled in some window: it is given out again
// only after all tables were cleared.
#ifndef VERBATIM_CODECACHE_DIRECT_CELLS_H_
#define VERBATIM_CODECACHE_DIRECT_CELLS_H_

#include <tsl/robin_map.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace verbatim {

class DirectCells {
 public:
  static constexpr uint32_t kCells = 262144;

  // The cell of `eip`, made if there is none, for one more user; nullopt when all are taken.
  [[nodiscard]] std::optional<uint32_t> For(uint32_t eip) {
    const auto found = by_eip_.find(eip);
    if (found != by_eip_.end()) {
      ++found.value().users;
      return found->second.cell;
    }
    const std::optional<uint32_t> cell = Take();
    if (cell) by_eip_[eip] = {.cell = *cell, .users = 1};
    return cell;
  }
  [[nodiscard]] std::optional<uint32_t> Find(uint32_t eip) const {
    const auto found = by_eip_.find(eip);
    return found == by_eip_.end() ? std::nullopt : std::optional(found->second.cell);
  }
  // One user of the eip's cell, if it has one, is gone.
  void Release(uint32_t eip) {
    const auto found = by_eip_.find(eip);
    if (found == by_eip_.end() || --found.value().users != 0) return;
    released_.push_back(found->second.cell);
    by_eip_.erase(found);
  }

  // Many cells wait for the tables to be cleared, and none is left.
  [[nodiscard]] bool WantsClearedTables() const {
    return made_ == kCells && free_.empty() && released_.size() >= kCells / 8;
  }
  void OnTablesCleared() {
    free_.insert(free_.end(), released_.begin(), released_.end());
    released_.clear();
  }
  // The tables are clear, and no code refers to cells.
  void Clear() { *this = {}; }

 private:
  struct Cell {
    uint32_t cell = 0;
    uint32_t users = 0;
  };

  std::optional<uint32_t> Take() {
    if (made_ < kCells) return made_++;
    if (free_.empty()) return std::nullopt;
    const uint32_t cell = free_.back();
    free_.pop_back();
    return cell;
  }

  tsl::robin_map<uint32_t, Cell> by_eip_;
  uint32_t made_ = 0;
  std::vector<uint32_t> free_;
  std::vector<uint32_t> released_;
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_DIRECT_CELLS_H_
