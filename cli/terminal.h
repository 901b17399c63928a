// SPDX-License-Identifier: Apache-2.0
// The user's terminal in raw mode while a guest owns it, and its settings back afterwards whatever
// ends the process: return, exit, _exit, a fatal signal, SIGKILL.
//
// No handler of fatal signals could promise that: the engine has its own, and SIGKILL has none. So
// a watcher process waits on a pipe for the death of this one and restores what was left raw. It is
// in a session of its own, so that what is sent to the process group does not reach it.
#ifndef VERBATIM_CLI_TERMINAL_H_
#define VERBATIM_CLI_TERMINAL_H_

#include <sys/types.h>
#include <termios.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace verbatim {

class Terminal {
 public:
  // Starts the watcher of the terminal `fd`; changes nothing yet. `farewell`, if not empty, is
  // written to it when the settings are restored: what gives back the screen. It forks: to be
  // called before the process starts threads.
  [[nodiscard]] static Result<std::unique_ptr<Terminal>> Watch(int fd,
                                                               std::string_view farewell = "");
  // Restores the settings and ends the watcher.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Every key goes to the reader as it is, every byte written reaches the terminal as it is. Lines
  // printed meanwhile must end with \r\n.
  [[nodiscard]] Status MakeRaw();
  // Harmless if not raw. On any thread.
  void Restore();
  [[nodiscard]] bool raw() const { return raw_; }

 private:
  Terminal(int fd, const termios& saved, std::string_view farewell)
      : fd_(fd), saved_(saved), farewell_(farewell) {}

  const int fd_;
  const termios saved_;
  const std::string farewell_;
  std::atomic<bool> raw_ = false;
  FileDescriptor alive_;  // its closing tells the watcher
  pid_t watcher_ = -1;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_TERMINAL_H_
