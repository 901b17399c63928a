// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "cli/console.h"
#include "cli/exit_status.h"
#include "cli/firmware_log.h"
#include "cli/profile_files.h"
#include "cli/serial_output.h"
#include "cli/statistics_report.h"
#include "cli/terminal.h"
#include "cli/time_report.h"
#include "explore/live_explorer.h"
#include "gdb/server.h"
#include "machine/guest_image.h"
#include "machine/host_checks.h"
#include "machine/machine.h"
#include "sandbox/sandbox.h"
#include "trace/block_text.h"
#include "trace/tracer.h"

namespace verbatim {
namespace {

class MachineGuest : public ConsoleGuest {
 public:
  explicit MachineGuest(Machine& machine) : machine_(machine) {}
  [[nodiscard]] size_t InputRoom() const override { return machine_.SerialInputRoom(); }
  size_t QueueInput(std::span<const uint8_t> bytes) override {
    return machine_.QueueSerialInput(bytes);
  }
  [[nodiscard]] size_t KeyRoom() const override { return machine_.KeyRoom(); }
  size_t QueueKeys(std::span<const KeyEvent> keys) override { return machine_.QueueKeys(keys); }
  [[nodiscard]] bool ScreenChanged() const override { return machine_.ScreenChanged(); }
  void RequestView() override { machine_.RequestView(); }
  [[nodiscard]] std::shared_ptr<const ScreenView> View() const override { return machine_.View(); }
  void RequestPicture() override { machine_.RequestPicture(); }
  [[nodiscard]] std::optional<Image> TakePicture() override { return machine_.TakePicture(); }
  std::optional<std::string> ChangeMedium(MediaSlot slot) override {
    return machine_.ChangeMedium(slot);
  }
  void RequestStop() override { machine_.RequestStop(); }

