// SPDX-License-Identifier: Apache-2.0
// The `verbatim` command.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <variant>

#include "cli/bench_command.h"
#include "cli/block_command.h"
#include "cli/doctor.h"
#include "cli/exit_status.h"
#include "cli/explore_command.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/stats_command.h"
#include "cli/trace_command.h"

namespace verbatim {
namespace {

// A file opened later must never become standard output or standard error.
void FillStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) ::_exit(kExitUsage);
  }
}

int Execute(const Command& command) {
  if (const auto* run = std::get_if<RunOptions>(&command)) return RunGuest(*run);
  if (std::holds_alternative<DoctorOptions>(command)) return RunDoctor();
  if (const auto* block = std::get_if<BlockOptions>(&command)) return ShowBlock(*block);
  if (const auto* trace = std::get_if<TraceOptions>(&command)) return ShowTrace(*trace);
  if (const auto* explore = std::get_if<ExploreOptions>(&command))
    return WriteExplorePage(*explore);
  if (const auto* stats = std::get_if<StatsOptions>(&command)) return ShowStats(*stats);
  if (const auto* bench = std::get_if<BenchOptions>(&command)) return RunBench(*bench);
  const std::string& text = std::get<ShowText>(command).text;
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitGood;
}

}  // namespace
}  // namespace verbatim

int main(int argc, char** argv) {
  verbatim::FillStandardDescriptors();
  // A file that may not grow, be it memory, is an error like any other.
  ::signal(SIGXFSZ, SIG_IGN);
  const verbatim::Result<verbatim::Command> command = verbatim::ParseCommandLine(argc, argv);
  if (!command) {
    verbatim::PrintError(command.error().message);
    return verbatim::kExitUsage;
  }
  const int status = verbatim::Execute(*command);
  // A text longer than the buffer has failed before it is flushed.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    verbatim::PrintError("standard output cannot be written");
    return verbatim::kExitUsage;
  }
  return status;
}
