// SPDX-License-Identifier: Apache-2.0
// Which pages of the video memory were written since somebody last looked. Marking is one store, so
// that it can stand in the path of every guest write.
#ifndef VERBATIM_DEVICES_VGA_DIRTY_PAGES_H_
#define VERBATIM_DEVICES_VGA_DIRTY_PAGES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/address.h"

namespace verbatim {

class DirtyPages {
 public:
  // `bytes`: a multiple of the page size.
  explicit DirtyPages(size_t bytes) : pages_(bytes >> kPageShift) {}

  void Mark(size_t offset) { pages_[offset >> kPageShift] = 1; }
  // `offset + bytes` lies within the memory.
  void Mark(size_t offset, size_t bytes) {
    if (bytes == 0) return;
    std::fill(At(offset), At(offset + bytes - 1) + 1, uint8_t{1});
  }
  void MarkAll() { std::ranges::fill(pages_, uint8_t{1}); }
  void Clear() { std::ranges::fill(pages_, uint8_t{0}); }

  // Whether any byte of the range may have changed; what lies outside the memory has not.
  [[nodiscard]] bool Any(size_t offset, size_t bytes) const {
    const size_t end = std::min(offset + bytes, pages_.size() << kPageShift);
    if (offset >= end) return false;
    const auto first = pages_.begin() + static_cast<ptrdiff_t>(offset >> kPageShift);
    const auto last = pages_.begin() + static_cast<ptrdiff_t>((end - 1) >> kPageShift);
    return std::find(first, last + 1, uint8_t{1}) != last + 1;
  }

 private:
  [[nodiscard]] std::vector<uint8_t>::iterator At(size_t offset) {
    return pages_.begin() + static_cast<ptrdiff_t>(offset >> kPageShift);
  }

  std::vector<uint8_t> pages_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_DIRTY_PAGES_H_
