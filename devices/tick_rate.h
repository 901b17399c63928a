// SPDX-License-Identifier: Apache-2.0
// Exact conversion between guest nanoseconds and the ticks of an oscillator that started with the
// guest clock at 0. A whole second is a whole number of ticks, so splitting it off keeps every
// product within 64 bits and leaves no drift and no remainder to carry.
#ifndef VERBATIM_DEVICES_TICK_RATE_H_
#define VERBATIM_DEVICES_TICK_RATE_H_

#include <cstdint>

namespace verbatim {

inline constexpr uint64_t kNsPerSecond = 1'000'000'000;

template <uint64_t kHz>
struct TickRate {
  static_assert(kHz <= UINT64_MAX / kNsPerSecond);

  // The number of whole ticks at `ns`.
  [[nodiscard]] static constexpr uint64_t TicksAt(uint64_t ns) {
    return ns / kNsPerSecond * kHz + ns % kNsPerSecond * kHz / kNsPerSecond;
  }
  // The first nanosecond at which TicksAt is `ticks`.
  [[nodiscard]] static constexpr uint64_t NsOf(uint64_t ticks) {
    return ticks / kHz * kNsPerSecond + (ticks % kHz * kNsPerSecond + kHz - 1) / kHz;
  }
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_TICK_RATE_H_
