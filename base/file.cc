// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace verbatim {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void FileDescriptor::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<ReadableFile> ReadableFile::Open(const std::string& path, uint64_t max_bytes) {
  // O_NONBLOCK: opening a FIFO must not wait for its other end.
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return Fail("{}: cannot be opened: {}", path, std::strerror(errno));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) {
    return Fail("{}: cannot be examined: {}", path, std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return Fail("{}: is not a regular file", path);
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size > max_bytes) {
    return Fail("{}: holds {} bytes, expected at most {}", path, size, max_bytes);
  }
  return ReadableFile(path, std::move(file), size);
}

Result<std::vector<uint8_t>> ReadableFile::Read() const {
  std::vector<uint8_t> bytes(size_);
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pread(file_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail("{}: cannot be read: {}", path_, std::strerror(errno));
    if (n == 0) return Fail("{}: shrank since it was opened", path_);
    done += static_cast<size_t>(n);
  }
  return bytes;
}

Result<std::vector<uint8_t>> ReadFile(const std::string& path, uint64_t max_bytes) {
  const Result<ReadableFile> file = ReadableFile::Open(path, max_bytes);
  if (!file) return std::unexpected(file.error());
  return file->Read();
}

Result<FileDescriptor> OpenForWriting(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.valid()) {
    return Fail("{}: cannot be opened for writing: {}", path, std::strerror(errno));
  }
  return file;
}

Status WriteAll(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail("{}", std::strerror(errno));
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

}  // namespace verbatim
