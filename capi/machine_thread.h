// SPDX-License-Identifier: Apache-2.0
// A machine on a thread of its own, so that whoever uses it may do so from any thread, keeps its
// x87 registers, and gets no signal that is the guest's.
//
// The lock is held while somebody looks at a guest that stands still, and not while it runs.
#ifndef VERBATIM_CAPI_MACHINE_THREAD_H_
#define VERBATIM_CAPI_MACHINE_THREAD_H_

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/result.h"
#include "machine/machine.h"

namespace verbatim {

class MachineThread {
 public:
  // `serial` is called on the new thread, with empty x87 registers, and outlives this.
  [[nodiscard]] static Result<std::unique_ptr<MachineThread>> Start(const MachineConfig& config,
                                                                    ByteSink& serial);
  // Not on the machine's own thread. Ends a run.
  ~MachineThread();
  MachineThread(const MachineThread&) = delete;
  MachineThread& operator=(const MachineThread&) = delete;

  [[nodiscard]] bool IsThisThread() const { return thread_.get_id() == std::this_thread::get_id(); }
  // Waits for the end of the run; nullopt if the guest runs already. `keep` is called with the
  // outcome while the lock is held and nothing is destroyed yet: behind it, all of this may be
  // gone.
  [[nodiscard]] std::optional<Result<MachineOutcome>> Run(
      const std::function<void(const MachineOutcome&)>& keep);
  // Calls `look`, which may throw, with the machine; false if the guest runs.
  template <typename Look>
  [[nodiscard]] bool WhileStill(Look look) {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kStill) return false;
    look(*machine_);
    return true;
  }
  // What any thread may do at any time: RequestStop and QueueSerialInput.
  [[nodiscard]] Machine& machine() { return *machine_; }

 private:
  enum class State : uint8_t { kStill, kStarting, kRunning, kQuit };

  // The guest's x87 registers are the thread's: away while somebody else's code runs.
  class OutsideCode final : public ByteSink {
   public:
    explicit OutsideCode(ByteSink& sink) : sink_(sink) {}
    void Write(std::span<const uint8_t> bytes) override;

   private:
    ByteSink& sink_;
  };

  explicit MachineThread(ByteSink& serial) : serial_(serial) {}
  void Body(const MachineConfig& config);

  OutsideCode serial_;
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kStarting;
  bool run_pending_ = false;     // somebody is in Run
  std::optional<Error> failed_;  // of Machine::Create
  std::exception_ptr thrown_;    // by Create or Run, for the thread that waits
  std::optional<Result<MachineOutcome>> outcome_;
  std::unique_ptr<Machine> machine_;  // made and destroyed on the thread
  std::thread thread_;
};

}  // namespace verbatim

#endif  // VERBATIM_CAPI_MACHINE_THREAD_H_
