// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "tests/oracle/comparison.h"
#include "tests/oracle/judge.h"

namespace verbatim::test {
namespace {

// Now and then, so that what is planted is found among much that is right.
constexpr uint64_t kPlantedEvery = 100;

void PlantError(Plant plant, TranslatedOutcome& translated) {
  if (!translated.outcome) return;
  Outcome& outcome = *translated.outcome;
  switch (plant) {
    case Plant::kNothing:
      break;
    case Plant::kFlag:
      outcome.cpu.eflags ^= flag::kDf;
      break;
    case Plant::kRegister:
      outcome.cpu.gpr[kEdi] ^= 0x80000000u;
      break;
    case Plant::kMemory:
      translated.lines.push_back({kData, {}});
      break;
    case Plant::kSelector:
      outcome.selectors[kGs] ^= 4;
      break;
    case Plant::kErrorCode:
      outcome.error_code ^= 1;
      break;
  }
}

// The normal one always, and another by turns. To have its code moved costs a case as much as some
// ten runs.
Variant OtherVariant(uint64_t index) {
  constexpr uint64_t kSeldom = 4;
  constexpr uint64_t kOthers = kVariantCount - 1;
  const auto variant = static_cast<Variant>(1 + index % kOthers);
  const bool too_often = variant == Variant::kMoved && index / kOthers % kSeldom != 0;
  return too_often ? Variant::kPlain : variant;
}

}  // namespace

Result<std::unique_ptr<Job>> Job::Create(const JobOptions& options, JobStatus& status,
                                         std::span<uint64_t> coverage) {
  std::unique_ptr<Job> job(new Job(options, status, coverage));
  Result<std::unique_ptr<NativeClient>> native = NativeClient::Create();
  if (!native) return std::unexpected(native.error());
  job->native_ = std::move(*native);
  Result<std::unique_ptr<TranslatedRunner>> translated = TranslatedRunner::Create(nullptr);
  if (!translated) return std::unexpected(translated.error());
  job->translated_ = std::move(*translated);
  for (std::vector<Case>& batch : job->batches_) batch.reserve(kBatchCases);
  return job;
}

void Job::Submit(const Generator& generator, uint32_t turn, uint64_t first, uint64_t last) {
  std::vector<Case>& batch = batches_[turn];
  generator.MakeAll(first, last, batch);
  for (const Case& one : batch) coverage_.Count(one);
  native_->Submit(turn, batch, generator.table(), table_id_);
}

Status Job::RunSeed(uint64_t seed, uint64_t first, uint64_t last, Clock::time_point until) {
  const Generator generator(seed);
  ++table_id_;
  table_ = generator.table();
  translated_->SetTable(table_);
  bool pending = false;
  for (uint64_t at = first; at < last && Clock::now() < until; at += kBatchCases) {
    Submit(generator, next_turn_, at, std::min<uint64_t>(at + kBatchCases, last));
    next_turn_ ^= 1;
    if (pending) {
      if (Status finished = Finish(next_turn_); !finished) return finished;
    }
    pending = true;
  }
  return pending ? Finish(next_turn_ ^ 1) : Status{};
}

// Runs that are kicked come last, so that their timer is armed once for all of them. The variants
// have guests of their own: none notices in which order the others run.
Status Job::Finish(uint32_t turn) {
  if (Status collected = native_->Collect(turn); !collected) return collected;
  for (uint32_t i = 0; i < batches_[turn].size(); ++i) {
    comparable_[i] = IsComparable(turn, i);
    for (unsigned v = 0; v < kVariantCount; ++v) {
      const auto variant = static_cast<Variant>(v);
      if (!IsKicked(variant)) CompareIfWanted(turn, i, variant);
    }
  }
  translated_->StartKicks();
  for (uint32_t i = 0; i < batches_[turn].size(); ++i) {
    CompareIfWanted(turn, i, Variant::kInterrupted);
    CompareIfWanted(turn, i, Variant::kMoved);
  }
  translated_->StopKicks();
  return {};
}

bool Job::IsComparable(uint32_t turn, uint32_t i) {
  if (*RejectionOf(*native_, turn, i) == 0) {
    ++status_.cases;
    return true;
  }
  const Case& one = batches_[turn][i];
  const bool died = native_->died(turn, i);
  if (!died && native_->outcome(turn, i).end == NativeEnd::kEndless) {
    ++status_.endless;
  } else if (died && LeadsInto64BitMode(translated_->Run(one, Variant::kNormal))) {
    ++status_.explained[static_cast<unsigned>(Explanation::kHostSelector)];
  } else {
    ++status_.rejected;
    Note(Finding::Kind::kRejected, one, Variant::kNormal);
  }
  return false;
}

// Not once one variant differed: the others would tell the same again.
void Job::CompareIfWanted(uint32_t turn, uint32_t i, Variant variant) {
  const bool wanted = options_.all_variants || variant == Variant::kNormal ||
                      variant == OtherVariant(batches_[turn][i].index);
  if (wanted && comparable_[i]) comparable_[i] = CompareVariant(turn, i, variant);
}

// False if they differ.
bool Job::CompareVariant(uint32_t turn, uint32_t i, Variant variant) {
  const Case& one = batches_[turn][i];
  const NativeRun native{native_->outcome(turn, i).outcome, native_->lines(turn, i)};
  status_.now = {Finding::Kind::kMismatch, variant, one.seed, one.index};
  ++status_.runs;
  const TranslatedOutcome* translated = &translated_->Run(one, variant);
  if (translated->host_signals > status_.most_signals) {
    status_.most_signals = translated->host_signals;
    status_.costliest = status_.now;
  }
  TranslatedOutcome planted;
  if (options_.plant != Plant::kNothing && one.index % kPlantedEvery == 0) {
    planted = *translated;
    PlantError(options_.plant, planted);
    translated = &planted;
  }
  if (Agree(one, native, *translated)) return true;
  if (const unsigned explained = Explain(one, table_, native, *translated); explained != 0) {
    for (unsigned reason = 0; reason < kExplanationCount; ++reason) {
      if (((explained >> reason) & 1) != 0) ++status_.explained[reason];
    }
    return true;
  }
  // The run that tells takes the place of the one that is told of.
  const TranslatedOutcome differing = *translated;
  if (options_.plant == Plant::kNothing && translated_->MeetsAvoided(one)) {
    ++status_.explained[static_cast<unsigned>(Explanation::kAvoidedInstruction)];
    return true;
  }
  translated = &differing;
  ++status_.mismatches;
  Note(Finding::Kind::kMismatch, one, variant);
  if (options_.print && status_.findings <= kFindingsKept) {
    fmt::print("{:x}:{} {}\n{}", one.seed, one.index, kVariantNames[static_cast<unsigned>(variant)],
               Describe(one, native, *translated));
  }
  return false;
}

void Job::Note(Finding::Kind kind, const Case& one, Variant variant) {
  const uint64_t number = status_.findings++;
  if (number < kFindingsKept) status_.kept[number] = {kind, variant, one.seed, one.index};
}

}  // namespace verbatim::test
