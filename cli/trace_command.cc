// SPDX-License-Identifier: Apache-2.0
#include "cli/trace_command.h"

#include <signal.h>

#include <cstdio>
#include <string_view>

#include "base/file.h"
#include "cli/exit_status.h"
#include "cli/run.h"
#include "profile/chrome_trace.h"
#include "profile/coverage.h"
#include "trace/binary_reader.h"
#include "trace/symbol_table.h"
#include "trace/trace_printer.h"

namespace verbatim {
namespace {

constexpr std::string_view kFooter = R"(
Examples:
  verbatim run --kernel vmlinuz --trace exec,irq=boot.trace
  verbatim trace boot.trace --summary --symbols System.map
  verbatim trace boot.trace --show exec,addr=schedule,count=100 --symbols System.map
  verbatim trace boot.trace --show irq,format=json
  verbatim run --kernel vmlinuz --trace exits,irq,resumes,format=binary=boot.trace
  verbatim trace boot.trace --format chrome > boot.json    # for Perfetto
  verbatim run --kernel test.elf --trace exec,irq,exceptions=test.trace
  verbatim trace test.trace --format drcov --symbols test.elf > test.drcov
)";

Result<SymbolTable> LoadSymbols(const TraceOptions& options) {
  if (!options.symbols) return SymbolTable();
  Result<SymbolTable> symbols = SymbolTable::Load(*options.symbols);
  if (!symbols) return Fail("--symbols {}", symbols.error().message);
  return symbols;
}

Status Export(const TraceOptions& options, const TraceFilter& filter, const SymbolTable& symbols,
              BinaryReader& reader) {
  const auto print = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
  };
  // Of a trace that was cut off too: what there is of it is right, and the form complete.
  if (options.format == TraceExport::kChrome) {
    ChromeTrace chrome(options.show.categories, filter, symbols, print);
    Status visited = reader.Visit(chrome);
    chrome.Finish();
    return visited;
  }
  std::optional<CoveredImage> image;
  if (options.symbols) {
    const auto file = ReadFile(*options.symbols, SymbolTable::kMaxFileBytes);
    if (!file) return Fail("--symbols {}", file.error().message);
    image = ImageOf(*options.symbols, *file);
  }
  Coverage coverage;
  Status visited = reader.Visit(coverage);
  print(coverage.Drcov(image));
  return visited;
}

Status Show(const TraceOptions& options) {
  const Result<SymbolTable> symbols = LoadSymbols(options);
  if (!symbols) return std::unexpected(symbols.error());
  const Result<TraceFilter> filter = ResolveFilter(options.show, *symbols);
  if (!filter) return std::unexpected(filter.error());
  Result<BinaryReader> reader = BinaryReader::Open(options.path);
  if (!reader) return std::unexpected(reader.error());
  const auto print = [](std::string_view text) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  };
  if (options.format != TraceExport::kNone) return Export(options, *filter, *symbols, *reader);
  if (!options.summary) {
    TracePrinter printer(options.show, *filter, *symbols, print);
    return reader->Visit(printer);
  }
  TraceSummary summary(*symbols);
  const Status visited = reader->Visit(summary);
  // Of a trace that was cut off too: what there is of it is right.
  (void)print(summary.Text());
  return visited;
}

}  // namespace

void DeclareTrace(CLI::App& trace, TraceText& text) {
  trace.add_option("FILE", text.path, "a trace that --trace wrote in the binary format")
      ->type_name("");
  trace.add_option("--show", text.show, "what of it: words and filters as of --trace")
      ->type_name("WORD,...")
      ->capture_default_str();
  trace.add_flag("--summary", text.summary,
                 "figures instead: hottest blocks, instruction mix, causes of exits");
  trace.add_option("--symbols", text.symbols, "names for addresses: a System.map, or an ELF file")
      ->type_name("FILE");
  trace
      .add_option("--format", text.format,
                  "for other programs: chrome, a time line for Perfetto or chrome://tracing;\n"
                  "drcov, the code that was executed, of a trace of exec,irq,exceptions")
      ->type_name("chrome|drcov");
  trace.footer(std::string(kFooter));
}

Result<TraceOptions> ReadTrace(const CLI::App& trace, const TraceText& text) {
  if (text.path.empty()) return Fail("trace: expected a file");
  Result<TraceSpec> show = ParseTraceSpec(text.show, "--show");
  if (!show) return std::unexpected(show.error());
  if (!show->path.empty() || show->from || show->to) {
    return Fail("--show '{}': takes no file, no from= and no to=", text.show);
  }
  TraceOptions options{.path = text.path,
                       .show = *std::move(show),
                       .symbols = std::nullopt,
                       .summary = text.summary};
  if (trace.count("--format") != 0) {
    if (text.format != "chrome" && text.format != "drcov") {
      return Fail("--format '{}': expected chrome or drcov", text.format);
    }
    if (text.summary) return Fail("trace: expected --format or --summary, not both");
    options.format = text.format == "chrome" ? TraceExport::kChrome : TraceExport::kDrcov;
  }
  if (trace.count("--symbols") != 0) options.symbols = text.symbols;
  return options;
}

int ShowTrace(const TraceOptions& options) {
  // A reader that went away is a write error like any other.
  ::signal(SIGPIPE, SIG_IGN);
  const Status shown = Show(options);
  if (shown) return kExitGood;
  (void)std::fflush(stdout);
  PrintError(shown.error().message);
  return kExitUsage;
}

}  // namespace verbatim
