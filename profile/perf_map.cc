// SPDX-License-Identifier: Apache-2.0
#include "profile/perf_map.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

namespace verbatim {

Result<std::unique_ptr<PerfMap>> PerfMap::Create(const std::string& folder) {
  const std::string path = fmt::format("{}/perf-{}.map", folder, ::getpid());
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Fail("{}: cannot be replaced: {}", path, std::strerror(errno));
  }
  // Perf trusts what belongs to who runs it.
  constexpr mode_t kReadableByAll = 0644;
  FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kReadableByAll));
  if (!file.valid()) return Fail("{}: cannot be created: {}", path, std::strerror(errno));
  return std::unique_ptr<PerfMap>(new PerfMap(path, std::move(file)));
}

void PerfMap::Add(const HostCode& code) {
  const auto start = reinterpret_cast<uint64_t>(code.bytes.data());
  const uint64_t end = start + code.bytes.size();
  auto at = pieces_.lower_bound(start);
  if (at != pieces_.begin() && std::prev(at)->second.end > start) --at;
  while (at != pieces_.end() && at->first < end) at = pieces_.erase(at);
  pieces_[start] = {end, code.name};
}

Status PerfMap::Finish() {
  std::string text;
  for (const auto& [start, piece] : pieces_) {
    fmt::format_to(std::back_inserter(text), "{:x} {:x} {}\n", start, piece.end - start,
                   piece.name);
  }
  const Status written =
      WriteAll(file_.get(), {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  if (!written) return Fail("{}: cannot be written: {}", path_, written.error().message);
  return {};
}

}  // namespace verbatim
