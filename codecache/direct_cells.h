// SPDX-License-Identifier: Apache-2.0
// Numbers for the targets of direct jumps and calls that leave their page. Each window has a cell
// per number (codecache/jump_table.h), which leads straight to the target's body: nothing can
// collide, so nothing is verified.
#ifndef VERBATIM_CODECACHE_DIRECT_CELLS_H_
#define VERBATIM_CODECACHE_DIRECT_CELLS_H_

#include <tsl/robin_map.h>

#include <cstdint>
#include <optional>

namespace verbatim {

class DirectCells {
 public:
  static constexpr uint32_t kCells = 65536;

  // The cell of `eip`, made if there is none; nullopt when all are taken.
  [[nodiscard]] std::optional<uint32_t> For(uint32_t eip) {
    const auto found = by_eip_.find(eip);
    if (found != by_eip_.end()) return found->second;
    if (by_eip_.size() == kCells) return std::nullopt;
    const auto cell = static_cast<uint32_t>(by_eip_.size());
    by_eip_[eip] = cell;
    return cell;
  }
  [[nodiscard]] std::optional<uint32_t> Find(uint32_t eip) const {
    const auto found = by_eip_.find(eip);
    return found == by_eip_.end() ? std::nullopt : std::optional(found->second);
  }
  void Clear() { by_eip_.clear(); }

 private:
  tsl::robin_map<uint32_t, uint32_t> by_eip_;
};

}  // namespace verbatim

#endif  // VERBATIM_CODECACHE_DIRECT_CELLS_H_
