// SPDX-License-Identifier: Apache-2.0
// Tells all about one case: program, both outcomes, the difference, the host code; and runs ranges
// of cases again where a difference needs its history.
#ifndef VERBATIM_TESTS_ORACLE_REPLAY_H_
#define VERBATIM_TESTS_ORACLE_REPLAY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "tests/oracle/options.h"

namespace verbatim::test {

struct CaseReport {
  std::string text;  // behind the case, which is on standard output already
  bool differs = false;
};

// The case alone, in `variant` or, without one, in each until one differs.
[[nodiscard]] Result<CaseReport> ReportCase(uint64_t seed, uint64_t index,
                                            std::optional<Variant> variant, bool shrink);

// --replay: returns the exit status.
[[nodiscard]] Result<int> Replay(const OracleOptions& options);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_REPLAY_H_
