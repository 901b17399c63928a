// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/replay.h"

#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "tests/oracle/case_text.h"
#include "tests/oracle/generator.h"
#include "tests/oracle/judge.h"
#include "tests/oracle/shrink.h"
#include "trace/block_text.h"

namespace verbatim::test {
namespace {

// What the program became; the supervisor's stubs are left out.
class ProgramBlocks final : public EngineObserver {
 public:
  void OnBlockTranslated(const TranslatedBlock& translated) override {
    if (translated.block.key.physical.value >= kGdt) return;
    text_ += BlockText(lister_.List(translated));
  }
  void Clear() { text_.clear(); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  BlockLister lister_;
  std::string text_;
};

const char* NameOf(Variant variant) { return kVariantNames[static_cast<unsigned>(variant)]; }

std::string VerdictText(const Verdict& verdict) {
  std::string text = "natively\n" + OutcomeText(verdict.native);
  if (verdict.translated) text += "translated\n" + OutcomeText(*verdict.translated);
  return text + "difference\n" + verdict.difference;
}

}  // namespace

Result<CaseReport> ReportCase(uint64_t seed, uint64_t index, std::optional<Variant> variant,
                              bool shrink) {
  ProgramBlocks blocks;
  Result<std::unique_ptr<Judge>> made = Judge::Create(&blocks);
  if (!made) return std::unexpected(made.error());
  Judge& judge = **made;
  const Generator generator(seed);
  judge.SetTable(generator.table());
  Case one = generator.Make(index);
  CaseReport report;
  // Before it runs, for it may bring the engine down.
  fmt::print("case {:x}:{}\n{}", seed, index, CaseText(one, generator.table()));
  std::fflush(stdout);
  for (unsigned v = 0; v < kVariantCount && !report.differs; ++v) {
    const auto tried = static_cast<Variant>(v);
    if (variant && *variant != tried) continue;
    blocks.Clear();
    Result<Verdict> verdict = judge.Try(one, tried);
    if (!verdict) return std::unexpected(verdict.error());
    if (verdict->rejected) {
      report.text += fmt::format("not comparable: {}\n", verdict->difference);
      report.differs = true;
      return report;
    }
    if (verdict->difference.empty()) continue;
    report.differs = true;
    if (shrink) {
      one = Shrink(one, [&](const Case& smaller) {
        const Result<Verdict> again = judge.Try(smaller, tried);
        return again.has_value() && !again->rejected && !again->difference.empty();
      });
      blocks.Clear();
      verdict = judge.Try(one, tried);
      if (!verdict) return std::unexpected(verdict.error());
      report.text += fmt::format("shrunk\n{}", CaseText(one, generator.table()));
    }
    report.text += fmt::format("variant {}\n{}host code\n{}", NameOf(tried), VerdictText(*verdict),
                               blocks.text());
  }
  if (!report.differs) report.text += "the case alone agrees\n";
  return report;
}

Result<int> Replay(const OracleOptions& options) {
  const ReplayRange& range = *options.replay;
  if (range.first == range.last) {
    const Result<CaseReport> report =
        ReportCase(range.seed, range.first, std::nullopt, options.shrink);
    if (!report) return std::unexpected(report.error());
    fmt::print("{}", report->text);
    return report->differs ? 1 : 0;
  }
  JobStatus status{};
  std::vector<uint64_t> coverage(Coverage::Slots());
  JobOptions job_options = options.job;
  job_options.print = true;
  const Result<std::unique_ptr<Job>> job = Job::Create(job_options, status, coverage);
  if (!job) return std::unexpected(job.error());
  if (Status run =
          (*job)->RunSeed(range.seed, range.first, range.last + 1, Job::Clock::time_point::max());
      !run) {
    return std::unexpected(run.error());
  }
  fmt::print("{} cases, {} of them differ\n", status.cases.load(), status.mismatches.load());
  return status.findings == 0 ? 0 : 1;
}

}  // namespace verbatim::test
