// SPDX-License-Identifier: Apache-2.0
#include "profile/coverage_recorder.h"

#include <variant>

#include "trace/block_definition.h"
#include "vcpu/cpu_state.h"

namespace verbatim {

Result<std::unique_ptr<CoverageRecorder>> CoverageRecorder::Create(
    const std::string& path, std::optional<CoveredImage> image) {
  Result<FileDescriptor> file = OpenForWriting(path);
  if (!file) return std::unexpected(file.error());
  return std::unique_ptr<CoverageRecorder>(
      new CoverageRecorder(path, *std::move(file), std::move(image)));
}

Observations CoverageRecorder::Wants() const {
  return BitOf(Observation::kBlocks) | BitOf(Observation::kExecution) |
         BitOf(Observation::kInterrupts) | BitOf(Observation::kExceptions) |
         BitOf(Observation::kExits);
}

void CoverageRecorder::OnBlockTranslated(const TranslatedBlock& translated) {
  coverage_.OnBlock(DefinitionOf(translated));
}

void CoverageRecorder::OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& event) {
  const auto* exit = std::get_if<ExitSeen>(&event);
  if (std::holds_alternative<InterruptSeen>(event) ||
      std::holds_alternative<ExceptionSeen>(event) ||
      (exit != nullptr && exit->reason == ExitReason::kCallout)) {
    coverage_.OnLeft(cpu.segments[kCs].base + eip);
  }
}

Status CoverageRecorder::Finish() {
  const std::string text = coverage_.Drcov(image_);
  const Status written =
      WriteAll(file_.get(), {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  if (!written) return Fail("{}: cannot be written: {}", path_, written.error().message);
  return {};
}

}  // namespace verbatim
