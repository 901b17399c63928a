// SPDX-License-Identifier: Apache-2.0
// Runs cases translated, in the variants of the engine. Each variant has a guest that lives as long
// as the runner: what earlier cases left in its caches is part of the test.
//
// One in a process: it owns SIGVTALRM, the clock that ends a run which does not come back.
#ifndef VERBATIM_TESTS_ORACLE_TRANSLATED_RUNNER_H_
#define VERBATIM_TESTS_ORACLE_TRANSLATED_RUNNER_H_

#include <time.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "engine/engine_observer.h"
#include "tests/engine/guest_snippet.h"
#include "tests/engine/variant.h"
#include "tests/oracle/case.h"
#include "tests/oracle/memory_image.h"

namespace verbatim::test {

struct TranslatedOutcome {
  // Empty: the run did not end by a fault (it was ended by the clock, or the guest died).
  std::optional<Outcome> outcome;
  std::vector<ChangedLine> lines;
  uint64_t host_signals = 0;  // faults in generated code
};

class TranslatedRunner {
 public:
  // Variants are made when first used. `observer` sees every block; may be null.
  [[nodiscard]] static Result<std::unique_ptr<TranslatedRunner>> Create(EngineObserver* observer);
  ~TranslatedRunner();
  TranslatedRunner(const TranslatedRunner&) = delete;
  TranslatedRunner& operator=(const TranslatedRunner&) = delete;

  void SetTable(const LdtTable& table);
  // Between these two, whatever runs is kicked all the time: some variants ask for it. A
  // pair costs more than a run, so it is for many.
  void StartKicks();
  void StopKicks();
  // Valid until the next run.
  [[nodiscard]] const TranslatedOutcome& Run(const Case& one, Variant variant);
  // Runs the case once more, step by step: whether it executes what no program contains, but what
  // wild jumps and changed code may come upon (avoided.h).
  [[nodiscard]] bool MeetsAvoided(const Case& one);

  [[nodiscard]] GuestSnippet& guest(Variant variant) { return *guests_[Index(variant)]; }

 private:
  // Looks for such instructions in the blocks of single ones, and passes these on.
  class AvoidedFinder final : public EngineObserver {
   public:
    explicit AvoidedFinder(EngineObserver* next) : next_(next) {}
    void OnBlockTranslated(const TranslatedBlock& translated) override;
    bool found = false;

   private:
    EngineObserver* next_;  // may be null
  };

  explicit TranslatedRunner(EngineObserver* observer) : observer_(observer), finder_(observer) {}
  [[nodiscard]] static unsigned Index(Variant variant) { return static_cast<unsigned>(variant); }
  [[nodiscard]] Status StartClock();
  void MakeGuest(Variant variant);
  void LoadMemory(GuestSnippet& guest, const Case& one);
  // Runs the case where its code is mapped otherwise.
  void RunElsewhere(GuestSnippet& guest, const Case& one, const CpuImage& start);

  EngineObserver* observer_;
  AvoidedFinder finder_;
  std::array<std::unique_ptr<GuestSnippet>, kVariantCount> guests_;
  std::array<uint64_t, kLdtSegments> descriptors_{};
  MemoryImage image_;
  TranslatedOutcome result_;
  timer_t kicks_ = nullptr;
  bool has_kicks_ = false;
};

// The eight bytes of a segment, as Linux writes them for modify_ldt: DPL 3, accessed.
[[nodiscard]] uint64_t DescriptorOf(const LdtSegment& segment);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_TRANSLATED_RUNNER_H_
