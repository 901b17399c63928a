// SPDX-License-Identifier: Apache-2.0
#include "cli/statistics_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

namespace verbatim {
namespace {

// Doubles hold all whole numbers up to this.
constexpr double kExactLimit = 9007199254740992.0;

bool IsCount(double value) {
  return value >= 0 && value <= kExactLimit && std::floor(value) == value;
}

std::string Number(double value) {
  return IsCount(value) ? WithSeparators(static_cast<uint64_t>(value))
                        : fmt::format("{:.3f}", value);
}

}  // namespace

std::string WithSeparators(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string StatisticsTable(std::span<const Statistic> statistics) {
  size_t name_width = 0;
  size_t value_width = 0;
  std::vector<std::string_view> groups;
  for (const Statistic& s : statistics) {
    name_width = std::max(name_width, s.name.size());
    value_width = std::max(value_width, Number(s.value).size());
    if (std::find(groups.begin(), groups.end(), s.group) == groups.end()) groups.push_back(s.group);
  }
  std::string table;
  for (const std::string_view group : groups) {
    table += fmt::format("{}\n", group);
    for (const Statistic& s : statistics) {
      if (s.group != group) continue;
      table += fmt::format("  {:<{}}  {:>{}}  {}\n", s.name, name_width, Number(s.value),
                           value_width, s.description);
    }
  }
  return table;
}

std::string StatisticsJson(std::span<const Statistic> statistics) {
  nlohmann::ordered_json json;
  json["version"] = kStatisticsVersion;
  for (const Statistic& s : statistics) {
    auto& value = json[std::string(s.group)][s.name];
    if (IsCount(s.value)) {
      value = static_cast<uint64_t>(s.value);
    } else {
      value = s.value;
    }
  }
  return json.dump(2) + "\n";
}

}  // namespace verbatim
