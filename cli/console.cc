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
// Keys that one byte of a terminal can be: presses and releases of Ctrl, Alt, Shift and the key.
constexpr size_t kMaxEventsPerByte = 8;
// What a machine gets to end after RequestStop.
constexpr milliseconds kStopGrace{5000};
// After a stop, output that nobody takes is dropped after this.
constexpr milliseconds kDrainGrace{1000};

enum PollSlot : size_t { kWake, kOutputWake, kSignals, kInput, kOutput, kFront, kSlots };

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
  if (options_.machine_operator != nullptr) {
    output_.SetTap(
        [this](std::span<const uint8_t> bytes) { options_.machine_operator->OnSerial(bytes); });
  }
}

Console::~Console() { Finish(); }

StopCause Console::Finish() {
  if (thread_.joinable()) {
    finishing_ = true;
    ::eventfd_write(wake_.get(), 1);
    thread_.join();
    // What the machine left behind when it ended.
    HandlePictures();
    HandleOperator(Clock::now());
  }
  return cause_;
}

void Console::PictureTaken() {
  picture_taken_.store(true, std::memory_order_release);
  ::eventfd_write(wake_.get(), 1);
}

void Console::Loop() {
  started_.count_down();
  if (options_.machine_operator != nullptr) options_.machine_operator->Start(guest_, Clock::now());
  while (!Done()) {
    const bool room = input_fd_ >= 0 && GuestHasRoom();
    Clock::time_point now = Clock::now();
    const std::optional<Clock::time_point> due = output_.FlushDue();
    std::array<pollfd, kSlots> slots{};
    slots[kWake] = {wake_.get(), POLLIN, 0};
    slots[kOutputWake] = {output_.wake_fd(), POLLIN, 0};
    slots[kSignals] = {signals_.get(), POLLIN, 0};
    slots[kInput] = {room ? input_fd_ : -1, POLLIN, 0};
    const bool flush = due && (*due <= now || finishing_);
    slots[kOutput] = {flush ? output_.fd() : -1, POLLOUT, 0};
    TerminalFront* const front = options_.front;
    slots[kFront] = {front != nullptr && front->HasOutput() ? front->fd() : -1, POLLOUT, 0};
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
    if (slots[kOutput].revents != 0 || (flush && output_.fd() < 0)) HandleOutput(now);
    if (slots[kInput].revents != 0) HandleInput();
    HandlePictures();
    HandleScreen(now);
    HandleOperator(now);
    if (slots[kFront].revents != 0) HandleFront();
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
  if (const auto due = output_.FlushDue()) {
    if (*due > now) {
      sooner(*due);
    } else if (output_.fd() < 0) {
      return 0;
    }
  }
  if (input_fd_ >= 0 && !GuestHasRoom()) sooner(now + kRoomRetry);
  if (WatchesScreen() && !view_requested_) sooner(next_look_);
  if (options_.front != nullptr) {
    if (const auto key_due = options_.front->KeyDue()) sooner(*key_due);
  }
  if (options_.machine_operator != nullptr && !finishing_) {
    if (const auto due = options_.machine_operator->NextDue(now)) sooner(*due);
  }
  if (cause_.kind != StopCause::Kind::kNone) {
    sooner(finishing_ ? progress_at_ + kDrainGrace : stopped_at_ + kStopGrace);
  }
  if (!next) return -1;
  constexpr int64_t kLongest = 60'000;
  const auto wait = std::chrono::ceil<milliseconds>(*next - now).count();
  return static_cast<int>(std::clamp<int64_t>(wait, 0, kLongest));
}

void Console::HandleDeadlines(Clock::time_point now) {
  if (options_.front != nullptr) {
    if (const auto due = options_.front->KeyDue(); due && *due <= now) {
      Type(options_.front->Expire());
    }
  }
  if (deadline_ && now >= *deadline_) {
    deadline_.reset();
    if (!finishing_) Stop({StopCause::Kind::kTimeout, 0, {}});
  }
  if (cause_.kind != StopCause::Kind::kNone && !finishing_ && now >= stopped_at_ + kStopGrace) {
    options_.give_up(cause_);
  }
}

bool Console::GuestHasRoom() const { return InputRoom() != 0; }

// Of bytes from our input.
size_t Console::InputRoom() const {
  return options_.front != nullptr ? guest_.KeyRoom() / kMaxEventsPerByte : guest_.InputRoom();
}

bool Console::WatchesScreen() const {
  if (finishing_ || cause_.kind != StopCause::Kind::kNone) return false;
  return options_.front != nullptr ||
         (options_.machine_operator != nullptr && options_.machine_operator->WatchesScreen());
}

void Console::HandleScreen(Clock::time_point now) {
  if (!WatchesScreen() || now < next_look_) return;
  next_look_ = now + kRefresh;
  if (!view_requested_ && guest_.ScreenChanged()) {
    view_requested_ = true;
    guest_.RequestView();
  }
  if (options_.front != nullptr) options_.front->Compose();
}

void Console::HandlePictures() {
  if (!picture_taken_.exchange(false, std::memory_order_acquire)) return;
  std::shared_ptr<const ScreenView> view = guest_.View();
  if (view != nullptr && view != view_) {
    view_ = std::move(view);
    view_requested_ = false;
    if (options_.machine_operator != nullptr) options_.machine_operator->OnView(*view_);
    if (options_.front != nullptr) {
      options_.front->Show(view_);
      options_.front->Compose();
    }
  }
  if (options_.machine_operator == nullptr) return;
  if (const Status written = options_.machine_operator->OnPicture(); !written) {
    Stop({StopCause::Kind::kOutputFailed, 0, written.error().message});
  }
}

void Console::HandleOperator(Clock::time_point now) {
  if (options_.machine_operator == nullptr) return;
  if (!finishing_) options_.machine_operator->Act(now);
  if (options_.machine_operator->exit_seen()) Stop({StopCause::Kind::kExitText, 0, {}});
}

void Console::HandleFront() {
  if (const Status flushed = options_.front->Flush(); !flushed) {
    Stop({StopCause::Kind::kOutputFailed, 0, flushed.error().message});
  }
}

void Console::Type(std::span<const KeyEvent> keys) { guest_.QueueKeys(keys); }

void Console::PassToGuest(std::span<const uint8_t> typed) {
  if (options_.front != nullptr) {
    Type(options_.front->Type(typed, Clock::now()));
    options_.front->Compose();
  } else {
    guest_.QueueInput(typed);
  }
}

void Console::HandleInput() {
  std::array<uint8_t, 4096> buffer;
  const size_t room = std::min(buffer.size(), InputRoom());
  const ssize_t n = ::read(input_fd_, buffer.data(), room);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) {
    input_fd_ = -1;
    return;
  }
  std::span<const uint8_t> typed(buffer.data(), static_cast<size_t>(n));
  if (!options_.escapes) {
    PassToGuest(typed);
    return;
  }
  while (!typed.empty()) {
    const EscapeFilter::Keys keys = escapes_.Filter(typed);
    typed = typed.subspan(keys.used);
    PassToGuest(keys.to_guest);
    if (keys.help) options_.notice(kEscapeHelp);
    if (keys.unknown) options_.notice("unknown key after Ctrl-A: Ctrl-A h shows help\n");
    if (keys.change) {
      const std::optional<std::string> path = guest_.ChangeMedium(*keys.change);
      options_.notice(path ? fmt::format("{} is in the drive\n", *path)
                           : "no other medium for this drive was given (next=PATH)\n");
    }
    if (keys.quit) {
      Stop({StopCause::Kind::kQuit, 0, {}});
      return;
    }
  }
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
