// SPDX-License-Identifier: Apache-2.0
#include "base/parse.h"

#include <charconv>
#include <limits>

namespace verbatim {

Result<uint64_t> ParseByteSize(std::string_view text) {
  uint64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{}) {
    return Fail("'{}' is not a size: expected a number with an optional suffix K, M or G", text);
  }
  std::string_view suffix(end, static_cast<size_t>(text.data() + text.size() - end));
  unsigned shift = 0;
  if (!suffix.empty()) {
    switch (suffix.front() | 0x20) {
      case 'k':
        shift = 10;
        break;
      case 'm':
        shift = 20;
        break;
      case 'g':
        shift = 30;
        break;
      default:
        return Fail("'{}' is not a size: unknown suffix '{}', expected K, M or G", text, suffix);
    }
    suffix.remove_prefix(1);
    if (!suffix.empty() && suffix != "B" && suffix != "iB") {
      return Fail("'{}' is not a size: unexpected '{}' after the suffix", text, suffix);
    }
  }
  if (value > (std::numeric_limits<uint64_t>::max() >> shift)) {
    return Fail("'{}' is not a size: it exceeds 64 bits", text);
  }
  return value << shift;
}

Result<std::chrono::milliseconds> ParseSeconds(std::string_view text) {
  constexpr double kMax = 1e9;
  double seconds = 0;
  const char* end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
  // The comparison is false for NaN.
  if (status != std::errc{} || stop != end || !(seconds >= 0.001 && seconds <= kMax)) {
    return Fail("'{}' is not a number of seconds from 0.001 to 1000000000", text);
  }
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

}  // namespace verbatim
