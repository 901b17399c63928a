// SPDX-License-Identifier: Apache-2.0
// The options of `run` that tell profilers about it: --perf-map, --jitdump, --profile,
// --coverage.
#ifndef VERBATIM_CLI_PROFILE_OPTIONS_H_
#define VERBATIM_CLI_PROFILE_OPTIONS_H_

#include <optional>
#include <string>

#include "base/result.h"

namespace CLI {
class App;
}  // namespace CLI

namespace verbatim {

struct SamplingChoice {
  std::string path;
  unsigned hz = 0;
};

struct ProfileOptions {
  bool perf_map = false;
  std::optional<std::string> jit_dump;  // folder
  std::optional<SamplingChoice> sampling{};
  std::optional<std::string> coverage{};  // path

  [[nodiscard]] bool any() const { return perf_map || jit_dump || sampling || coverage; }
};

// The values as text, before they are judged.
struct ProfileText {
  bool perf_map = false;
  std::string jit_dump;
  std::string sampling;
  std::string coverage;
};

void DeclareProfile(CLI::App& run, ProfileText& text);
[[nodiscard]] Result<ProfileOptions> ReadProfile(const CLI::App& run, const ProfileText& text);

}  // namespace verbatim

#endif  // VERBATIM_CLI_PROFILE_OPTIONS_H_
