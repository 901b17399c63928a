// SPDX-License-Identifier: Apache-2.0
// `run --coverage`: Coverage of a run, without a trace in between. The machine's blocks are to end
// at branches.
#ifndef VERBATIM_PROFILE_COVERAGE_RECORDER_H_
#define VERBATIM_PROFILE_COVERAGE_RECORDER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/result.h"
#include "engine/engine_observer.h"
#include "profile/coverage.h"

namespace verbatim {

class CoverageRecorder final : public EngineObserver {
 public:
  [[nodiscard]] static Result<std::unique_ptr<CoverageRecorder>> Create(
      const std::string& path, std::optional<CoveredImage> image);

  [[nodiscard]] Observations Wants() const override;
  void OnBlockTranslated(const TranslatedBlock& translated) override;
  void OnExecuted(std::span<const uint32_t> entries) override { coverage_.OnEntries(entries); }
  void OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& event) override;

  // Writes the file. The message names it.
  [[nodiscard]] Status Finish();

 private:
  CoverageRecorder(std::string path, FileDescriptor file, std::optional<CoveredImage> image)
      : path_(std::move(path)), file_(std::move(file)), image_(std::move(image)) {}

  const std::string path_;
  const FileDescriptor file_;
  const std::optional<CoveredImage> image_;
  Coverage coverage_;
};

}  // namespace verbatim

#endif  // VERBATIM_PROFILE_COVERAGE_RECORDER_H_
