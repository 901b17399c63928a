// SPDX-License-Identifier: Apache-2.0
#include "trace/tracer.h"

#include <algorithm>
#include <utility>

#include "base/monotonic_clock.h"
#include "trace/block_definition.h"
#include "trace/block_json.h"
#include "trace/block_text.h"
#include "trace/event_text.h"
#include "translator/block_mode.h"

namespace verbatim {

namespace {

bool Holds(const BlockDefinition& block, const std::optional<uint32_t>& address) {
  if (!address) return false;
  uint32_t at = block.linear;
  for (const BlockDefinition::Instruction& in : block.instructions) {
    if (at == *address) return true;
    at += in.length;
  }
  return false;
}

}  // namespace

Tracer::Tracer(const TraceSpec& spec, const TraceFilter& filter, const SymbolTable& symbols,
               TraceOutput output)
    : spec_(spec),
      filter_(filter),
      symbols_(symbols),
      output_(std::move(output)),
      processes_(symbols),
      start_ns_(MonotonicNowNs()),
      binary_(output_),
      running_(!filter.from) {
  if (spec_.format == TraceFormat::kBinary) binary_.Begin();
}

Result<std::unique_ptr<Tracer>> Tracer::Create(const TraceSpec& spec, const SymbolTable& symbols) {
  const Result<TraceFilter> filter = ResolveFilter(spec, symbols);
  if (!filter) return std::unexpected(filter.error());
  Result<TraceOutput> output = TraceOutput::Create(spec.path);
  if (!output) return Fail("--trace: {}", output.error().message);
  return std::unique_ptr<Tracer>(new Tracer(spec, *filter, symbols, *std::move(output)));
}

bool Tracer::FollowsExecution() const {
  return (spec_.categories & BitOf(TraceCategory::kExec)) != 0 || filter_.from || filter_.to;
}

Observations Tracer::Wants() const {
  Observations wanted = ObservationsFor(spec_.categories);
  if (FollowsExecution()) {
    wanted |= BitOf(Observation::kExecution) | BitOf(Observation::kBlocks);
    // To know at each entry whose address space it was.
    if (filter_.cr3) wanted |= BitOf(Observation::kControl);
  }
  return wanted;
}

BlockListing Tracer::Listing(const TraceEvent& event) {
  return describer_.lister().List(*event.code, *names_);
}

void Tracer::Write(TraceEvent event) {
  event.time_ns = MonotonicNowNs() - start_ns_;
  switch (spec_.format) {
    case TraceFormat::kText:
      output_.Write(EventText(event, symbols_, event.code ? BlockText(Listing(event)) : ""));
      break;
    case TraceFormat::kJson:
      output_.Write(EventJson(event, symbols_, event.code ? BlockJson(Listing(event)) : ""));
      break;
    case TraceFormat::kBinary:
      binary_.Event(event);
      break;
  }
  ++written_;
  done_ = filter_.count && written_ >= *filter_.count;
}

void Tracer::OnBlockTranslated(const TranslatedBlock& translated) {
  if (FollowsExecution()) Define(translated);
  if (!Takes(TraceCategory::kBlocks) || !TakesSpace(translated.cr3)) return;
  const Block& block = translated.block;
  const uint32_t first = block.key.linear.value;
  const uint32_t last = first + std::max(block.guest_bytes, 1u) - 1;
  const auto cpl = static_cast<uint8_t>(BlockMode(block.key.mode).cpl());
  if (last < filter_.low || first > filter_.high || (filter_.cpl && *filter_.cpl != cpl)) return;
  if (!names_) {
    names_ = NamesFor(translated.stubs);
    if (spec_.format == TraceFormat::kBinary) binary_.Names(*names_);
  }
  TraceEvent event = describer_.DescribeBlock(translated);
  event.cr3 = translated.cr3;
  Write(std::move(event));
}

void Tracer::Define(const TranslatedBlock& translated) {
  const BlockDefinition definition = DefinitionOf(translated);
  const uint32_t base = definition.linear - definition.eip;
  Entry entry{.linear = definition.linear,
              .cpl = definition.cpl,
              .wanted = filter_.TakesPlace(definition.linear, definition.cpl),
              .starts = Holds(definition, filter_.from),
              .stops = Holds(definition, filter_.to)};
  // A block that has moved is defined again.
  const size_t needed = definition.number + size_t{1} + definition.return_eips.size();
  if (entries_.size() < needed) entries_.resize(needed);
  entries_[definition.number] = entry;
  for (size_t i = 0; i < definition.return_eips.size(); ++i) {
    entry.linear = base + definition.return_eips[i];
    entry.wanted = filter_.TakesPlace(entry.linear, entry.cpl);
    entries_[definition.number + 1 + i] = entry;
  }
  const bool exec = (spec_.categories & BitOf(TraceCategory::kExec)) != 0;
  if (exec && spec_.format == TraceFormat::kBinary) binary_.Block(definition);
}

void Tracer::OnExecuted(std::span<const uint32_t> entries) {
  if (!FollowsExecution() || done_) return;
  const bool exec = (spec_.categories & BitOf(TraceCategory::kExec)) != 0;
  const bool all = !filter_.from && !filter_.to && !filter_.cpl && !filter_.cr3 && !filter_.count &&
                   filter_.low == 0 && filter_.high == 0xFFFFFFFFu;
  if (exec && all && spec_.format == TraceFormat::kBinary) {
    binary_.Entries(entries);
    return;
  }
  for (const uint32_t entry : entries) TakeEntry(entry);
  WriteEntries();
}

void Tracer::TakeEntry(uint32_t entry) {
  const Entry& at = entries_[entry];
  if (at.starts) running_ = true;
  if (Takes(TraceCategory::kExec) && at.wanted && TakesSpace(cr3_)) {
    if (spec_.format == TraceFormat::kBinary) {
      taken_.push_back(entry);
      ++written_;
      done_ = filter_.count && written_ >= *filter_.count;
    } else {
      Write({.category = TraceCategory::kExec,
             .name = "enter",
             .linear = at.linear,
             .cr3 = cr3_,
             .cpl = at.cpl,
             .fields = {TraceField::Decimal("entry", entry)}});
    }
  }
  if (at.stops) running_ = false;
}

void Tracer::WriteEntries() {
  if (!taken_.empty()) binary_.Entries(taken_);
  taken_.clear();
}

void Tracer::OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& what) {
  cr3_ = cpu.cr3;
  if (mmu_ != nullptr) processes_.Look(cpu, *mmu_);
  const uint32_t linear = cpu.segments[kCs].base + eip;
  const auto cpl = static_cast<uint8_t>(cpu.cpl);
  if (!Takes(CategoryOf(what)) || !filter_.TakesPlace(linear, cpl) || !TakesSpace(cpu.cr3)) return;
  TraceEvent event = describer_.Describe(cpu, what);
  event.linear = linear;
  event.cpl = cpl;
  event.cr3 = cpu.cr3;
  if (cpl == 3 && mmu_ != nullptr) {
    const std::string process = processes_.Running(*mmu_);
    if (!process.empty()) event.fields.push_back(TraceField::Text(kProcessField, process));
  }
  Write(std::move(event));
}

