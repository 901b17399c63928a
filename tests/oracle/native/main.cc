// SPDX-License-Identifier: Apache-2.0
// oracle_native: runs the cases that `oracle` puts into the shared memory, on the bare processor.
// A program of its own, so that the low 4 GiB, all that a case can reach, hold nothing else, and
// so that no sanitizer needs to live with registers that belong to a case.
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "tests/oracle/native/native_runner.h"

namespace verbatim::test {
namespace {

void WaitForRequest(std::atomic<BatchState>& state) {
  for (BatchState now = state.load(); now != BatchState::kRequested; now = state.load()) {
    ::syscall(SYS_futex, &state, FUTEX_WAIT, static_cast<uint32_t>(now), nullptr, nullptr, 0);
  }
}

const char* Serve(NativeExchange& exchange) {
  NativeRunner runner;
  exchange.running = kNoCase;
  if (const char* error = runner.SetUp()) return error;
  if (const char* error = NativeRunner::ForbidSystemCalls()) return error;
  uint64_t table_id = 0;
  for (uint32_t turn = exchange.first_turn;; turn ^= 1) {
    Batch& batch = exchange.batches[turn];
    WaitForRequest(batch.state);
    if (batch.table_id != table_id) {
      table_id = batch.table_id;
      if (const char* error = runner.InstallTable(batch.table)) return error;
    }
    uint32_t lines = 0;
    for (uint32_t i = 0; i < batch.count; ++i) {
      exchange.running = i;
      NativeOutcome& outcome = batch.outcomes[i];
      outcome.first_line = lines;
      outcome.line_count = runner.Run(batch.cases[i], outcome, &batch.lines[lines]);
      lines += outcome.line_count;
    }
    exchange.running = kNoCase;
    batch.state = BatchState::kDone;
    ::syscall(SYS_futex, &batch.state, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
}

int Main() {
  // Whoever asks dies first: nobody would ever ask again.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  void* shared = ::mmap(nullptr, sizeof(NativeExchange), PROT_READ | PROT_WRITE, MAP_SHARED,
                        kExchangeDescriptor, 0);
  if (shared == MAP_FAILED) {
    std::fputs("oracle_native: started by `oracle` only, which shares memory with it\n", stderr);
    return 2;
  }
  const char* error = Serve(*static_cast<NativeExchange*>(shared));
  std::fprintf(stderr, "oracle_native: %s\n", error);
  return 1;
}

}  // namespace
}  // namespace verbatim::test

int main() { return verbatim::test::Main(); }
