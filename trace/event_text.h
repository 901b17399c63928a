// SPDX-License-Identifier: Apache-2.0
// Trace events for people and for programs.
//
//     0.001234567  c0101234 cpu_idle+12  0  irq         interrupt vector=30
//
// is time in seconds, linear address of the instruction with its symbol, CPL, category, event,
// fields. Numbers are hexadecimal, but for counts, which follow their name by a colon.
#ifndef VERBATIM_TRACE_EVENT_TEXT_H_
#define VERBATIM_TRACE_EVENT_TEXT_H_

#include <string>

#include "trace/symbol_table.h"
#include "trace/trace_event.h"

namespace verbatim {

// One line, and the lines of `listing`. Ends with a newline.
[[nodiscard]] std::string EventText(const TraceEvent& event, const SymbolTable& symbols,
                                    std::string_view listing = {});
// One JSON object and a newline. Numbers are JSON numbers. `code` is that of the event's block
// (block_json.h), or empty.
[[nodiscard]] std::string EventJson(const TraceEvent& event, const SymbolTable& symbols,
                                    std::string_view code = {});
// A JSON string, quotes included, of bytes that may be anything.
[[nodiscard]] std::string JsonString(std::string_view text);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_EVENT_TEXT_H_
