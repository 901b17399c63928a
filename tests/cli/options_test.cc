// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace verbatim {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

Result<Command> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "verbatim");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

// `arguments` after "run --kernel k".
Result<Command> ParseRun(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"run", "--kernel", "k"});
  return Parse(std::move(arguments));
}

RunOptions Given(std::vector<const char*> arguments) {
  const Result<Command> command = ParseRun(std::move(arguments));
  if (!command) ADD_FAILURE() << command.error().message;
  return command ? std::get<RunOptions>(*command) : RunOptions{};
}

std::string Complaint(const Result<Command>& command) {
  return command ? "(none)" : command.error().message;
}

TEST(Options, HasTheDefaultsOfTheMachine) {
  const RunOptions options = Given({});
  const MachineConfig defaults;
  EXPECT_EQ(options.machine.kernel_path, "k");
  EXPECT_EQ(options.machine.initrd_path, std::nullopt);
  EXPECT_EQ(options.machine.command_line, "");
  EXPECT_EQ(options.machine.memory_bytes, defaults.memory_bytes);
  EXPECT_EQ(options.machine.cpu_model, defaults.cpu_model);
  EXPECT_EQ(options.machine.code_cache_bytes, defaults.code_cache_bytes);
  EXPECT_TRUE(options.machine.reboot);
  EXPECT_FALSE(options.machine.dynamic_statistics);
  EXPECT_EQ(options.machine.validate, std::nullopt);
  EXPECT_EQ(options.serial.kind, SerialKind::kStdio);
  EXPECT_EQ(options.timeout, std::nullopt);
  EXPECT_FALSE(options.statistics.table);
  EXPECT_EQ(options.statistics.path, std::nullopt);
  EXPECT_TRUE(options.sandbox);
  EXPECT_FALSE(options.verbose);
}

TEST(Options, StepsOfAScriptKeepTheirOrder) {
  const RunOptions options =
      Given({"--send", "<ret>", "--expect", "[ OK ], a=b", "--timeout", "9", "--send", "x<lt>",
             "--expect=-sh", "--change", "d", "--exit-on", "# "});
  std::string steps;
  for (const ScriptStep& step : options.script) {
    steps += "ESCX"[static_cast<size_t>(step.kind)] + step.text + "|";
  }
  EXPECT_EQ(steps, "S<ret>|E[ OK ], a=b|Sx<lt>|E-sh|Cd|X# |");
  EXPECT_EQ(options.script[0].keys.size(), 2u);
}

TEST(Options, RejectsScriptsThatCannotBe) {
  EXPECT_EQ(Complaint(ParseRun({"--exit-on", "a", "--send", "b"})),
            "--send: nothing can come after --exit-on, which ends the run");
  EXPECT_EQ(Complaint(ParseRun({"--change", "c"})), "--change 'c': expected a, b or d");
  EXPECT_EQ(Complaint(ParseRun({"--expect", ""})), "--expect '': expected a text");
  EXPECT_THAT(Complaint(ParseRun({"--send", "<nokey>"})), HasSubstr("--send '<nokey>': "));
}

TEST(Options, ScreenshotsAreAtATimeOrAText) {
  const RunOptions options =
      Given({"--screenshot-at", "1.5=a.png", "--screenshot-at", "x=y z=b.png"});
  ASSERT_EQ(options.screenshots.size(), 2u);
  EXPECT_EQ(options.screenshots[0].after, milliseconds(1500));
  EXPECT_EQ(options.screenshots[0].path, "a.png");
  EXPECT_EQ(options.screenshots[1].after, std::nullopt);
  EXPECT_EQ(options.screenshots[1].text, "x=y z");
  EXPECT_EQ(options.screenshots[1].path, "b.png");
  for (const char* bad : {"5", "=x.png", "5="}) {
    EXPECT_THAT(Complaint(ParseRun({"--screenshot-at", bad})),
                HasSubstr("expected SECONDS=FILE or TEXT=FILE"));
  }
}

