// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/campaign.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <new>
#include <span>
#include <vector>

#include "base/file.h"
#include "tests/oracle/replay.h"

namespace verbatim::test {
namespace {

using Clock = Job::Clock;

constexpr int kProgressMs = 2000;
constexpr uint64_t kFindingsShown = 5;

struct Totals {
  uint64_t cases = 0;
  uint64_t runs = 0;
  uint64_t endless = 0;
  uint64_t rejected = 0;
  uint64_t mismatches = 0;
  std::array<uint64_t, kExplanationCount> explained{};
};

class Campaign {
 public:
  explicit Campaign(const OracleOptions& options) : options_(options) {}
  ~Campaign() {
    if (shared_ != nullptr) ::munmap(shared_, SharedBytes());
  }
  Campaign(const Campaign&) = delete;
  Campaign& operator=(const Campaign&) = delete;

  Result<int> Run();

 private:
  [[nodiscard]] size_t SharedBytes() const {
    return options_.jobs * (sizeof(JobStatus) + Coverage::Slots() * sizeof(uint64_t));
  }
  [[nodiscard]] JobStatus& StatusOf(unsigned job) const {
    return static_cast<JobStatus*>(shared_)[job];
  }
  [[nodiscard]] std::span<uint64_t> CoverageOf(unsigned job) const {
    auto* counts = reinterpret_cast<uint64_t*>(&StatusOf(options_.jobs));
    return {counts + job * Coverage::Slots(), Coverage::Slots()};
  }
  [[nodiscard]] Status ShareMemory();
  [[nodiscard]] Status StartJobs();
  [[nodiscard]] int RunJob(unsigned job) const;
  [[nodiscard]] bool Watch();  // false: a job did not end well
  [[nodiscard]] Totals Sum() const;
  [[nodiscard]] Status WriteCoverage() const;
  [[nodiscard]] Status ReportFindings() const;
  void ReportCostliest() const;

