// SPDX-License-Identifier: Apache-2.0
// `verbatim run`: a machine from power-on to its end, with its console.
#ifndef VERBATIM_CLI_RUN_H_
#define VERBATIM_CLI_RUN_H_

#include "cli/options.h"

namespace verbatim {

// The exit status. Does not return if a signal ended the run: the process then ends by it.
[[nodiscard]] int RunGuest(const RunOptions& given);

// "verbatim: MESSAGE" on standard error.
void PrintError(std::string_view message);

}  // namespace verbatim

#endif  // VERBATIM_CLI_RUN_H_
