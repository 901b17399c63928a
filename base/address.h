// SPDX-License-Identifier: Apache-2.0
// The address spaces of the guest as distinct types, so that one is never taken for another.
// A linear address is what segmentation yields (32 bits, wraps); a physical address is what paging
// yields (36 bits with PAE).
#ifndef VERBATIM_BASE_ADDRESS_H_
#define VERBATIM_BASE_ADDRESS_H_

#include <compare>
#include <cstdint>
#include <functional>

namespace verbatim {

inline constexpr uint32_t kPageShift = 12;
inline constexpr uint32_t kPageBytes = 1u << kPageShift;
inline constexpr uint32_t kPageOffsetMask = kPageBytes - 1;

struct LinearAddress {
  uint32_t value = 0;

  friend constexpr auto operator<=>(LinearAddress, LinearAddress) = default;
  // Wraps at 4 GiB, as on the processor.
  friend constexpr LinearAddress operator+(LinearAddress a, uint32_t bytes) {
    return {a.value + bytes};
  }
  [[nodiscard]] constexpr uint32_t Page() const { return value >> kPageShift; }
  [[nodiscard]] constexpr uint32_t PageOffset() const { return value & kPageOffsetMask; }
  [[nodiscard]] constexpr LinearAddress PageStart() const { return {value & ~kPageOffsetMask}; }
};

struct PhysicalAddress {
  uint64_t value = 0;

  friend constexpr auto operator<=>(PhysicalAddress, PhysicalAddress) = default;
  friend constexpr PhysicalAddress operator+(PhysicalAddress a, uint64_t bytes) {
    return {a.value + bytes};
  }
  [[nodiscard]] constexpr uint32_t Page() const {
    return static_cast<uint32_t>(value >> kPageShift);
  }
  [[nodiscard]] constexpr uint32_t PageOffset() const {
    return static_cast<uint32_t>(value & kPageOffsetMask);
  }
  [[nodiscard]] constexpr PhysicalAddress PageStart() const {
    return {value & ~uint64_t{kPageOffsetMask}};
  }
};

// What a linear page is mapped to: where both start.
struct MappedPage {
  LinearAddress linear;
  PhysicalAddress physical;

  friend constexpr bool operator==(const MappedPage&, const MappedPage&) = default;
};

}  // namespace verbatim

template <>
struct std::hash<verbatim::LinearAddress> {
  size_t operator()(verbatim::LinearAddress a) const noexcept { return a.value * 0x9E3779B1u; }
};

#endif  // VERBATIM_BASE_ADDRESS_H_
