// SPDX-License-Identifier: Apache-2.0
// Image files for tests, host files whose calls are watched or fail, and a disk in memory.
#ifndef VERBATIM_TESTS_STORAGE_IMAGES_H_
#define VERBATIM_TESTS_STORAGE_IMAGES_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "storage/block_backend.h"
#include "storage/host_file.h"

namespace verbatim {

// A file that goes with the test.
class TemporaryImage {
 public:
  explicit TemporaryImage(std::span<const uint8_t> contents) {
    static int count = 0;
    path_ =
        testing::TempDir() + "/image-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
    std::ofstream file(path_, std::ios::binary);
    file.write(reinterpret_cast<const char*>(contents.data()),
               static_cast<std::streamsize>(contents.size()));
  }
  ~TemporaryImage() { ::unlink(path_.c_str()); }
  TemporaryImage(const TemporaryImage&) = delete;
  TemporaryImage& operator=(const TemporaryImage&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<uint8_t> Contents() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  void Truncate(off_t bytes) const { ASSERT_EQ(::truncate(path_.c_str(), bytes), 0); }

 private:
  std::string path_;
};

// Byte i differs from its neighbours and from byte i + 512.
inline std::vector<uint8_t> Pattern(size_t bytes, unsigned seed = 1) {
  std::vector<uint8_t> pattern(bytes);
  for (size_t i = 0; i < bytes; ++i) {
    pattern[i] = static_cast<uint8_t>(i * 7 + i / 512 * 13 + seed);
  }
  return pattern;
}

inline std::vector<uint8_t> ReadAll(BlockBackend& backend) {
  std::vector<uint8_t> data(backend.size_bytes());
  EXPECT_EQ(backend.Read(0, data), BlockStatus::kDone);
  return data;
}

// A host file in memory.
class FakeHostFile final : public HostFile {
 public:
  explicit FakeHostFile(std::vector<uint8_t> data)
      : HostFile(FileDescriptor()), contents(std::move(data)) {}

  ssize_t Read(std::span<uint8_t> to, uint64_t offset) override {
    if (Interrupted() || Failing()) return -1;
    if (offset >= contents.size()) return 0;
    const size_t n = std::min({to.size(), contents.size() - offset, most_at_once});
    std::copy_n(contents.begin() + static_cast<ptrdiff_t>(offset), n, to.begin());
    return static_cast<ssize_t>(n);
  }
  ssize_t Write(std::span<const uint8_t> from, uint64_t offset) override {
    if (Interrupted() || Failing()) return -1;
    const size_t n = std::min(from.size(), most_at_once);
    contents.resize(std::max<size_t>(contents.size(), offset + n));
    std::copy_n(from.begin(), n, contents.begin() + static_cast<ptrdiff_t>(offset));
    return static_cast<ssize_t>(n);
  }
  int Sync() override {
    if (Interrupted() || Failing()) return -1;
    synced = contents;
    return 0;
  }
  int PunchHole(uint64_t offset, uint64_t bytes) override {
    if (Failing()) return -1;
    const size_t end = std::min<size_t>(contents.size(), offset + bytes);
    for (size_t i = offset; i < end; ++i) contents[i] = 0;
    return 0;
  }
  int64_t Size() override { return static_cast<int64_t>(contents.size()); }

  std::vector<uint8_t> contents;
  std::vector<uint8_t> synced;  // what a crash of the host would leave
  size_t most_at_once = SIZE_MAX;
  int failure = 0;             // errno of every call
  unsigned interruptions = 0;  // so many calls fail with EINTR first

 private:
  [[nodiscard]] bool Interrupted() {
    if (interruptions == 0) return false;
    --interruptions;
    errno = EINTR;
    return true;
  }
  [[nodiscard]] bool Failing() const {
    errno = failure;
    return failure != 0;
  }
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_STORAGE_IMAGES_H_
