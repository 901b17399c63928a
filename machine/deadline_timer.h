// SPDX-License-Identifier: Apache-2.0
// A host timer that sends the kick signal to the vCPU thread at an absolute time.
#ifndef VERBATIM_MACHINE_DEADLINE_TIMER_H_
#define VERBATIM_MACHINE_DEADLINE_TIMER_H_

#include <time.h>

#include <cstdint>
#include <optional>

#include "base/result.h"

namespace verbatim {

class DeadlineTimer {
 public:
  DeadlineTimer() = default;
  ~DeadlineTimer();
  DeadlineTimer(const DeadlineTimer&) = delete;
  DeadlineTimer& operator=(const DeadlineTimer&) = delete;

  // For the calling thread, which is the one that will be signalled.
  [[nodiscard]] Status Create(int signal);
  // CLOCK_MONOTONIC nanoseconds; nullopt disarms. Does nothing if the deadline is the armed one.
  void Arm(std::optional<uint64_t> monotonic_ns);
  // The armed deadline has passed: the next Arm sets the timer whatever its argument.
  void Expired() { armed_.reset(); }

 private:
  timer_t timer_{};
  bool created_ = false;
  std::optional<uint64_t> armed_;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_DEADLINE_TIMER_H_
