// SPDX-License-Identifier: Apache-2.0
// One case on its own: runs it natively and in one variant, on an engine that has seen nothing else
// of it, and says what differs. What replaying and shrinking need; the mass of cases goes through
// job.h.
#ifndef VERBATIM_TESTS_ORACLE_JUDGE_H_
#define VERBATIM_TESTS_ORACLE_JUDGE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "tests/oracle/case.h"
#include "tests/oracle/native_client.h"
#include "tests/oracle/translated_runner.h"

namespace verbatim::test {

struct Verdict {
  bool rejected = false;   // natively it did not end by a fault: it cannot be compared
  std::string difference;  // empty: they agree
  Outcome native;
  std::optional<Outcome> translated;
};

class Judge {
 public:
  // `observer` sees each block of the translated runs; may be null.
  [[nodiscard]] static Result<std::unique_ptr<Judge>> Create(EngineObserver* observer);

  void SetTable(const LdtTable& table);
  [[nodiscard]] Result<Verdict> Try(const Case& one, Variant variant);

 private:
  Judge() = default;
  std::unique_ptr<NativeClient> native_;
  std::unique_ptr<TranslatedRunner> translated_;
  LdtTable table_{};
  uint64_t table_id_ = 0;
  uint32_t turn_ = 0;
};

// Why a case that did not end by a fault natively is not compared; empty if it did.
[[nodiscard]] const char* RejectionOf(const NativeClient& native, uint32_t turn, uint32_t i);

}  // namespace verbatim::test

#endif  // VERBATIM_TESTS_ORACLE_JUDGE_H_
