// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <map>
#include <random>
#include <thread>

namespace verbatim::test {
namespace {

Result<uint64_t> Number(std::string_view text, int base) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return Fail("oracle: '{}' is not a number (seeds are hexadecimal, indices decimal)", text);
  }
  return value;
}

// SEED:INDEX or SEED:FIRST-LAST
Result<ReplayRange> ParseReplay(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return Fail("oracle: --replay {}: expected SEED:INDEX or SEED:FIRST-LAST", text);
  }
  const Result<uint64_t> seed = Number(text.substr(0, colon), 16);
  if (!seed) return std::unexpected(seed.error());
  const std::string_view indices = text.substr(colon + 1);
  const size_t dash = indices.find('-');
  const Result<uint64_t> first = Number(indices.substr(0, dash), 10);
  if (!first) return std::unexpected(first.error());
  if (dash == std::string_view::npos) return ReplayRange{*seed, *first, *first};
  const Result<uint64_t> last = Number(indices.substr(dash + 1), 10);
  if (!last) return std::unexpected(last.error());
  if (*last < *first) return Fail("oracle: --replay {}: the range is empty", text);
  return ReplayRange{*seed, *first, *last};
}

}  // namespace

Result<std::optional<OracleOptions>> ParseOptions(int argc, char** argv) {
  OracleOptions options;
  std::string seed;
  std::string replay;
  options.jobs = std::max(1u, std::thread::hardware_concurrency());
  CLI::App app("Runs random cases on the bare processor and translated, and compares.", "oracle");
  app.add_option("--cases", options.cases, "how many")->check(CLI::PositiveNumber);
  app.add_option("--seed", seed, "hexadecimal; a fresh one by default");
  app.add_option("--jobs", options.jobs, "processes")->check(CLI::Range(1, 256));
  app.add_option("--minutes", options.minutes, "stop after so long, if that comes first")
      ->check(CLI::PositiveNumber);
  app.add_option("--coverage", options.coverage, "write the table of forms there");
  app.add_flag("--all-variants", options.job.all_variants,
               "each case in every variant of the engine");
  app.add_option("--replay", replay, "SEED:INDEX or SEED:FIRST-LAST, as a report names them");
  app.add_flag("--shrink", options.shrink, "with --replay SEED:INDEX: make the program smaller");
  const std::map<std::string, Plant> plants{{"flag", Plant::kFlag},
                                            {"register", Plant::kRegister},
                                            {"memory", Plant::kMemory},
                                            {"selector", Plant::kSelector},
                                            {"error-code", Plant::kErrorCode}};
  app.add_option("--plant", options.job.plant, "corrupt translated outcomes, to test the oracle")
      ->transform(CLI::Transformer(plants));
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return Fail("oracle: {}", error.what());
  }
  if (seed.empty()) {
    std::random_device random;
    options.seed = uint64_t{random()} << 16;  // room to count up
  } else {
    const Result<uint64_t> number = Number(seed, 16);
    if (!number) return std::unexpected(number.error());
    options.seed = *number;
  }
  if (!replay.empty()) {
    const Result<ReplayRange> range = ParseReplay(replay);
    if (!range) return std::unexpected(range.error());
    options.replay = *range;
  }
  if (options.shrink && (!options.replay || options.replay->first != options.replay->last)) {
    return Fail("oracle: --shrink needs --replay SEED:INDEX");
  }
  return options;
}

}  // namespace verbatim::test
