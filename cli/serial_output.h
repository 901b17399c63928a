// SPDX-License-Identifier: Apache-2.0
// What the guest sends on its serial line, on its way to a file descriptor. The guest sends single
// bytes; they collect here and leave in batches.
//
// Threads: Write on the thread of the machine; Abandon on any; the rest on the console thread,
// which waits on wake_fd() and calls Flush when FlushDue() says so. Bytes leave in the order they
// came.
#ifndef VERBATIM_CLI_SERIAL_OUTPUT_H_
#define VERBATIM_CLI_SERIAL_OUTPUT_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "machine/machine.h"

namespace verbatim {

class SerialOutput : public ByteSink {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr size_t kCapacity = 64 << 10;  // Write waits while so much is queued
  static constexpr size_t kUrgentBytes = 4096;   // so much leaves without delay
  static constexpr std::chrono::milliseconds kMaxDelay{2};

  // `name` stands in error messages.
  [[nodiscard]] static Result<std::unique_ptr<SerialOutput>> ToFile(const std::string& path);
  [[nodiscard]] static Result<std::unique_ptr<SerialOutput>> ToDescriptor(int fd, std::string name);
  // Everything is discarded.
  [[nodiscard]] static Result<std::unique_ptr<SerialOutput>> ToNowhere();

  // Sees everything once, as it leaves, on the console thread. Before the first Write.
  void SetTap(std::function<void(std::span<const uint8_t>)> tap) { tap_ = std::move(tap); }

  void Write(std::span<const uint8_t> bytes) override;

  // From now on Write never waits: what does not fit is discarded.
  void Abandon();

  // Readable when bytes came in; ClearWake makes it quiet.
  [[nodiscard]] int wake_fd() const { return wake_.get(); }
  void ClearWake();
  // When the bytes on hand are to be flushed; nullopt if there are none.
  [[nodiscard]] std::optional<TimePoint> FlushDue() const;
  // The descriptor to poll for writability before Flush; -1: Flush at once.
  [[nodiscard]] int fd() const { return fd_.get(); }
  // Writes what the descriptor takes without waiting. After a failure, which is reported once,
  // everything is discarded.
  [[nodiscard]] Status Flush();

  [[nodiscard]] uint64_t bytes_written() const { return bytes_written_; }
  // Bytes discarded so far and those still on hand: what is lost if nobody flushes any more.
  [[nodiscard]] uint64_t bytes_not_written() const;

 private:
  SerialOutput(FileDescriptor fd, FileDescriptor wake, std::string name);

  [[nodiscard]] static Result<std::unique_ptr<SerialOutput>> Make(FileDescriptor fd,
                                                                  std::string name);
  Status WriteSending();

  const FileDescriptor fd_;  // not valid: nowhere
  const FileDescriptor wake_;
  const std::string name_;
  std::function<void(std::span<const uint8_t>)> tap_;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::vector<uint8_t> queued_;  // guarded, as are the next three
  std::optional<TimePoint> queued_since_;
  bool abandoned_ = false;
  uint64_t bytes_discarded_ = 0;

  // Console thread only: the batch that leaves.
  std::vector<uint8_t> sending_;
  size_t sent_ = 0;
  uint64_t bytes_written_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_CLI_SERIAL_OUTPUT_H_
