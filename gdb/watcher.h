// SPDX-License-Identifier: Apache-2.0
// Notices, while the guest runs, that a socket has something to say: a thread that sleeps in poll.
// It reads nothing: what there is to read is the business of the thread that runs the guest, which
// it calls for.
#ifndef VERBATIM_GDB_WATCHER_H_
#define VERBATIM_GDB_WATCHER_H_

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <thread>

#include "base/file.h"
#include "base/result.h"

namespace verbatim::gdb {

class Watcher {
 public:
  // `on_readable` is called on the watcher's thread. Returns once the thread has left the start-up
  // code of threads, which makes system calls that a sandbox need not allow.
  [[nodiscard]] static Result<std::unique_ptr<Watcher>> Start(std::function<void()> on_readable);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // From now on this descriptor is watched, until it was readable once, or Rest. It stays open
  // until then.
  void Watch(int descriptor);
  // Nothing is watched. A call that is under way may still come.
  void Rest();

 private:
  static constexpr int kNothing = -1;

  explicit Watcher(std::function<void()> on_readable) : on_readable_(std::move(on_readable)) {}
  void Loop();
  void Wake();

  const std::function<void()> on_readable_;
  FileDescriptor wake_;
  std::atomic<int> watched_ = kNothing;
  std::atomic<bool> ends_ = false;
  std::latch started_{1};
  std::thread thread_;
};

}  // namespace verbatim::gdb

#endif  // VERBATIM_GDB_WATCHER_H_
