// SPDX-License-Identifier: Apache-2.0
// The host's CLOCK_MONOTONIC, on which all waiting and measuring is based.
#ifndef VERBATIM_BASE_MONOTONIC_CLOCK_H_
#define VERBATIM_BASE_MONOTONIC_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace verbatim {

inline constexpr uint64_t kNsPerHostSecond = 1'000'000'000;

[[nodiscard]] inline uint64_t MonotonicNowNs() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * kNsPerHostSecond + static_cast<uint64_t>(now.tv_nsec);
}

// An absolute time as the system calls take it.
[[nodiscard]] inline timespec ToTimespec(uint64_t ns) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(ns / kNsPerHostSecond);
  time.tv_nsec = static_cast<decltype(time.tv_nsec)>(ns % kNsPerHostSecond);
  return time;
}

}  // namespace verbatim

#endif  // VERBATIM_BASE_MONOTONIC_CLOCK_H_
