// SPDX-License-Identifier: Apache-2.0
// What each window shows, one byte a page, for translated code to look at before an access that
// would cost a host signal if it faulted. A hint that is never late: a window writes it together
// with its mappings.
#ifndef VERBATIM_MEMORY_PAGE_RIGHTS_H_
#define VERBATIM_MEMORY_PAGE_RIGHTS_H_

#include <cstdint>

#include "base/result.h"

namespace verbatim {

class PageRights {
 public:
  static constexpr uint32_t kPages = 1u << 20;
  static constexpr uint8_t kHidden = 0;
  static constexpr uint8_t kReadable = 1;
  // Shifted right by itself (modulo 32) it is not zero; the others are.
  static constexpr uint8_t kWritable = 0x40;

  // All pages of so many windows hidden. Memory is taken as it is written.
  [[nodiscard]] static Result<PageRights> Create(uint32_t windows);
  PageRights(PageRights&& other) noexcept;
  PageRights& operator=(PageRights&&) = delete;
  ~PageRights();

  // kPages bytes.
  [[nodiscard]] uint8_t* Of(uint32_t window) const { return start_ + uint64_t{window} * kPages; }

 private:
  PageRights(uint8_t* start, uint32_t windows) : start_(start), windows_(windows) {}

  uint8_t* start_;
  uint32_t windows_;  // 0 if moved from
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_PAGE_RIGHTS_H_
