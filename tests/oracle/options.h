// SPDX-License-Identifier: Apache-2.0
// The command line of `oracle`.
#ifndef VERBATIM_TESTS_ORACLE_OPTIONS_H_
#define VERBATIM_TESTS_ORACLE_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "tests/oracle/job.h"

namespace verbatim::test {

struct ReplayRange {
  uint64_t seed = 0;
  uint64_t first = 0;
  uint64_t last = 0;  // inclusive
};

struct OracleOptions {
  uint64_t cases = 1'000'000;
  uint64_t seed = 0;
  unsigned jobs = 1;
  double minutes = 0;  // 0: no limit
  std::string coverage;
  std::optional<ReplayRange> replay;
  bool shrink = false;
  JobOptions job;
};

// nullopt: help was asked for and printed.
[[nodiscard]] Result<std::optional<OracleOptions>> ParseOptions(int argc, char** argv);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_OPTIONS_H_
