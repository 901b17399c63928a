// SPDX-License-Identifier: Apache-2.0
// The thread that does a disk's I/O while the virtual CPU goes on.
//
// Threads: Submit, Deliver, Drain and the destructor belong to one thread, that of the virtual CPU;
// Stalled, WaitWhileStalled and Retry may be called by any. The backend is used by the worker only.
//
// A full disk at the host is no fault of the guest: the request that met it waits, with all behind
// it, until Retry. `on_event` tells (once per wait), so that the machine can pause and say so.
#ifndef VERBATIM_STORAGE_IO_WORKER_H_
#define VERBATIM_STORAGE_IO_WORKER_H_

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/block_queue.h"

namespace verbatim {

class IoWorker final : public BlockQueue {
 public:
  // `on_event` is called on the worker's thread when there is something to Deliver after there was
  // nothing, and when the worker stalls. It must not call back. The thread is past its start-up
  // code when the constructor returns, so that a sandbox may close.
  IoWorker(std::unique_ptr<BlockBackend> backend, std::function<void()> on_event);
  // Carries out what was submitted, unless the worker is stalled; delivers nothing.
  ~IoWorker() override;

  [[nodiscard]] uint64_t size_bytes() const override { return size_bytes_; }
  [[nodiscard]] bool read_only() const override { return read_only_; }
  void Submit(BlockRequest request) override;

  // Calls `done` of each request that is finished.
  void Deliver();
  // Delivers until nothing is under way, what the answers submit included, or the worker stalls.
  void Drain();

  [[nodiscard]] bool Stalled() const;
  // Returns when the worker is not stalled any more or the time is up.
  void WaitWhileStalled(std::chrono::milliseconds at_most);
  void Retry();

 private:
  struct Finished {
    BlockRequest request;
    BlockStatus status;
  };

  void Run();
  [[nodiscard]] BlockStatus Perform(BlockRequest& request);

  const std::unique_ptr<BlockBackend> backend_;
  const uint64_t size_bytes_;
  const bool read_only_;
  const std::function<void()> on_event_;

  mutable std::mutex mutex_;
  std::condition_variable work_;      // for the worker: requests_, retry_ or stop_ changed
  std::condition_variable progress_;  // for the others: the other flags or finished_ changed
  std::deque<BlockRequest> requests_;
  std::vector<Finished> finished_;
  bool started_ = false;
  bool busy_ = false;
  bool stalled_ = false;
  bool retry_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace verbatim

#endif  // VERBATIM_STORAGE_IO_WORKER_H_
