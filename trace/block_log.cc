// SPDX-License-Identifier: Apache-2.0
#include "trace/block_log.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace verbatim {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

}  // namespace

BlockLog::BlockLog(std::string path, FileDescriptor file)
    : path_(std::move(path)), file_(std::move(file)) {}

Result<std::unique_ptr<BlockLog>> BlockLog::Create(const std::string& path) {
  Result<FileDescriptor> file = OpenForWriting(path);
  if (!file) return std::unexpected(file.error());
  return std::unique_ptr<BlockLog>(new BlockLog(path, std::move(*file)));
}

BlockLog::~BlockLog() { Flush(); }

void BlockLog::OnBlockTranslated(const TranslatedBlock& translated) {
  if (!file_.valid()) return;
  pending_ += writer_.Write(translated, ++blocks_);
  if (pending_.size() >= kBufferBytes) Flush();
}

void BlockLog::Flush() {
  size_t done = 0;
  while (file_.valid() && done < pending_.size()) {
    const ssize_t n = ::write(file_.get(), pending_.data() + done, pending_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      Log(LogLevel::kError, "{}: cannot be written: {}; the block log ends here", path_,
          std::strerror(errno));
      file_.Close();
      break;
    }
    done += static_cast<size_t>(n);
  }
  pending_.clear();
}

}  // namespace verbatim
