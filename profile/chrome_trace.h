// SPDX-License-Identifier: Apache-2.0
// A binary trace as JSON in the Trace Event Format ("JSON Object Format"), which Perfetto and
// chrome://tracing show on a time line: each event in the row of its category; a row with what the
// processor did, as far as events tell; and a count of the blocks entered so far. Entries have no
// times of their own.
#ifndef VERBATIM_PROFILE_CHROME_TRACE_H_
#define VERBATIM_PROFILE_CHROME_TRACE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "trace/binary_reader.h"
#include "trace/symbol_table.h"
#include "trace/trace_spec.h"

namespace verbatim {

class ChromeTrace final : public TraceVisitor {
 public:
  // `symbols` outlives it; `print` gets pieces of the text. What the filter does not take is not
  // shown as events.
  ChromeTrace(TraceCategories categories, const TraceFilter& filter, const SymbolTable& symbols,
              std::function<void(std::string_view)> print);

  void OnBlock(const BlockDefinition& /*block*/) override {}
  void OnEntries(std::span<const uint32_t> entries) override { entries_ += entries.size(); }
  void OnNames(const HostNames& /*names*/) override {}
  void OnEvent(const TraceEvent& event) override;
  // Behind everything.
  void Finish();

 private:
  enum class Doing : uint8_t { kNothing, kUser, kKernel, kEngine, kHalted };

  void Put(const std::string& json);
  void PutEvent(const TraceEvent& event);
  void EndSlice();

  const TraceCategories categories_;
  const TraceFilter filter_;
  const SymbolTable& symbols_;
  const std::function<void(std::string_view)> print_;
  bool first_ = true;
  uint64_t entries_ = 0;
  uint64_t entries_shown_ = 0;
  uint64_t shown_ = 0;
  // What is being done since when, and up to which event it is known.
  Doing doing_ = Doing::kNothing;
  Doing next_ = Doing::kNothing;  // behind the last event; kNothing: guest code
  uint64_t since_ns_ = 0;
  uint64_t until_ns_ = 0;
  bool has_resumes_ = false;
};

}  // namespace verbatim

#endif  // VERBATIM_PROFILE_CHROME_TRACE_H_
