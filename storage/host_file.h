// SPDX-License-Identifier: Apache-2.0
// The host's system calls on one open image, and its lock. All that reaches the host's disk goes
// through here, so that a test can see flushes and let calls fail.
//
// Images are never mapped: a file that shrinks under a mapping would kill the process.
#ifndef VERBATIM_STORAGE_HOST_FILE_H_
#define VERBATIM_STORAGE_HOST_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace verbatim {

// Whether a write that failed so may succeed later: the file system is full, the user's quota is
// used up, or the process may not write files of that size (RLIMIT_FSIZE, which another one can
// raise).
[[nodiscard]] bool IsOutOfSpace(int error);

class HostFile {
 public:
  // Opens a regular file or a block device and locks it: against everyone if `writable`, against
  // writers if not. The lock ends with the object, or with the process.
  [[nodiscard]] static Result<std::unique_ptr<HostFile>> Open(const std::string& path,
                                                              bool writable);
  // An empty file without a name, in $TMPDIR or /var/tmp: it goes when it is closed.
  [[nodiscard]] static Result<std::unique_ptr<HostFile>> Temporary();

  explicit HostFile(FileDescriptor file, bool is_device = false)
      : file_(std::move(file)), is_device_(is_device) {}
  HostFile(const HostFile&) = delete;
  HostFile& operator=(const HostFile&) = delete;
  virtual ~HostFile() = default;

  [[nodiscard]] bool is_device() const { return is_device_; }

  // As pread, pwrite, fdatasync and fallocate(PUNCH_HOLE): -1 and errno, or what was done.
  virtual ssize_t Read(std::span<uint8_t> to, uint64_t offset);
  virtual ssize_t Write(std::span<const uint8_t> from, uint64_t offset);
  virtual int Sync();
  virtual int PunchHole(uint64_t offset, uint64_t bytes);
  // The present size, or -1.
  [[nodiscard]] virtual int64_t Size();

 private:
  FileDescriptor file_;
  bool is_device_;
};

}  // namespace verbatim

#endif  // VERBATIM_STORAGE_HOST_FILE_H_
