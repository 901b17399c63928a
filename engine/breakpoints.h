// SPDX-License-Identifier: Apache-2.0
// Linear addresses in front of which a run stops, in whatever address space. A block that starts at
// one is never made, except for the single instruction that a step executes, and none has one
// inside: so all ways there lead through the run loop, which looks here.
#ifndef VERBATIM_ENGINE_BREAKPOINTS_H_
#define VERBATIM_ENGINE_BREAKPOINTS_H_

#include <span>
#include <vector>

#include "base/address.h"

namespace verbatim {

class Breakpoints {
 public:
  // False if it was there.
  bool Add(LinearAddress address);
  void Remove(LinearAddress address);
  [[nodiscard]] bool Contains(LinearAddress address) const;
  [[nodiscard]] bool AnyInPageOf(LinearAddress address) const;
  [[nodiscard]] bool empty() const { return addresses_.empty(); }
  // Ascending.
  [[nodiscard]] std::span<const LinearAddress> addresses() const { return addresses_; }

 private:
  std::vector<LinearAddress> addresses_;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_BREAKPOINTS_H_
