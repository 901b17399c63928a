// SPDX-License-Identifier: Apache-2.0
#include "capi/machine_thread.h"

#include <immintrin.h>
#include <signal.h>

#include <array>
#include <utility>

#include "engine/host_signals.h"

namespace verbatim {
namespace {

struct alignas(16) FpuImage {
  std::array<uint8_t, 512> bytes;
};

// Functions of their own, for FXRSTOR loads registers that the compiler uses.
[[gnu::noinline]] void SaveFpu(FpuImage& image) {
  _fxsave64(image.bytes.data());
  __asm__ volatile("fninit");
}

[[gnu::noinline]] void LoadFpu(const FpuImage& image) {
  // The intrinsic takes a pointer to what it only reads.
  _fxrstor64(const_cast<uint8_t*>(image.bytes.data()));
}

// While it lives, threads that are started take the signals of a guest and no others.
class SignalsOfAGuest {
 public:
  SignalsOfAGuest() {
    sigset_t blocked;
    ::sigfillset(&blocked);
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, KickSignal()}) {
      ::sigdelset(&blocked, signal);
    }
    ::pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~SignalsOfAGuest() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsOfAGuest(const SignalsOfAGuest&) = delete;
  SignalsOfAGuest& operator=(const SignalsOfAGuest&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

void MachineThread::OutsideCode::Write(std::span<const uint8_t> bytes) {
  FpuImage image;
  SaveFpu(image);
  sink_.Write(bytes);
  LoadFpu(image);
}

Result<std::unique_ptr<MachineThread>> MachineThread::Start(const MachineConfig& config,
                                                            ByteSink& serial) {
  std::unique_ptr<MachineThread> self(new MachineThread(serial));
  {
    const SignalsOfAGuest signals;
    self->thread_ = std::thread([&self = *self, &config] { self.Body(config); });
  }
  std::unique_lock lock(self->mutex_);
  self->changed_.wait(lock, [&self] { return self->state_ != State::kStarting; });
  if (self->thrown_) std::rethrow_exception(self->thrown_);
  if (self->failed_) return std::unexpected(*std::move(self->failed_));
  lock.unlock();
  return self;
}

MachineThread::~MachineThread() {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock(mutex_);
    if (machine_ != nullptr) machine_->RequestStop();
    changed_.wait(lock, [this] { return !run_pending_; });
    state_ = State::kQuit;
  }
  changed_.notify_all();
  thread_.join();
}

std::optional<Result<MachineOutcome>> MachineThread::Run(
    const std::function<void(const MachineOutcome&)>& keep) {
  std::unique_lock lock(mutex_);
  if (state_ != State::kStill || run_pending_) return std::nullopt;
  state_ = State::kRunning;
  run_pending_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return state_ != State::kRunning; });
  std::optional<Result<MachineOutcome>> outcome = std::exchange(outcome_, std::nullopt);
  try {
    if (outcome && *outcome) keep(**outcome);
  } catch (...) {
    thrown_ = std::current_exception();
  }
  run_pending_ = false;
  changed_.notify_all();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  return outcome;
}

void MachineThread::Body(const MachineConfig& config) {
  std::unique_lock lock(mutex_);
  try {
    Result<std::unique_ptr<Machine>> machine = Machine::Create(config, serial_);
    if (machine) {
      machine_ = *std::move(machine);
    } else {
      failed_ = std::move(machine.error());
    }
  } catch (...) {
    thrown_ = std::current_exception();
  }
  state_ = State::kStill;
  changed_.notify_all();
  while (true) {
    changed_.wait(lock, [this] { return state_ == State::kRunning || state_ == State::kQuit; });
    if (state_ == State::kQuit) break;
    lock.unlock();
    try {
      outcome_ = machine_->Run();
    } catch (...) {
      thrown_ = std::current_exception();
    }
    lock.lock();
    state_ = State::kStill;
    changed_.notify_all();
  }
  machine_.reset();
}

}  // namespace verbatim
