// SPDX-License-Identifier: Apache-2.0
#include "explore/timeline.h"

#include <algorithm>

namespace verbatim {
namespace {

void Join(Timeline::Slot& to, const Timeline::Slot& from) {
  for (unsigned i = 0; i < kPhases; ++i) to.ns[i] += from.ns[i];
  to.blocks += from.blocks;
  to.exits += from.exits;
  to.interrupts += from.interrupts;
}

}  // namespace

void Timeline::Reach(uint64_t ns) {
  // Ends: each round halves the quotient.
  while (ns / slot_ns_ >= kSlots) {
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (i % 2 == 0) {
        slots_[i / 2] = slots_[i];
      } else {
        Join(slots_[i / 2], slots_[i]);
      }
    }
    slots_.resize((slots_.size() + 1) / 2);
    slot_ns_ *= 2;
  }
  const size_t needed = static_cast<size_t>(ns / slot_ns_) + 1;
  if (slots_.size() < needed) slots_.resize(needed);
}

Timeline::Slot& Timeline::At(uint64_t ns) {
  Reach(ns);
  return slots_[static_cast<size_t>(ns / slot_ns_)];
}

void Timeline::AddTime(Phase phase, uint64_t begin_ns, uint64_t end_ns) {
  Reach(end_ns);
  while (begin_ns < end_ns) {
    const uint64_t slot = begin_ns / slot_ns_;
    // The subtraction first: the end of the last slot may be more than 64 bits hold.
    const uint64_t part = std::min(end_ns - begin_ns, slot_ns_ - begin_ns % slot_ns_);
    slots_[static_cast<size_t>(slot)].ns[static_cast<unsigned>(phase)] += part;
    begin_ns += part;
  }
}

}  // namespace verbatim