 private:
  Machine& machine_;
};

// Whole lines on standard error, also while the terminal is raw.
void PrintLines(std::string_view text, bool raw) {
  std::string lines;
  for (const char c : text) {
    if (c == '\n' && raw) lines += '\r';
    lines += c;
  }
  std::fwrite(lines.data(), 1, lines.size(), stderr);
}

// Opening a FIFO would wait for its writer, so the kind of file comes first.
Status CheckInput(std::string_view option, const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return Fail("{} {}: cannot be read: {}", option, path, std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return Fail("{} {}: is not a regular file", option, path);
  if (::access(path.c_str(), R_OK) != 0) {
    return Fail("{} {}: cannot be read: {}", option, path, std::strerror(errno));
  }
  return {};
}

Status CheckInputs(const MachineConfig& config) {
  if (!config.kernel_path.empty()) {
    if (Status kernel = CheckInput("--kernel", config.kernel_path); !kernel) return kernel;
  }
  if (config.firmware) {
    if (Status rom = CheckInput("--firmware", config.firmware->path); !rom) return rom;
    if (const auto& vgabios = config.firmware->vgabios_path; vgabios) {
      if (Status rom = CheckInput("--firmware vgabios", *vgabios); !rom) return rom;
    }
    if (const auto& linuxboot = config.firmware->linuxboot_path; linuxboot) {
      if (Status rom = CheckInput("--firmware linuxboot", *linuxboot); !rom) return rom;
    }
  }
  if (config.initrd_path) return CheckInput("--initrd", *config.initrd_path);
  return {};
}

Result<std::unique_ptr<SerialOutput>> OpenSerial(const SerialChoice& choice) {
  switch (choice.kind) {
    case SerialKind::kStdio:
      return SerialOutput::ToDescriptor(STDOUT_FILENO, "standard output");
    case SerialKind::kNone:
      return SerialOutput::ToNowhere();
    case SerialKind::kFile:
      break;
  }
  Result<std::unique_ptr<SerialOutput>> file = SerialOutput::ToFile(choice.path);
  if (!file) return Fail("--serial file:{}", file.error().message);
  return file;
}

int StoppedStatus(const StopCause& cause) {
  switch (cause.kind) {
    case StopCause::Kind::kTimeout:
      return kExitTimeout;
    case StopCause::Kind::kOutputFailed:
      return kExitUsage;
    case StopCause::Kind::kSignal:
      return 128 + cause.signal;
    case StopCause::Kind::kNone:
    case StopCause::Kind::kQuit:
    case StopCause::Kind::kExitText:
      break;
  }
  return kExitGood;
}

// What the user is told of a stop.
std::string StopNotice(const StopCause& cause, const RunOptions& options) {
  switch (cause.kind) {
    case StopCause::Kind::kQuit:
      return "verbatim: quit by Ctrl-A x\n";
    case StopCause::Kind::kTimeout:
      return fmt::format("verbatim: --timeout: ended after {} s\n",
                         static_cast<double>(options.timeout->count()) / 1000);
    case StopCause::Kind::kOutputFailed:
      return fmt::format("verbatim: {}\n", cause.message);
    case StopCause::Kind::kSignal:
      return fmt::format("verbatim: ended by signal {}\n", cause.signal);
    case StopCause::Kind::kNone:
    case StopCause::Kind::kExitText:
      break;
  }
  return "";
}

int OutcomeStatus(const MachineOutcome& outcome, const StopCause& cause) {
  switch (outcome.end) {
    case MachineEnd::kPowerOff:
    case MachineEnd::kReset:
    case MachineEnd::kKilled:
      return kExitGood;
    case MachineEnd::kDied:
      return kExitGuestDied;
    case MachineEnd::kDebugExit:
      return DebugExitStatus(outcome.debug_value);
    case MachineEnd::kStopped:
      break;
  }
  return StoppedStatus(cause);
}

std::string_view Describe(MachineEnd end) {
  switch (end) {
    case MachineEnd::kPowerOff:
      return "powered off";
    case MachineEnd::kReset:
      return "reset itself";
    case MachineEnd::kDied:
      return "died";
    case MachineEnd::kDebugExit:
      return "wrote to the debug-exit port";
    case MachineEnd::kKilled:
      return "was ended by the debugger";
    case MachineEnd::kStopped:
      break;
  }
  return "was stopped";
}

[[noreturn]] void DieBySignal(int signal) {
  ::signal(signal, SIG_DFL);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal);
  ::raise(signal);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ::_exit(128 + signal);
}

// Everything that a run has open beside the machine.
struct RunFiles {
  std::unique_ptr<SerialOutput> serial;
  FileDescriptor statistics;  // JSON; not valid: none
  std::unique_ptr<SymbolTable> symbols;
  std::unique_ptr<LiveExplorer> explorer;     // nullptr: none
  std::unique_ptr<ProfileFiles> profile;      // nullptr: none
  std::unique_ptr<TraceSet> traces;           // all that observes the engine; nullptr: none
  std::unique_ptr<FirmwareLog> firmware_log;  // nullptr: none
  std::unique_ptr<gdb::Server> gdb;           // nullptr: none
  std::unique_ptr<Terminal> terminal;    // nullptr: standard input is none, or is not the guest's
  std::unique_ptr<TerminalFront> front;  // nullptr: the terminal is not the screen
  std::unique_ptr<Operator> machine_operator;
};

// What the page is about: the last part of the path of what runs.
std::string TitleOf(const RunOptions& options, const MachineConfig& config) {
  std::string path = options.image ? options.image->path : config.kernel_path;
  if (path.empty() && !config.disks.empty()) path = config.disks[0].path;
  if (path.empty()) return "a guest";
  return path.substr(path.rfind('/') + 1);
}

// All that observes the engine.
Status OpenObservers(const RunOptions& options, const MachineConfig& config, RunFiles& files) {
  if (options.traces.empty() && !options.explore && !options.profile.any()) return {};
  files.symbols = std::make_unique<SymbolTable>();
  if (options.symbols) {
    Result<SymbolTable> loaded = SymbolTable::Load(*options.symbols);
    if (!loaded) return Fail("--symbols {}", loaded.error().message);
    *files.symbols = *std::move(loaded);
  }
  if (options.explore) {
    Result<std::unique_ptr<LiveExplorer>> explorer =
        LiveExplorer::Create(*options.explore, *files.symbols, TitleOf(options, config));
    if (!explorer) return Fail("--explore {}", explorer.error().message);
    files.explorer = *std::move(explorer);
  }
  auto set = std::make_unique<TraceSet>(*files.symbols);
  for (const TraceSpec& spec : options.traces) {
    if (Status added = set->Add(spec); !added) return std::unexpected(added.error());
  }
  if (files.explorer != nullptr) set->Add(*files.explorer);
  if (options.profile.any()) {
    Result<std::unique_ptr<ProfileFiles>> profile = ProfileFiles::Open(
        options.profile, *files.symbols, options.symbols.value_or(config.kernel_path));
    if (!profile) return std::unexpected(profile.error());
    files.profile = *std::move(profile);
    files.profile->AddObservers(*set);
  }
  files.traces = std::move(set);
  return {};
}

Result<RunFiles> OpenFiles(const RunOptions& options, const MachineConfig& config) {
  RunFiles files;
  if (Status inputs = CheckInputs(config); !inputs) {
    return std::unexpected(inputs.error());
  }
  if (options.statistics.path) {
    Result<FileDescriptor> file = OpenForWriting(*options.statistics.path);
    if (!file) return Fail("--stats={}", file.error().message);
    files.statistics = *std::move(file);
  }
  if (Status opened = OpenObservers(options, config, files); !opened) {
    return std::unexpected(opened.error());
  }
  if (options.firmware_log) {
    Result<std::unique_ptr<FirmwareLog>> log = FirmwareLog::Create(*options.firmware_log);
    if (!log) return Fail("--firmware-log {}", log.error().message);
    files.firmware_log = *std::move(log);
  }
  if (options.gdb) {
    Result<std::unique_ptr<gdb::Server>> server =
        gdb::Server::Create(*options.gdb, options.gdb_waits);
    if (!server) return Fail("--gdb {}", server.error().message);
    files.gdb = *std::move(server);
  }
  Result<std::unique_ptr<SerialOutput>> serial = OpenSerial(options.serial);
  if (!serial) return std::unexpected(serial.error());
  files.serial = *std::move(serial);
  Result<Screenshots> screenshots = Screenshots::Open(options.screenshots);
  if (!screenshots) return std::unexpected(screenshots.error());
  const bool on_terminal = options.display == DisplayKind::kTerminal;
  files.machine_operator = std::make_unique<Operator>(
      Script(options.script, on_terminal ? KeyTarget::kKeyboard : KeyTarget::kSerial),
      *std::move(screenshots));
  if (on_terminal) {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) {
      return Fail("--display terminal: standard input and standard output must be a terminal");
    }
    Result<std::unique_ptr<TerminalFront>> front = TerminalFront::Create(STDOUT_FILENO);
    if (!front) return std::unexpected(front.error());
    files.front = *std::move(front);
  }
  if (on_terminal || (options.serial.kind == SerialKind::kStdio && ::isatty(STDIN_FILENO) == 1)) {
    Result<std::unique_ptr<Terminal>> terminal =
        on_terminal ? Terminal::Watch(STDOUT_FILENO, TerminalPicture::kLeave)
                    : Terminal::Watch(STDIN_FILENO);
    if (!terminal) return std::unexpected(terminal.error());
    files.terminal = *std::move(terminal);
  }
  return files;
}

// Who boots an image by its BIOS wants to see its screen; kernels and firmware speak on the serial
// line.
void ChooseDisplay(const MachineConfig& config, RunOptions& options) {
  const bool shows = config.kernel_path.empty() && !config.firmware &&
                     ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  options.display = shows ? DisplayKind::kTerminal : DisplayKind::kNone;
  if (shows) options.serial = {.kind = SerialKind::kNone, .path = {}};
}

Result<std::unique_ptr<Console>> StartConsole(MachineGuest& guest, RunFiles& files,
                                              const RunOptions& options, const sigset_t& signals) {
  Terminal* terminal = files.terminal.get();
  TerminalFront* front = files.front.get();
  const auto notice = [terminal, front](std::string_view text) {
    if (front != nullptr) {
      front->Notice(text);
    } else {
      PrintLines(text, terminal != nullptr && terminal->raw());
    }
  };
  const auto give_up = [terminal, &options](const StopCause& cause) {
    if (terminal != nullptr) terminal->Restore();
    PrintLines(StopNotice(cause, options) + "verbatim: the guest did not stop, ended anyhow\n",
               false);
    ::_exit(StoppedStatus(cause));
  };
  const bool takes_input = front != nullptr || options.serial.kind == SerialKind::kStdio;
  return Console::Start(guest, *files.serial,
                        {.input_fd = takes_input ? STDIN_FILENO : -1,
                         .escapes = terminal != nullptr,
                         .timeout = options.timeout,
                         .signals = signals,
                         .front = front,
                         .machine_operator = files.machine_operator.get(),
                         .notice = notice,
                         .give_up = give_up});
}

// The terminal as it was, and then the messages that waited for it.
void GiveBackTerminal(RunFiles& files) {
  files.terminal.reset();
  ReleaseLog();
}

// False if the JSON file could not be written.
bool ReportStatistics(const RunOptions& options, const Machine& machine, const RunFiles& files,
                      double wall_seconds) {
  if (!options.statistics.table && !options.statistics.path) return true;
  std::vector<Statistic> statistics = {
      {"run", "wall_seconds", wall_seconds, "seconds from the first instruction to the end"},
      {"run", "serial_bytes", static_cast<double>(files.serial->bytes_written()),
       "bytes of serial output"}};
  if (files.front != nullptr) {
    statistics.push_back({"run", "terminal_frames", static_cast<double>(files.front->frames()),
                          "times that the terminal was brought up to date"});
    statistics.push_back({"run", "terminal_bytes",
                          static_cast<double>(files.front->bytes_written()), "bytes for that"});
  }
  for (Statistic& statistic : machine.Statistics()) statistics.push_back(std::move(statistic));
  if (options.statistics.table) {
    PrintLines(StatisticsTable(statistics), false);
    if (options.statistics.time) {
      if (const auto rows = TimeRows(FiguresOf(statistics))) PrintLines(TimeTable(*rows), false);
    }
  }
  if (!options.statistics.path) return true;
  const std::string json = StatisticsJson(statistics);
  const Status written = WriteAll(files.statistics.get(),
                                  {reinterpret_cast<const uint8_t*>(json.data()), json.size()});
  if (!written) {
    PrintError(fmt::format("--stats={}: cannot be written: {}", *options.statistics.path,
                           written.error().message));
  }
  return written.has_value();
}

}  // namespace

