// SPDX-License-Identifier: Apache-2.0
// Random numbers that follow from a seed and a counter alone (splitmix64: Steele, Lea and Flood,
// "Fast splittable pseudorandom number generators", 2014). Cheap enough to draw a few hundred for
// each case; no two cases share a state.
#ifndef VERBATIM_TESTS_ORACLE_RANDOM_H_
#define VERBATIM_TESTS_ORACLE_RANDOM_H_

#include <cstdint>
#include <iterator>

namespace verbatim::test {

class Random {
 public:
  Random(uint64_t seed, uint64_t stream) : state_(Mix(seed) ^ Mix(stream + kStep)) {}

  [[nodiscard]] uint64_t Next64() { return Mix(state_ += kStep); }
  [[nodiscard]] uint32_t Next() { return static_cast<uint32_t>(Next64() >> 32); }
  [[nodiscard]] uint8_t NextByte() { return static_cast<uint8_t>(Next64() >> 56); }
  // Below `bound`; the bias of multiplying is below 2^-32 * bound.
  [[nodiscard]] uint32_t Below(uint32_t bound) {
    return static_cast<uint32_t>((uint64_t{Next()} * bound) >> 32);
  }
  [[nodiscard]] bool OneIn(uint32_t n) { return Below(n) == 0; }
  template <typename Range>
  [[nodiscard]] const auto& Pick(const Range& range) {
    return std::begin(range)[Below(static_cast<uint32_t>(std::size(range)))];
  }

 private:
  static constexpr uint64_t kStep = 0x9E3779B97F4A7C15;
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_RANDOM_H_
