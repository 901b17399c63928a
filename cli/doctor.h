// SPDX-License-Identifier: Apache-2.0
// `verbatim doctor`: whether this host can run guests, and what will limit them.
#ifndef VERBATIM_CLI_DOCTOR_H_
#define VERBATIM_CLI_DOCTOR_H_

namespace verbatim {

// Prints one line per check to standard output; the exit status.
[[nodiscard]] int RunDoctor();

}  // namespace verbatim

#endif  // VERBATIM_CLI_DOCTOR_H_