void PrintError(std::string_view message) {
  PrintLines(fmt::format("verbatim: {}\n", message), false);
}

int RunGuest(const RunOptions& given) {
  RunOptions options = given;
  if (options.verbose) SetLogLevel(LogLevel::kInfo);
  // A reader that went away is a write error like any other.
  ::signal(SIGPIPE, SIG_IGN);
  if (const Status fit = CheckHostCanRun(); !fit) {
    PrintError(fit.error().message);
    return kExitHostUnfit;
  }
  if (options.sandbox) {
    if (const Status offered = PrepareSandbox(); !offered) {
      PrintError(fmt::format("sandbox: {}; --sandbox=off runs the guest without",
                             offered.error().message));
      return kExitHostUnfit;
    }
  }
  MachineConfig config = options.machine;
  if (options.image) {
    if (const Status added = AddGuestImage(*options.image, config); !added) {
      PrintError(added.error().message);
      return kExitUsage;
    }
  }
  if (options.display == DisplayKind::kAutomatic) ChooseDisplay(config, options);
  Result<RunFiles> files = OpenFiles(options, config);
  if (!files) {
    PrintError(files.error().message);
    return kExitUsage;
  }
  const sigset_t signals = BlockTerminationSignals();
  config.anonymous_code = options.profile.perf_map;
  config.end_at_branches = options.profile.coverage.has_value();
  config.observer = files->traces.get();
  config.firmware_log = files->firmware_log.get();
  if (files->traces != nullptr && files->traces->WantsBios()) {
    config.bios_trace = files->traces.get();
  }
  config.describe_block = DescribeTranslatedBlock;
  config.debugger = files->gdb.get();
  Result<std::unique_ptr<Machine>> machine = Machine::Create(config, *files->serial);
  if (!machine) {
    PrintError(machine.error().message);
    return kExitUsage;
  }
  MachineGuest guest(**machine);
  if (files->gdb != nullptr) {
    if (const Status started = files->gdb->Start([&machine] { (*machine)->RequestPause(); });
        !started) {
      PrintError(fmt::format("--gdb: {}", started.error().message));
      return kExitHostUnfit;
    }
    PrintLines(
        fmt::format("verbatim: --gdb: {} on {}\n",
                    options.gdb_waits ? "the guest waits for a debugger" : "a debugger may connect",
                    files->gdb->address()),
        false);
  }
  if (files->explorer != nullptr) {
    files->explorer->Start();
    PrintLines(fmt::format("verbatim: --explore: {}\n", files->explorer->url()), false);
  }
  if (files->front != nullptr) HoldLog();
  if (files->terminal != nullptr) {
    if (const Status raw = files->terminal->MakeRaw(); !raw) {
      ReleaseLog();
      PrintError(raw.error().message);
      return kExitUsage;
    }
  }
  Result<std::unique_ptr<Console>> console = StartConsole(guest, *files, options, signals);
  if (!console) {
    GiveBackTerminal(*files);
    PrintError(console.error().message);
    return kExitHostUnfit;
  }
  if (options.sandbox) {
    // All threads run and all files are open.
    SandboxNeeds needs;
    if (files->gdb != nullptr) needs.listening_sockets.push_back(files->gdb->listening_socket());
    if (files->explorer != nullptr) {
      needs.listening_sockets.push_back(files->explorer->listening_socket());
    }
    if (const Status confined = EnterSandbox(needs); !confined) {
      (*console)->Finish();
      GiveBackTerminal(*files);
      PrintError(fmt::format("sandbox: {}", confined.error().message));
      return kExitHostUnfit;
    }
  }

  (*machine)->SetPictureObserver([raw = console->get()] { raw->PictureTaken(); });
  const auto begin = std::chrono::steady_clock::now();
  const Result<MachineOutcome> outcome = (*machine)->Run();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const StopCause cause = (*console)->Finish();
  GiveBackTerminal(*files);

  if (!outcome) {
    if (files->gdb != nullptr) files->gdb->OnExit(kExitHostUnfit);
    PrintError(outcome.error().message);
    return kExitHostUnfit;
  }
  Log(LogLevel::kInfo, "the guest {} after {:.3f} s", Describe(outcome->end), wall.count());
  PrintLines(StopNotice(cause, options), false);
  if (const uint64_t lost = files->serial->bytes_not_written(); lost != 0) {
    PrintError(fmt::format("{} bytes of serial output could not be delivered", lost));
  }
  if (outcome->end == MachineEnd::kKilled) PrintLines("verbatim: ended by the debugger\n", false);
  if (outcome->end == MachineEnd::kDied) {
    PrintLines("verbatim: the guest died\n" + outcome->crash_report + "\n", false);
  }
  int status = OutcomeStatus(*outcome, cause);
  if (files->machine_operator->exit_seen()) {
    status = kExitGood;
  } else if (cause.kind == StopCause::Kind::kNone || cause.kind == StopCause::Kind::kTimeout) {
    for (const std::string& line : files->machine_operator->Unmet()) {
      PrintError(line);
      status = kExitUnmet;
    }
  }
  if (files->firmware_log != nullptr) {
    if (const Status written = files->firmware_log->Finish(); !written) {
      PrintError(fmt::format("--firmware-log {}: cannot be written: {}", *options.firmware_log,
                             written.error().message));
      status = kExitUsage;
    }
  }
  if (files->traces != nullptr && !files->traces->Finish()) status = kExitUsage;
  if (files->profile != nullptr) {
    if (const Status written = files->profile->Finish(); !written) {
      PrintError(written.error().message);
      status = kExitUsage;
    }
  }
  if (cause.kind == StopCause::Kind::kOutputFailed) status = kExitUsage;
  if (!ReportStatistics(options, **machine, *files, wall.count())) status = kExitUsage;
  if (files->gdb != nullptr) files->gdb->OnExit(status);
  if (cause.kind == StopCause::Kind::kSignal) {
    // Ends the disks' threads, which carry out what they were given or say what is lost.
    console->reset();
    machine->reset();
    DieBySignal(cause.signal);
  }
  return status;
}

}  // namespace verbatim
