// SPDX-License-Identifier: Apache-2.0
// JSON written by appending to a text (RFC 8259).
#ifndef VERBATIM_TRACE_JSON_TEXT_H_
#define VERBATIM_TRACE_JSON_TEXT_H_

#include <cstdint>
#include <span>
#include <string>

#include "base/append.h"

namespace verbatim {

// The elements with commas between them, in brackets.
template <typename Range, typename Write>
void AppendArray(std::string& json, const Range& range, Write write) {
  json += '[';
  bool first = true;
  for (const auto& element : range) {
    if (!first) json += ',';
    first = false;
    write(element);
  }
  json += ']';
}

// A string of two hexadecimal digits for each byte.
inline void AppendHex(std::string& json, std::span<const uint8_t> bytes) {
  json += '"';
  for (const uint8_t byte : bytes) Append(json, "{:02x}", byte);
  json += '"';
}

}  // namespace verbatim

#endif  // VERBATIM_TRACE_JSON_TEXT_H_
