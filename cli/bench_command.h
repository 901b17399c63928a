// SPDX-License-Identifier: Apache-2.0
// `verbatim bench`: runs a guest of the user's a few times, each in a process of its own, and says
// what was fast, what was found and what it cost.
#ifndef VERBATIM_CLI_BENCH_COMMAND_H_
#define VERBATIM_CLI_BENCH_COMMAND_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace verbatim {

struct BenchOptions {
  unsigned runs = 5;
  std::optional<std::string> output;  // JSON
  std::vector<std::string> compare;   // two of such files, instead of running anything
  std::vector<std::string> run;       // what `verbatim run` is to be given
  // The first of `run` is a program for i386 Linux, to be the only one of an initrd.
  std::optional<std::string> program;
};

// The values as text, before they are judged.
struct BenchText {
  unsigned runs = 5;
  std::string output;
  std::vector<std::string> compare;
  std::string program;
};

void DeclareBench(CLI::App& bench, BenchText& text);
// `rest` is what the command did not understand: options of `run`.
[[nodiscard]] Result<BenchOptions> ReadBench(const CLI::App& bench, const BenchText& text,
                                             const std::vector<std::string>& rest);
// The exit status.
[[nodiscard]] int RunBench(const BenchOptions& options);

}  // namespace verbatim

#endif  // VERBATIM_CLI_BENCH_COMMAND_H_
