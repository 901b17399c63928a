// SPDX-License-Identifier: Apache-2.0
// What the engine tells as data, as trace events with names.
#ifndef VERBATIM_TRACE_EVENT_DESCRIPTION_H_
#define VERBATIM_TRACE_EVENT_DESCRIPTION_H_

#include <string_view>

#include "engine/engine_observer.h"
#include "trace/block_listing.h"
#include "trace/trace_event.h"

namespace verbatim {

// What must be observed for these categories.
[[nodiscard]] Observations ObservationsFor(TraceCategories categories);
[[nodiscard]] TraceCategory CategoryOf(const EngineEvent& event);

class EventDescriber {
 public:
  // Place and time are the caller's affair.
  [[nodiscard]] TraceEvent Describe(const CpuState& cpu, const EngineEvent& event);
  [[nodiscard]] TraceEvent DescribeBlock(const TranslatedBlock& translated);

  [[nodiscard]] BlockLister& lister() { return lister_; }

 private:
  BlockLister lister_;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_EVENT_DESCRIPTION_H_
