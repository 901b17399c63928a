// SPDX-License-Identifier: Apache-2.0
// The command line as values. Everything that can be judged without touching the host is judged
// here; a message names the option, the value and what was expected.
#ifndef VERBATIM_CLI_OPTIONS_H_
#define VERBATIM_CLI_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/bench_command.h"
#include "cli/block_command.h"
#include "cli/explore_command.h"
#include "cli/profile_options.h"
#include "cli/screenshots.h"
#include "cli/script.h"
#include "cli/stats_command.h"
#include "cli/trace_command.h"
#include "explore/loopback.h"
#include "gdb/address.h"
#include "machine/config.h"
#include "trace/trace_spec.h"

namespace verbatim {

enum class SerialKind : uint8_t { kStdio, kNone, kFile };

struct SerialChoice {
  SerialKind kind = SerialKind::kStdio;
  std::string path;  // kFile
};

struct StatisticsChoice {
  bool table = false;               // on standard error, at the end
  bool time = false;                // with where the time went
  std::optional<std::string> path;  // JSON
};

// kAutomatic: the terminal, if there is one, for what the BIOS boots.
enum class DisplayKind : uint8_t { kNone, kTerminal, kAutomatic };

struct RunOptions {
  MachineConfig machine;
  DisplayKind display = DisplayKind::kAutomatic;
  std::vector<ScriptStep> script{};
  std::vector<ScreenshotOrder> screenshots{};
  std::optional<DiskConfig> image;  // a file of any kind; what it is shows when it is opened
  SerialChoice serial;
  StatisticsChoice statistics;
  std::optional<std::string> firmware_log;  // path
  std::vector<TraceSpec> traces{};
  ProfileOptions profile{};
  std::optional<std::string> symbols;        // path
  std::optional<LoopbackAddress> explore{};  // where a browser finds the page
  std::optional<gdb::Address> gdb;           // where a debugger connects
  bool gdb_waits = true;                     // for one, before the first instruction
  std::optional<std::chrono::milliseconds> timeout;
  bool sandbox = true;
  bool verbose = false;
};

struct DoctorOptions {};

// --help or --version: print and leave.
struct ShowText {
  std::string text;
};

using Command = std::variant<RunOptions, DoctorOptions, BlockOptions, TraceOptions, ExploreOptions,
                             StatsOptions, BenchOptions, ShowText>;

[[nodiscard]] Result<Command> ParseCommandLine(int argc, const char* const* argv);

}  // namespace verbatim

#endif  // VERBATIM_CLI_OPTIONS_H_
