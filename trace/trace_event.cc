// SPDX-License-Identifier: Apache-2.0
#include "trace/trace_event.h"

#include <algorithm>
#include <array>

namespace verbatim {
namespace {

constexpr std::array<std::string_view, kTraceCategories> kNames = {
    "blocks", "exec", "exits", "faults", "irq",   "exceptions", "io",
    "mmio",   "bios", "cr",    "smc",    "modes", "resumes"};

}  // namespace

std::string_view CategoryName(TraceCategory category) {
  return kNames[static_cast<unsigned>(category)];
}

std::optional<TraceCategory> FindCategory(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<TraceCategory>(found - kNames.begin());
}

}  // namespace verbatim
