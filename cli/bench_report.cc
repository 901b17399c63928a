// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "cli/statistics_report.h"
#include "cli/welch.h"

namespace verbatim {
namespace {

double ValueOf(const Figures& figures, std::string_view name) {
  const auto found = figures.find(name);
  return found == figures.end() ? 0 : found->second;
}

// A metric is a figure, or the sum of some by the sum of others, times a scale.
struct Metric {
  std::string_view group;
  std::string name;
  std::string_view unit;
  double scale = 1;
  std::vector<std::string> above;
  std::vector<std::string> below{};

  // None where there is nothing to divide by.
  [[nodiscard]] std::optional<double> Of(const Figures& figures) const {
    double top = 0;
    double bottom = 0;
    for (const std::string& name_of : above) top += ValueOf(figures, name_of);
    for (const std::string& name_of : below) bottom += ValueOf(figures, name_of);
    if (below.empty()) return scale * top;
    if (bottom == 0) return std::nullopt;
    return scale * top / bottom;
  }
};

constexpr double kNsPerSecond = 1e9;
constexpr double kPercent = 100;

std::vector<Metric> TimedMetrics() {
  std::vector<Metric> metrics = {
      {"time", "wall", "s", 1, {"run.wall_seconds"}},
      {"time", "generated code at CPL 3", "s", 1, {"time.user_code"}},
      {"time", "generated code at CPL 0 to 2", "s", 1, {"time.kernel_code"}},
      {"time", "translation", "s", 1, {"time.translation"}},
      {"time", "halted", "s", 1, {"time.halted"}},
      {"translation",
       "guest instructions a second",
       "",
       1,
       {"translation.instructions"},
       {"time.translation"}},
      {"translation", "copied unchanged", "%", kPercent, {"translation.ident_share"}},
      {"translation",
       "host bytes for a guest byte",
       "",
       1,
       {"translation.host_bytes"},
       {"translation.guest_bytes"}},
      {"translation", "blocks", "", 1, {"cache.blocks_translated"}},
      {"cost",
       "translation of a block",
       "ns",
       kNsPerSecond,
       {"time.translation"},
       {"cache.blocks_translated"}},
      {"cost", "sensitive instruction", "ns", kNsPerSecond, {"time.callouts"}, {"engine.callouts"}},
      {"cost",
       "memory access in software",
       "ns",
       kNsPerSecond,
       {"time.software_accesses"},
       {"engine.software_accesses"}},
      {"cost", "port access", "ns", kNsPerSecond, {"time.ports"}, {"ports.reads", "ports.writes"}}};
  for (const char* reason : {"host_fault", "kicked", "lookup", "link", "callout", "dead", "stale",
                             "block_end", "exception"}) {
    metrics.push_back({"number",
                       fmt::format("exits: {}", reason),
                       "",
                       1,
                       {fmt::format("engine.exits_{}", reason)}});
    metrics.push_back({"cost",
                       fmt::format("exit: {}", reason),
                       "ns",
                       kNsPerSecond,
                       {fmt::format("time.exit_{}", reason)},
                       {fmt::format("engine.exits_{}", reason)}});
  }
  std::vector<Metric> in_order;
  for (const std::string_view group : {"time", "translation", "number", "cost"}) {
    std::ranges::copy_if(metrics, std::back_inserter(in_order),
                         [group](const Metric& metric) { return metric.group == group; });
  }
  return in_order;
}

// Of the run in which generated code counts.
std::vector<Metric> CountedMetrics() {
  return {{"rates", "instructions executed", "", 1, {"translation.instructions_executed"}},
          {"rates", "blocks executed", "", 1, {"cache.blocks_executed"}},
          {"rates",
           "blocks found when looked for",
           "%",
           kPercent,
           {"cache.block_hits"},
           {"engine.lookups"}},
          {"rates",
           "hashed table jumps that hit",
           "%",
           kPercent,
           {"cache.table_hits"},
           {"cache.table_hits", "engine.exits_lookup"}},
          {"rates",
           "returns predicted",
           "%",
           kPercent,
           {"cache.return_hits"},
           {"cache.return_hits", "cache.return_misses"}},
          {"rates",
           "blocks reached by direct jumps",
           "%",
           kPercent,
           {"cache.chained_entries"},
           {"cache.blocks_executed"}}};
}

// Each is told of once, in the terms of the others.
Figures WithDerived(const Figures& figures) {
  Figures all = figures;
  all["cache.block_hits"] = std::max(
      0.0, ValueOf(figures, "engine.lookups") - ValueOf(figures, "cache.blocks_translated"));
  all["cache.chained_entries"] =
      std::max(0.0, ValueOf(figures, "cache.blocks_executed") -
                        ValueOf(figures, "cache.table_hits") - ValueOf(figures, "engine.entries"));
  return all;
}

std::string Number(double value) {
  if (value != 0 && std::abs(value) < 1000) return fmt::format("{:.4g}", value);
  return fmt::format("{}{}", value < 0 ? "-" : "",
                     WithSeparators(static_cast<uint64_t>(std::min(std::abs(value) + 0.5, 1e18))));
}

std::vector<double> ValuesOf(const Metric& metric, const std::vector<Figures>& runs) {
  std::vector<double> values;
  for (const Figures& run : runs) {
    if (const auto value = metric.Of(run)) values.push_back(*value);
  }
  return values;
}

void AppendGroup(std::string& table, std::string_view group, std::string_view& last) {
  if (group != last) table += fmt::format("{}\n", group);
  last = group;
}

nlohmann::ordered_json ToJson(const Figures& figures) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [name, value] : figures) json[name] = value;
  return json;
}

