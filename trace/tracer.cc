// SPDX-License-Identifier: Apache-2.0
#include "trace/tracer.h"

#include <algorithm>
#include <utility>

#include "base/monotonic_clock.h"
#include "trace/event_text.h"

namespace verbatim {

Tracer::Tracer(const TraceSpec& spec, const TraceFilter& filter, const SymbolTable& symbols,
               TraceOutput output)
    : spec_(spec),
      filter_(filter),
      symbols_(symbols),
      output_(std::move(output)),
      start_ns_(MonotonicNowNs()) {}

Result<std::unique_ptr<Tracer>> Tracer::Create(const TraceSpec& spec, const SymbolTable& symbols) {
  const Result<TraceFilter> filter = ResolveFilter(spec, symbols);
  if (!filter) return std::unexpected(filter.error());
  Result<TraceOutput> output = TraceOutput::Create(spec.path);
  if (!output) return Fail("--trace: {}", output.error().message);
  return std::unique_ptr<Tracer>(new Tracer(spec, *filter, symbols, *std::move(output)));
}

void Tracer::Write(TraceEvent event) {
  event.time_ns = MonotonicNowNs() - start_ns_;
  output_.Write(spec_.format == TraceFormat::kJson ? EventJson(event, symbols_)
                                                   : EventText(event, symbols_));
  ++written_;
  done_ = filter_.count && written_ >= *filter_.count;
}

void Tracer::OnBlockTranslated(const TranslatedBlock& translated) {
  if (!Takes(TraceCategory::kBlocks) || !TakesSpace(translated.cr3)) return;
  const Block& block = translated.block;
  const uint32_t first = block.key.linear.value;
  const uint32_t last = first + std::max(block.guest_bytes, 1u) - 1;
  const auto cpl = static_cast<uint8_t>(block.key.mode & 3);
  if (last < filter_.low || first > filter_.high || (filter_.cpl && *filter_.cpl != cpl)) return;
  TraceEvent event = describer_.DescribeBlock(translated);
  event.cr3 = translated.cr3;
  Write(std::move(event));
}

void Tracer::OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& what) {
  const uint32_t linear = cpu.segments[kCs].base + eip;
  const auto cpl = static_cast<uint8_t>(cpu.cpl);
  if (!Takes(CategoryOf(what)) || !filter_.TakesPlace(linear, cpl) || !TakesSpace(cpu.cr3)) return;
  TraceEvent event = describer_.Describe(cpu, what);
  event.linear = linear;
  event.cpl = cpl;
  event.cr3 = cpu.cr3;
  Write(std::move(event));
}

void Tracer::OnBiosCall(std::string_view line) {
  if (!Takes(TraceCategory::kBios)) return;
  Write({.category = TraceCategory::kBios,
         .name = "call",
         .fields = {TraceField::Text("call", line)}});
}

bool Tracer::Finish() {
  output_.Flush();
  return !output_.failed();
}

Status TraceSet::Add(const TraceSpec& spec) {
  Result<std::unique_ptr<Tracer>> tracer = Tracer::Create(spec, symbols_);
  if (!tracer) return std::unexpected(tracer.error());
  tracers_.push_back(*std::move(tracer));
  return {};
}

bool TraceSet::WantsBios() const {
  return std::ranges::any_of(tracers_, [](const auto& tracer) { return tracer->WantsBios(); });
}

bool TraceSet::Finish() {
  bool good = true;
  for (const auto& tracer : tracers_) good = tracer->Finish() && good;
  return good;
}

Observations TraceSet::Wants() const {
  Observations wanted = 0;
  for (const auto& tracer : tracers_) wanted |= tracer->Wants();
  return wanted;
}

void TraceSet::OnBlockTranslated(const TranslatedBlock& translated) {
  for (const auto& tracer : tracers_) tracer->OnBlockTranslated(translated);
}

void TraceSet::OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& event) {
  for (const auto& tracer : tracers_) tracer->OnEvent(cpu, eip, event);
}

void TraceSet::Write(std::span<const uint8_t> bytes) {
  for (const uint8_t byte : bytes) {
    if (byte != '\n') {
      bios_line_ += static_cast<char>(byte);
      continue;
    }
    for (const auto& tracer : tracers_) tracer->OnBiosCall(bios_line_);
    bios_line_.clear();
  }
}

}  // namespace verbatim
