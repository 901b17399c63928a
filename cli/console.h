// SPDX-License-Identifier: Apache-2.0
// The thread between the machine and the outside: keys to the serial line or the keyboard, serial
// output to its descriptor, the screen to a terminal, what the command line has done at the
// machine, termination signals, the time limit. The machine's own thread never waits for any of
// these, except for room in the output.
//
// The screen is looked at kRefresh apart at most, and only if somebody wants to see it; the machine
// is asked for a view only when something changed.
//
// The signals INT, TERM, HUP and QUIT must be blocked in all threads (BlockTerminationSignals): the
// console thread reads them from a descriptor, so that no handler ever runs amid generated code.
#ifndef VERBATIM_CLI_CONSOLE_H_
#define VERBATIM_CLI_CONSOLE_H_

#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "base/file.h"
#include "base/result.h"
#include "cli/console_guest.h"
#include "cli/escape_filter.h"
#include "cli/operator.h"
#include "cli/serial_output.h"
#include "cli/terminal_front.h"

namespace verbatim {

// Blocks them in the calling thread and those it starts. A signal that is ignored stays so
// (nohup): it is not in the set returned.
sigset_t BlockTerminationSignals();

// Why the console asked the machine to stop.
struct StopCause {
  enum class Kind : uint8_t { kNone, kQuit, kTimeout, kSignal, kOutputFailed, kExitText };
  Kind kind = Kind::kNone;
  int signal = 0;       // kSignal
  std::string message;  // kOutputFailed
};

class Console {
 public:
  static constexpr std::chrono::milliseconds kRefresh{33};

  struct Options {
    int input_fd = -1;     // -1: no input
    bool escapes = false;  // Ctrl-A commands; for terminals
    std::optional<std::chrono::milliseconds> timeout;
    sigset_t signals{};                    // those that end the run
    TerminalFront* front = nullptr;        // takes what is typed, shows the screen; or null
    Operator* machine_operator = nullptr;  // or null
    // A text of whole lines for the user, on the console thread.
    std::function<void(std::string_view)> notice;
    // The machine did not stop though asked to, or a second signal came. Must end the process.
    std::function<void(const StopCause&)> give_up;
  };

  // All references and pointers outlive the console. Returns once its thread has left the start-up
  // code of threads, which makes system calls that a sandbox need not allow.
  [[nodiscard]] static Result<std::unique_ptr<Console>> Start(ConsoleGuest& guest,
                                                              SerialOutput& output,
                                                              Options options);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // A view or a picture that was requested of the guest is there. Any thread.
  void PictureTaken();

  // To be called once the machine has ended: delivers the output that is left, ends the thread and
  // says what stopped the run. Waits for a slow reader of the output, but not after a stop.
  StopCause Finish();

 private:
  using Clock = std::chrono::steady_clock;

  Console(ConsoleGuest& guest, SerialOutput& output, Options options);
  void Loop();
  [[nodiscard]] bool Done() const;
  [[nodiscard]] int PollTimeout(Clock::time_point now) const;
  void HandleDeadlines(Clock::time_point now);
  [[nodiscard]] bool GuestHasRoom() const;
  [[nodiscard]] size_t InputRoom() const;
  [[nodiscard]] bool WatchesScreen() const;
  void HandleScreen(Clock::time_point now);
  void HandlePictures();
  void HandleOperator(Clock::time_point now);
  void HandleInput();
  void PassToGuest(std::span<const uint8_t> typed);
  void Type(std::span<const KeyEvent> keys);
  void HandleFront();
  void HandleSignal();
  void HandleOutput(Clock::time_point now);
  void Stop(StopCause cause);

  ConsoleGuest& guest_;
  SerialOutput& output_;
  const Options options_;
  FileDescriptor wake_;
  FileDescriptor signals_;
  std::atomic<bool> finishing_ = false;
  std::atomic<bool> picture_taken_ = false;
  std::latch started_{1};
  std::thread thread_;

  // Console thread, and Finish after it.
  int input_fd_;  // -1: ended
  EscapeFilter escapes_;
  std::optional<Clock::time_point> deadline_;
  StopCause cause_;
  Clock::time_point stopped_at_{};
  Clock::time_point progress_at_{};  // output was delivered last
  Clock::time_point next_look_{};    // at the screen
  bool view_requested_ = false;
  std::shared_ptr<const ScreenView> view_;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_CONSOLE_H_
