// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/native_client.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/check.h"

namespace verbatim::test {
namespace {

// How often to look whether the process still lives while its answer is awaited.
constexpr timespec kLookPeriod{.tv_sec = 0, .tv_nsec = 200'000'000};

void Describe(const Case& from, NativeCase& to) {
  CHECK(from.code.size() <= kMaxCaseCode && from.code_at >= kCaseCode.start &&
        from.code_at + from.code.size() <= kCaseCode.start + kCaseCode.bytes);
  to.start = from.start;
  to.selectors = from.selectors;
  to.code_at = from.code_at;
  to.code_bytes = static_cast<uint32_t>(from.code.size());
  to.filling = from.memory_seed % kMemoryFillings;
  std::ranges::copy(from.code, to.code.begin());
}

void Wake(std::atomic<BatchState>& state) {
  ::syscall(SYS_futex, &state, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

}  // namespace

Result<std::unique_ptr<NativeClient>> NativeClient::Create() {
  std::unique_ptr<NativeClient> client(new NativeClient);
  client->memory_ = FileDescriptor(::memfd_create("oracle", MFD_CLOEXEC));
  if (!client->memory_.valid() || ::ftruncate(client->memory_.get(), sizeof(NativeExchange)) != 0) {
    return Fail("oracle: cannot create shared memory: {}", std::strerror(errno));
  }
  void* shared = ::mmap(nullptr, sizeof(NativeExchange), PROT_READ | PROT_WRITE, MAP_SHARED,
                        client->memory_.get(), 0);
  if (shared == MAP_FAILED) return Fail("oracle: cannot map it: {}", std::strerror(errno));
  client->exchange_ = static_cast<NativeExchange*>(shared);
  if (Status started = client->Start(); !started) return std::unexpected(started.error());
  return client;
}

NativeClient::~NativeClient() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  if (exchange_ != nullptr) ::munmap(exchange_, sizeof(NativeExchange));
}

Status NativeClient::Start() {
  const std::string path =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "oracle_native").string();
  process_ = ::fork();
  if (process_ < 0) return Fail("oracle: cannot fork: {}", std::strerror(errno));
  if (process_ == 0) {
    // dup2 leaves close-on-exec set if both are the same.
    if (memory_.get() == kExchangeDescriptor) {
      ::fcntl(memory_.get(), F_SETFD, 0);
    } else {
      ::dup2(memory_.get(), kExchangeDescriptor);
    }
    ::execl(path.c_str(), "oracle_native", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  return {};
}

void NativeClient::Submit(uint32_t turn, std::span<const Case> cases, const LdtTable& table,
                          uint64_t table_id) {
  Batch& batch = exchange_->batches[turn];
  CHECK(cases.size() <= kBatchCases && batch.state != BatchState::kRequested);
  batch.count = static_cast<uint32_t>(cases.size());
  batch.table = table;
  batch.table_id = table_id;
  for (size_t i = 0; i < cases.size(); ++i) Describe(cases[i], batch.cases[i]);
  died_[turn].reset();
  batch.state = BatchState::kRequested;
  Wake(batch.state);
}

// The case that killed the process becomes an empty one, and the batch is run again.
Status NativeClient::Replace(uint32_t turn, int wait_status) {
  const uint32_t running = exchange_->running;
  if (running == kNoCase || !WIFSIGNALED(wait_status)) {
    return Fail("oracle: the native process ended by itself, wait status {:x}", wait_status);
  }
  died_[turn].set(running);
  Batch& batch = exchange_->batches[turn];
  NativeCase& killer = batch.cases[running];
  killer.code_bytes = 0;
  killer.start = CpuImage::Typical();
  killer.start.eip = killer.code_at;
  killer.selectors = {kFlatData, kFlatCode, kFlatData, kFlatData, 0, 0};
  exchange_->first_turn = turn;
  return Start();
}

Status NativeClient::Collect(uint32_t turn) {
  std::atomic<BatchState>& state = exchange_->batches[turn].state;
  for (BatchState now = state.load(); now != BatchState::kDone; now = state.load()) {
    const auto woken = ::syscall(SYS_futex, &state, FUTEX_WAIT, static_cast<uint32_t>(now),
                                 &kLookPeriod, nullptr, 0);
    if (woken == 0 || errno != ETIMEDOUT) continue;
    int wait_status = 0;
    if (::waitpid(process_, &wait_status, WNOHANG) != process_) continue;
    if (Status replaced = Replace(turn, wait_status); !replaced) return replaced;
  }
  return {};
}

}  // namespace verbatim::test
