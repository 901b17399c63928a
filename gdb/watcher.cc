// SPDX-License-Identifier: Apache-2.0
#include "gdb/watcher.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace verbatim::gdb {

Result<std::unique_ptr<Watcher>> Watcher::Start(std::function<void()> on_readable) {
  std::unique_ptr<Watcher> watcher(new Watcher(std::move(on_readable)));
  watcher->wake_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!watcher->wake_.valid()) {
    return Fail("cannot create a descriptor: {}", std::strerror(errno));
  }
  // The thread inherits the mask: signals for the machine's thread must not end up here.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigdelset(&all, SIGSYS);  // by which the sandbox says what it refused
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  watcher->thread_ = std::thread([raw = watcher.get()] { raw->Loop(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  watcher->started_.wait();
  return watcher;
}

Watcher::~Watcher() {
  if (!thread_.joinable()) return;
  ends_ = true;
  Wake();
  thread_.join();
}

void Watcher::Wake() { ::eventfd_write(wake_.get(), 1); }

void Watcher::Watch(int descriptor) {
  watched_ = descriptor;
  Wake();
}

// The thread may still sleep on what was watched: should that wake it, it finds that it is not
// meant any more.
void Watcher::Rest() { watched_ = kNothing; }

void Watcher::Loop() {
  started_.count_down();
  while (!ends_) {
    int watched = watched_;
    std::array<pollfd, 2> slots{pollfd{wake_.get(), POLLIN, 0}, pollfd{watched, POLLIN, 0}};
    if (::poll(slots.data(), slots.size(), -1) < 0) continue;
    if (slots[0].revents != 0) {
      eventfd_t count = 0;
      ::eventfd_read(wake_.get(), &count);
    }
    if (slots[1].revents != 0 && watched != kNothing &&
        watched_.compare_exchange_strong(watched, kNothing)) {
      on_readable_();
    }
  }
}

}  // namespace verbatim::gdb
