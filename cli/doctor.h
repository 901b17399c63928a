// SPDX-License-Identifier: Apache-2.0
// `verbatim doctor`: whether this host can run guests, and what will limit them.
#ifndef VERBATIM_CLI_DOCTOR_H_
#define VERBATIM_CLI_DOCTOR_H_

#include "base/result.h"

namespace verbatim {

// Prints one line per check to standard output; the exit status.
[[nodiscard]] int RunDoctor();

// The checks that decide, for who is about to run a guest: the first failure.
[[nodiscard]] Status CheckHostCanRun();

}  // namespace verbatim

#endif  // VERBATIM_CLI_DOCTOR_H_
