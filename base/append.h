// SPDX-License-Identifier: Apache-2.0
// Formats onto the end of a text.
#ifndef VERBATIM_BASE_APPEND_H_
#define VERBATIM_BASE_APPEND_H_

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

namespace verbatim {

template <typename... Args>
void Append(std::string& text, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
}

}  // namespace verbatim

#endif  // VERBATIM_BASE_APPEND_H_
