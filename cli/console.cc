// SPDX-License-Identifier: Apache-2.0
#include "cli/console.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace verbatim {
namespace {

using std::chrono::milliseconds;

// How soon input is tried again while the guest has no room for it.
constexpr milliseconds kRoomRetry{5};
// What a machine gets to end after RequestStop.
constexpr milliseconds kStopGrace{5000};
// After a stop, output that nobody takes is dropped after this.
constexpr milliseconds kDrainGrace{1000};

enum PollSlot : size_t { kWake, kOutputWake, kSignals, kInput, kOutput, kSlots };

}  // namespace

sigset_t BlockTerminationSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) ::sigaddset(&set, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

Result<std::unique_ptr<Console>> Console::Start(ConsoleGuest& guest, SerialOutput& output,
                                                Options options) {
  std::unique_ptr<Console> console(new Console(guest, output, std::move(options)));
  console->wake_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  console->signals_ =
      FileDescriptor(::signalfd(-1, &console->options_.signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!console->wake_.valid() || !console->signals_.valid()) {
    return Fail("console: cannot create its descriptors: {}", std::strerror(errno));
  }
  // The thread inherits the mask: signals for the machine's thread must not end up here.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigdelset(&all, SIGSYS);  // by which the sandbox says what it refused
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  console->thread_ = std::thread([raw = console.get()] { raw->Loop(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  console->started_.wait();
  return console;
}

Console::Console(ConsoleGuest& guest, SerialOutput& output, Options options)
    : guest_(guest), output_(output), options_(std::move(options)), input_fd_(options_.input_fd) {
  progress_at_ = Clock::now();
  if (options_.timeout) deadline_ = progress_at_ + *options_.timeout;
}

Console::~Console() { Finish(); }

StopCause Console::Finish() {
  if (thread_.joinable()) {
    finishing_ = true;
    ::eventfd_write(wake_.get(), 1);
    thread_.join();
  }
  return cause_;
}

void Console::Loop() {
  started_.count_down();
  while (!Done()) {
    const bool room = input_fd_ >= 0 && guest_.InputRoom() != 0;
    Clock::time_point now = Clock::now();
    const std::optional<Clock::time_point> due = output_.FlushDue();
    std::array<pollfd, kSlots> slots{};
    slots[kWake] = {wake_.get(), POLLIN, 0};
    slots[kOutputWake] = {output_.wake_fd(), POLLIN, 0};
    slots[kSignals] = {signals_.get(), POLLIN, 0};
    slots[kInput] = {room ? input_fd_ : -1, POLLIN, 0};
    slots[kOutput] = {due && (*due <= now || finishing_) ? output_.fd() : -1, POLLOUT, 0};
    if (::poll(slots.data(), slots.size(), PollTimeout(now)) < 0 && errno != EINTR) {
      Stop({StopCause::Kind::kOutputFailed, 0,
            fmt::format("console: poll: {}", std::strerror(errno))});
      return;
    }
    if (slots[kWake].revents != 0) {
      eventfd_t count = 0;
      ::eventfd_read(wake_.get(), &count);
    }
    if (slots[kOutputWake].revents != 0) output_.ClearWake();
    if (slots[kSignals].revents != 0) HandleSignal();
    now = Clock::now();
    if (slots[kOutput].revents != 0) HandleOutput(now);
    if (slots[kInput].revents != 0) HandleInput();
    HandleDeadlines(now);
  }
}

bool Console::Done() const {
  if (!finishing_) return false;
  if (!output_.FlushDue()) return true;
  return cause_.kind != StopCause::Kind::kNone && Clock::now() - progress_at_ > kDrainGrace;
}

int Console::PollTimeout(Clock::time_point now) const {
  std::optional<Clock::time_point> next = deadline_;
  const auto sooner = [&next](Clock::time_point at) { next = next ? std::min(*next, at) : at; };
  // When output is due already, its descriptor is polled instead.
  if (const auto due = output_.FlushDue(); due && *due > now) sooner(*due);
  if (input_fd_ >= 0 && guest_.InputRoom() == 0) sooner(now + kRoomRetry);
  if (cause_.kind != StopCause::Kind::kNone) {
    sooner(finishing_ ? progress_at_ + kDrainGrace : stopped_at_ + kStopGrace);
  }
  if (!next) return -1;
  constexpr int64_t kLongest = 60'000;
  const auto wait = std::chrono::ceil<milliseconds>(*next - now).count();
  return static_cast<int>(std::clamp<int64_t>(wait, 0, kLongest));
}

void Console::HandleDeadlines(Clock::time_point now) {
  if (deadline_ && now >= *deadline_) {
    deadline_.reset();
    if (!finishing_) Stop({StopCause::Kind::kTimeout, 0, {}});
  }
  if (cause_.kind != StopCause::Kind::kNone && !finishing_ && now >= stopped_at_ + kStopGrace) {
    options_.give_up(cause_);
  }
}

void Console::HandleInput() {
  std::array<uint8_t, 4096> buffer;
  const size_t room = std::min(buffer.size(), guest_.InputRoom());
  const ssize_t n = ::read(input_fd_, buffer.data(), room);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) {
    input_fd_ = -1;
    return;
  }
  const std::span<const uint8_t> typed(buffer.data(), static_cast<size_t>(n));
  if (!options_.escapes) {
    guest_.QueueInput(typed);
    return;
  }
  const EscapeFilter::Keys keys = escapes_.Filter(typed);
  guest_.QueueInput(keys.to_guest);
  if (keys.help) options_.notice(kEscapeHelp);
  if (keys.unknown) options_.notice("unknown key after Ctrl-A: Ctrl-A h shows help\n");
  if (keys.quit) Stop({StopCause::Kind::kQuit, 0, {}});
}

void Console::HandleSignal() {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
  StopCause cause{StopCause::Kind::kSignal, static_cast<int>(info.ssi_signo), {}};
  // The first asks; the second means it.
  if (cause_.kind != StopCause::Kind::kNone && !finishing_) options_.give_up(cause);
  Stop(std::move(cause));
}

void Console::HandleOutput(Clock::time_point now) {
  const uint64_t before = output_.bytes_written();
  if (Status flushed = output_.Flush(); !flushed) {
    Stop({StopCause::Kind::kOutputFailed, 0, flushed.error().message});
  }
  if (output_.bytes_written() != before) progress_at_ = now;
}

void Console::Stop(StopCause cause) {
  if (cause_.kind != StopCause::Kind::kNone) return;
  cause_ = std::move(cause);
  stopped_at_ = Clock::now();
  progress_at_ = stopped_at_;
  input_fd_ = -1;
  output_.Abandon();
  if (!finishing_) guest_.RequestStop();
}

}  // namespace verbatim
