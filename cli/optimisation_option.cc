// SPDX-License-Identifier: Apache-2.0
#include "cli/optimisation_option.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "cli/suggestion.h"

namespace verbatim {

std::string DescribeOptimisations() {
  std::string text;
  for (const NamedOptimisation& each : kOptimisations) {
    fmt::format_to(std::back_inserter(text), "{}{}: {}", text.empty() ? "" : "\n", each.name,
                   each.text);
  }
  return text;
}

Status DisableOptimisations(std::span<const std::string> names, OptimisationSet& optimisations) {
  for (const std::string& name : names) {
    const auto found =
        std::ranges::find(kOptimisations, std::string_view(name),
                          [](const auto& each) { return std::string_view(each.name); });
    if (found != kOptimisations.end()) {
      optimisations.Disable(found->which);
      continue;
    }
    std::vector<std::string> known;
    for (const NamedOptimisation& each : kOptimisations) known.emplace_back(each.name);
    const std::string_view meant = NearestWord(name, known);
    if (!meant.empty()) return Fail("--disable-opt '{}': did you mean '{}'?", name, meant);
    return Fail("--disable-opt '{}': expected one of {}", name, fmt::join(known, ", "));
  }
  return {};
}

}  // namespace verbatim
