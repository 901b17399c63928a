// SPDX-License-Identifier: Apache-2.0
#include "profile/code_name.h"

#include <fmt/format.h>

namespace verbatim {
namespace {

std::string InBrackets(const CodePlace& place) {
  const char* where = place.cpl == 3 ? "user" : "kernel";
  if (!place.code32) where = "16-bit";
  return fmt::format("[{:08x} {}]", place.linear, where);
}

}  // namespace

std::string CodeName(const SymbolTable& symbols, const CodePlace& place) {
  const std::string name = symbols.Describe(place.linear);
  return name.empty() ? InBrackets(place) : name + " " + InBrackets(place);
}

std::string FunctionName(const SymbolTable& symbols, const CodePlace& place) {
  const auto nearest = symbols.Nearest(place.linear);
  return nearest ? std::string(nearest->first) : InBrackets(place);
}

}  // namespace verbatim
