// SPDX-License-Identifier: Apache-2.0
// Where the time of a run goes, by the host's time-stamp counter: each moment of Engine::Run counts
// for one of a few activities. Off, every change of activity is a comparison; on, some 10 ns.
//
// A host signal counts as generated code until its handler runs, and from there on as the exit that
// it becomes. vCPU thread only.
#ifndef VERBATIM_ENGINE_TIME_ACCOUNT_H_
#define VERBATIM_ENGINE_TIME_ACCOUNT_H_

#include <x86intrin.h>

#include <array>
#include <cstdint>
#include <numeric>

#include "base/monotonic_clock.h"
#include "translator/execution_context.h"

namespace verbatim {

// X(name, enumerator, description)
#define VERBATIM_ACTIVITIES(X)                                                                   \
  X(user_code, kUserCode, "generated code at CPL 3")                                             \
  X(kernel_code, kKernelCode, "generated code at CPL 0 to 2")                                    \
  X(translation, kTranslation, "translation")                                                    \
  X(callouts, kCallouts, "sensitive instructions simulated")                                     \
  X(software_accesses, kSoftwareAccesses, "memory accesses in software form, device memory too") \
  X(ports, kPorts, "devices: port accesses")                                                     \
  X(devices, kDevices, "devices: timers, interrupts and input")                                  \
  X(halted, kHalted, "halted")                                                                   \
  X(run_loop, kRunLoop, "run loop: start and end")                                               \
  X(exit_lookup, kExitLookup, "exits: no entry in the jump table")                               \
  X(exit_link, kExitLink, "exits: direct jump not chained yet")                                  \
  X(exit_guess, kExitGuess, "exits: indirect jump to another target than guessed")               \
  X(exit_dead, kExitDead, "exits: block was invalidated")                                        \
  X(exit_stale, kExitStale, "exits: block found its bytes changed")                              \
  X(exit_callout, kExitCallout, "exits: sensitive instruction changed mode or flow")             \
  X(exit_kicked, kExitKicked, "exits: interrupt request")                                        \
  X(exit_block_end, kExitBlockEnd, "exits: end of a single-instruction block")                   \
  X(exit_host_fault, kExitHostFault, "exits: host signal in generated code")                     \
  X(exit_exception, kExitException, "exits: instruction known to fault")

enum class Activity : uint8_t {
#define VERBATIM_ACTIVITY(name, enumerator, description) enumerator,
  VERBATIM_ACTIVITIES(VERBATIM_ACTIVITY)
#undef VERBATIM_ACTIVITY
};
#define VERBATIM_ACTIVITY(name, enumerator, description) +1  // NOLINT(*-macro-parentheses)
inline constexpr size_t kActivities = 0 VERBATIM_ACTIVITIES(VERBATIM_ACTIVITY);
#undef VERBATIM_ACTIVITY

// What is done from this way out of generated code until it is entered again, apart from what has
// an activity of its own.
[[nodiscard]] constexpr Activity ActivityOf(ExitReason reason) {
  static_assert(kActivities == static_cast<size_t>(Activity::kExitLookup) +
                                   static_cast<size_t>(ExitReason::kException) + 1);
  return static_cast<Activity>(static_cast<unsigned>(Activity::kExitLookup) +
                               static_cast<unsigned>(reason));
}

class TimeAccount {
 public:
  explicit TimeAccount(bool on) : on_(on) {}

  [[nodiscard]] bool on() const { return on_; }
  void Begin() {
    if (!on_) return;
    now_ = Activity::kRunLoop;
    begin_ns_ = MonotonicNowNs();
    since_ = __rdtsc();
  }
  void End() {
    if (!on_) return;
    Switch(Activity::kRunLoop);
    total_ns_ += MonotonicNowNs() - begin_ns_;
  }
  void Switch(Activity to) {
    if (!on_) [[likely]]
      return;
    const uint64_t time = __rdtsc();
    cycles_[static_cast<size_t>(now_)] += time - since_;
    since_ = time;
    now_ = to;
  }
  [[nodiscard]] Activity now() const { return now_; }
  // Between Begin and End.
  [[nodiscard]] double Seconds(Activity of) const {
    const uint64_t all = std::accumulate(cycles_.begin(), cycles_.end(), uint64_t{0});
    if (all == 0) return 0;
    return static_cast<double>(cycles_[static_cast<size_t>(of)]) / static_cast<double>(all) *
           static_cast<double>(total_ns_) / static_cast<double>(kNsPerHostSecond);
  }

 private:
  const bool on_;
  Activity now_ = Activity::kRunLoop;
  uint64_t since_ = 0;  // time stamp
  uint64_t begin_ns_ = 0;
  uint64_t total_ns_ = 0;  // of all from Begin to End
  std::array<uint64_t, kActivities> cycles_{};
};

// For a part of another activity.
class TimeSpan {
 public:
  TimeSpan(TimeAccount& account, Activity activity) : account_(account), before_(account.now()) {
    account_.Switch(activity);
  }
  ~TimeSpan() { account_.Switch(before_); }
  TimeSpan(const TimeSpan&) = delete;
  TimeSpan& operator=(const TimeSpan&) = delete;

 private:
  TimeAccount& account_;
  const Activity before_;
};

}  // namespace verbatim

#endif  // VERBATIM_ENGINE_TIME_ACCOUNT_H_
