// SPDX-License-Identifier: Apache-2.0
#include "cli/serial_output.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/own_descriptor.h"

namespace verbatim {
Result<std::unique_ptr<SerialOutput>> SerialOutput::ToFile(const std::string& path) {
  Result<FileDescriptor> file = OpenForWriting(path);
  if (!file) return std::unexpected(file.error());
  return Make(*std::move(file), path);
}

Result<std::unique_ptr<SerialOutput>> SerialOutput::ToDescriptor(int fd, std::string name) {
  FileDescriptor own = OwnDescriptor(fd);
  if (!own.valid()) return Fail("{}: cannot be used: {}", name, std::strerror(errno));
  return Make(std::move(own), std::move(name));
}

Result<std::unique_ptr<SerialOutput>> SerialOutput::ToNowhere() { return Make({}, "none"); }

Result<std::unique_ptr<SerialOutput>> SerialOutput::Make(FileDescriptor fd, std::string name) {
  FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return Fail("serial output: eventfd: {}", std::strerror(errno));
  return std::unique_ptr<SerialOutput>(
      new SerialOutput(std::move(fd), std::move(wake), std::move(name)));
}

SerialOutput::SerialOutput(FileDescriptor fd, FileDescriptor wake, std::string name)
    : fd_(std::move(fd)), wake_(std::move(wake)), name_(std::move(name)) {
  queued_.reserve(kCapacity);
  sending_.reserve(kCapacity);
}

void SerialOutput::Write(std::span<const uint8_t> bytes) {
  if (!fd_.valid() && !tap_) return;
  std::unique_lock lock(mutex_);
  while (!bytes.empty()) {
    room_.wait(lock, [this] { return abandoned_ || queued_.size() < kCapacity; });
    const size_t before = queued_.size();
    const size_t taken = std::min(bytes.size(), kCapacity - before);
    if (taken == 0) {  // abandoned
      bytes_discarded_ += bytes.size();
      return;
    }
    queued_.insert(queued_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(taken));
    bytes = bytes.subspan(taken);
    if (before == 0) queued_since_ = std::chrono::steady_clock::now();
    // Once to start the delay, once to end it early.
    if (before == 0 || (before < kUrgentBytes && queued_.size() >= kUrgentBytes)) {
      ::eventfd_write(wake_.get(), 1);
    }
  }
}

void SerialOutput::Abandon() {
  const std::scoped_lock lock(mutex_);
  abandoned_ = true;
  room_.notify_all();
}

void SerialOutput::ClearWake() {
  eventfd_t count = 0;
  ::eventfd_read(wake_.get(), &count);
}

std::optional<SerialOutput::TimePoint> SerialOutput::FlushDue() const {
  if (sent_ < sending_.size()) return TimePoint::min();
  const std::scoped_lock lock(mutex_);
  if (!queued_since_) return std::nullopt;
  if (queued_.size() >= kUrgentBytes) return TimePoint::min();
  return *queued_since_ + kMaxDelay;
}

Status SerialOutput::Flush() {
  if (sent_ == sending_.size()) {
    sending_.clear();
    sent_ = 0;
    const std::scoped_lock lock(mutex_);
    sending_.swap(queued_);
    queued_since_.reset();
    room_.notify_all();
  }
  if (tap_ && sent_ == 0) tap_(sending_);
  if (!fd_.valid()) sent_ = sending_.size();
  Status status = WriteSending();
  if (!status) {
    const std::scoped_lock lock(mutex_);
    bytes_discarded_ += sending_.size() - sent_;
    sending_.clear();
    sent_ = 0;
  }
  return status;
}

uint64_t SerialOutput::bytes_not_written() const {
  const std::scoped_lock lock(mutex_);
  return bytes_discarded_ + queued_.size() + (sending_.size() - sent_);
}

Status SerialOutput::WriteSending() {
  while (sent_ < sending_.size()) {
    const ssize_t n = ::write(fd_.get(), sending_.data() + sent_, sending_.size() - sent_);
    if (n >= 0) {
      sent_ += static_cast<size_t>(n);
      bytes_written_ += static_cast<uint64_t>(n);
    } else if (errno == EAGAIN) {
      return {};
    } else if (errno != EINTR) {
      return Fail("{}: cannot be written: {}", name_, std::strerror(errno));
    }
  }
  return {};
}

}  // namespace verbatim
