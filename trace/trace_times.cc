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
  before_ns_ += passed;
  if (halted_) {
    halted_ns_ += passed;
  } else if (left_by_ != nullptr) {
    left_by_->ns += passed;
  } else if (event.cpl == 3) {
    user_ns_ += passed;
  } else {
    kernel_ns_ += passed;
  }
  // The exit that follows the instruction comes before it sleeps.
  halted_ = IsHalt(event) || (halted_ && event.category == TraceCategory::kExits);
  if (IsHalt(event)) ++halts_;
  if (event.category == TraceCategory::kResumes) {
    has_resumes_ = true;
    left_by_ = nullptr;
    return;
  }
  Seen& seen = events_[{event.category, event.name}];
  ++seen.count;
  if (has_resumes_ && left_by_ == nullptr) left_by_ = &seen;
}

}  // namespace verbatim
