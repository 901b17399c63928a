// SPDX-License-Identifier: Apache-2.0
// Bit fields and unaligned little-endian loads and stores.
#ifndef VERBATIM_BASE_BITS_H_
#define VERBATIM_BASE_BITS_H_

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace verbatim {

static_assert(std::endian::native == std::endian::little, "the host is x86-64");

template <std::unsigned_integral T>
[[nodiscard]] constexpr T Bits(T value, unsigned low, unsigned count) {
  return static_cast<T>((value >> low) & ((T{1} << count) - 1));
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr bool Bit(T value, unsigned index) {
  return ((value >> index) & 1) != 0;
}

template <typename T>
[[nodiscard]] inline T LoadLittle(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <typename T>
inline void StoreLittle(void* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

[[nodiscard]] constexpr uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace verbatim

#endif  // VERBATIM_BASE_BITS_H_