std::optional<Figures> FromJson(const nlohmann::json& json) {
  if (!json.is_object()) return std::nullopt;
  Figures figures;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_number()) return std::nullopt;
    figures[name] = value.get<double>();
  }
  return figures;
}

std::string Interval95(const std::optional<Interval>& interval, double base) {
  if (!interval || base == 0) return "";
  return fmt::format("{:+7.1f} to {:+.1f} %", kPercent * interval->low / base,
                     kPercent * interval->high / base);
}

}  // namespace

std::string BenchJson(const BenchResult& result) {
  nlohmann::ordered_json json;
  json["verbatim_bench"] = kBenchVersion;
  json["arguments"] = result.arguments;
  json["runs"] = nlohmann::ordered_json::array();
  for (const Figures& run : result.runs) json["runs"].push_back(ToJson(run));
  json["counted"] = ToJson(result.counted);
  // Arguments may be no UTF-8.
  return json.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<BenchResult> ParseBench(const std::string& text, const std::string& name) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("verbatim_bench")) {
    return Fail("{}: not what verbatim bench writes: expected 'verbatim_bench'", name);
  }
  if (json["verbatim_bench"] != kBenchVersion) {
    return Fail("{}: 'verbatim_bench' is {}: expected {}", name, json["verbatim_bench"].dump(),
                kBenchVersion);
  }
  BenchResult result;
  const auto runs = json.find("runs");
  if (runs == json.end() || !runs->is_array() || runs->empty()) {
    return Fail("{}: 'runs': expected at least one", name);
  }
  for (const auto& run : *runs) {
    std::optional<Figures> figures = FromJson(run);
    if (!figures) return Fail("{}: 'runs': expected objects of numbers", name);
    result.runs.push_back(*std::move(figures));
  }
  std::optional<Figures> counted = FromJson(json.value("counted", nlohmann::json()));
  if (!counted) return Fail("{}: 'counted': expected an object of numbers", name);
  result.counted = *std::move(counted);
  const auto arguments = json.find("arguments");
  if (arguments == json.end() || !arguments->is_array()) {
    return Fail("{}: 'arguments': expected an array", name);
  }
  for (const auto& argument : *arguments) {
    if (!argument.is_string()) return Fail("{}: 'arguments': expected strings", name);
    result.arguments.push_back(argument.get<std::string>());
  }
  return result;
}

std::string BenchTable(const BenchResult& result) {
  std::string table;
  std::string_view group;
  for (const Metric& metric : TimedMetrics()) {
    const std::vector<double> values = ValuesOf(metric, result.runs);
    if (values.empty() || Mean(values) == 0) continue;
    AppendGroup(table, metric.group, group);
    table += fmt::format("  {:<34}{:>16} {:<2}", metric.name, Number(Mean(values)), metric.unit);
    if (values.size() > 1) {
      table += fmt::format("  +-{:.1f} %", kPercent * std::sqrt(Variance(values)) / Mean(values));
    }
    table += '\n';
  }
  const Figures counted = WithDerived(result.counted);
  for (const Metric& metric : CountedMetrics()) {
    const auto value = metric.Of(counted);
    if (!value) continue;
    AppendGroup(table, metric.group, group);
    table += fmt::format("  {:<34}{:>16} {}\n", metric.name, Number(*value), metric.unit);
  }
  return table;
}

std::string BenchComparison(const BenchResult& a, const BenchResult& b) {
  std::string table;
  if (a.arguments != b.arguments) table += "note: the two ran with different arguments\n";
  table +=
      fmt::format("{:<36}{:>16} {:>16} {:>9}  {}\n", "", "A", "B", "change", "95 % confidence");
  std::string_view group;
  const auto append = [&](const Metric& metric, double of_a, double of_b,
                          const std::string& interval, std::string_view verdict) {
    AppendGroup(table, metric.group, group);
    const std::string change =
        of_a == 0 ? "" : fmt::format("{:+.1f} %", kPercent * (of_b - of_a) / of_a);
    std::string line = fmt::format("  {:<34}{:>16} {:>16} {:>9}  {:<21}{}", metric.name,
                                   Number(of_a), Number(of_b), change, interval, verdict);
    line.erase(line.find_last_not_of(' ') + 1);
    table += line + '\n';
  };
  for (const Metric& metric : TimedMetrics()) {
    const std::vector<double> of_a = ValuesOf(metric, a.runs);
    const std::vector<double> of_b = ValuesOf(metric, b.runs);
    if (of_a.empty() || of_b.empty() || (Mean(of_a) == 0 && Mean(of_b) == 0)) continue;
    const std::optional<Interval> interval = WelchInterval(of_a, of_b);
    const bool differs = interval && (interval->low > 0 || interval->high < 0);
    append(metric, Mean(of_a), Mean(of_b), Interval95(interval, Mean(of_a)),
           differs ? "changed" : "");
  }
  const Figures counted_a = WithDerived(a.counted);
  const Figures counted_b = WithDerived(b.counted);
  for (const Metric& metric : CountedMetrics()) {
    const auto of_a = metric.Of(counted_a);
    const auto of_b = metric.Of(counted_b);
    if (of_a && of_b) append(metric, *of_a, *of_b, "", "");
  }
  table += fmt::format(
      "A: {} runs, B: {} runs. Means; intervals of the difference by Welch's t, in % of A. "
      "'changed':\nthe interval is without 0; of twenty metrics that did not change one is so by "
      "chance.\n",
      a.runs.size(), b.runs.size());
  return table;
}

}  // namespace verbatim
