// SPDX-License-Identifier: Apache-2.0
#include "memory/window_range.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/address.h"

namespace verbatim {
namespace {

// 32 TiB: above AddressSanitizer's shadow, below the program, its heap and the kernel's mmap area.
constexpr uint64_t kSearchStart = uint64_t{1} << 45;
constexpr uint64_t kSearchEnd = uint64_t{0x5000'0000'0000};
constexpr uint64_t kSearchStep = uint64_t{64} << 30;

// The mapping, or 0 with errno set if something is in the way.
uint64_t ReserveAt(uint64_t start, uint64_t bytes) {
  void* const wanted = reinterpret_cast<void*>(start);
  void* const got = mmap(wanted, bytes, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == MAP_FAILED) return 0;
  if (got == wanted) return start;
  munmap(got, bytes);  // a kernel that takes the address for a hint
  errno = EEXIST;
  return 0;
}

}  // namespace

Result<WindowRange> WindowRange::Create(uint32_t windows) {
  const uint64_t bytes = windows * kStride + kWindowBytes;
  for (uint64_t start = kSearchStart; start + bytes <= kSearchEnd; start += kSearchStep) {
    if (ReserveAt(start, bytes) != 0) {
      // All but a page at the start of each guard becomes a hole again.
      for (uint64_t guard = start; guard < start + bytes; guard += kStride) {
        const uint64_t end = std::min(guard + kStride, start + bytes);
        munmap(reinterpret_cast<void*>(guard + kPageBytes), end - guard - kPageBytes);
      }
      return WindowRange(start, windows);
    }
    if (errno != EEXIST) {
      return Fail("windows: cannot reserve {} GiB of host address space: {}", bytes >> 30,
                  std::strerror(errno));
    }
  }
  return Fail("windows: no {} GiB of free host address space between {:#x} and {:#x}", bytes >> 30,
              kSearchStart, kSearchEnd);
}

WindowRange::WindowRange(WindowRange&& other) noexcept
    : start_(other.start_), windows_(std::exchange(other.windows_, 0)) {}

WindowRange::~WindowRange() {
  if (windows_ == 0) return;
  for (uint32_t guard = 0; guard <= windows_; ++guard) {
    munmap(reinterpret_cast<void*>(start_ + guard * kStride), kPageBytes);
  }
}

}  // namespace verbatim
