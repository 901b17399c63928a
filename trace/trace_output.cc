// SPDX-License-Identifier: Apache-2.0
#include "trace/trace_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace verbatim {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

}  // namespace

Result<TraceOutput> TraceOutput::Create(const std::string& path) {
  if (path.empty()) {
    FileDescriptor file(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!file.valid()) return Fail("standard error: {}", std::strerror(errno));
    return TraceOutput("standard error", std::move(file), false);
  }
  Result<FileDescriptor> file = OpenForWriting(path);
  if (!file) return std::unexpected(file.error());
  return TraceOutput(path, *std::move(file), true);
}

void TraceOutput::Write(std::string_view bytes) {
  if (!good()) return;
  pending_ += bytes;
  if (!buffered_ || pending_.size() >= kBufferBytes) Flush();
}

void TraceOutput::Flush() {
  if (!good() || pending_.empty()) return;
  const Status written =
      WriteAll(file_.get(), {reinterpret_cast<const uint8_t*>(pending_.data()), pending_.size()});
  pending_.clear();
  if (written) return;
  failed_ = true;
  Log(LogLevel::kError, "{}: cannot be written: {}; the trace ends here", name_,
      written.error().message);
  file_.Close();
}

}  // namespace verbatim
