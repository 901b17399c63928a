// SPDX-License-Identifier: Apache-2.0
#include "trace/trace_times.h"

namespace verbatim {

bool IsHalt(const TraceEvent& event) {
  return event.category == TraceCategory::kExits && event.name == "callout" &&
         !event.fields.empty() && event.fields[0].text == "hlt";
}

void TraceTimes::OnBlock(const BlockDefinition& /*block*/) { ++blocks_; }

void TraceTimes::OnEntries(std::span<const uint32_t> entries) { entries_ += entries.size(); }

void TraceTimes::OnEvent(const TraceEvent& event) {
  // A file can hold any times: those that run backwards count for nothing.
  const uint64_t passed = event.time_ns > before_ns_ ? event.time_ns - before_ns_ : 0;
  if (halted_) {
    halted_ns_ += passed;
  } else if (event.cpl == 3) {
    user_ns_ += passed;
  } else {
    kernel_ns_ += passed;
  }
  before_ns_ += passed;
  // The exit that follows the instruction comes before it sleeps.
  const bool leaves = halted_ && event.category == TraceCategory::kExits;
  halted_ = IsHalt(event) || leaves;
  if (IsHalt(event)) ++halts_;
  ++events_[{event.category, event.name}];
}

}  // namespace verbatim
