// SPDX-License-Identifier: Apache-2.0
// `verbatim stats`: where the time of a finished run went.
#ifndef VERBATIM_CLI_STATS_COMMAND_H_
#define VERBATIM_CLI_STATS_COMMAND_H_

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"

namespace verbatim {

struct StatsOptions {
  std::string path;  // what --stats=time,FILE wrote, or a binary trace
};

void DeclareStats(CLI::App& stats, std::string& path);
[[nodiscard]] Result<StatsOptions> ReadStats(const std::string& path);
// The exit status.
[[nodiscard]] int ShowStats(const StatsOptions& options);

}  // namespace verbatim

#endif  // VERBATIM_CLI_STATS_COMMAND_H_
