// SPDX-License-Identifier: Apache-2.0
#include "machine/deadline_timer.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/monotonic_clock.h"

namespace verbatim {

DeadlineTimer::~DeadlineTimer() {
  if (created_) ::timer_delete(timer_);
}

Status DeadlineTimer::Create(int signal) {
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = signal;
  event._sigev_un._tid = ::gettid();
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) {
    return Fail("machine: cannot create a timer: {}", std::strerror(errno));
  }
  created_ = true;
  return {};
}

void DeadlineTimer::Arm(std::optional<uint64_t> monotonic_ns) {
  if (!created_ || monotonic_ns == armed_) return;
  armed_ = monotonic_ns;
  itimerspec when{};
  if (monotonic_ns) {
    // All zero would disarm.
    when.it_value = ToTimespec(std::max<uint64_t>(*monotonic_ns, 1));
  }
  ::timer_settime(timer_, TIMER_ABSTIME, &when, nullptr);
}

}  // namespace verbatim
