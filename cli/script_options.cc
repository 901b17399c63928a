// SPDX-License-Identifier: Apache-2.0
#include "cli/script_options.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "base/parse.h"
#include "devices/key_text.h"

namespace verbatim {
namespace {

constexpr const char* kExpect = "--expect";
constexpr const char* kSend = "--send";
constexpr const char* kChange = "--change";
constexpr const char* kExitOn = "--exit-on";

// Each occurrence is a value as it stands: no lists, no brackets.
void DeclareRepeatable(CLI::App& run, const char* name, std::vector<std::string>& values,
                       const char* type, const char* help) {
  run.add_option(name, values, help)->type_name(type)->allow_extra_args(false);
}

Result<ScriptStep> ReadStep(const std::string& option, const std::string& value) {
  if (value.empty()) return Fail("{} '': expected a text", option);
  ScriptStep step{.text = value};
  if (option == kExpect) return step;
  step.kind = ScriptStep::Kind::kExitOn;
  if (option == kExitOn) return step;
  if (option == kChange) {
    step.kind = ScriptStep::Kind::kChange;
    if (value == "a") return step;
    step.slot = MediaSlot::kFloppyB;
    if (value == "b") return step;
    step.slot = MediaSlot::kCdrom;
    if (value == "d") return step;
    return Fail("--change '{}': expected a, b or d", value);
  }
  step.kind = ScriptStep::Kind::kSend;
  Result<std::vector<KeyEvent>> keys = KeysOfText(value);
  if (!keys) return Fail("--send '{}': {}", value, keys.error().message);
  step.keys = *std::move(keys);
  return step;
}

Result<ScreenshotOrder> ReadScreenshot(const std::string& value) {
  const size_t equals = value.rfind('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == value.size()) {
    return Fail("--screenshot-at '{}': expected SECONDS=FILE or TEXT=FILE", value);
  }
  ScreenshotOrder order{.given = value,
                        .after = std::nullopt,
                        .text = value.substr(0, equals),
                        .path = value.substr(equals + 1)};
  if (const auto seconds = ParseSeconds(order.text)) order.after = *seconds;
  return order;
}

Status ReadSteps(const CLI::App& run, const ScriptText& text, RunOptions& options) {
  auto expect = text.expect.begin();
  auto send = text.send.begin();
  auto change = text.change.begin();
  auto exit_on = text.exit_on.begin();
  for (const CLI::Option* option : run.parse_order()) {
    const std::string name = option->get_name();
    if (name != kExpect && name != kSend && name != kChange && name != kExitOn) continue;
    if (!options.script.empty() && options.script.back().kind == ScriptStep::Kind::kExitOn) {
      return Fail("{}: nothing can come after --exit-on, which ends the run", name);
    }
    auto& value = name == kExpect   ? expect
                  : name == kSend   ? send
                  : name == kChange ? change
                                    : exit_on;
    Result<ScriptStep> step = ReadStep(name, *value++);
    if (!step) return std::unexpected(step.error());
    options.script.push_back(*std::move(step));
  }
  return {};
}

}  // namespace

void DeclareScript(CLI::App& run, ScriptText& text) {
  run.add_option("--display", text.display,
                 "terminal: the guest's text screen and its keyboard are this terminal;\n"
                 "none: nothing shows the screen; auto: terminal for what the BIOS boots,\n"
                 "if this is a terminal and --serial is not given")
      ->type_name("WHERE")
      ->capture_default_str();
  DeclareRepeatable(run, kExpect, text.expect, "TEXT",
                    "wait until the guest says this, on the serial line or the text screen");
  DeclareRepeatable(run, kSend, text.send, "KEYS",
                    "type this: where text was found last, else on the keyboard if\n"
                    "--display shows the screen, else on the serial line;\n"
                    "keys by name: <ret> <f2> <up> <ctrl-c>, <lt> is '<'");
  DeclareRepeatable(run, kChange, text.change, "a|b|d",
                    "put the next floppy disk (a, b) or CD (d) into its drive, as Ctrl-A f does");
  DeclareRepeatable(run, kExitOn, text.exit_on, "TEXT",
                    "end the run when the guest says this; last of these four, which are\n"
                    "done in the order given");
  DeclareRepeatable(run, "--screenshot-at", text.screenshots, "SECONDS|TEXT=FILE",
                    "write the screen as PNG after a time or when the guest says a text");
}

Status ReadScript(const CLI::App& run, const ScriptText& text, RunOptions& options) {
  if (text.display == "none" || (text.display == "auto" && run.count("--serial") != 0)) {
    options.display = DisplayKind::kNone;
  } else if (text.display != "auto" && text.display != "terminal") {
    return Fail("--display '{}': expected terminal, none or auto", text.display);
  }
  if (text.display == "terminal") {
    options.display = DisplayKind::kTerminal;
    if (run.count("--serial") == 0) options.serial = {.kind = SerialKind::kNone, .path = {}};
    if (options.serial.kind == SerialKind::kStdio) {
      return Fail(
          "--serial stdio: --display terminal has the terminal: expected none or file:PATH");
    }
  }
  for (const std::string& screenshot : text.screenshots) {
    Result<ScreenshotOrder> order = ReadScreenshot(screenshot);
    if (!order) return std::unexpected(order.error());
    options.screenshots.push_back(*std::move(order));
  }
  return ReadSteps(run, text, options);
}

}  // namespace verbatim
