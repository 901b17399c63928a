// SPDX-License-Identifier: Apache-2.0
// The terminal as the guest's screen and keyboard (--display terminal). Frames that the terminal
// has no time for are left out: what it gets next is the difference to what it really shows.
//
// On the console thread. The terminal's settings, and that all this is undone whatever ends the
// process, are Terminal's affair.
#ifndef VERBATIM_CLI_TERMINAL_FRONT_H_
#define VERBATIM_CLI_TERMINAL_FRONT_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "cli/terminal_keys.h"
#include "cli/terminal_picture.h"

namespace verbatim {

class TerminalFront {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `fd`: the terminal, for writing.
  [[nodiscard]] static Result<std::unique_ptr<TerminalFront>> Create(int fd);

  void Show(std::shared_ptr<const ScreenView> view) { view_ = std::move(view); }
  // Lines over the bottom of the screen until the next key is typed.
  void Notice(std::string_view text);
  // The keys that were typed, for the guest.
  [[nodiscard]] std::vector<KeyEvent> Type(std::span<const uint8_t> bytes, TimePoint now);
  // A lone Esc waits for more until then; Expire gives it.
  [[nodiscard]] std::optional<TimePoint> KeyDue() const { return key_due_; }
  [[nodiscard]] std::vector<KeyEvent> Expire();

  // Makes the next frame, if the last has left, of the view and the terminal's size as it is now.
  void Compose();
  [[nodiscard]] bool HasOutput() const { return sent_ < frame_.size(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  // Writes what the terminal takes without waiting.
  [[nodiscard]] Status Flush();

  [[nodiscard]] uint64_t frames() const { return frames_; }
  [[nodiscard]] uint64_t bytes_written() const { return bytes_written_; }

 private:
  explicit TerminalFront(FileDescriptor fd) : fd_(std::move(fd)) {}

  const FileDescriptor fd_;
  TerminalPicture picture_;
  TerminalKeys keys_;
  std::optional<TimePoint> key_due_;
  bool notice_ = false;
  std::shared_ptr<const ScreenView> view_;
  std::string frame_{TerminalPicture::kEnter};
  size_t sent_ = 0;
  uint64_t frames_ = 0;
  uint64_t bytes_written_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_TERMINAL_FRONT_H_
