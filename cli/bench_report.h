// SPDX-License-Identifier: Apache-2.0
// What `verbatim bench` has measured: as JSON, as a table, and compared with another.
#ifndef VERBATIM_CLI_BENCH_REPORT_H_
#define VERBATIM_CLI_BENCH_REPORT_H_

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/time_report.h"

namespace verbatim {

inline constexpr int kBenchVersion = 1;

struct BenchResult {
  std::vector<std::string> arguments;  // of `verbatim run`
  std::vector<Figures> runs;           // each with --stats=time
  Figures counted;                     // one more, with --stats=dynamic
};

[[nodiscard]] std::string BenchJson(const BenchResult& result);
// `name` is that of the file, for messages.
[[nodiscard]] Result<BenchResult> ParseBench(const std::string& text, const std::string& name);

[[nodiscard]] std::string BenchTable(const BenchResult& result);
[[nodiscard]] std::string BenchComparison(const BenchResult& a, const BenchResult& b);

}  // namespace verbatim

#endif  // VERBATIM_CLI_BENCH_REPORT_H_