TEST(Options, TheTerminalIsEitherTheScreenOrTheSerialLine) {
  EXPECT_EQ(Given({}).display, DisplayKind::kAutomatic);
  EXPECT_EQ(Given({"--serial", "stdio"}).display, DisplayKind::kNone);
  EXPECT_EQ(Given({"--display", "none"}).display, DisplayKind::kNone);
  const RunOptions options = Given({"--display", "terminal"});
  EXPECT_EQ(options.display, DisplayKind::kTerminal);
  EXPECT_EQ(options.serial.kind, SerialKind::kNone);
  EXPECT_EQ(Given({"--display", "terminal", "--serial", "file:x"}).serial.kind, SerialKind::kFile);
  EXPECT_THAT(Complaint(ParseRun({"--display", "terminal", "--serial", "stdio"})),
              HasSubstr("--display terminal has the terminal"));
  EXPECT_EQ(Complaint(ParseRun({"--display", "sdl"})),
            "--display 'sdl': expected terminal, none or auto");
}

TEST(Options, TakesEveryOption) {
  const RunOptions options =
      Given({"--initrd", "i", "--append", "console=ttyS0 -x", "--memory", "64M", "--cpu=pentium3",
             "--code-cache", "16M", "--serial", "file:log", "--timeout", "1.5", "--no-reboot",
             "--verbose", "--sandbox=off", "--validate"});
  EXPECT_EQ(options.machine.initrd_path, "i");
  EXPECT_EQ(options.machine.command_line, "console=ttyS0 -x");
  EXPECT_EQ(options.machine.validate, true);
  EXPECT_EQ(options.machine.memory_bytes, 64u << 20);
  EXPECT_EQ(options.machine.cpu_model, "pentium3");
  EXPECT_EQ(options.machine.code_cache_bytes, 16u << 20);
  EXPECT_EQ(options.serial.kind, SerialKind::kFile);
  EXPECT_EQ(options.serial.path, "log");
  EXPECT_EQ(options.timeout, milliseconds(1500));
  EXPECT_FALSE(options.sandbox);
  EXPECT_FALSE(options.machine.reboot);
  EXPECT_TRUE(options.verbose);
}

TEST(Options, FirmwareTakesTheKernelsPlace) {
  const Result<Command> command =
      Parse({"run", "--firmware", "a.bin,vgabios=b.bin", "--firmware-log", "f.log"});
  ASSERT_TRUE(command) << command.error().message;
  const RunOptions& options = std::get<RunOptions>(*command);
  ASSERT_TRUE(options.machine.firmware);
  EXPECT_EQ(options.machine.firmware->path, "a.bin");
  EXPECT_EQ(options.firmware_log, "f.log");
  EXPECT_THAT(Complaint(Parse({"run", "--firmware", "a.bin,linuxboot=l.bin"})),
              HasSubstr("expected a --kernel"));
  EXPECT_TRUE(Parse({"run", "--firmware", "a.bin,linuxboot=l.bin", "--kernel", "k"}));
  EXPECT_THAT(Complaint(ParseRun({"--firmware", "a.bin"})), HasSubstr("not both"));
  EXPECT_THAT(Complaint(Parse({"run", "--firmware", "a.bin,x"})), HasSubstr("'x'"));
}

TEST(Options, TakesTracesAndSymbols) {
  EXPECT_TRUE(Given({}).traces.empty());
  const RunOptions two = Given({"--trace", "bios", "--trace=irq,io=t.log", "--symbols", "map"});
  ASSERT_EQ(two.traces.size(), 2u);
  EXPECT_EQ(two.traces[0].path, "");
  EXPECT_EQ(two.traces[1].path, "t.log");
  EXPECT_EQ(two.symbols, "map");
  EXPECT_THAT(Complaint(ParseRun({"--trace=bio"})), HasSubstr("'bio'"));
  EXPECT_THAT(Complaint(ParseRun({"--trace"})), HasSubstr("--trace"));
  EXPECT_THAT(Complaint(ParseRun({"--symbols", "map"})), HasSubstr("expected --trace"));
  EXPECT_THAT(Complaint(Parse({"run", "--firmware", "a.bin", "--trace", "bios"})),
              HasSubstr("not both"));
}

TEST(Options, TakesAnEmptyKernelCommandLine) {
  EXPECT_EQ(Given({"--append", ""}).machine.command_line, "");
}

