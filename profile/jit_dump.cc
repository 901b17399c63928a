// SPDX-License-Identifier: Apache-2.0
#include "profile/jit_dump.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/monotonic_clock.h"

namespace verbatim {
namespace {

constexpr uint32_t kMagic = 0x4A695444;  // "JiTD"
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderBytes = 40;
constexpr size_t kPrefixBytes = 16;
constexpr size_t kLoadBytes = 40;  // behind the prefix, before the name
constexpr size_t kMarkerBytes = 4096;
constexpr size_t kBufferBytes = 256 << 10;

}  // namespace

template <typename Number>
void JitDump::Put(Number number) {
  record_.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void JitDump::PutPrefix(Record type, size_t bytes) {
  record_.clear();
  Put(static_cast<uint32_t>(type));
  Put(static_cast<uint32_t>(kPrefixBytes + bytes));
  Put(MonotonicNowNs());
}

void JitDump::Write() {
  pending_ += record_;
  if (pending_.size() >= kBufferBytes) Flush();
}

void JitDump::Flush() {
  if (written_) {
    written_ =
        WriteAll(file_.get(), {reinterpret_cast<const uint8_t*>(pending_.data()), pending_.size()});
  }
  pending_.clear();
}

Result<std::unique_ptr<JitDump>> JitDump::Create(const std::string& folder) {
  const std::string path = fmt::format("{}/jit-{}.dump", folder, ::getpid());
  constexpr mode_t kReadableByAll = 0644;
  FileDescriptor file(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kReadableByAll));
  if (!file.valid()) return Fail("{}: cannot be created: {}", path, std::strerror(errno));
  void* const marker =
      ::mmap(nullptr, kMarkerBytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
  if (marker == MAP_FAILED) {
    return Fail("{}: cannot be mapped for perf to find it: {}", path, std::strerror(errno));
  }
  std::unique_ptr<JitDump> dump(new JitDump(path, std::move(file)));
  dump->marker_ = marker;
  dump->Put(kMagic);
  dump->Put(kVersion);
  dump->Put(static_cast<uint32_t>(kHeaderBytes));
  dump->Put(uint32_t{EM_X86_64});
  dump->Put(uint32_t{0});
  dump->Put(static_cast<uint32_t>(::getpid()));
  dump->Put(MonotonicNowNs());
  dump->Put(uint64_t{0});  // flags
  dump->Write();
  return dump;
}

JitDump::~JitDump() {
  if (marker_ != nullptr) ::munmap(marker_, kMarkerBytes);
}

void JitDump::Add(const HostCode& code) {
  const auto address = reinterpret_cast<uint64_t>(code.bytes.data());
  PutPrefix(Record::kLoad, kLoadBytes + code.name.size() + 1 + code.bytes.size());
  Put(static_cast<uint32_t>(::getpid()));
  Put(static_cast<uint32_t>(::gettid()));
  Put(address);  // as it is known to perf, and where it runs
  Put(address);
  Put(uint64_t{code.bytes.size()});
  Put(next_index_++);
  record_.append(code.name.c_str(), code.name.size() + 1);
  record_.append(reinterpret_cast<const char*>(code.bytes.data()), code.bytes.size());
  Write();
}

Status JitDump::Finish() {
  PutPrefix(Record::kClose, 0);
  Write();
  Flush();
  if (!written_) return Fail("{}: cannot be written: {}", path_, written_.error().message);
  return {};
}

}  // namespace verbatim
