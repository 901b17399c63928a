// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace verbatim {
namespace {

termios RawSettings(const termios& from) {
  termios raw = from;
  ::cfmakeraw(&raw);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  return raw;
}

// The settings are ours, not those of someone who took the terminal over since.
bool IsLeftRaw(int fd, const termios& saved) {
  termios now{};
  if (::tcgetattr(fd, &now) != 0) return false;
  const termios raw = RawSettings(saved);
  return now.c_iflag == raw.c_iflag && now.c_oflag == raw.c_oflag && now.c_lflag == raw.c_lflag;
}

void SetAttributes(int fd, const termios& settings) {
  while (::tcsetattr(fd, TCSANOW, &settings) != 0 && errno == EINTR) {
  }
}

// The settings first: where the terminal does not take the text, they matter more.
void GiveBack(int fd, const termios& saved, std::string_view farewell) {
  SetAttributes(fd, saved);
  (void)WriteAll(fd, {reinterpret_cast<const uint8_t*>(farewell.data()), farewell.size()});
}

[[noreturn]] void RunWatcher(int terminal, int alive, const termios& saved,
                             std::string_view farewell) {
  ::setsid();
  // SIGTTOU blocked: it may set the terminal though it is not in the foreground.
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_NAME, "verbatim-tty");
  // Hold nothing that somebody else may wait for the end of.
  const int low = std::min(terminal, alive);
  const int high = std::max(terminal, alive);
  if (low > 0) ::close_range(0, static_cast<unsigned>(low) - 1, 0);
  if (high - low > 1) {
    ::close_range(static_cast<unsigned>(low) + 1, static_cast<unsigned>(high) - 1, 0);
  }
  ::close_range(static_cast<unsigned>(high) + 1, ~0u, 0);
  char byte = 0;
  while (::read(alive, &byte, 1) < 0 && errno == EINTR) {
  }
  if (IsLeftRaw(terminal, saved)) GiveBack(terminal, saved, farewell);
  ::_exit(0);
}

}  // namespace

Result<std::unique_ptr<Terminal>> Terminal::Watch(int fd, std::string_view farewell) {
  termios saved{};
  if (::tcgetattr(fd, &saved) != 0) return Fail("terminal: {}", std::strerror(errno));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Fail("terminal: {}", std::strerror(errno));
  const FileDescriptor read_end(ends[0]);
  std::unique_ptr<Terminal> terminal(new Terminal(fd, saved, farewell));
  terminal->alive_ = FileDescriptor(ends[1]);
  terminal->watcher_ = ::fork();
  if (terminal->watcher_ < 0) return Fail("terminal: cannot fork: {}", std::strerror(errno));
  if (terminal->watcher_ == 0) {
    RunWatcher(fd, read_end.get(), saved, terminal->farewell_);
  }
  return terminal;
}

Terminal::~Terminal() {
  Restore();
  alive_.Close();
  if (watcher_ > 0) {
    while (::waitpid(watcher_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

Status Terminal::MakeRaw() {
  const termios raw = RawSettings(saved_);
  raw_ = true;
  if (::tcsetattr(fd_, TCSANOW, &raw) != 0) {
    raw_ = false;
    return Fail("terminal: cannot be set to raw mode: {}", std::strerror(errno));
  }
  return {};
}

void Terminal::Restore() {
  if (raw_.exchange(false)) GiveBack(fd_, saved_, farewell_);
}

}  // namespace verbatim
