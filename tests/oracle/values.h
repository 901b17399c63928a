// SPDX-License-Identifier: Apache-2.0
// Values at which instructions change their behaviour, mixed with ordinary ones.
#ifndef VERBATIM_TESTS_ORACLE_VALUES_H_
#define VERBATIM_TESTS_ORACLE_VALUES_H_

#include <cstdint>

#include "tests/engine/cpu_image.h"
#include "tests/oracle/random.h"

namespace verbatim::test {

// An integer: small, at a sign bit, at the edge of a byte or word, or anything.
[[nodiscard]] uint32_t PickInteger(Random& random);
// Four bytes of a vector register: single-precision zeroes, denormals, infinities, NaNs, ordinary
// numbers, integers.
[[nodiscard]] uint32_t PickSingle(Random& random);
[[nodiscard]] uint64_t PickDouble(Random& random);
// An x87 register, the invalid operands included (SDM vol. 1, 8.2.2).
struct Extended {
  uint64_t significand;
  uint16_t sign_exponent;
};
[[nodiscard]] Extended PickExtended(Random& random);

// Registers, flags, x87 and SSE state of a start. esp lies in the stack; eip is not set.
void PickStart(Random& random, CpuImage& start);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_VALUES_H_
