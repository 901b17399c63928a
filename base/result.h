// SPDX-License-Identifier: Apache-2.0
// Failures of the host or of an input file: one message that names the file, the field and what was
// expected. Printed once, by the command line. Guest faults are not errors in this sense: they are
// values of their own types.
#ifndef VERBATIM_BASE_RESULT_H_
#define VERBATIM_BASE_RESULT_H_

#include <fmt/format.h>

#include <expected>
#include <string>
#include <utility>

namespace verbatim {

struct Error {
  std::string message;
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

// Fail("{}: too short", path) in a function that returns Result<T> or Status.
template <typename... Args>
[[nodiscard]] std::unexpected<Error> Fail(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(Error{fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace verbatim

#endif  // VERBATIM_BASE_RESULT_H_
