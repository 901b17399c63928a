// SPDX-License-Identifier: Apache-2.0
// The host address range that windows live in: each window 4 GiB, 4 GiB-aligned, at a stride of 8
// GiB, 4 GiB of guard before the first and after the last.
//
// The range is a hole (mapping into one costs half of mapping into a reservation). It lies far
// below where the kernel places mappings of its own choice, and every filling mmap refuses to
// replace what is there. An inaccessible marker page at the start of each guard keeps a second
// machine in this process from choosing an overlapping range.
#ifndef VERBATIM_MEMORY_WINDOW_RANGE_H_
#define VERBATIM_MEMORY_WINDOW_RANGE_H_

#include <cstdint>

#include "base/result.h"

namespace verbatim {

class WindowRange {
 public:
  static constexpr uint64_t kWindowBytes = uint64_t{4} << 30;
  static constexpr uint64_t kStride = 2 * kWindowBytes;

  [[nodiscard]] static Result<WindowRange> Create(uint32_t windows);
  WindowRange(WindowRange&& other) noexcept;
  WindowRange& operator=(WindowRange&&) = delete;
  ~WindowRange();

  [[nodiscard]] uint64_t WindowBase(uint32_t window) const {
    return start_ + kWindowBytes + window * kStride;
  }

 private:
  WindowRange(uint64_t start, uint32_t windows) : start_(start), windows_(windows) {}

  uint64_t start_;    // the first guard
  uint32_t windows_;  // 0 if moved from
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_WINDOW_RANGE_H_
