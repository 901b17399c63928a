// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/parse.h"
#include "cli/block_options.h"
#include "cli/disk_option.h"
#include "cli/firmware_option.h"
#include "cli/optimisation_option.h"
#include "cli/profile_options.h"
#include "cli/script_options.h"
#include "cli/suggestion.h"

namespace verbatim {
namespace {

constexpr std::string_view kMainFooter =
    "\n'verbatim run --help' shows the options, examples and exit statuses.\n"
    "'verbatim block HEXBYTES' shows what becomes of instructions.\n"
    "'verbatim trace FILE' reads what run --trace has written.\n"
    "'verbatim explore FILE' makes a page for a browser of it.\n"
    "'verbatim bench IMAGE' measures a guest.\n"
    "'verbatim stats FILE' says where the time of a run went.\n"
    "'verbatim doctor' says whether this host can run guests.";

constexpr std::string_view kRunFooter = R"(
Examples:
  verbatim run disk.img
  verbatim run install.iso --disk disk.img
  verbatim run --kernel vmlinuz --initrd initrd.gz --append console=ttyS0
  verbatim run --kernel test.elf --serial file:test.log --timeout 10 --stats=test.json
  verbatim run --cdrom dos.iso --expect 'A:\>' --send 'dir<ret>' --expect 'bytes free' \
    --screenshot-at 'bytes free=dir.png' --exit-on 'A:\>' --timeout 60

Keys, when standard input is a terminal:
  Ctrl-A x   quit
  Ctrl-A h   help
  Ctrl-A a   send a Ctrl-A to the guest (Ctrl-A Ctrl-A too)

Exit status:
  0        the guest powered off, reset itself with --no-reboot, or Ctrl-A x;
           the text of --exit-on was seen
  1        the guest died (triple fault); its registers are on standard error
  v*2+1    the guest wrote v to the debug-exit port F4h (modulo 256)
  2        bad usage or input, or output that could not be written
  3        this host cannot run guests, or has no sandbox; see 'verbatim doctor'
  4        the run ended, or --timeout expired, before an expected text was seen or a
           screenshot was due
  124      --timeout expired
  A signal that ends the run (INT, TERM, HUP, QUIT) ends the command by that signal.
)";

// One option whose value is a byte count.
struct SizeRange {
  std::string_view option;
  uint64_t min;
  uint64_t max;
  std::string_view expected;
};

// Guest RAM ends below the PCI hole at E0000000h.
constexpr SizeRange kMemoryRange = {"--memory", 4ull << 20, 3584ull << 20,
                                    "4M to 3584M, a multiple of 4K"};
constexpr SizeRange kCodeCacheRange = {"--code-cache", 1ull << 20, 1ull << 30,
                                       "1M to 1G, a multiple of 4K"};

const std::array<std::string, 2> kCpuModels = {"core2", "pentium3"};

// The values of `run` as text, before they are judged.
struct RunText {
  std::string image;
  std::string boot;
  std::string kernel;
  std::string initrd;
  std::string append;
  std::string firmware;
  std::string firmware_log;
  std::vector<std::string> disks;
  std::vector<std::string> cdroms;
  std::vector<std::string> floppies;
  std::string memory = "256M";
  std::string cpu = "core2";
  std::string code_cache = "64M";
  std::string serial = "stdio";
  ScriptText script{};
  std::string timeout;
  std::string statistics;
  std::vector<std::string> traces;
  std::string symbols;
  std::string explore;
  ProfileText profile{};
  std::string gdb;
  bool gdb_continue = false;
  std::string sandbox = "on";
  bool validate = false;
  std::vector<std::string> disable_opt;
  bool no_reboot = false;
  bool apic = false;
  bool verbose = false;
};

void DeclareRun(CLI::App& run, RunText& text) {
  run.add_option("IMAGE", text.image,
                 "a kernel, a CD, a floppy disk or a disk, whichever the file is, to\n"
                 "be started; PATH[,readonly][,snapshot=on]")
      ->type_name("");
  run.add_option("--kernel", text.kernel, "Linux bzImage or multiboot-1 kernel ")
      ->type_name("FILE");
  run.add_option("--initrd", text.initrd, "initial RAM disk")->type_name("FILE");
  run.add_option("--append", text.append, "kernel command line")->type_name("TEXT");
  run.add_option("--firmware", text.firmware,
                 "start this ROM image (SeaBIOS, U-Boot, ...) instead of the BIOS of this\n"
                 "program; PATH[,vgabios=PATH][,linuxboot=PATH]")
      ->type_name("PATH[,...]");
  run.add_option("--firmware-log", text.firmware_log,
                 "what the guest writes to the debug consoles, ports 402h and E9h")
      ->type_name("FILE");
  run.add_option("--trace", text.traces,
                 "what to write down, on standard error or in FILE: blocks, exec, exits, faults,\n"
                 "irq, exceptions, io, mmio, bios, cr, smc, modes, resumes, all, or explore for\n"
                 "what 'verbatim explore' reads; with commas between them; filters:\n"
                 "addr=LOW-HIGH, cpl=N, cr3=N, count=N, from=ADDR, to=ADDR,\n"
                 "format=text|json|binary; may be given several times")
      ->type_name("WORD,...[=FILE]")
      ->allow_extra_args(false);
  run.add_option("--symbols", text.symbols,
                 "names for addresses in traces, pages and profiles: a System.map, or an ELF file")
      ->type_name("FILE");
  run.add_flag("--explore", text.explore,
               "show blocks, executions and exits to a browser while the guest runs, on any\n"
               "free port of 127.0.0.1; =PORT, =127.0.0.1:PORT or =[::1]:PORT (slower)")
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  DeclareProfile(run, text.profile);
  run.add_option("--disk", text.disks,
                 "raw disk image or block device; PATH[,readonly][,snapshot=on]\n"
                 "[,bus=0|1[,unit=0|1]]; up to four disks and discs")
      ->type_name("PATH[,...]")
      ->allow_extra_args(false);
  run.add_option("--cdrom", text.cdroms,
                 "image of a CD; PATH[,bus=0|1[,unit=0|1]][,next=PATH]...;\n"
                 "Ctrl-A d puts the next one in")
      ->type_name("PATH[,...]")
      ->allow_extra_args(false);
  run.add_option("--floppy", text.floppies,
                 "image of a floppy disk, 160 KiB to 2.88 MB; PATH[,readonly][,snapshot=on]\n"
                 "[,unit=0|1][,next=PATH]...; up to two drives; Ctrl-A f, for B: Ctrl-A F,\n"
                 "puts the next disk in")
      ->type_name("PATH[,...]")
      ->allow_extra_args(false);
  run.add_option("--boot", text.boot,
                 "what to boot from: letters in the order to try, a floppy disk, c\n"
                 "disk, d CD, n network; 'menu' asks; e.g. dc, menu or dc,menu")
      ->type_name("ORDER")
      ->default_str(std::string(kDefaultBootOrder));
  run.add_option("--memory", text.memory, "guest memory, 4M to 3584M")
      ->type_name("SIZE")
      ->capture_default_str();
  run.add_flag("--apic", text.apic, "give the machine a local APIC, an I/O APIC and an HPET");
  run.add_option("--cpu", text.cpu, "core2 or pentium3")->type_name("MODEL")->capture_default_str();
  run.add_option("--code-cache", text.code_cache, "room for translated code, 1M to 1G")
      ->type_name("SIZE")
      ->capture_default_str();
  run.add_option("--serial", text.serial, "where COM1 goes: stdio, none or file:PATH")
      ->type_name("WHERE")
      ->capture_default_str();
  DeclareScript(run, text.script);
  run.add_option("--timeout", text.timeout, "end the run after so many seconds, e.g. 0.5")
      ->type_name("SECONDS");
  run.add_flag("--stats", text.statistics,
               "statistics on standard error at the end; =FILE: as JSON; with the words\n"
               "dynamic, too: executed instructions, hits of tables (slower); time, too:\n"
               "where the time went; e.g. =dynamic, =time,FILE or =dynamic,time,FILE")
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  run.add_option("--gdb", text.gdb,
                 "let gdb hold the guest, by 'target remote'; the guest begins when gdb lets\n"
                 "it; unix:PATH, tcp:PORT (on 127.0.0.1) or tcp:ADDRESS:PORT")
      ->type_name("WHERE");
  run.add_flag("--gdb-continue", text.gdb_continue,
               "with --gdb: begin at once, gdb may come later");
  run.add_option("--sandbox", text.sandbox,
                 "on: while the guest runs, this process can do nothing else;\n"
                 "off: only if the kernel has no seccomp filters, or for debugging")
      ->type_name("on|off")
      ->capture_default_str();
  run.add_flag("--validate", text.validate,
               "prove that translated code is confined before it runs (slower to translate)");
  run.add_option("--disable-opt", text.disable_opt,
                 "do without an optimisation of the translator, to see whether an error\n"
                 "goes away; more than once:\n" +
                     DescribeOptimisations())
      ->type_name("NAME")
      ->allow_extra_args(false);
  run.add_flag("--no-reboot", text.no_reboot, "a reset by the guest ends the run");
  run.add_flag("--verbose", text.verbose, "say more on standard error");
}

Result<uint64_t> ReadSize(std::string_view text, const SizeRange& range) {
  const Result<uint64_t> bytes = ParseByteSize(text);
  if (!bytes || *bytes < range.min || *bytes > range.max || *bytes % 4096 != 0) {
    return Fail("{} '{}': expected {}", range.option, text, range.expected);
  }
  return bytes;
}

Result<SerialChoice> ReadSerial(std::string_view text) {
  constexpr std::string_view kFilePrefix = "file:";
  if (text == "stdio") return SerialChoice{};
  if (text == "none") return SerialChoice{SerialKind::kNone, {}};
  if (text.starts_with(kFilePrefix) && text.size() > kFilePrefix.size()) {
    return SerialChoice{SerialKind::kFile, std::string(text.substr(kFilePrefix.size()))};
  }
  return Fail("--serial '{}': expected stdio, none or file:PATH", text);
}

// Letters, "menu", or both with a comma between them.
Status ReadBootOrder(std::string_view text, MachineConfig& machine) {
  constexpr std::string_view kLetters = "acdn";
  constexpr std::string_view kMenu = "menu";
  std::string_view letters = text;
  if (letters.ends_with(kMenu)) {
    machine.boot_menu = true;
    letters.remove_suffix(kMenu.size());
    if (letters.empty()) return {};
    if (letters.size() > 1 && letters.back() == ',') letters.remove_suffix(1);
  }
  bool good = !letters.empty();
  for (size_t i = 0; i < letters.size(); ++i) {
    good = good && kLetters.contains(letters[i]) && !letters.substr(0, i).contains(letters[i]);
  }
  if (!good) {
    return Fail("--boot '{}': expected letters of 'acdn', each at most once, or menu", text);
  }
  machine.boot_order = std::string(letters);
  return {};
}

Status ReadStatistics(std::string_view text, RunOptions& options) {
  std::string_view path = text == "true" ? "" : text;
  const auto take = [&path](std::string_view word) {
    const bool there =
        path.starts_with(word) && (path.size() == word.size() || path[word.size()] == ',');
    if (there) path.remove_prefix(word.size());
    return there;
  };
  while (!path.empty()) {
    if (take("dynamic")) {
      options.machine.dynamic_statistics = true;
    } else if (take("time")) {
      options.machine.account_time = true;
      options.statistics.time = true;
    } else {
      break;
    }
    if (path == ",") return Fail("--stats '{}': expected a file after the comma", text);
    if (!path.empty()) path.remove_prefix(1);
  }
  if (path.empty()) {
    options.statistics.table = true;
  } else {
    options.statistics.path = std::string(path);
  }
  return {};
}

Result<Command> ReadRun(const CLI::App& run, const RunText& text) {
  RunOptions options;
  MachineConfig& machine = options.machine;
  const bool firmware = run.count("--firmware") != 0;
  if (text.image.empty() && text.kernel.empty() && text.disks.empty() && text.cdroms.empty() &&
      text.floppies.empty() && !firmware) {
    return Fail(
        "run: nothing to boot: expected an image, --kernel, --disk, --cdrom, --floppy or "
        "--firmware");
  }
  if (!text.image.empty()) {
    Result<DiskConfig> image = ReadImageArgument(text.image);
    if (!image) return std::unexpected(image.error());
    options.image = *std::move(image);
  }
  if (run.count("--boot") != 0) {
    if (const Status order = ReadBootOrder(text.boot, machine); !order) {
      return std::unexpected(order.error());
    }
  }
  if (firmware) {
    Result<FirmwareConfig> read = ReadFirmwareOption(text.firmware);
    if (!read) return std::unexpected(read.error());
    machine.firmware = *std::move(read);
    if (!text.kernel.empty() && !machine.firmware->linuxboot_path) {
      return Fail(
          "run: expected --kernel or --firmware, not both, or --firmware ...,linuxboot=ROM with "
          "the "
          "option ROM that boots the kernel");
    }
    if (text.kernel.empty() && machine.firmware->linuxboot_path) {
      return Fail("run: --firmware linuxboot={}: expected a --kernel for it",
                  *machine.firmware->linuxboot_path);
    }
  }
  if (run.count("--firmware-log") != 0) options.firmware_log = text.firmware_log;
  for (const std::string& trace : text.traces) {
    Result<TraceSpec> spec = ParseTraceSpec(trace);
    if (!spec) return std::unexpected(spec.error());
    if (firmware && spec->categories == BitOf(TraceCategory::kBios)) {
      return Fail("run: expected --firmware or --trace bios, not both");
    }
    options.traces.push_back(*std::move(spec));
  }
  Result<ProfileOptions> profile = ReadProfile(run, text.profile);
  if (!profile) return std::unexpected(profile.error());
  options.profile = *std::move(profile);
  if (run.count("--symbols") != 0) {
    options.symbols = text.symbols;
    if (options.traces.empty() && run.count("--explore") == 0 && !options.profile.any()) {
      return Fail("--symbols: expected --trace, --explore or a profile too");
    }
  }
  if (run.count("--explore") != 0) {
    options.explore = LoopbackAddress();
    if (text.explore != "true") {
      const Result<LoopbackAddress> address = ParseLoopback(text.explore);
      if (!address) return Fail("--explore {}", address.error().message);
      options.explore = *address;
    }
  }
  machine.kernel_path = text.kernel;
  if (run.count("--initrd") != 0) machine.initrd_path = text.initrd;
  machine.command_line = text.append;

  for (const std::string& disk : text.disks) {
    Result<DiskConfig> read = ReadDiskOption(disk);
    if (!read) return std::unexpected(read.error());
    machine.disks.push_back(*std::move(read));
  }
  for (const std::string& cdrom : text.cdroms) {
    Result<DiskConfig> read = ReadCdromOption(cdrom);
    if (!read) return std::unexpected(read.error());
    machine.disks.push_back(*std::move(read));
  }

  for (const std::string& floppy : text.floppies) {
    Result<FloppyConfig> read = ReadFloppyOption(floppy);
    if (!read) return std::unexpected(read.error());
    machine.floppies.push_back(*std::move(read));
  }

  const Result<uint64_t> memory = ReadSize(text.memory, kMemoryRange);
  if (!memory) return std::unexpected(memory.error());
  machine.memory_bytes = *memory;
  const Result<uint64_t> code_cache = ReadSize(text.code_cache, kCodeCacheRange);
  if (!code_cache) return std::unexpected(code_cache.error());
  machine.code_cache_bytes = *code_cache;
  if (std::find(kCpuModels.begin(), kCpuModels.end(), text.cpu) == kCpuModels.end()) {
    return Fail("--cpu '{}': expected core2 or pentium3", text.cpu);
  }
  machine.cpu_model = text.cpu;
  machine.apic = text.apic;
  machine.reboot = !text.no_reboot;
  if (text.validate) machine.validate = true;
  if (Status read = DisableOptimisations(text.disable_opt, machine.optimisations); !read) {
    return std::unexpected(read.error());
  }

  Result<SerialChoice> serial = ReadSerial(text.serial);
  if (!serial) return std::unexpected(serial.error());
  options.serial = *std::move(serial);
  if (Status read = ReadScript(run, text.script, options); !read) {
    return std::unexpected(read.error());
  }
  if (run.count("--timeout") != 0) {
    const Result<std::chrono::milliseconds> timeout = ParseSeconds(text.timeout);
    if (!timeout) {
      return Fail("--timeout '{}': expected a number of seconds from 0.001 to 1000000000",
                  text.timeout);
    }
    options.timeout = *timeout;
  }
  if (run.count("--stats") != 0) {
    if (const Status read = ReadStatistics(text.statistics, options); !read) {
      return std::unexpected(read.error());
    }
  }
  if (run.count("--gdb") != 0) {
    Result<gdb::Address> address = gdb::ParseAddress(text.gdb);
    if (!address) return Fail("--gdb {}", address.error().message);
    options.gdb = *std::move(address);
    options.gdb_waits = !text.gdb_continue;
  } else if (text.gdb_continue) {
    return Fail("--gdb-continue: expected --gdb too");
  }
  if (text.sandbox != "on" && text.sandbox != "off") {
    return Fail("--sandbox '{}': expected on or off", text.sandbox);
  }
  options.sandbox = text.sandbox == "on";
  options.verbose = text.verbose;
  return options;
}

// What to say about a word that no option or command takes.
std::unexpected<Error> Unknown(const CLI::App& app, std::string_view kind, std::string_view word) {
  std::vector<std::string> candidates;
  if (word.starts_with("-")) {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) candidates.push_back("--" + name);
    }
  } else {
    for (const CLI::App* command : app.get_subcommands({})) {
      candidates.push_back(command->get_name());
    }
  }
  const std::string_view nearest = NearestWord(word, candidates);
  if (!nearest.empty()) {
    return Fail("unknown {} '{}': did you mean '{}'?", kind, word, nearest);
  }
  const std::string& command = app.get_parent() == nullptr ? "" : " " + app.get_name();
  return Fail("unknown {} '{}': see 'verbatim{} --help'", kind, word, command);
}

