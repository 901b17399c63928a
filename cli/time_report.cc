// SPDX-License-Identifier: Apache-2.0
#include "cli/time_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cli/statistics_report.h"

namespace verbatim {
namespace {

struct Source {
  std::string_view time;  // in the group "time"
  std::string_view what;
  std::array<std::string_view, 2> numbers{};  // whose sum says how often
};

constexpr Source kSources[] = {
    {"user_code", "generated code at CPL 3"},
    {"kernel_code", "generated code at CPL 0 to 2"},
    {"translation", "translation", {"cache.blocks_translated"}},
    {"callouts", "sensitive instructions simulated", {"engine.callouts"}},
    {"software_accesses", "memory accesses in software", {"engine.software_accesses"}},
    {"ports", "devices: port accesses", {"ports.reads", "ports.writes"}},
    {"devices", "devices: timers, interrupts, input"},
    {"exit_host_fault", "exits: host signal", {"engine.exits_host_fault"}},
    {"exit_kicked", "exits: interrupt request", {"engine.exits_kicked"}},
    {"exit_lookup", "exits: no entry in the jump table", {"engine.exits_lookup"}},
    {"exit_link", "exits: jump not chained yet", {"engine.exits_link"}},
    {"exit_guess", "exits: target not as guessed", {"engine.exits_guess"}},
    {"exit_callout", "exits: mode or flow changed", {"engine.exits_callout"}},
    {"exit_dead", "exits: block was invalidated", {"engine.exits_dead"}},
    {"exit_stale", "exits: block's bytes changed", {"engine.exits_stale"}},
    {"exit_block_end", "exits: single instruction done", {"engine.exits_block_end"}},
    {"exit_exception", "exits: instruction known to fault", {"engine.exits_exception"}},
    {"run_loop", "run loop: start and end"},
    {"halted", "halted", {"engine.halts"}},
};

double ValueOf(const Figures& figures, std::string_view name) {
  const auto found = figures.find(name);
  return found == figures.end() ? 0 : found->second;
}

}  // namespace

Figures FiguresOf(std::span<const Statistic> statistics) {
  Figures figures;
  for (const Statistic& s : statistics) figures[fmt::format("{}.{}", s.group, s.name)] = s.value;
  return figures;
}

Result<Figures> ParseFigures(const std::string& text, const std::string& name) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return Fail("{}: neither a binary trace nor JSON of --stats", name);
  const auto version = json.find("version");
  if (version == json.end() || *version != kStatisticsVersion) {
    return Fail("{}: 'version' is {}: expected {}", name,
                version == json.end() ? "missing" : version->dump(), kStatisticsVersion);
  }
  Figures figures;
  for (const auto& [group, values] : json.items()) {
    if (group == "version") continue;
    if (!values.is_object()) return Fail("{}: '{}': expected an object", name, group);
    for (const auto& [key, value] : values.items()) {
      if (!value.is_number()) return Fail("{}: '{}.{}': expected a number", name, group, key);
      figures[fmt::format("{}.{}", group, key)] = value.get<double>();
    }
  }
  return figures;
}

Result<std::vector<TimeRow>> TimeRows(const Figures& figures) {
  std::vector<TimeRow> rows;
  for (const Source& source : kSources) {
    const auto time = figures.find(fmt::format("time.{}", source.time));
    if (time == figures.end()) {
      return Fail("no account of the time: expected figures of a run with --stats=time");
    }
    TimeRow row{.what = std::string(source.what), .seconds = time->second};
    if (!source.numbers[0].empty()) {
      row.number = 0;
      for (const std::string_view number : source.numbers) {
        if (!number.empty()) *row.number += ValueOf(figures, number);
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string TimeTable(std::span<const TimeRow> rows) {
  constexpr double kNsPerSecond = 1e9;
  double sum = 0;
  size_t width = 0;
  for (const TimeRow& row : rows) {
    sum += row.seconds.value_or(0);
    width = std::max(width, row.what.size());
  }
  const auto share = [sum](double seconds) { return sum > 0 ? 100 * seconds / sum : 0; };
  std::string table = fmt::format("{:<{}}  {:>10}  {:>7}  {:>13}  {:>10}\n", "where the time went",
                                  width, "seconds", "share", "number", "ns each");
  for (const TimeRow& row : rows) {
    if (row.seconds.value_or(0) <= 0 && row.number.value_or(0) <= 0) continue;
    table += fmt::format("{:<{}}", row.what, width);
    table += row.seconds ? fmt::format("  {:10.4f}  {:5.1f} %", *row.seconds, share(*row.seconds))
                         : fmt::format("  {:>10}  {:>7}", "", "");
    if (row.number) {
      table += fmt::format("  {:>13}", WithSeparators(static_cast<uint64_t>(*row.number)));
      if (row.seconds && *row.number > 0) {
        table += fmt::format("  {:10.0f}", *row.seconds * kNsPerSecond / *row.number);
      }
    }
    table += '\n';
  }
  table += fmt::format("{:<{}}  {:10.4f}\n", "sum", width, sum);
  return table;
}

}  // namespace verbatim
