// SPDX-License-Identifier: Apache-2.0
// Numbers as people write them on a command line.
#ifndef VERBATIM_BASE_PARSE_H_
#define VERBATIM_BASE_PARSE_H_

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/result.h"

namespace verbatim {

// "64M", "1G", "4096", "16k": a byte count with an optional binary suffix K, M or G (either case,
// optionally followed by "iB" or "B").
[[nodiscard]] Result<uint64_t> ParseByteSize(std::string_view text);

// All of `text` in this base, without a prefix; nothing if it is no number or does not fit.
template <typename Number>
[[nodiscard]] std::optional<Number> ParseNumber(std::string_view text, int base) {
  Number value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

// A number of seconds in plain decimal notation, from 0.001 to 1000000000.
[[nodiscard]] Result<std::chrono::milliseconds> ParseSeconds(std::string_view text);

}  // namespace verbatim

#endif  // VERBATIM_BASE_PARSE_H_
