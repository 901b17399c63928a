// SPDX-License-Identifier: Apache-2.0
// Settings and amounts of the host that limit what can be run.
#ifndef VERBATIM_CLI_HOST_LIMIT_CHECKS_H_
#define VERBATIM_CLI_HOST_LIMIT_CHECKS_H_

#include <vector>

#include "machine/host_checks.h"

namespace verbatim {

// None of them fails.
[[nodiscard]] std::vector<HostCheck> CheckHostLimits();

}  // namespace verbatim

#endif  // VERBATIM_CLI_HOST_LIMIT_CHECKS_H_