  const OracleOptions& options_;
  const Clock::time_point start_ = Clock::now();
  void* shared_ = nullptr;
  std::vector<pid_t> processes_;
};

Status Campaign::ShareMemory() {
  void* shared =
      ::mmap(nullptr, SharedBytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return Fail("oracle: mmap: {}", std::strerror(errno));
  shared_ = shared;
  for (unsigned job = 0; job < options_.jobs; ++job) new (&StatusOf(job)) JobStatus{};
  return {};
}

Status Campaign::StartJobs() {
  std::fflush(stdout);
  for (unsigned job = 0; job < options_.jobs; ++job) {
    const pid_t process = ::fork();
    if (process < 0) return Fail("oracle: fork: {}", std::strerror(errno));
    if (process == 0) ::_exit(RunJob(job));
    processes_.push_back(process);
  }
  return {};
}

// Job j takes the seeds j, j + jobs, ... so that what a seed makes does not depend on their number.
int Campaign::RunJob(unsigned job) const {
  // Told at once: what depends on what ran before, or on time, may not come back when replayed.
  JobOptions job_options = options_.job;
  job_options.print = true;
  Result<std::unique_ptr<Job>> made = Job::Create(job_options, StatusOf(job), CoverageOf(job));
  Status status;
  if (!made) status = std::unexpected(made.error());
  const auto until = options_.minutes == 0
                         ? Clock::time_point::max()
                         : start_ + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(options_.minutes * 60));
  for (uint64_t seed = job; status && seed * kCasesPerSeed < options_.cases;
       seed += options_.jobs) {
    const uint64_t left = options_.cases - seed * kCasesPerSeed;
    if (Clock::now() >= until) break;
    status = (*made)->RunSeed(options_.seed + seed, 0, std::min(left, kCasesPerSeed), until);
  }
  std::fflush(stdout);
  if (status) return 0;
  fmt::print(stderr, "{}\n", status.error().message);
  return 2;
}

Totals Campaign::Sum() const {
  Totals totals;
  for (unsigned job = 0; job < options_.jobs; ++job) {
    const JobStatus& status = StatusOf(job);
    totals.cases += status.cases;
    totals.runs += status.runs;
    totals.endless += status.endless;
    totals.rejected += status.rejected;
    totals.mismatches += status.mismatches;
    for (unsigned i = 0; i < kExplanationCount; ++i) totals.explained[i] += status.explained[i];
  }
  return totals;
}

bool Campaign::Watch() {
  bool well = true;
  std::vector<pollfd> jobs;
  std::vector<FileDescriptor> descriptors;
  for (const pid_t process : processes_) {
    descriptors.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    jobs.push_back({.fd = descriptors.back().get(), .events = POLLIN, .revents = 0});
  }
  Clock::time_point shown = start_;
  uint64_t cases_shown = 0;
  for (size_t left = jobs.size(); left != 0;) {
    const int ended = ::poll(jobs.data(), jobs.size(), kProgressMs);
    for (size_t job = 0; ended > 0 && job < jobs.size(); ++job) {
      if (jobs[job].revents == 0) continue;
      int wait_status = 0;
      ::waitpid(processes_[job], &wait_status, 0);
      jobs[job].fd = -1;
      jobs[job].revents = 0;
      --left;
      if (wait_status == 0) continue;
      well = false;
      const Finding& now = StatusOf(static_cast<unsigned>(job)).now;
      fmt::print("job {} ended with wait status {:x} in case {:x}:{}, variant {}\n", job,
                 wait_status, now.seed, now.index,
                 kVariantNames[static_cast<unsigned>(now.variant)]);
    }
    const auto now = Clock::now();
    const std::chrono::duration<double> since = now - shown;
    if (since.count() < kProgressMs / 1000.0) continue;
    const Totals totals = Sum();
    fmt::print("  {:>12} cases, {:>7.0f}/s, {} mismatches\n", totals.cases,
               static_cast<double>(totals.cases - cases_shown) / since.count(), totals.mismatches);
    std::fflush(stdout);
    shown = now;
    cases_shown = totals.cases;
  }
  return well;
}

Status Campaign::WriteCoverage() const {
  std::vector<uint64_t> sum(Coverage::Slots());
  for (unsigned job = 0; job < options_.jobs; ++job) {
    const std::span<const uint64_t> counts = CoverageOf(job);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += counts[i];
  }
  const Coverage coverage(sum);
  fmt::print("{}", coverage.Summary());
  if (options_.coverage.empty()) return {};
  std::ofstream file(options_.coverage);
  file << coverage.Table();
  file.close();
  if (!file) return Fail("oracle: cannot write {}", options_.coverage);
  return {};
}

Status Campaign::ReportFindings() const {
  uint64_t shown = 0;
  for (unsigned job = 0; job < options_.jobs; ++job) {
    const JobStatus& status = StatusOf(job);
    const uint64_t kept = std::min<uint64_t>(status.findings, kFindingsKept);
    for (uint64_t i = 0; i < kept && shown < kFindingsShown; ++i, ++shown) {
      const Finding& finding = status.kept[i];
      fmt::print("\n=== {} in variant {}\n",
                 finding.kind == Finding::Kind::kMismatch ? "mismatch" : "rejected case",
                 kVariantNames[static_cast<unsigned>(finding.variant)]);
      const Result<CaseReport> report =
          ReportCase(finding.seed, finding.index, finding.variant, false);
      if (!report) return std::unexpected(report.error());
      fmt::print("{}replay: scripts/oracle --replay {:x}:{}{}\n", report->text, finding.seed,
                 report->differs ? "" : "0-", finding.index);
    }
    for (uint64_t i = 0; i < kept; ++i) {
      const Finding& finding = status.kept[i];
      fmt::print("finding {:x}:{} {}\n", finding.seed, finding.index,
                 kVariantNames[static_cast<unsigned>(finding.variant)]);
    }
  }
  return {};
}

void Campaign::ReportCostliest() const {
  const JobStatus* most = &StatusOf(0);
  for (unsigned job = 1; job < options_.jobs; ++job) {
    if (StatusOf(job).most_signals > most->most_signals) most = &StatusOf(job);
  }
  fmt::print("  most host signals in a run: {} in {:x}:{} {}\n", most->most_signals.load(),
             most->costliest.seed, most->costliest.index,
             kVariantNames[static_cast<unsigned>(most->costliest.variant)]);
}

Result<int> Campaign::Run() {
  fmt::print("oracle: seed {:x}, {} cases at most, {} jobs\n", options_.seed, options_.cases,
             options_.jobs);
  if (Status shared = ShareMemory(); !shared) return std::unexpected(shared.error());
  if (Status started = StartJobs(); !started) return std::unexpected(started.error());
  const bool well = Watch();
  const std::chrono::duration<double> took = Clock::now() - start_;
  const Totals totals = Sum();
  if (Status written = WriteCoverage(); !written) return std::unexpected(written.error());
  if (Status reported = ReportFindings(); !reported) return std::unexpected(reported.error());
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);  // jobs and their native processes, all ended by now
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  const double cases = static_cast<double>(std::max<uint64_t>(1, totals.cases));
  fmt::print(
      "seed {:x}: {} cases compared in {} runs, {:.1f} s, {:.0f} cases/s\n"
      "  {:.1f} us of processor time for a case\n"
      "  mismatches {}, rejected {}, endless {} ({:.4f} %)\n",
      options_.seed, totals.cases, totals.runs, took.count(),
      static_cast<double>(totals.cases) / took.count(),
      (us(used.ru_utime) + us(used.ru_stime)) / cases, totals.mismatches, totals.rejected,
      totals.endless, 100.0 * static_cast<double>(totals.endless) / cases);
  for (unsigned i = 0; i < kExplanationCount; ++i) {
    fmt::print("  explained {}: {}\n", totals.explained[i], kExplanationTexts[i]);
  }
  ReportCostliest();
  // Wild code can end the native process, some two times in ten million cases: those say nothing of
  // the translation. More of them are a defect of the generator or of the native runner.
  constexpr uint64_t kCasesPerRejected = 1'000'000;
  const bool few = totals.rejected <= 1 + totals.cases / kCasesPerRejected;
  return well && totals.mismatches == 0 && few && totals.cases != 0 ? 0 : 1;
}

}  // namespace

Result<int> RunCampaign(const OracleOptions& options) { return Campaign(options).Run(); }

}  // namespace verbatim::test
