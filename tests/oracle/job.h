// SPDX-License-Identifier: Apache-2.0
// The mass of cases: one process with its native partner. While a batch runs natively, the one
// before it is run translated and compared.
//
// What a job finds it writes to memory that it shares with whoever started it, so that nothing is
// lost if it dies: a case that brings the engine down is named by `now`.
#ifndef VERBATIM_TESTS_ORACLE_JOB_H_
#define VERBATIM_TESTS_ORACLE_JOB_H_

#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/oracle/case.h"
#include "tests/oracle/coverage.h"
#include "tests/oracle/explained.h"
#include "tests/oracle/generator.h"
#include "tests/oracle/native_client.h"
#include "tests/oracle/translated_runner.h"

namespace verbatim::test {

// A seed makes so many cases, which share its descriptor table.
inline constexpr uint64_t kCasesPerSeed = 16384;
inline constexpr size_t kFindingsKept = 32;

struct Finding {
  enum class Kind : uint8_t { kMismatch, kRejected };
  Kind kind = Kind::kMismatch;
  Variant variant = Variant::kNormal;
  uint64_t seed = 0;
  uint64_t index = 0;
};

// Plain data in shared memory. Counters are written by the job alone.
struct JobStatus {
  std::atomic<uint64_t> cases;       // compared
  std::atomic<uint64_t> runs;        // translated runs of them
  std::atomic<uint64_t> endless;     // ended natively by the clock, not compared
  std::atomic<uint64_t> rejected;    // not comparable: the generator's fault
  std::atomic<uint64_t> mismatches;  // cases
  std::array<std::atomic<uint64_t>, kExplanationCount> explained;  // runs
  std::atomic<uint64_t> findings;  // of which the first few are kept:
  std::array<Finding, kFindingsKept> kept;
  Finding now;
  // The translated run with the most host signals in generated code: where the engine has a
  // pathology. Not in time, which a busy host makes up.
  Finding costliest;
  std::atomic<uint64_t> most_signals;
};

// For tests of the oracle itself: what is corrupted in a translated run's outcome.
enum class Plant : uint8_t { kNothing, kFlag, kRegister, kMemory, kSelector, kErrorCode };

struct JobOptions {
  bool all_variants = false;
  Plant plant = Plant::kNothing;
  // The differences of each mismatch go to standard output.
  bool print = false;
};

class Job {
 public:
  using Clock = std::chrono::steady_clock;

  // All references outlive the job. `coverage` has Coverage::Slots() counts.
  [[nodiscard]] static Result<std::unique_ptr<Job>> Create(const JobOptions& options,
                                                           JobStatus& status,
                                                           std::span<uint64_t> coverage);

  // The cases [first, last) of the seed; stops between batches once it is `until`.
  [[nodiscard]] Status RunSeed(uint64_t seed, uint64_t first, uint64_t last,
                               Clock::time_point until);

 private:
  Job(const JobOptions& options, JobStatus& status, std::span<uint64_t> coverage)
      : options_(options), status_(status), coverage_(coverage) {}
  void Submit(const Generator& generator, uint32_t turn, uint64_t first, uint64_t last);
  [[nodiscard]] Status Finish(uint32_t turn);
  [[nodiscard]] bool IsComparable(uint32_t turn, uint32_t i);
  void CompareIfWanted(uint32_t turn, uint32_t i, Variant variant);
  [[nodiscard]] bool CompareVariant(uint32_t turn, uint32_t i, Variant variant);
  void Note(Finding::Kind kind, const Case& one, Variant variant);

  const JobOptions options_;
  JobStatus& status_;
  Coverage coverage_;
  std::unique_ptr<NativeClient> native_;
  std::unique_ptr<TranslatedRunner> translated_;
  std::array<std::vector<Case>, 2> batches_;
  std::bitset<kBatchCases> comparable_;  // of the batch in hand
  LdtTable table_{};
  uint64_t table_id_ = 0;
  uint32_t next_turn_ = 0;
};

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_JOB_H_
