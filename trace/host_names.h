// SPDX-License-Identifier: Apache-2.0
// Names for what generated code refers to by number: stubs by address, fields of the execution
// context by offset.
#ifndef VERBATIM_TRACE_HOST_NAMES_H_
#define VERBATIM_TRACE_HOST_NAMES_H_

#include <cstdint>
#include <string_view>

#include "translator/stub_table.h"

namespace verbatim {

// Empty if it is no stub's entry.
[[nodiscard]] std::string_view StubName(const StubTable& stubs, uint64_t address);

// Of the field that begins at `offset` of ExecutionContext; empty if generated code uses none
// there.
[[nodiscard]] std::string_view ContextFieldName(uint32_t offset);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_HOST_NAMES_H_