// The first argument that `app` did not understand.
Status CheckNothingLeft(const CLI::App& app) {
  const std::vector<std::string> left = app.remaining();
  if (left.empty()) return {};
  const std::string_view word = left.front();
  if (word.starts_with("-")) return Unknown(app, "option", word.substr(0, word.find('=')));
  if (app.get_parent() == nullptr) return Unknown(app, "command", word);
  return Fail("{}: unexpected argument '{}'", app.get_name(), word);
}

}  // namespace

Result<Command> ParseCommandLine(int argc, const char* const* argv) {
  CLI::App app("Runs unmodified 32-bit x86 operating systems in one unprivileged process.",
               "verbatim");
  app.set_version_flag("--version", "verbatim " VERBATIM_VERSION);
  app.footer(std::string(kMainFooter));
  app.allow_extras();
  CLI::App* run = app.add_subcommand("run", "run a guest");
  CLI::App* doctor = app.add_subcommand("doctor", "say whether this host can run guests");
  run->footer(std::string(kRunFooter));
  run->allow_extras();
  doctor->allow_extras();
  CLI::App* block = app.add_subcommand("block", "show what becomes of some instructions");
  block->footer(std::string(kBlockFooter));
  block->allow_extras();
  BlockText block_text;
  DeclareBlock(*block, block_text);
  CLI::App* trace = app.add_subcommand("trace", "read a trace that run --trace has written");
  trace->allow_extras();
  TraceText trace_text;
  DeclareTrace(*trace, trace_text);
  CLI::App* explore = app.add_subcommand("explore", "show a trace as a page for a browser");
  explore->allow_extras();
  ExploreText explore_text;
  DeclareExplore(*explore, explore_text);
  CLI::App* stats = app.add_subcommand("stats", "say where the time of a run went");
  stats->allow_extras();
  std::string stats_path;
  DeclareStats(*stats, stats_path);
  CLI::App* bench = app.add_subcommand("bench", "run a guest several times and measure it");
  bench->allow_extras();
  BenchText bench_text;
  DeclareBench(*bench, bench_text);
  RunText text;
  DeclareRun(*run, text);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return ShowText{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return ShowText{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return Fail("{}", error.what());
  }
  for (const CLI::App* part :
       {static_cast<const CLI::App*>(&app), static_cast<const CLI::App*>(run),
        static_cast<const CLI::App*>(doctor), static_cast<const CLI::App*>(block),
        static_cast<const CLI::App*>(trace), static_cast<const CLI::App*>(explore),
        static_cast<const CLI::App*>(stats)}) {
    if (const Status complete = CheckNothingLeft(*part); !complete) {
      return std::unexpected(complete.error());
    }
  }
  if (run->parsed()) return ReadRun(*run, text);
  if (doctor->parsed()) return DoctorOptions{};
  if (trace->parsed()) return ReadTrace(*trace, trace_text);
  if (explore->parsed()) return ReadExplore(*explore, explore_text);
  if (bench->parsed()) return ReadBench(*bench, bench_text, bench->remaining());
  if (stats->parsed()) return ReadStats(stats_path);
  if (block->parsed()) return ReadBlock(*block, block_text);
  return Fail(
      "no command: expected run, block, trace, explore, stats, bench or doctor; see 'verbatim "
      "--help'");
}

}  // namespace verbatim
