// SPDX-License-Identifier: Apache-2.0
#include "storage/host_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>

namespace verbatim {
namespace {

std::string CommandOf(const std::string& process) {
  std::ifstream file("/proc/" + process + "/comm");
  std::string command;
  std::getline(file, command);
  return command;
}

bool HasOpen(const std::string& process, const struct stat& wanted) {
  const std::string folder = "/proc/" + process + "/fd";
  DIR* const directory = ::opendir(folder.c_str());
  if (directory == nullptr) return false;  // of another user, or gone
  bool found = false;
  while (const dirent* entry = ::readdir(directory)) {
    struct stat info {};
    if (::stat((folder + "/" + entry->d_name).c_str(), &info) != 0) continue;
    if (info.st_dev == wanted.st_dev && info.st_ino == wanted.st_ino) found = true;
  }
  ::closedir(directory);
  return found;
}

// Who else has the file open, as far as this user may know: the kernel does not tell the owner of
// such a lock.
std::string OtherUser(int fd) {
  struct stat wanted {};
  DIR* const directory = ::fstat(fd, &wanted) == 0 ? ::opendir("/proc") : nullptr;
  if (directory == nullptr) return "another process";
  std::string found = "another process";
  const std::string own = std::to_string(::getpid());
  while (const dirent* entry = ::readdir(directory)) {
    const std::string process = entry->d_name;
    if (std::isdigit(static_cast<unsigned char>(process[0])) == 0 || process == own) continue;
    if (!HasOpen(process, wanted)) continue;
    found = "process " + process + " (" + CommandOf(process) + ")";
    break;
  }
  ::closedir(directory);
  return found;
}

Status Lock(int fd, const std::string& path, bool writable) {
  struct flock lock {};
  lock.l_type = static_cast<decltype(lock.l_type)>(writable ? F_WRLCK : F_RDLCK);
  lock.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return {};
  if (errno != EAGAIN && errno != EACCES) {
    return Fail("{}: cannot be locked against other users: {}", path, std::strerror(errno));
  }
  const std::string user = OtherUser(fd);
  if (writable) {
    return Fail(
        "{}: is in use by {}: end that first, or leave the image unchanged with ',readonly' or "
        "',snapshot=on' if the other only reads",
        path, user);
  }
  return Fail("{}: is being written by {}: end that first, or use a copy of the image", path, user);
}

}  // namespace

bool IsOutOfSpace(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

Result<std::unique_ptr<HostFile>> HostFile::Open(const std::string& path, bool writable) {
  // O_NONBLOCK: opening a FIFO must not wait for its other end.
  const int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return Fail("{}: cannot be opened: {}", path, std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) {
    return Fail("{}: is neither a regular file nor a block device", path);
  }
  FileDescriptor file(::open(path.c_str(), flags));
  if (!file.valid()) {
    const char* const reason = std::strerror(errno);
    if (writable && ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0) {
      return Fail(
          "{}: cannot be opened for writing: {}; ',readonly' and ',snapshot=on' need no "
          "right to write",
          path, reason);
    }
    return Fail("{}: cannot be opened: {}", path, reason);
  }
  if (Status locked = Lock(file.get(), path, writable); !locked) {
    return std::unexpected(locked.error());
  }
  return std::make_unique<HostFile>(std::move(file), S_ISBLK(info.st_mode));
}

Result<std::unique_ptr<HostFile>> HostFile::Temporary() {
  const char* const chosen = std::getenv("TMPDIR");
  std::string path = chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp";
  const std::string folder = path;
  path += "/verbatim-overlay-XXXXXX";
  FileDescriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file.valid()) {
    return Fail("{}: cannot hold a temporary file: {}; set TMPDIR to a folder that can", folder,
                std::strerror(errno));
  }
  ::unlink(path.c_str());
  return std::make_unique<HostFile>(std::move(file));
}

ssize_t HostFile::Read(std::span<uint8_t> to, uint64_t offset) {
  return ::pread(file_.get(), to.data(), to.size(), static_cast<off_t>(offset));
}

ssize_t HostFile::Write(std::span<const uint8_t> from, uint64_t offset) {
  return ::pwrite(file_.get(), from.data(), from.size(), static_cast<off_t>(offset));
}

int HostFile::Sync() { return ::fdatasync(file_.get()); }

int HostFile::PunchHole(uint64_t offset, uint64_t bytes) {
  return ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     static_cast<off_t>(offset), static_cast<off_t>(bytes));
}

// The position of the descriptor is of no other use; unlike fstat this works for devices too.
int64_t HostFile::Size() { return ::lseek(file_.get(), 0, SEEK_END); }

}  // namespace verbatim
