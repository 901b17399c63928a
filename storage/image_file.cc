// SPDX-License-Identifier: Apache-2.0
#include "storage/image_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/bits.h"

namespace verbatim {
namespace {

// Above this, sizes and offsets would not fit the host's signed type.
constexpr uint64_t kMaxBytes = uint64_t{1} << 62;

}  // namespace

Result<std::unique_ptr<ImageFile>> ImageFile::Create(std::string name,
                                                     std::unique_ptr<HostFile> file,
                                                     bool read_only) {
  const int64_t bytes = file->Size();
  if (bytes < 0) return Fail("{}: its size is unknown: {}", name, std::strerror(errno));
  if (bytes == 0) return Fail("{}: is empty: expected at least one byte", name);
  if (static_cast<uint64_t>(bytes) > kMaxBytes) {
    return Fail("{}: has {} bytes, expected at most {}", name, bytes, kMaxBytes);
  }
  return std::unique_ptr<ImageFile>(
      new ImageFile(std::move(name), std::move(file), static_cast<uint64_t>(bytes), read_only));
}

ImageFile::ImageFile(std::string name, std::unique_ptr<HostFile> file, uint64_t file_bytes,
                     bool read_only)
    : name_(std::move(name)),
      file_(std::move(file)),
      size_bytes_(AlignUp(file_bytes, kSectorBytes)),
      read_only_(read_only),
      file_bytes_(file_bytes) {}

BlockStatus ImageFile::Failed(const char* action, uint64_t offset, int error) {
  const bool full = IsOutOfSpace(error);
  // Whoever waits for space tells of it; here it would be said at each attempt.
  if (!full) {
    failures_.Log(LogLevel::kError, "{}: cannot be {} at byte {}: {}", name_, action, offset,
                  std::strerror(error));
  }
  return full ? BlockStatus::kOutOfSpace : BlockStatus::kError;
}

BlockStatus ImageFile::Read(uint64_t offset, std::span<uint8_t> to) {
  if (!Contains(*this, offset, to.size())) return BlockStatus::kError;
  while (!to.empty() && offset < file_bytes_) {
    const auto part = to.first(std::min<uint64_t>(to.size(), file_bytes_ - offset));
    const ssize_t n = file_->Read(part, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("read", offset, errno);
    if (n == 0) {
      failures_.Log(LogLevel::kError, "{}: became shorter than it was: byte {} cannot be read",
                    name_, offset);
      return BlockStatus::kError;
    }
    to = to.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  std::fill(to.begin(), to.end(), uint8_t{0});
  return BlockStatus::kDone;
}

bool ImageFile::StillWhole(uint64_t offset) {
  const int64_t now = file_->Size();
  if (now >= 0 && static_cast<uint64_t>(now) >= file_bytes_) return true;
  failures_.Log(LogLevel::kError, "{}: became shorter than it was: byte {} is not written", name_,
                offset);
  return false;
}

BlockStatus ImageFile::Write(uint64_t offset, std::span<const uint8_t> from) {
  if (read_only_ || !Contains(*this, offset, from.size())) return BlockStatus::kError;
  if (!StillWhole(offset)) return BlockStatus::kError;
  while (!from.empty()) {
    const ssize_t n = file_->Write(from, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failed("written", offset, errno);
    from = from.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
    file_bytes_ = std::max(file_bytes_, offset);
  }
  return BlockStatus::kDone;
}

BlockStatus ImageFile::Flush() {
  if (read_only_) return BlockStatus::kDone;
  while (file_->Sync() != 0) {
    if (errno != EINTR) return Failed("flushed", 0, errno);
  }
  return BlockStatus::kDone;
}

BlockStatus ImageFile::Discard(uint64_t offset, uint64_t bytes) {
  if (read_only_ || !Contains(*this, offset, bytes)) return BlockStatus::kError;
  if (bytes == 0) return BlockStatus::kDone;
  if (!StillWhole(offset)) return BlockStatus::kError;
  if (file_->PunchHole(offset, bytes) == 0) return BlockStatus::kDone;
  if (errno != EOPNOTSUPP && errno != ENODEV) return Failed("discarded", offset, errno);
  return WriteZeros(*this, offset, bytes);  // a file system without holes
}

}  // namespace verbatim
