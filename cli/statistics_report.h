// SPDX-License-Identifier: Apache-2.0
// The figures of a run as a table for people and as JSON for programs.
#ifndef VERBATIM_CLI_STATISTICS_REPORT_H_
#define VERBATIM_CLI_STATISTICS_REPORT_H_

#include <cstdint>
#include <span>
#include <string>

#include "machine/machine.h"

namespace verbatim {

// Raised when a program that reads the JSON would have to change.
inline constexpr int kStatisticsVersion = 1;

// "1,234,567"
[[nodiscard]] std::string WithSeparators(uint64_t value);

// Aligned lines under a heading per group, in the order given; whole numbers with separators.
[[nodiscard]] std::string StatisticsTable(std::span<const Statistic> statistics);

// {"version": 1, "GROUP": {"NAME": value, ...}, ...}
[[nodiscard]] std::string StatisticsJson(std::span<const Statistic> statistics);

}  // namespace verbatim

#endif  // VERBATIM_CLI_STATISTICS_REPORT_H_
