// SPDX-License-Identifier: Apache-2.0
// Watchpoints of a debugger outside of the guest: which bytes of linear memory, and what kind of
// access to them. They are met where those of DR0 to DR3 are (debug_registers.h), have any length,
// and leave the guest's registers alone.
#ifndef VERBATIM_VCPU_ACCESS_WATCH_H_
#define VERBATIM_VCPU_ACCESS_WATCH_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/address.h"

namespace verbatim {

// An instruction that reads and writes its operand counts as one that writes.
enum class WatchKind : uint8_t { kWrite, kRead, kAccess };

struct Watchpoint {
  LinearAddress address;
  uint32_t bytes = 1;  // not 0
  WatchKind kind = WatchKind::kWrite;

  friend bool operator==(const Watchpoint&, const Watchpoint&) = default;
};

class AccessWatch {
 public:
  // One that is there already is not added again.
  void Add(const Watchpoint& watchpoint);
  void Remove(const Watchpoint& watchpoint);
  [[nodiscard]] bool empty() const { return watchpoints_.empty(); }

  // An access of the instruction that executes.
  void Note(LinearAddress address, uint32_t bytes, bool write);
  // The instruction has faulted: nothing of it was done.
  void Forget() { hit_.reset(); }
  // The first one met since the last call.
  [[nodiscard]] std::optional<Watchpoint> TakeHit() { return std::exchange(hit_, std::nullopt); }
  [[nodiscard]] bool HasHit() const { return hit_.has_value(); }

 private:
  std::vector<Watchpoint> watchpoints_;
  std::optional<Watchpoint> hit_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_ACCESS_WATCH_H_
