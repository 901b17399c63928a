// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/judge.h"

#include "tests/oracle/comparison.h"
#include "tests/oracle/explained.h"

namespace verbatim::test {

const char* RejectionOf(const NativeClient& native, uint32_t turn, uint32_t i) {
  if (native.died(turn, i)) return "killed the native process";
  switch (native.outcome(turn, i).end) {
    case NativeEnd::kFault:
      return "";
    case NativeEnd::kEndless:
      return "endless";
    case NativeEnd::kSystemCall:
      return "made a system call";
    case NativeEnd::kBadStart:
      return "its start state cannot be loaded";
  }
  return "unknown";
}

Result<std::unique_ptr<Judge>> Judge::Create(EngineObserver* observer) {
  std::unique_ptr<Judge> judge(new Judge);
  Result<std::unique_ptr<NativeClient>> native = NativeClient::Create();
  if (!native) return std::unexpected(native.error());
  judge->native_ = std::move(*native);
  Result<std::unique_ptr<TranslatedRunner>> translated = TranslatedRunner::Create(observer);
  if (!translated) return std::unexpected(translated.error());
  judge->translated_ = std::move(*translated);
  return judge;
}

void Judge::SetTable(const LdtTable& table) {
  table_ = table;
  ++table_id_;
  translated_->SetTable(table);
}

Result<Verdict> Judge::Try(const Case& one, Variant variant) {
  const uint32_t turn = turn_;
  turn_ ^= 1;
  native_->Submit(turn, std::span(&one, 1), table_, table_id_);
  if (Status collected = native_->Collect(turn); !collected) {
    return std::unexpected(collected.error());
  }
  Verdict verdict;
  verdict.native = native_->outcome(turn, 0).outcome;
  if (const char* why = RejectionOf(*native_, turn, 0); *why != 0) {
    verdict.rejected = true;
    verdict.difference = why;
    return verdict;
  }
  if (IsKicked(variant)) translated_->StartKicks();
  const TranslatedOutcome& translated = translated_->Run(one, variant);
  if (IsKicked(variant)) translated_->StopKicks();
  verdict.translated = translated.outcome;
  const NativeRun native{verdict.native, native_->lines(turn, 0)};
  if (!Agree(one, native, translated) && Explain(one, table_, native, translated) == 0) {
    verdict.difference = Describe(one, native, translated);
  }
  return verdict;
}

}  // namespace verbatim::test
