// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>

#include "base/file.h"
#include "cli/bench_report.h"
#include "cli/exit_status.h"
#include "cli/program_initrd.h"
#include "cli/run.h"

namespace verbatim {
namespace {

constexpr std::string_view kFooter = R"(
All other options and the image are those of 'verbatim run'; the run must come to its end by
itself, or by --exit-on or --timeout. What the guest prints is not shown.

Examples:
  verbatim bench test.elf
  verbatim bench --kernel vmlinuz --initrd initrd.gz --append console=ttyS0 --exit-on '# '
  verbatim bench disk.img,snapshot=on --exit-on 'login:' --timeout 120 --output before.json
  verbatim bench --program ./prime --kernel vmlinuz
  verbatim bench --compare before.json after.json
)";

constexpr unsigned kMaxRuns = 1000;
constexpr uint64_t kMaxProgramBytes = 64u << 20;
constexpr uint64_t kMaxJsonBytes = 64u << 20;
constexpr int kExecFailed = 127;

// Memory that a child opens by the name of its descriptor.
Result<FileDescriptor> SharedFile(const char* name) {
  FileDescriptor file(::memfd_create(name, 0));
  if (!file.valid()) return Fail("cannot create memory: {}", std::strerror(errno));
  return file;
}

std::string PathOf(const FileDescriptor& file) {
  return fmt::format("/proc/self/fd/{}", file.get());
}

Result<std::string> ReadAll(const FileDescriptor& file) {
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t count =
        ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (count < 0) return Fail("cannot be read: {}", std::strerror(errno));
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
}

// The exit status.
Result<int> RunChild(const std::vector<std::string>& arguments) {
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return Fail("cannot start a process: {}", std::strerror(errno));
  if (child == 0) {
    // A guest may run for ever: it must not outlive who measures it.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(kExecFailed);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    ::execv("/proc/self/exe", words.data());
    ::_exit(kExecFailed);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return Fail("cannot wait for a process: {}", std::strerror(errno));
  }
  if (WIFSIGNALED(status)) return Fail("bench: a run was ended by signal {}", WTERMSIG(status));
  return WEXITSTATUS(status);
}

struct Run {
  Figures figures;
  int status = 0;
};

Result<Run> RunOnce(const std::vector<std::string>& guest, std::string_view words) {
  const Result<FileDescriptor> file = SharedFile("verbatim-bench");
  if (!file) return std::unexpected(file.error());
  std::vector<std::string> arguments{"verbatim", "run"};
  arguments.insert(arguments.end(), guest.begin(), guest.end());
  arguments.push_back(fmt::format("--stats={},{}", words, PathOf(*file)));
  const Result<int> status = RunChild(arguments);
  if (!status) return std::unexpected(status.error());
  const Result<std::string> text = ReadAll(*file);
  if (!text) return std::unexpected(text.error());
  // It has said why.
  if (*status == kExitUsage || *status == kExitUnmet || text->empty()) {
    return Fail("bench: a run ended with status {}", *status);
  }
  Result<Figures> figures = ParseFigures(*text, "figures of the run");
  if (!figures) return std::unexpected(figures.error());
  return Run{*std::move(figures), *status};
}

Result<FileDescriptor> MakeInitrd(const std::string& path) {
  const Result<std::vector<uint8_t>> program = ReadFile(path, kMaxProgramBytes);
  if (!program) return Fail("--program {}", program.error().message);
  if (const Status fits = CheckStaticProgram(*program, path); !fits) {
    return Fail("--program {}", fits.error().message);
  }
  Result<FileDescriptor> file = SharedFile("verbatim-initrd");
  if (!file) return file;
  const std::string archive = ProgramInitrd(*program);
  const Status written =
      WriteAll(file->get(), {reinterpret_cast<const uint8_t*>(archive.data()), archive.size()});
  if (!written) return Fail("--program: {}", written.error().message);
  return file;
}

Status Measure(const BenchOptions& options) {
  FileDescriptor output;
  if (options.output) {
    Result<FileDescriptor> file = OpenForWriting(*options.output);
    if (!file) return Fail("--output {}", file.error().message);
    output = *std::move(file);
  }
  std::vector<std::string> guest = options.run;
  FileDescriptor initrd;
  if (options.program) {
    Result<FileDescriptor> made = MakeInitrd(*options.program);
    if (!made) return std::unexpected(made.error());
    initrd = *std::move(made);
    guest.insert(guest.end(), {"--initrd", PathOf(initrd), "--no-reboot"});
  }
  BenchResult result{.arguments = options.run, .runs = {}, .counted = {}};
  if (options.program)
    result.arguments.insert(result.arguments.begin(), {"--program", *options.program});
  std::optional<int> status;
  for (unsigned i = 0; i < options.runs; ++i) {
    Result<Run> run = RunOnce(guest, "time");
    if (!run) return std::unexpected(run.error());
    if (status && *status != run->status) {
      return Fail("bench: a run ended with status {}, another with {}", *status, run->status);
    }
    status = run->status;
    result.runs.push_back(std::move(run->figures));
  }
  Result<Run> counted = RunOnce(guest, "dynamic");
  if (!counted) return std::unexpected(counted.error());
  result.counted = std::move(counted->figures);
  const std::string table = fmt::format("{} run{}, which ended with status {}\n{}", options.runs,
                                        options.runs == 1 ? "" : "s", *status, BenchTable(result));
  std::fwrite(table.data(), 1, table.size(), stdout);
  if (!options.output) return {};
  const std::string json = BenchJson(result);
  const Status written =
      WriteAll(output.get(), {reinterpret_cast<const uint8_t*>(json.data()), json.size()});
  if (!written) {
    return Fail("--output {}: cannot be written: {}", *options.output, written.error().message);
  }
  return {};
}

Result<BenchResult> LoadResult(const std::string& path) {
  const Result<std::vector<uint8_t>> text = ReadFile(path, kMaxJsonBytes);
  if (!text) return std::unexpected(text.error());
  return ParseBench({text->begin(), text->end()}, path);
}

Status Compare(const std::vector<std::string>& paths) {
  const Result<BenchResult> a = LoadResult(paths[0]);
  if (!a) return std::unexpected(a.error());
  const Result<BenchResult> b = LoadResult(paths[1]);
  if (!b) return std::unexpected(b.error());
  const std::string table = BenchComparison(*a, *b);
  std::fwrite(table.data(), 1, table.size(), stdout);
  return {};
}

}  // namespace

