// SPDX-License-Identifier: Apache-2.0
#include "cli/own_descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace verbatim {

FileDescriptor OwnDescriptor(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) == 0 && (S_ISFIFO(info.st_mode) || ::isatty(fd) == 1)) {
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    FileDescriptor own(::open(link.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (own.valid()) return own;
  }
  return FileDescriptor(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

}  // namespace verbatim
