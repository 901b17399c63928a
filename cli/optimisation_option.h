// SPDX-License-Identifier: Apache-2.0
// --disable-opt: what the translator is to do without.
#ifndef VERBATIM_CLI_OPTIMISATION_OPTION_H_
#define VERBATIM_CLI_OPTIMISATION_OPTION_H_

#include <span>
#include <string>

#include "base/result.h"
#include "translator/optimisations.h"

namespace verbatim {

// A line for each, for --help.
[[nodiscard]] std::string DescribeOptimisations();

// Takes those of these names out of `optimisations`.
[[nodiscard]] Status DisableOptimisations(std::span<const std::string> names,
                                          OptimisationSet& optimisations);

}  // namespace verbatim

#endif  // VERBATIM_CLI_OPTIMISATION_OPTION_H_
