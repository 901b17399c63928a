// SPDX-License-Identifier: Apache-2.0
// Where the time of a run went, as a table: from the figures of a run with --stats=time, or from
// what a binary trace tells.
#ifndef VERBATIM_CLI_TIME_REPORT_H_
#define VERBATIM_CLI_TIME_REPORT_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "machine/statistic.h"

namespace verbatim {

// By "GROUP.NAME", as in the JSON of --stats.
using Figures = std::map<std::string, double, std::less<>>;

[[nodiscard]] Figures FiguresOf(std::span<const Statistic> statistics);
// Fails if the text is not JSON as StatisticsJson writes it; `name` is for messages.
[[nodiscard]] Result<Figures> ParseFigures(const std::string& text, const std::string& name);

struct TimeRow {
  std::string what;
  std::optional<double> seconds{};
  std::optional<double> number{};  // how often
};

// Fails if the run kept no account of its time.
[[nodiscard]] Result<std::vector<TimeRow>> TimeRows(const Figures& figures);

// Rows that have neither time nor number are left out; shares are of the sum.
[[nodiscard]] std::string TimeTable(std::span<const TimeRow> rows);

}  // namespace verbatim

#endif  // VERBATIM_CLI_TIME_REPORT_H_