TEST(Options, ChoosesStatistics) {
  EXPECT_TRUE(Given({"--stats"}).statistics.table);
  EXPECT_FALSE(Given({"--stats"}).machine.dynamic_statistics);

  const RunOptions json = Given({"--stats=a.json"});
  EXPECT_FALSE(json.statistics.table);
  EXPECT_EQ(json.statistics.path, "a.json");

  const RunOptions dynamic = Given({"--stats=dynamic"});
  EXPECT_TRUE(dynamic.statistics.table);
  EXPECT_TRUE(dynamic.machine.dynamic_statistics);

  const RunOptions both = Given({"--stats=dynamic,a.json"});
  EXPECT_FALSE(both.statistics.table);
  EXPECT_TRUE(both.machine.dynamic_statistics);
  EXPECT_EQ(both.statistics.path, "a.json");

  EXPECT_THAT(Complaint(ParseRun({"--stats=dynamic,"})), HasSubstr("--stats"));
  EXPECT_THAT(Complaint(ParseRun({"--stats", "--stats=a.json"})), HasSubstr("--stats"));
}

TEST(Options, TakesMemorySizesWithinRange) {
  EXPECT_EQ(Given({"--memory", "4M"}).machine.memory_bytes, 4u << 20);
  EXPECT_EQ(Given({"--memory", "3584M"}).machine.memory_bytes, 3584ull << 20);
  EXPECT_EQ(Given({"--memory", "4100K"}).machine.memory_bytes, 4100u << 10);
}

TEST(Options, NamesOptionValueAndRangeOfABadSize) {
  for (const char* bad : {"0", "3M", "3585M", "5G", "4097K", "lots", "", "-64M", "64X"}) {
    EXPECT_THAT(Complaint(ParseRun({"--memory", bad})),
                AllOf(HasSubstr("--memory"), HasSubstr(bad), HasSubstr("4M to 3584M")));
  }
  for (const char* bad : {"0", "1023K", "2G", "x"}) {
    EXPECT_THAT(Complaint(ParseRun({"--code-cache", bad})),
                AllOf(HasSubstr("--code-cache"), HasSubstr(bad), HasSubstr("1M to 1G")));
  }
}

TEST(Options, RejectsBadTimeouts) {
  for (const char* bad : {"0", "-1", "soon", "1s", "nan", "inf", "", "1e5", "99999999999"}) {
    EXPECT_THAT(Complaint(ParseRun({"--timeout", bad})),
                AllOf(HasSubstr("--timeout"), HasSubstr(bad)));
  }
}

TEST(Options, RejectsBadChoices) {
  EXPECT_THAT(Complaint(ParseRun({"--cpu", "core3"})),
              AllOf(HasSubstr("core3"), HasSubstr("pentium3")));
  for (const char* bad : {"tcp", "file:", ""}) {
    EXPECT_THAT(Complaint(ParseRun({"--serial", bad})),
                AllOf(HasSubstr("--serial"), HasSubstr("file:PATH")));
  }
}

TEST(Options, NeedsAKernelAndACommand) {
  EXPECT_THAT(Complaint(Parse({"run"})), HasSubstr("--kernel"));
  EXPECT_THAT(Complaint(Parse({"run", "--kernel"})), HasSubstr("--kernel"));
  EXPECT_THAT(Complaint(Parse({})),
              HasSubstr("expected run, block, trace, explore, stats, bench or doctor"));
}

// `--cdrom a.iso disk.img`: the image is no second disc.
TEST(Options, WhatMayBeGivenOftenTakesOneWordEachTime) {
  for (const auto& [option, word] :
       std::initializer_list<std::pair<const char*, const char*>>{{"--disk", "a"},
                                                                  {"--cdrom", "a"},
                                                                  {"--floppy", "a"},
                                                                  {"--trace", "exits"},
                                                                  {"--disable-opt", "cells"},
                                                                  {"--expect", "a"},
                                                                  {"--send", "a"},
                                                                  {"--exit-on", "a"},
                                                                  {"--screenshot-at", "1=a.png"}}) {
    const Result<Command> command = Parse({"run", option, word, "image"});
    ASSERT_TRUE(command.has_value()) << option << ": " << command.error().message;
    const RunOptions& options = std::get<RunOptions>(*command);
    ASSERT_TRUE(options.image.has_value()) << option;
    EXPECT_EQ(options.image->path, "image") << option;
  }
}

