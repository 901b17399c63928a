// SPDX-License-Identifier: Apache-2.0
#include "machine/host_checks.h"

namespace verbatim {

Status CheckHostCanRun() {
  std::vector<HostCheck> checks = CheckHostCpu();
  for (HostCheck& check : CheckHostMemory()) checks.push_back(std::move(check));
  for (const HostCheck& check : checks) {
    if (check.verdict == HostVerdict::kFail) {
      return Fail("this host cannot run guests: {}", check.Describe());
    }
  }
  return {};
}

}  // namespace verbatim
