// SPDX-License-Identifier: Apache-2.0
// Makes a case that differs smaller while it still differs.
#ifndef VERBATIM_TESTS_ORACLE_SHRINK_H_
#define VERBATIM_TESTS_ORACLE_SHRINK_H_

#include <functional>

#include "tests/oracle/case.h"

namespace verbatim::test {

// `differs` tries a case. Instructions become NOPs of the same length, so that jumps keep their
// meaning; registers, flags, x87, SSE and segments become those of CpuImage::Typical.
[[nodiscard]] Case Shrink(Case one, const std::function<bool(const Case&)>& differs);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_SHRINK_H_
