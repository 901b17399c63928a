// SPDX-License-Identifier: Apache-2.0
// A binary trace as text or JSON lines, filtered; and in figures.
#ifndef VERBATIM_TRACE_TRACE_PRINTER_H_
#define VERBATIM_TRACE_TRACE_PRINTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "trace/binary_reader.h"
#include "trace/block_listing.h"
#include "trace/known_blocks.h"
#include "trace/symbol_table.h"
#include "trace/trace_spec.h"

namespace verbatim {

class TracePrinter final : public TraceVisitor {
 public:
  // `symbols` outlives the printer; `print` gets whole lines and says whether it wants more.
  TracePrinter(const TraceSpec& spec, const TraceFilter& filter, const SymbolTable& symbols,
               std::function<bool(std::string_view)> print)
      : spec_(spec), filter_(filter), symbols_(symbols), print_(std::move(print)) {}

  void OnBlock(const BlockDefinition& block) override;
  void OnEntries(std::span<const uint32_t> entries) override;
  void OnNames(const HostNames& names) override { names_ = names; }
  void OnEvent(const TraceEvent& event) override;

 private:
  [[nodiscard]] bool Takes(TraceCategory category) const {
    return !done_ && (spec_.categories & BitOf(category)) != 0;
  }
  // `listing`: of the block that the event is about, if it is about one.
  void Print(const TraceEvent& event, const BlockListing* listing);
  void PrintEntry(uint32_t number);

  const TraceSpec spec_;
  const TraceFilter filter_;
  const SymbolTable& symbols_;
  const std::function<bool(std::string_view)> print_;
  KnownBlocks blocks_;
  BlockLister lister_;
  HostNames names_;
  uint64_t printed_ = 0;
  bool done_ = false;
};

class TraceSummary final : public TraceVisitor {
 public:
  explicit TraceSummary(const SymbolTable& symbols) : symbols_(symbols) {}

  void OnBlock(const BlockDefinition& block) override;
  void OnEntries(std::span<const uint32_t> entries) override;
  void OnNames(const HostNames& /*names*/) override {}
  void OnEvent(const TraceEvent& event) override;

  // Tables for people: the hottest entries, instructions by what became of them and by name,
  // events.
  [[nodiscard]] std::string Text();

 private:
  void AppendHottest(std::string& text) const;
  void AppendMix(std::string& text);
  void AppendEvents(std::string& text) const;

  const SymbolTable& symbols_;
  KnownBlocks blocks_;
  BlockLister lister_;
  uint64_t defined_ = 0;
  uint64_t entries_ = 0;
  // By two entries, one after the other.
  std::unordered_map<uint64_t, uint64_t> pairs_;
  uint32_t before_ = 0;  // the last entry; 0: none
  std::map<std::pair<TraceCategory, std::string>, uint64_t> events_;
};

}  // namespace verbatim

#endif  // VERBATIM_TRACE_TRACE_PRINTER_H_
