// SPDX-License-Identifier: Apache-2.0
// One --trace: takes what the engine tells, keeps what the filter wants, and writes it. A TraceSet
// is several of them as one observer.
#ifndef VERBATIM_TRACE_TRACER_H_
#define VERBATIM_TRACE_TRACER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "devices/device.h"
#include "engine/engine_observer.h"
#include "trace/binary_writer.h"
#include "trace/event_description.h"
#include "trace/host_names.h"
#include "trace/linux_processes.h"
#include "trace/symbol_table.h"
#include "trace/trace_output.h"
#include "trace/trace_spec.h"

namespace verbatim {

class Tracer final : public EngineObserver {
 public:
  // `symbols` outlives the tracer.
  [[nodiscard]] static Result<std::unique_ptr<Tracer>> Create(const TraceSpec& spec,
                                                              const SymbolTable& symbols);

  [[nodiscard]] Observations Wants() const override;
  void OnMemory(Mmu& mmu) override { mmu_ = &mmu; }
  void OnBlockTranslated(const TranslatedBlock& translated) override;
  void OnExecuted(std::span<const uint32_t> entries) override;
  void OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& event) override;

  [[nodiscard]] bool WantsBios() const { return Takes(TraceCategory::kBios); }
  // A line of the virtual BIOS: "13 eax=00000201 ...".
  void OnBiosCall(std::string_view line);
  // False: something could not be written, which has been said.
  [[nodiscard]] bool Finish();

 private:
  Tracer(const TraceSpec& spec, const TraceFilter& filter, const SymbolTable& symbols,
         TraceOutput output);
  [[nodiscard]] bool Takes(TraceCategory category) const {
    return running_ && !done_ && (spec_.categories & BitOf(category)) != 0;
  }
  [[nodiscard]] bool TakesSpace(uint32_t cr3) const { return !filter_.cr3 || *filter_.cr3 == cr3; }
  [[nodiscard]] bool FollowsExecution() const;
  void Define(const TranslatedBlock& translated);
  void TakeEntry(uint32_t entry);
  void WriteEntries();
  void Write(TraceEvent event);
  [[nodiscard]] BlockListing Listing(const TraceEvent& event);

  // By entry number: what to do when it comes.
  struct Entry {
    uint32_t linear = 0;
    uint8_t cpl = 0;
    bool wanted = false;  // by addr= and cpl=
    bool starts = false;  // its block holds from=
    bool stops = false;   // or to=
  };

  const TraceSpec spec_;
  const TraceFilter filter_;
  const SymbolTable& symbols_;
  TraceOutput output_;
  EventDescriber describer_;
  LinuxProcesses processes_;
  Mmu* mmu_ = nullptr;
  std::optional<HostNames> names_;  // from the first translation on
  const uint64_t start_ns_;
  BinaryWriter binary_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> taken_;  // entries to be written
  uint32_t cr3_ = 0;             // as of the last event
  uint64_t written_ = 0;
  bool running_ = true;  // between from= and to=
  bool done_ = false;    // the count is reached
};

class TraceSet final : public EngineObserver, public ByteSink {
 public:
  explicit TraceSet(SymbolTable symbols) : symbols_(std::move(symbols)) {}
  [[nodiscard]] Status Add(const TraceSpec& spec);
  // Who sees what the engine tells too; it outlives the run.
  void Add(EngineObserver& other) { others_.push_back(&other); }

  [[nodiscard]] bool WantsBios() const;
  [[nodiscard]] bool Finish();

  [[nodiscard]] Observations Wants() const override;
  void OnMemory(Mmu& mmu) override;
  void OnBlockTranslated(const TranslatedBlock& translated) override;
  void OnExecuted(std::span<const uint32_t> entries) override;
  void OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& event) override;
  void OnKicked(const CpuState& cpu, Mmu& mmu) override;
  // ByteSink: lines of the virtual BIOS.
  void Write(std::span<const uint8_t> bytes) override;

 private:
  const SymbolTable symbols_;
  std::vector<std::unique_ptr<Tracer>> tracers_;
  std::vector<EngineObserver*> others_;
  std::string bios_line_;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_TRACER_H_
