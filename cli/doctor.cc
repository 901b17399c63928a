// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.h"

#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "cli/exit_status.h"
#include "cli/host_limit_checks.h"

namespace verbatim {
namespace {

std::string_view Word(HostVerdict verdict) {
  switch (verdict) {
    case HostVerdict::kOk:
      return "ok";
    case HostVerdict::kWarn:
      return "warn";
    case HostVerdict::kFail:
      return "FAIL";
  }
  return "FAIL";
}

}  // namespace

int RunDoctor() {
  std::vector<HostCheck> checks = CheckHostCpu();
  for (HostCheck& check : CheckHostMemory()) checks.push_back(std::move(check));
  for (HostCheck& check : CheckHostLimits()) checks.push_back(std::move(check));
  bool fit = true;
  std::string report;
  for (const HostCheck& check : checks) {
    fit = fit && check.verdict != HostVerdict::kFail;
    report += fmt::format("{:<4} {}\n", Word(check.verdict), check.Describe());
  }
  report += fit ? "This host can run guests.\n" : "This host cannot run guests.\n";
  std::fwrite(report.data(), 1, report.size(), stdout);
  return fit ? kExitGood : kExitHostUnfit;
}

}  // namespace verbatim
