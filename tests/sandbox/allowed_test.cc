// SPDX-License-Identifier: Apache-2.0
// What a running guest needs works in the sandbox.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sandbox/sandbox.h"
#include "storage/disk_image.h"
#include "storage/io_worker.h"

namespace verbatim {
namespace {

using testing::ExitedWithCode;
using testing::KilledBySignal;

void Confine() {
  if (!PrepareSandbox() || !EnterSandbox()) ::_exit(1);
}

// In a process that ends by 0 only if all of `work` was done in the sandbox.
template <typename Work>
void ExpectToWork(Work work) {
  EXPECT_EXIT(
      {
        Confine();
        ::_exit(work() ? 0 : 2);
      },
      ExitedWithCode(0), "");
}

TEST(SandboxAllows, MemoryThatIsNotExecutable) {
  ExpectToWork([] {
    void* page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED && ::mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0 &&
           ::madvise(page, 4096, MADV_DONTNEED) == 0 && ::munmap(page, 4096) == 0;
  });
}

TEST(SandboxAllows, DescriptorsThatAreOpen) {
  const int event = ::eventfd(1, EFD_CLOEXEC);
  ExpectToWork([event] {
    pollfd slot{event, POLLIN, 0};
    uint64_t count = 0;
    return ::poll(&slot, 1, 1000) == 1 && ::read(event, &count, sizeof count) == sizeof count &&
           ::write(event, &count, sizeof count) == sizeof count && ::close(event) == 0;
  });
  ::close(event);
}

// Small pieces, so that the heap grows and, with its last piece, shrinks.
bool UseTheHeap() {
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> pieces(20000);
    for (void*& piece : pieces) piece = std::malloc(1000);
    for (void* piece : pieces) {
      if (piece == nullptr) return false;
      std::free(piece);
    }
  }
  return true;
}

TEST(SandboxAllows, TheHeapOnEveryThread) {
  EXPECT_EXIT(
      {
        if (!PrepareSandbox()) ::_exit(1);
        std::atomic<int> state = 0;
        std::thread other([&state] {
          state = 1;
          state.notify_all();
          state.wait(1);
          if (!UseTheHeap()) ::_exit(2);
        });
        state.wait(0);
        if (!EnterSandbox()) ::_exit(1);
        state = 2;
        state.notify_all();
        if (!UseTheHeap()) ::_exit(2);
        other.join();
        ::_exit(0);
      },
      ExitedWithCode(0), "");
}

// Often, since the sandbox must not close on a thread that is still starting.
TEST(SandboxAllows, ADiskImageAndItsThread) {
  const std::string path = testing::TempDir() + "/sandboxed-disk-" + std::to_string(::getpid());
  { std::ofstream(path) << std::string(8192, 'x'); }
  for (int round = 0; round < 20; ++round) {
    EXPECT_EXIT(
        {
          if (!PrepareSandbox()) ::_exit(1);
          Result<std::unique_ptr<BlockBackend>> disk = OpenDiskImage({.path = path});
          if (!disk) ::_exit(3);
          IoWorker worker(*std::move(disk), [] {});
          if (!EnterSandbox()) ::_exit(1);
          unsigned done = 0;
          for (const auto kind : {BlockRequest::Kind::kWrite, BlockRequest::Kind::kFlush,
                                  BlockRequest::Kind::kDiscard, BlockRequest::Kind::kRead}) {
            worker.Submit({.kind = kind,
                           .data = std::vector<uint8_t>(4096),
                           .discard_bytes = 4096,
                           .done = [&done](BlockStatus status, const std::vector<uint8_t>&) {
                             if (status == BlockStatus::kDone) ++done;
                           }});
          }
          worker.Drain();
          ::_exit(done == 4 ? 0 : 2);
        },
        ExitedWithCode(0), "");
  }
  ::unlink(path.c_str());
}

TEST(SandboxAllows, LocksAndConditions) {
  ExpectToWork([] {
    std::mutex mutex;
    std::condition_variable condition;
    std::unique_lock lock(mutex);
    const auto soon = std::chrono::milliseconds(1);
    return condition.wait_for(lock, soon) == std::cv_status::timeout;
  });
}

std::atomic<int> seen = 0;

TEST(SandboxAllows, SignalsToOneself) {
  ExpectToWork([] {
    struct sigaction action {};
    action.sa_handler = [](int signal) { seen = signal; };
    for (const int signal : {SIGSEGV, SIGTERM, SIGRTMIN + 1}) {
      if (::sigaction(signal, &action, nullptr) != 0 || ::raise(signal) != 0) return false;
      if (seen != signal) return false;
    }
    return true;
  });
}

TEST(SandboxAllows, DyingByAbort) {
  EXPECT_EXIT(
      {
        Confine();
        std::abort();
      },
      KilledBySignal(SIGABRT), "");
}

// Also through the C library's own message about a heap that was overwritten.
TEST(SandboxAllows, TheHeapsLastWords) {
  EXPECT_EXIT(
      {
        Confine();
        void* volatile piece = ::operator new(100);
        ::operator delete(piece);
        std::free(piece);
      },
      KilledBySignal(SIGABRT), "free\\(\\)");
}

TEST(SandboxAllows, EndingInOrder) {
  EXPECT_EXIT(
      {
        Confine();
        std::exit(7);
      },
      ExitedWithCode(7), "");
}

}  // namespace
}  // namespace verbatim
