// SPDX-License-Identifier: Apache-2.0
#include "cli/explore_command.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "base/file.h"
#include "cli/exit_status.h"
#include "cli/run.h"
#include "explore/page_file.h"
#include "explore/run_model.h"
#include "trace/binary_reader.h"
#include "trace/symbol_table.h"

namespace verbatim {
namespace {

constexpr std::string_view kFooter = R"(
Examples:
  verbatim run --kernel vmlinuz --trace explore=boot.trace
  verbatim explore boot.trace --symbols System.map      # writes boot.trace.html
While the guest runs: verbatim run --explore.
)";

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// A page of which a part is missing is of no use. What is no file, as /dev/full, stays.
void RemovePart(const FileDescriptor& file, const std::string& path) {
  struct stat info {};
  if (::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode)) (void)::unlink(path.c_str());
}

Status Write(const RunModel& model, const SymbolTable& symbols, const ExploreOptions& options,
             const FileDescriptor& file) {
  const auto write = [&file](std::string_view text) {
    return WriteAll(file.get(), {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  };
  const Status written = WritePage(model, symbols, NameOf(options.path), write);
  if (written) return {};
  RemovePart(file, options.output);
  return Fail("{}: cannot be written: {}", options.output, written.error().message);
}

Status Explore(const ExploreOptions& options) {
  SymbolTable symbols;
  if (options.symbols) {
    Result<SymbolTable> loaded = SymbolTable::Load(*options.symbols);
    if (!loaded) return Fail("--symbols {}", loaded.error().message);
    symbols = *std::move(loaded);
  }
  Result<BinaryReader> reader = BinaryReader::Open(options.path);
  if (!reader) return std::unexpected(reader.error());
  RunModel model;
  const Status visited = reader->Visit(model);
  if (model.blocks().empty()) {
    if (!visited) return visited;
    return Fail("{}: holds no blocks: expected a trace of run --trace explore={}", options.path,
                NameOf(options.path));
  }
  const Result<FileDescriptor> file = OpenForWriting(options.output);
  if (!file) return std::unexpected(file.error());
  if (Status written = Write(model, symbols, options, *file); !written) return written;
  // Of a trace that was cut off too: what there is of it is right.
  if (!visited) {
    return Fail("{}; {} shows what comes before", visited.error().message, options.output);
  }
  return {};
}

}  // namespace

void DeclareExplore(CLI::App& explore, ExploreText& text) {
  explore
      .add_option("FILE", text.path, "a trace that --trace explore=FILE, or blocks or exec, wrote")
      ->type_name("");
  explore.add_option("-o,--output", text.output, "the page; FILE.html if not given")
      ->type_name("FILE");
  explore
      .add_option("--symbols", text.symbols, "names for addresses: a System.map, or an ELF file")
      ->type_name("FILE");
  explore.footer(std::string(kFooter));
}

Result<ExploreOptions> ReadExplore(const CLI::App& explore, const ExploreText& text) {
  if (text.path.empty()) return Fail("explore: expected a file");
  ExploreOptions options{.path = text.path,
                         .output = text.output.empty() ? text.path + ".html" : text.output,
                         .symbols = std::nullopt};
  if (explore.count("--symbols") != 0) options.symbols = text.symbols;
  return options;
}

int WriteExplorePage(const ExploreOptions& options) {
  // A reader that went away is a write error like any other.
  ::signal(SIGPIPE, SIG_IGN);
  const Status done = Explore(options);
  if (done) return kExitGood;
  PrintError(done.error().message);
  return kExitUsage;
}

}  // namespace verbatim
