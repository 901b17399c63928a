// SPDX-License-Identifier: Apache-2.0
// What a run's time went into, in at most kSlots slots of equal length, which grow as the run does.
#ifndef VERBATIM_EXPLORE_TIMELINE_H_
#define VERBATIM_EXPLORE_TIMELINE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace verbatim {

// What the processor's thread is at between two events of a trace.
enum class Phase : uint8_t {
  kExecuting,    // in translated code
  kTranslating,  // from leaving it to the new block, the search for one included
  kServing,      // exits: callouts, accesses in software, the run loop
  kFaulting,     // host faults: windows that show a page now, and what else they turn out to be
  kIdle,         // halted
};
inline constexpr unsigned kPhases = 5;

class Timeline {
 public:
  static constexpr size_t kSlots = 1200;

  struct Slot {
    std::array<uint64_t, kPhases> ns{};
    uint64_t blocks = 0;      // translated
    uint64_t exits = 0;       // out of translated code
    uint64_t interrupts = 0;  // delivered
  };

  // From `begin` to `end`, not before `begin`.
  void AddTime(Phase phase, uint64_t begin_ns, uint64_t end_ns);
  [[nodiscard]] Slot& At(uint64_t ns);

  [[nodiscard]] uint64_t slot_ns() const { return slot_ns_; }
  [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }

 private:
  static constexpr uint64_t kFirstSlotNs = 100'000;

  // Makes place for `ns` by joining neighbours.
  void Reach(uint64_t ns);

  uint64_t slot_ns_ = kFirstSlotNs;
  std::vector<Slot> slots_;
};

}  // namespace verbatim

#endif  // VERBATIM_EXPLORE_TIMELINE_H_
