// SPDX-License-Identifier: Apache-2.0
#include "cli/firmware_log.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace verbatim {

Result<std::unique_ptr<FirmwareLog>> FirmwareLog::Create(const std::string& path) {
  Result<FileDescriptor> file = OpenForWriting(path);
  if (!file) return std::unexpected(file.error());
  return std::unique_ptr<FirmwareLog>(new FirmwareLog(*std::move(file)));
}

void FirmwareLog::Write(std::span<const uint8_t> bytes) {
  for (const uint8_t byte : bytes) {
    line_ += static_cast<char>(byte);
    if (byte == '\n' || line_.size() == kLongestLine) Flush();
  }
}

void FirmwareLog::Flush() {
  std::string_view rest = line_;
  while (status_ && !rest.empty()) {
    const ssize_t n = ::write(file_.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      status_ = Fail("{}", std::strerror(errno));
    } else {
      rest.remove_prefix(static_cast<size_t>(n));
    }
  }
  line_.clear();
}

Status FirmwareLog::Finish() {
  Flush();
  return status_;
}

}  // namespace verbatim
