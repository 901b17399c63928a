// SPDX-License-Identifier: Apache-2.0
#include "cli/profile_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>
#include <vector>

#include "cli/comma_list.h"
#include "profile/sampler.h"

namespace verbatim {
namespace {

Result<SamplingChoice> ReadSampling(const std::string& text) {
  const std::vector<std::string> parts = SplitAtCommas(text);
  SamplingChoice choice{.path = parts[0], .hz = Sampler::kDefaultHz};
  if (choice.path.empty()) return Fail("--profile '{}': expected a file", text);
  for (const std::string& part : std::span(parts).subspan(1)) {
    constexpr std::string_view kHz = "hz=";
    const char* const end = part.data() + part.size();
    const char* const begin = part.data() + std::min(kHz.size(), part.size());
    const auto [stop, error] = std::from_chars(begin, end, choice.hz);
    if (!part.starts_with(kHz) || error != std::errc() || stop != end || choice.hz < 1 ||
        choice.hz > Sampler::kMaxHz) {
      return Fail("--profile '{}': expected FILE[,hz=N], N from 1 to {}", text, Sampler::kMaxHz);
    }
  }
  return choice;
}

}  // namespace

void DeclareProfile(CLI::App& run, ProfileText& text) {
  run.add_flag("--perf-map", text.perf_map,
               "name translated code for Linux' perf, in /tmp/perf-PID.map");
  run.add_flag("--jitdump", text.jit_dump,
               "the same with code and times, for perf inject --jit; =DIR: where jit-PID.dump\n"
               "is put, here if not given")
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  run.add_option("--profile", text.sampling,
                 "where the guest is, so many times a second (1 to 10000, 997 if not given), as\n"
                 "folded stacks for flame graphs")
      ->type_name("FILE[,hz=N]");
  run.add_option("--coverage", text.coverage,
                 "which code was executed, in drcov format (slower); modules are the file of\n"
                 "--symbols, or the kernel, and the rest of the guest")
      ->type_name("FILE");
}

Result<ProfileOptions> ReadProfile(const CLI::App& run, const ProfileText& text) {
  ProfileOptions options;
  options.perf_map = text.perf_map;
  if (run.count("--jitdump") != 0) {
    options.jit_dump = text.jit_dump == "true" ? "." : text.jit_dump;
  }
  if (run.count("--profile") != 0) {
    Result<SamplingChoice> sampling = ReadSampling(text.sampling);
    if (!sampling) return std::unexpected(sampling.error());
    options.sampling = *std::move(sampling);
  }
  if (run.count("--coverage") != 0) {
    if (text.coverage.empty()) return Fail("--coverage: expected a file");
    options.coverage = text.coverage;
  }
  return options;
}

}  // namespace verbatim
