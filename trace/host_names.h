// SPDX-License-Identifier: Apache-2.0
// Names for what generated code refers to by number: stubs by address, fields of the execution
// context by offset.
#ifndef VERBATIM_TRACE_HOST_NAMES_H_
#define VERBATIM_TRACE_HOST_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "translator/stub_table.h"

namespace verbatim {

struct HostNames {
  std::vector<std::pair<uint64_t, std::string>> stubs;   // by the address of the entry
  std::vector<std::pair<uint32_t, std::string>> fields;  // by the offset in ExecutionContext

  // Empty if there is no such stub, or field.
  [[nodiscard]] std::string_view StubAt(uint64_t address) const;
  [[nodiscard]] std::string_view FieldAt(uint32_t offset) const;
};

[[nodiscard]] HostNames NamesFor(const StubTable& stubs);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_HOST_NAMES_H_
