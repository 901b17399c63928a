// SPDX-License-Identifier: Apache-2.0
// What oracle and oracle_native say to each other, through one shared mapping: two batches of cases
// that change hands, so that one runs natively while the other is run translated and compared.
//
// A batch belongs to whom its state says; the state is a futex. All of it is plain data, valid as
// zeroes, the same in two programs that are compiled differently.
#ifndef VERBATIM_TESTS_ORACLE_NATIVE_PROTOCOL_H_
#define VERBATIM_TESTS_ORACLE_NATIVE_PROTOCOL_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "tests/oracle/case.h"
#include "tests/oracle/memory_image.h"

namespace verbatim::test {

inline constexpr uint32_t kBatchCases = 128;
inline constexpr int kExchangeDescriptor = 3;  // of the native process: the shared memory
inline constexpr uint32_t kNoCase = 0xFFFFFFFFu;

// A case as far as running it needs it.
struct NativeCase {
  CpuImage start;
  std::array<uint16_t, kSegmentCount> selectors{};
  uint32_t code_at = 0;
  uint32_t code_bytes = 0;
  uint32_t filling = 0;
  std::array<uint8_t, kMaxCaseCode> code{};
};

enum class NativeEnd : uint8_t {
  kFault,       // as every case should
  kEndless,     // ended by the clock
  kSystemCall,  // it would have entered the host's kernel
  kBadStart,    // the processor refused the state that it was to start in
};

struct NativeOutcome {
  Outcome outcome;
  NativeEnd end = NativeEnd::kFault;
  uint32_t first_line = 0;  // in Batch::lines: memory that it changed
  uint32_t line_count = 0;
};

enum class BatchState : uint32_t { kIdle, kRequested, kDone };

struct Batch {
  std::atomic<BatchState> state;
  uint32_t count;
  uint64_t table_id;  // tables with the same one are the same; not 0
  LdtTable table;
  std::array<NativeCase, kBatchCases> cases;
  std::array<NativeOutcome, kBatchCases> outcomes;
  std::array<ChangedLine, size_t{kBatchCases} * kImageLines> lines;
};

struct NativeExchange {
  // The case (of the batch in hand) that runs: whose fault it is if the process dies.
  std::atomic<uint32_t> running;
  uint32_t first_turn;  // where a process that has just been started begins
  std::array<Batch, 2> batches;
};

static_assert(std::atomic<BatchState>::is_always_lock_free);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_NATIVE_PROTOCOL_H_
