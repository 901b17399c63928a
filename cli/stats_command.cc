// SPDX-License-Identifier: Apache-2.0
#include "cli/stats_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/file.h"
#include "cli/exit_status.h"
#include "cli/run.h"
#include "cli/time_report.h"
#include "trace/binary_reader.h"
#include "trace/trace_times.h"

namespace verbatim {
namespace {

constexpr std::string_view kFooter = R"(
Examples:
  verbatim run --kernel vmlinuz --initrd initrd.gz --stats=time
  verbatim run --kernel vmlinuz --initrd initrd.gz --stats=time,boot.json
  verbatim stats boot.json
  verbatim run --kernel vmlinuz --trace exits,irq,resumes,format=binary=boot.trace
  verbatim stats boot.trace
)";

constexpr uint64_t kMaxJsonBytes = 16u << 20;
constexpr double kNsPerSecond = 1e9;

Result<bool> IsTrace(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return Fail("{}: cannot be opened: {}", path, std::strerror(errno));
  std::string magic(kTraceMagic.size(), '\0');
  const ssize_t count = ::pread(file.get(), magic.data(), magic.size(), 0);
  return count == static_cast<ssize_t>(magic.size()) && magic == kTraceMagic;
}

std::vector<TimeRow> RowsOf(const TraceTimes& times) {
  const auto seconds = [](uint64_t ns) { return static_cast<double>(ns) / kNsPerSecond; };
  std::vector<TimeRow> rows = {
      {.what = "before events at CPL 3", .seconds = seconds(times.user_ns())},
      {.what = "before events at CPL 0 to 2", .seconds = seconds(times.kernel_ns())},
      {.what = "halted",
       .seconds = seconds(times.halted_ns()),
       .number = static_cast<double>(times.halts())},
      {.what = "blocks defined", .number = static_cast<double>(times.blocks())},
      {.what = "blocks entered", .number = static_cast<double>(times.entries())}};
  for (const auto& [key, seen] : times.events()) {
    rows.push_back({.what = fmt::format("{}: {}", CategoryName(key.first), key.second),
                    .seconds = seen.ns == 0 ? std::nullopt : std::optional(seconds(seen.ns)),
                    .number = static_cast<double>(seen.count)});
  }
  return rows;
}

Status Show(const std::string& path) {
  const Result<bool> is_trace = IsTrace(path);
  if (!is_trace) return std::unexpected(is_trace.error());
  std::vector<TimeRow> rows;
  Status complete;
  if (*is_trace) {
    Result<BinaryReader> reader = BinaryReader::Open(path);
    if (!reader) return std::unexpected(reader.error());
    TraceTimes times;
    // Of a trace that was cut off too: what there is of it is right.
    complete = reader->Visit(times);
    rows = RowsOf(times);
  } else {
    const Result<std::vector<uint8_t>> text = ReadFile(path, kMaxJsonBytes);
    if (!text) return std::unexpected(text.error());
    const Result<Figures> figures = ParseFigures({text->begin(), text->end()}, path);
    if (!figures) return std::unexpected(figures.error());
    Result<std::vector<TimeRow>> found = TimeRows(*figures);
    if (!found) return Fail("{}: {}", path, found.error().message);
    rows = *std::move(found);
  }
  const std::string table = TimeTable(rows);
  std::fwrite(table.data(), 1, table.size(), stdout);
  return complete;
}

}  // namespace

void DeclareStats(CLI::App& stats, std::string& path) {
  stats.add_option("FILE", path, "figures that run --stats=time,FILE wrote, or a binary trace")
      ->type_name("");
  stats.footer(std::string(kFooter));
}

Result<StatsOptions> ReadStats(const std::string& path) {
  if (path.empty()) return Fail("stats: expected a file");
  return StatsOptions{path};
}

int ShowStats(const StatsOptions& options) {
  const Status shown = Show(options.path);
  if (shown) return kExitGood;
  (void)std::fflush(stdout);
  PrintError(shown.error().message);
  return kExitUsage;
}

}  // namespace verbatim