TEST(Options, DoesWithoutOptimisations) {
  const OptimisationSet left =
      Given({"--disable-opt", "chain", "--disable-opt=move-code"}).machine.optimisations;
  EXPECT_FALSE(left.Has(Optimisation::kChain));
  EXPECT_FALSE(left.Has(Optimisation::kMoveCode));
  EXPECT_TRUE(left.Has(Optimisation::kCells));
  EXPECT_EQ(Complaint(ParseRun({"--disable-opt", "movecode"})),
            "--disable-opt 'movecode': did you mean 'move-code'?");
  EXPECT_THAT(Complaint(ParseRun({"--disable-opt", "x"})), HasSubstr("expected one of chain, "));
}

TEST(Options, SuggestsWhatWasMeant) {
  EXPECT_EQ(Complaint(Parse({"run", "--kernal", "k"})),
            "unknown option '--kernal': did you mean '--kernel'?");
  EXPECT_EQ(Complaint(Parse({"run", "--memroy=64M"})),
            "unknown option '--memroy': did you mean '--memory'?");
  EXPECT_EQ(Complaint(Parse({"rum", "--kernel", "k"})),
            "unknown command 'rum': did you mean 'run'?");
  EXPECT_EQ(Complaint(Parse({"--versoin"})),
            "unknown option '--versoin': did you mean '--version'?");
  EXPECT_EQ(Complaint(Parse({"run", "--turbocharge"})),
            "unknown option '--turbocharge': see 'verbatim run --help'");
}

TEST(Options, RejectsSuperfluousArguments) {
  EXPECT_THAT(Complaint(ParseRun({"image", "more"})), HasSubstr("more"));
  EXPECT_THAT(Complaint(Parse({"doctor", "more"})), HasSubstr("more"));
  EXPECT_THAT(Complaint(ParseRun({"--memory", "16M", "--memory", "32M"})), HasSubstr("--memory"));
}

TEST(Options, TakesAnImageOfWhateverKind) {
  const RunOptions options = Given({"some.img,snapshot=on"});
  ASSERT_TRUE(options.image);
  EXPECT_EQ(options.image->path, "some.img");
  EXPECT_TRUE(options.image->snapshot);
  EXPECT_TRUE(Parse({"run", "some.img"})) << "that is something to boot";
  EXPECT_THAT(Complaint(ParseRun({"some.img,bus=1"})), HasSubstr("bus="));
}

TEST(Options, TakesABootOrder) {
  EXPECT_EQ(Given({}).machine.boot_order, std::nullopt);
  EXPECT_EQ(Given({"--boot", "dca"}).machine.boot_order, "dca");
  EXPECT_FALSE(Given({"--boot", "dca"}).machine.boot_menu);
  EXPECT_EQ(Given({"--boot", "menu"}).machine.boot_order, std::nullopt);
  EXPECT_TRUE(Given({"--boot", "menu"}).machine.boot_menu);
  EXPECT_EQ(Given({"--boot", "n,menu"}).machine.boot_order, "n");
  EXPECT_TRUE(Given({"--boot", "n,menu"}).machine.boot_menu);
  for (const char* wrong : {"", "x", "cc", ",menu", "c,", "C", "menu,c"}) {
    EXPECT_THAT(Complaint(ParseRun({"--boot", wrong})), HasSubstr("--boot")) << wrong;
  }
}

TEST(Options, ShowsHelpAndVersion) {
  const Result<Command> help = Parse({"run", "--help"});
  ASSERT_TRUE(help);
  EXPECT_THAT(std::get<ShowText>(*help).text,
              AllOf(HasSubstr("--code-cache"), HasSubstr("Ctrl-A x"), HasSubstr("124")));
  const Result<Command> version = Parse({"--version"});
  ASSERT_TRUE(version);
  EXPECT_THAT(std::get<ShowText>(*version).text, HasSubstr("verbatim "));
  const Result<Command> doctor = Parse({"doctor"});
  ASSERT_TRUE(doctor);
  EXPECT_TRUE(std::holds_alternative<DoctorOptions>(*doctor));
}

}  // namespace
}  // namespace verbatim
