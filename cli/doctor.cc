// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.h"

#include <cstdio>
#include <vector>

#include "cli/exit_status.h"
#include "cli/host_checks.h"

namespace verbatim {
namespace {

std::vector<HostCheck> DecisiveChecks() {
  std::vector<HostCheck> checks = CheckHostCpu();
  for (HostCheck& check : CheckHostMemory()) checks.push_back(std::move(check));
  return checks;
}

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

std::string Describe(const HostCheck& check) {
  const std::string advice = check.advice.empty() ? "" : " (" + check.advice + ")";
  return fmt::format("{}: {}{}", check.name, check.value, advice);
}

}  // namespace

int RunDoctor() {
  std::vector<HostCheck> checks = DecisiveChecks();
  for (HostCheck& check : CheckHostLimits()) checks.push_back(std::move(check));
  bool fit = true;
  std::string report;
  for (const HostCheck& check : checks) {
    fit = fit && check.verdict != HostVerdict::kFail;
    report += fmt::format("{:<4} {}\n", Word(check.verdict), Describe(check));
  }
  report += fit ? "This host can run guests.\n" : "This host cannot run guests.\n";
  std::fwrite(report.data(), 1, report.size(), stdout);
  return fit ? kExitGood : kExitHostUnfit;
}

Status CheckHostCanRun() {
  for (const HostCheck& check : DecisiveChecks()) {
    if (check.verdict == HostVerdict::kFail) {
      return Fail("this host cannot run guests: {}", Describe(check));
    }
  }
  return {};
}

}  // namespace verbatim
