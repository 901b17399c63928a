// SPDX-License-Identifier: Apache-2.0
#include "trace/trace_printer.h"

#include <fmt/format.h>

#include "trace/block_json.h"
#include "trace/block_text.h"
#include "trace/event_text.h"

namespace verbatim {

void TracePrinter::Print(const TraceEvent& event, const BlockListing* listing) {
  std::string text;
  if (spec_.format == TraceFormat::kJson) {
    text = EventJson(event, symbols_, listing != nullptr ? BlockJson(*listing) : "");
  } else {
    text = EventText(event, symbols_, listing != nullptr ? BlockText(*listing) : "");
  }
  const bool more = print_(text);
  ++printed_;
  done_ = !more || (filter_.count && printed_ >= *filter_.count);
}

void TracePrinter::OnBlock(const BlockDefinition& block) {
  blocks_.Add(block);
  if (!Takes(TraceCategory::kBlocks) || !filter_.TakesPlace(block.linear, block.cpl)) return;
  const TraceEvent event{.category = TraceCategory::kBlocks,
                         .name = "block",
                         .linear = block.linear,
                         .cpl = block.cpl,
                         .fields = {TraceField::Decimal("block", block.number),
                                    TraceField::Hex("physical", block.physical),
                                    TraceField::Decimal("bits", block.code32 ? 32 : 16)}};
  const BlockListing listing = lister_.List(block);
  Print(event, &listing);
}

void TracePrinter::OnEntries(std::span<const uint32_t> entries) {
  if (!Takes(TraceCategory::kExec)) return;
  for (const uint32_t number : entries) {
    if (done_) return;
    PrintEntry(number);
  }
}

// Short, for there are many.
void TracePrinter::PrintEntry(uint32_t number) {
  const KnownBlocks::Entry* entry = blocks_.Find(number);
  if (entry == nullptr) {
    done_ = !print_(fmt::format("exec {} of no block that the trace defines\n", number));
    return;
  }
  if (!filter_.TakesPlace(entry->linear, entry->block->cpl)) return;
  const std::string symbol = symbols_.Describe(entry->linear);
  std::string line;
  if (spec_.format == TraceFormat::kJson) {
    line =
        fmt::format("{{\"category\":\"exec\",\"entry\":{},\"block\":{},\"address\":{},\"cpl\":{}",
                    number, entry->block->number, entry->linear, entry->block->cpl);
    if (!symbol.empty()) line += fmt::format(",\"symbol\":{}", JsonString(symbol));
    line += "}\n";
  } else {
    line = fmt::format("exec {:08x}{}{}{}  {}  block:{}{}\n", entry->linear,
                       symbol.empty() ? "" : " <", symbol, symbol.empty() ? "" : ">",
                       entry->block->cpl, entry->block->number,
                       number == entry->block->number ? "" : " after a call");
  }
  const bool more = print_(line);
  ++printed_;
  done_ = !more || (filter_.count && printed_ >= *filter_.count);
}

void TracePrinter::OnEvent(const TraceEvent& event) {
  if (!Takes(event.category) || !filter_.TakesPlace(event.linear, event.cpl)) return;
  if (filter_.cr3 && *filter_.cr3 != event.cr3) return;
  if (event.code == nullptr) {
    Print(event, nullptr);
  } else {
    const BlockListing listing = lister_.List(*event.code, names_);
    Print(event, &listing);
  }
}

}  // namespace verbatim
