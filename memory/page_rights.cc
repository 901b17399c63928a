// SPDX-License-Identifier: Apache-2.0
#include "memory/page_rights.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace verbatim {

Result<PageRights> PageRights::Create(uint32_t windows) {
  void* const got = mmap(nullptr, uint64_t{windows} * kPages, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == MAP_FAILED) {
    return Fail("windows: cannot reserve {} MiB for the rights of their pages: {}",
                uint64_t{windows} * kPages >> 20, std::strerror(errno));
  }
  return PageRights(static_cast<uint8_t*>(got), windows);
}

PageRights::PageRights(PageRights&& other) noexcept
    : start_(other.start_), windows_(std::exchange(other.windows_, 0)) {}

PageRights::~PageRights() {
  if (windows_ != 0) munmap(start_, uint64_t{windows_} * kPages);
}

}  // namespace verbatim
