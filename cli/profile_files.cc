// SPDX-License-Identifier: Apache-2.0
#include "cli/profile_files.h"

#include "profile/jit_dump.h"
#include "profile/perf_map.h"

namespace verbatim {

Result<std::unique_ptr<ProfileFiles>> ProfileFiles::Open(const ProfileOptions& options,
                                                         const SymbolTable& symbols,
                                                         const std::string& image_path) {
  auto files = std::make_unique<ProfileFiles>();
  if (options.perf_map || options.jit_dump) {
    files->host_code_ = std::make_unique<HostCodeNames>(symbols);
  }
  if (options.perf_map) {
    Result<std::unique_ptr<PerfMap>> map = PerfMap::Create();
    if (!map) return Fail("--perf-map: {}", map.error().message);
    files->host_code_->AddSink(*std::move(map));
  }
  if (options.jit_dump) {
    Result<std::unique_ptr<JitDump>> dump = JitDump::Create(*options.jit_dump);
    if (!dump) return Fail("--jitdump: {}", dump.error().message);
    files->host_code_->AddSink(*std::move(dump));
  }
  if (options.sampling) {
    Result<std::unique_ptr<Sampler>> sampler =
        Sampler::Create(options.sampling->path, options.sampling->hz, symbols);
    if (!sampler) return Fail("--profile: {}", sampler.error().message);
    files->sampler_ = *std::move(sampler);
  }
  if (options.coverage) {
    std::optional<CoveredImage> image;
    if (!image_path.empty()) {
      const auto file = ReadFile(image_path, SymbolTable::kMaxFileBytes);
      if (!file) return Fail("--coverage: {}", file.error().message);
      image = ImageOf(image_path, *file);
    }
    Result<std::unique_ptr<CoverageRecorder>> coverage =
        CoverageRecorder::Create(*options.coverage, std::move(image));
    if (!coverage) return Fail("--coverage: {}", coverage.error().message);
    files->coverage_ = *std::move(coverage);
  }
  return files;
}

void ProfileFiles::AddObservers(TraceSet& set) {
  if (host_code_ != nullptr) set.Add(*host_code_);
  if (sampler_ != nullptr) set.Add(*sampler_);
  if (coverage_ != nullptr) set.Add(*coverage_);
}

Status ProfileFiles::Finish() {
  Status first;
  const auto note = [&first](Status finished, std::string_view option) {
    if (first && !finished) first = Fail("{}: {}", option, finished.error().message);
  };
  if (host_code_ != nullptr) note(host_code_->Finish(), "--perf-map, --jitdump");
  if (sampler_ != nullptr) note(sampler_->Finish(), "--profile");
  if (coverage_ != nullptr) note(coverage_->Finish(), "--coverage");
  return first;
}

}  // namespace verbatim
