// SPDX-License-Identifier: Apache-2.0
// `verbatim explore`: a binary trace as a page for a browser.
#ifndef VERBATIM_CLI_EXPLORE_COMMAND_H_
#define VERBATIM_CLI_EXPLORE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "base/result.h"

namespace verbatim {

struct ExploreOptions {
  std::string path;
  std::string output;
  std::optional<std::string> symbols;
};

// The values as text, before they are judged.
struct ExploreText {
  std::string path;
  std::string output;
  std::string symbols;
};

void DeclareExplore(CLI::App& explore, ExploreText& text);
[[nodiscard]] Result<ExploreOptions> ReadExplore(const CLI::App& explore, const ExploreText& text);
// The exit status.
[[nodiscard]] int WriteExplorePage(const ExploreOptions& options);

}  // namespace verbatim

#endif  // VERBATIM_CLI_EXPLORE_COMMAND_H_
