// SPDX-License-Identifier: Apache-2.0
// Which pages of the video memory were written since somebody last looked. Marking is one store, so
// that it can stand in the path of every guest write.
//
// Any() may be asked on other threads than the one that marks and clears: it may then miss what is
// marked at that moment.
#ifndef VERBATIM_DEVICES_VGA_DIRTY_PAGES_H_
#define VERBATIM_DEVICES_VGA_DIRTY_PAGES_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/address.h"

namespace verbatim {

class DirtyPages {
 public:
  // `bytes`: a multiple of the page size.
  explicit DirtyPages(size_t bytes) : pages_(bytes >> kPageShift) {}

  void Mark(size_t offset) { Set(offset >> kPageShift, 1); }
  // `offset + bytes` lies within the memory.
  void Mark(size_t offset, size_t bytes) {
    if (bytes == 0) return;
    const size_t last = (offset + bytes - 1) >> kPageShift;
    for (size_t page = offset >> kPageShift; page <= last; ++page) Set(page, 1);
  }
  void MarkAll() { SetAll(1); }
  void Clear() { SetAll(0); }

  // Whether any byte of the range may have changed; what lies outside the memory has not.
  [[nodiscard]] bool Any(size_t offset, size_t bytes) const {
    const size_t end = std::min(offset + bytes, pages_.size() << kPageShift);
    if (offset >= end) return false;
    const size_t last = (end - 1) >> kPageShift;
    for (size_t page = offset >> kPageShift; page <= last; ++page) {
      if (std::atomic_ref(pages_[page]).load(std::memory_order_relaxed) != 0) return true;
    }
    return false;
  }

 private:
  void Set(size_t page, uint8_t value) {
    std::atomic_ref(pages_[page]).store(value, std::memory_order_relaxed);
  }
  void SetAll(uint8_t value) {
    for (size_t page = 0; page < pages_.size(); ++page) Set(page, value);
  }

  mutable std::vector<uint8_t> pages_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_VGA_DIRTY_PAGES_H_
