// SPDX-License-Identifier: Apache-2.0
// Files that a user gives us to look at: a binary trace, in every form in which it can be shown,
// or, if the first byte is 'S', a file of symbols behind it.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "profile/chrome_trace.h"
#include "profile/coverage.h"
#include "tests/fuzz/target.h"
#include "trace/binary_reader.h"
#include "trace/symbol_table.h"
#include "trace/trace_printer.h"
#include "trace/trace_times.h"

namespace verbatim {
namespace {

constexpr TraceCategories kAll = (1u << kTraceCategories) - 1;

void RunSymbols(std::span<const uint8_t> file) {
  (void)ImageOf("symbols", file);
  const Result<SymbolTable> symbols = SymbolTable::Parse(file, "symbols");
  if (!symbols) {
    Demand(symbols.error().message.starts_with("symbols: "), "refused without a reason");
    return;
  }
  Demand(symbols->size() != 0, "a table of nothing");
  for (const uint32_t address : {0u, 0x1000u, 0xC0100000u, 0xFFFFFFFFu}) {
    const auto nearest = symbols->Nearest(address);
    if (!nearest) continue;
    Demand(nearest->second <= address, "a symbol above its address");
    const auto range = symbols->Find(nearest->first);
    Demand(range.has_value() && range->first <= range->second, "a name that leads nowhere");
  }
}

void RunTrace(std::span<const uint8_t> data) {
  const FileDescriptor file(::memfd_create("trace", MFD_CLOEXEC));
  Demand(file.valid() && WriteAll(file.get(), data).has_value(), "no memory for the input");
  const std::string path = fmt::format("/proc/self/fd/{}", file.get());
  const SymbolTable symbols;
  const auto visit = [&path](TraceVisitor& visitor) {
    Result<BinaryReader> reader = BinaryReader::Open(path);
    if (!reader) {
      Demand(reader.error().message.starts_with(path), "refused without a reason");
      return;
    }
    const Status visited = reader->Visit(visitor);
    Demand(visited || visited.error().message.starts_with(path), "refused without a reason");
  };
  TraceSpec spec;
  spec.categories = kAll;
  size_t printed = 0;
  const auto print = [&printed](std::string_view text) {
    printed += text.size();
    return true;
  };
  for (const TraceFormat format : {TraceFormat::kText, TraceFormat::kJson}) {
    spec.format = format;
    TracePrinter printer(spec, {}, symbols, print);
    visit(printer);
  }
  TraceSummary summary(symbols);
  visit(summary);
  Demand(!summary.Text().empty(), "no summary");
  TraceTimes times;
  visit(times);
  ChromeTrace chrome(kAll, {}, symbols,
                     [&printed](std::string_view text) { printed += text.size(); });
  visit(chrome);
  chrome.Finish();
  Coverage coverage;
  visit(coverage);
  Demand(coverage.Drcov(std::nullopt).starts_with("DRCOV VERSION: 2\n"), "no coverage");
}

}  // namespace
}  // namespace verbatim

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> input(data, size);
  if (!input.empty() && input[0] == 'S') {
    verbatim::RunSymbols(input.subspan(1));
  } else {
    verbatim::RunTrace(input);
  }
  return 0;
}
