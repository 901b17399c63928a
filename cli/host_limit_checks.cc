// SPDX-License-Identifier: Apache-2.0
// Reads what the kernel says of its limits. What cannot be read is not reported: these lines
// inform.
#include "cli/host_limit_checks.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace verbatim {
namespace {

constexpr uint64_t kDefaultMappings = 65530;
// A guest of the default size, its code cache and our own needs.
constexpr uint64_t kComfortableBytes = 400ull << 20;

std::optional<std::string> ReadWord(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  if (!(file >> word)) return std::nullopt;
  return word;
}

std::optional<uint64_t> ReadNumber(const std::string& path) {
  const std::optional<std::string> word = ReadWord(path);
  if (!word) return std::nullopt;
  std::istringstream text(*word);
  uint64_t value = 0;
  if (!(text >> value)) return std::nullopt;  // cgroups say "max"
  return value;
}

// "Name:   value ..." in files of /proc.
std::optional<uint64_t> ReadField(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    std::istringstream text(line.substr(name.size()));
    uint64_t value = 0;
    if (text >> value) return value;
  }
  return std::nullopt;
}

std::string MiB(uint64_t bytes) { return fmt::format("{} MiB", bytes >> 20); }

void CheckMappings(std::vector<HostCheck>& checks) {
  const auto count = ReadNumber("/proc/sys/vm/max_map_count");
  if (!count) return;
  HostCheck check{HostVerdict::kOk, "vm.max_map_count", std::to_string(*count), ""};
  if (*count < kDefaultMappings) {
    check.verdict = HostVerdict::kWarn;
    check.advice = fmt::format(
        "guests with many processes may fail: as root, sysctl -w "
        "vm.max_map_count={}",
        kDefaultMappings);
  }
  checks.push_back(std::move(check));
}

void CheckOvercommit(std::vector<HostCheck>& checks) {
  const auto mode = ReadNumber("/proc/sys/vm/overcommit_memory");
  if (!mode) return;
  HostCheck check{HostVerdict::kOk, "vm.overcommit_memory", std::to_string(*mode), ""};
  if (*mode == 2) {
    check.verdict = HostVerdict::kWarn;
    check.advice =
        "guest memory is limited by what the kernel still commits to, see CommitLimit "
        "in /proc/meminfo";
  }
  checks.push_back(std::move(check));
}

void CheckResourceLimit(std::vector<HostCheck>& checks, __rlimit_resource_t resource,
                        std::string name, std::string_view advice) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return;
  if (limit.rlim_cur == RLIM_INFINITY) {
    checks.push_back({HostVerdict::kOk, std::move(name), "unlimited", ""});
  } else {
    checks.push_back(
        {HostVerdict::kWarn, std::move(name), MiB(limit.rlim_cur), std::string(advice)});
  }
}

// What the control groups of this process still grant; nullopt if they set no limit. Version 2
// limits hold for all groups on the way up; version 1 has the memory controller's own tree.
std::optional<uint64_t> ControlGroupRoom() {
  std::optional<uint64_t> room;
  const auto consider = [&room](const std::string& limit_path, const std::string& used_path) {
    const auto limit = ReadNumber(limit_path);
    // Version 1 says "no limit" with a number near 2^63.
    if (!limit || *limit >= 1ull << 60) return;
    const uint64_t left = *limit - std::min(*limit, ReadNumber(used_path).value_or(0));
    room = room ? std::min(*room, left) : left;
  };
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t colon = line.rfind(':');
    if (colon == std::string::npos) continue;
    std::string group = line.substr(colon + 1);
    const bool unified = line.starts_with("0::");
    if (!unified && line.find(":memory:") == std::string::npos) continue;
    while (true) {
      if (group == "/") group.clear();
      const std::string at = (unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory") + group;
      consider(at + (unified ? "/memory.max" : "/memory.limit_in_bytes"),
               at + (unified ? "/memory.current" : "/memory.usage_in_bytes"));
      if (group.empty()) break;
      group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
    }
  }
  return room;
}

void CheckFreeMemory(std::vector<HostCheck>& checks) {
  const auto amount = [&checks](std::string name, uint64_t bytes) {
    HostCheck check{HostVerdict::kOk, std::move(name), MiB(bytes), ""};
    if (bytes < kComfortableBytes) {
      check.verdict = HostVerdict::kWarn;
      check.advice = "give guests less: run --memory 64M";
    }
    checks.push_back(std::move(check));
  };
  if (const auto kib = ReadField("/proc/meminfo", "MemAvailable:")) {
    amount("free memory", *kib << 10);
  }
  if (const auto room = ControlGroupRoom()) {
    amount("control group memory left", *room);
  } else {
    checks.push_back({HostVerdict::kOk, "control group memory", "unlimited", ""});
  }
}

void CheckConfinement(std::vector<HostCheck>& checks) {
  const Status offered = CheckSandbox();
  checks.push_back(offered ? HostCheck{HostVerdict::kOk, "sandbox", "seccomp filters work", ""}
                           : HostCheck{HostVerdict::kWarn, "sandbox", offered.error().message,
                                       "guests run with --sandbox=off only"});
}

void CheckSeccomp(std::vector<HostCheck>& checks) {
  const auto mode = ReadField("/proc/self/status", "Seccomp:");
  if (!mode) return;
  checks.push_back({HostVerdict::kOk, "seccomp",
                    *mode == 0 ? "no filter" : "a filter is active, what was tried above passes it",
                    ""});
}

}  // namespace

std::vector<HostCheck> CheckHostLimits() {
  std::vector<HostCheck> checks;
  CheckMappings(checks);
  CheckOvercommit(checks);
  CheckResourceLimit(checks, RLIMIT_AS, "address space limit",
                     "windows need some 400 GiB: ulimit -v unlimited");
  CheckResourceLimit(checks, RLIMIT_FSIZE, "file size limit",
                     "guest memory counts as a file: ulimit -f unlimited");
  CheckFreeMemory(checks);
  CheckConfinement(checks);
  CheckSeccomp(checks);
  return checks;
}

}  // namespace verbatim
