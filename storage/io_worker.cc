// SPDX-License-Identifier: Apache-2.0
#include "storage/io_worker.h"

#include <signal.h>

#include <utility>

#include "base/log.h"

namespace verbatim {
namespace {

// Signals are for the threads that expect them. SIGSYS stays: it is how the sandbox reports.
std::thread StartWithoutSignals(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigdelset(&all, SIGSYS);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  std::thread thread(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

IoWorker::IoWorker(std::unique_ptr<BlockBackend> backend, std::function<void()> on_event)
    : backend_(std::move(backend)),
      size_bytes_(backend_->size_bytes()),
      read_only_(backend_->read_only()),
      on_event_(std::move(on_event)),
      thread_(StartWithoutSignals([this] { Run(); })) {
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [this] { return started_; });
}

IoWorker::~IoWorker() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void IoWorker::Submit(BlockRequest request) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
  }
  work_.notify_one();
}

BlockStatus IoWorker::Perform(BlockRequest& request) {
  switch (request.kind) {
    case BlockRequest::Kind::kRead:
      return backend_->Read(request.offset, request.data);
    case BlockRequest::Kind::kWrite:
      return backend_->Write(request.offset, request.data);
    case BlockRequest::Kind::kFlush:
      return backend_->Flush();
    case BlockRequest::Kind::kDiscard:
      break;
  }
  return backend_->Discard(request.offset, request.discard_bytes);
}

void IoWorker::Run() {
  std::unique_lock lock(mutex_);
  started_ = true;
  progress_.notify_all();
  while (true) {
    work_.wait(lock, [this] { return stop_ || !requests_.empty(); });
    if (requests_.empty()) return;
    BlockRequest request = std::move(requests_.front());
    requests_.pop_front();
    busy_ = true;
    BlockStatus status = BlockStatus::kError;
    while (true) {
      lock.unlock();
      status = Perform(request);
      lock.lock();
      if (status != BlockStatus::kOutOfSpace) break;
      if (!std::exchange(stalled_, true)) {
        progress_.notify_all();
        lock.unlock();
        on_event_();
        lock.lock();
      }
      work_.wait(lock, [this] { return stop_ || retry_; });
      if (!retry_) break;
      retry_ = false;
    }
    if (status == BlockStatus::kOutOfSpace) {
      Log(LogLevel::kError, "the host's disk is full: what the guest wrote last is lost");
      return;
    }
    stalled_ = false;
    busy_ = false;
    const bool first = finished_.empty();
    finished_.push_back({std::move(request), status});
    progress_.notify_all();
    if (!first) continue;
    lock.unlock();
    on_event_();
    lock.lock();
  }
}

void IoWorker::Deliver() {
  std::vector<Finished> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (Finished& one : finished) {
    if (one.request.done) one.request.done(one.status, std::move(one.request.data));
  }
}

void IoWorker::Drain() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      progress_.wait(
          lock, [this] { return stalled_ || !finished_.empty() || (requests_.empty() && !busy_); });
      if (finished_.empty()) return;
    }
    Deliver();
  }
}

bool IoWorker::Stalled() const {
  const std::lock_guard lock(mutex_);
  return stalled_;
}

void IoWorker::WaitWhileStalled(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  progress_.wait_for(lock, at_most, [this] { return !stalled_; });
}

void IoWorker::Retry() {
  {
    const std::lock_guard lock(mutex_);
    if (!stalled_) return;
    retry_ = true;
  }
  work_.notify_one();
}

}  // namespace verbatim
