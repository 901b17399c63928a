// SPDX-License-Identifier: Apache-2.0
// What happens at a system call that the filter refuses: one line on standard error, then death by
// SIGSYS. The call itself is never made.
#ifndef VERBATIM_SANDBOX_VIOLATION_H_
#define VERBATIM_SANDBOX_VIOLATION_H_

#include <span>

#include "base/result.h"
#include "sandbox/allow_list.h"

namespace verbatim {

// Installs the handler for the signal by which the filter refuses a call. Process-wide. The names
// of all system calls are looked up now: the handler must not allocate.
[[nodiscard]] Status InstallViolationHandler(std::span<const AllowedCall> allowed);

}  // namespace verbatim

#endif  // VERBATIM_SANDBOX_VIOLATION_H_
