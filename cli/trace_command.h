// SPDX-License-Identifier: Apache-2.0
// `verbatim trace`: a binary trace for people and programs.
#ifndef VERBATIM_CLI_TRACE_COMMAND_H_
#define VERBATIM_CLI_TRACE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "trace/trace_spec.h"

namespace verbatim {

// Forms for other programs.
enum class TraceExport : uint8_t { kNone, kChrome, kDrcov };

struct TraceOptions {
  std::string path;
  TraceSpec show;  // what of it
  std::optional<std::string> symbols;
  bool summary = false;
  TraceExport format = TraceExport::kNone;
};

// The values as text, before they are judged.
struct TraceText {
  std::string path;
  std::string show = "all";
  std::string symbols;
  bool summary = false;
  std::string format;
};

void DeclareTrace(CLI::App& trace, TraceText& text);
[[nodiscard]] Result<TraceOptions> ReadTrace(const CLI::App& trace, const TraceText& text);
// The exit status.
[[nodiscard]] int ShowTrace(const TraceOptions& options);

}  // namespace verbatim

#endif  // VERBATIM_CLI_TRACE_COMMAND_H_
