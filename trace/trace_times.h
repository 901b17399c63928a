// SPDX-License-Identifier: Apache-2.0
// What a binary trace tells of the time: events have times, entries have none. So the time between
// two events counts for the privilege at which the guest was at the second, or as halted behind a
// HLT, and the sums are as fine as the events are. Where resumes were traced, the time from the
// event that left translated code to the one that goes on counts for what left it.
#ifndef VERBATIM_TRACE_TRACE_TIMES_H_
#define VERBATIM_TRACE_TRACE_TIMES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "trace/binary_reader.h"

namespace verbatim {

// Whether the processor halts behind this event.
[[nodiscard]] bool IsHalt(const TraceEvent& event);

class TraceTimes final : public TraceVisitor {
 public:
  void OnBlock(const BlockDefinition& block) override;
  void OnEntries(std::span<const uint32_t> entries) override;
  void OnNames(const HostNames& /*names*/) override {}
  void OnEvent(const TraceEvent& event) override;

  [[nodiscard]] uint64_t user_ns() const { return user_ns_; }
  [[nodiscard]] uint64_t kernel_ns() const { return kernel_ns_; }
  [[nodiscard]] uint64_t halted_ns() const { return halted_ns_; }
  [[nodiscard]] uint64_t halts() const { return halts_; }
  [[nodiscard]] uint64_t blocks() const { return blocks_; }
  [[nodiscard]] uint64_t entries() const { return entries_; }
  struct Seen {
    uint64_t count = 0;
    uint64_t ns = 0;  // until translated code went on, where it was the first to leave it
  };
  // By category and name.
  [[nodiscard]] const auto& events() const { return events_; }

 private:
  uint64_t user_ns_ = 0;
  uint64_t kernel_ns_ = 0;
  uint64_t halted_ns_ = 0;
  uint64_t halts_ = 0;
  uint64_t blocks_ = 0;
  uint64_t entries_ = 0;
  std::map<std::pair<TraceCategory, std::string>, Seen> events_;
  Seen* left_by_ = nullptr;   // in events_
  bool has_resumes_ = false;  // so far
  uint64_t before_ns_ = 0;
  bool halted_ = false;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_TRACE_TIMES_H_
