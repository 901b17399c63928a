// SPDX-License-Identifier: Apache-2.0
// Reproducible random numbers for tests.
#ifndef VERBATIM_TESTS_DEVICES_RANDOM_H_
#define VERBATIM_TESTS_DEVICES_RANDOM_H_

#include <cstdint>
#include <random>

namespace verbatim {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t operator()() { return static_cast<uint32_t>(engine_()); }

 private:
  std::mt19937 engine_;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_DEVICES_RANDOM_H_