void DeclareBench(CLI::App& bench, BenchText& text) {
  bench.add_option("--runs", text.runs, "how often it is run and timed")->capture_default_str();
  bench.add_option("--output", text.output, "where all figures are kept, as JSON")
      ->type_name("FILE");
  bench
      .add_option("--program", text.program,
                  "a static program for i386 Linux, run as the first one of --kernel")
      ->type_name("FILE");
  bench.add_option("--compare", text.compare, "what changed from one such FILE to another")
      ->type_name("A B")
      ->expected(2);
  bench.footer(std::string(kFooter));
}

Result<BenchOptions> ReadBench(const CLI::App& bench, const BenchText& text,
                               const std::vector<std::string>& rest) {
  BenchOptions options{.runs = text.runs,
                       .output = std::nullopt,
                       .compare = text.compare,
                       .run = rest,
                       .program = std::nullopt};
  if (bench.count("--compare") != 0) {
    if (rest.empty() && bench.count("--output") == 0 && bench.count("--program") == 0) {
      return options;
    }
    return Fail("bench: expected --compare and two files, and nothing else");
  }
  if (text.runs < 1 || text.runs > kMaxRuns) {
    return Fail("--runs '{}': expected 1 to {}", text.runs, kMaxRuns);
  }
  if (bench.count("--output") != 0) options.output = text.output;
  if (rest.empty()) return Fail("bench: nothing to run: expected an image, or options of run");
  if (std::ranges::any_of(rest,
                          [](const std::string& word) { return word.starts_with("--stats"); })) {
    return Fail("bench: --stats is its own affair: see --output");
  }
  if (bench.count("--program") == 0) return options;
  options.program = text.program;
  const auto given = [&rest](std::string_view option) {
    return std::ranges::any_of(rest, [option](const std::string& word) {
      return word == option || word.starts_with(std::string(option) + "=");
    });
  };
  if (!given("--kernel")) return Fail("--program: expected a Linux --kernel to run it");
  if (given("--initrd")) return Fail("--program: takes the place of --initrd");
  // When the program ends Linux panics, and is to reset the machine then.
  if (!given("--append")) {
    options.run.insert(options.run.end(), {"--append", "console=ttyS0 quiet panic=-1"});
  }
  return options;
}

int RunBench(const BenchOptions& options) {
  const Status done = options.compare.empty() ? Measure(options) : Compare(options.compare);
  if (done) return kExitGood;
  (void)std::fflush(stdout);
  PrintError(done.error().message);
  return kExitUsage;
}

}  // namespace verbatim
