// SPDX-License-Identifier: Apache-2.0
// Values of the form PATH[,key[=value]]..., in which a comma of the path is written as two.
#ifndef VERBATIM_CLI_COMMA_LIST_H_
#define VERBATIM_CLI_COMMA_LIST_H_

#include <string>
#include <string_view>
#include <vector>

namespace verbatim {

// At least one part, which may be empty.
[[nodiscard]] std::vector<std::string> SplitAtCommas(std::string_view text);

}  // namespace verbatim

#endif  // VERBATIM_CLI_COMMA_LIST_H_