void Tracer::OnBiosCall(std::string_view line) {
  if (!Takes(TraceCategory::kBios)) return;
  Write({.category = TraceCategory::kBios,
         .name = "call",
         .fields = {TraceField::Text("call", line)}});
}

bool Tracer::Finish() {
  if (spec_.format == TraceFormat::kBinary) binary_.End();
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
  for (const EngineObserver* other : others_) wanted |= other->Wants();
  return wanted;
}

void TraceSet::OnMemory(Mmu& mmu) {
  for (const auto& tracer : tracers_) tracer->OnMemory(mmu);
  for (EngineObserver* other : others_) other->OnMemory(mmu);
}

void TraceSet::OnBlockTranslated(const TranslatedBlock& translated) {
  for (const auto& tracer : tracers_) tracer->OnBlockTranslated(translated);
  for (EngineObserver* other : others_) other->OnBlockTranslated(translated);
}

void TraceSet::OnExecuted(std::span<const uint32_t> entries) {
  for (const auto& tracer : tracers_) tracer->OnExecuted(entries);
  for (EngineObserver* other : others_) other->OnExecuted(entries);
}

void TraceSet::OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& event) {
  for (const auto& tracer : tracers_) tracer->OnEvent(cpu, eip, event);
  for (EngineObserver* other : others_) other->OnEvent(cpu, eip, event);
}

void TraceSet::OnKicked(const CpuState& cpu, Mmu& mmu) {
  for (EngineObserver* other : others_) other->OnKicked(cpu, mmu);
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
