// SPDX-License-Identifier: Apache-2.0
// Owned file descriptors and whole-file reads.
#ifndef VERBATIM_BASE_FILE_H_
#define VERBATIM_BASE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace verbatim {

// A file descriptor that is closed with its owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { Close(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

// A regular file that stays open: it can be read as often as wanted, also when this process may no
// longer open files, and whatever becomes of its name.
class ReadableFile {
 public:
  // Fails, naming the file, when it cannot be opened, is no regular file, or holds more than
  // `max_bytes`.
  [[nodiscard]] static Result<ReadableFile> Open(const std::string& path, uint64_t max_bytes);
  // As many bytes as the file had when it was opened.
  [[nodiscard]] Result<std::vector<uint8_t>> Read() const;

 private:
  ReadableFile(std::string path, FileDescriptor file, uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}

  std::string path_;
  FileDescriptor file_;
  uint64_t size_;
};

// The whole of a regular file. Fails, naming the file, when it cannot be opened or read, is a
// directory, or holds more than `max_bytes`.
[[nodiscard]] Result<std::vector<uint8_t>> ReadFile(const std::string& path, uint64_t max_bytes);

// Opens for writing, created or truncated.
[[nodiscard]] Result<FileDescriptor> OpenForWriting(const std::string& path);

// All of it, waiting where the descriptor makes that necessary. The error says only why.
[[nodiscard]] Status WriteAll(int fd, std::span<const uint8_t> bytes);

}  // namespace verbatim

#endif  // VERBATIM_BASE_FILE_H_
