// SPDX-License-Identifier: Apache-2.0
// What someone who mistyped a word probably meant.
#ifndef VERBATIM_CLI_SUGGESTION_H_
#define VERBATIM_CLI_SUGGESTION_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace verbatim {

// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other.
[[nodiscard]] size_t EditDistance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, or "" if none is near enough to be what was meant.
[[nodiscard]] std::string_view NearestWord(std::string_view word,
                                           std::span<const std::string> candidates);

}  // namespace verbatim

#endif  // VERBATIM_CLI_SUGGESTION_H_
