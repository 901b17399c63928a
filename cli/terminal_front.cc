// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal_front.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/own_descriptor.h"

namespace verbatim {

Result<std::unique_ptr<TerminalFront>> TerminalFront::Create(int fd) {
  FileDescriptor own = OwnDescriptor(fd);
  if (!own.valid()) return Fail("the terminal cannot be used: {}", std::strerror(errno));
  return std::unique_ptr<TerminalFront>(new TerminalFront(std::move(own)));
}

void TerminalFront::Notice(std::string_view text) {
  picture_.SetNotice(text);
  notice_ = !text.empty();
}

std::vector<KeyEvent> TerminalFront::Type(std::span<const uint8_t> bytes, TimePoint now) {
  if (notice_) Notice("");
  std::vector<KeyEvent> keys = keys_.Decode(bytes);
  key_due_ = keys_.pending() ? std::optional(now + TerminalKeys::kSequenceTime) : std::nullopt;
  return keys;
}

std::vector<KeyEvent> TerminalFront::Expire() {
  key_due_.reset();
  return keys_.Flush();
}

void TerminalFront::Compose() {
  if (HasOutput() || view_ == nullptr) return;
  winsize size{};
  if (::ioctl(fd_.get(), TIOCGWINSZ, &size) != 0) return;  // gone: a hangup follows
  frame_ = picture_.Update(*view_, {.columns = size.ws_col, .rows = size.ws_row});
  sent_ = 0;
  if (!frame_.empty()) ++frames_;
}

Status TerminalFront::Flush() {
  while (HasOutput()) {
    const ssize_t n = ::write(fd_.get(), frame_.data() + sent_, frame_.size() - sent_);
    if (n >= 0) {
      sent_ += static_cast<size_t>(n);
      bytes_written_ += static_cast<uint64_t>(n);
    } else if (errno == EAGAIN) {
      return {};
    } else if (errno != EINTR) {
      sent_ = frame_.size();
      return Fail("the terminal cannot be written: {}", std::strerror(errno));
    }
  }
  return {};
}

}  // namespace verbatim
