// SPDX-License-Identifier: Apache-2.0
// The options that stand for a person at the machine: --display, --expect, --send, --exit-on,
// --screenshot-at.
#ifndef VERBATIM_CLI_SCRIPT_OPTIONS_H_
#define VERBATIM_CLI_SCRIPT_OPTIONS_H_

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace verbatim {

// The values as text, before they are judged.
struct ScriptText {
  std::string display = "auto";
  std::vector<std::string> expect;
  std::vector<std::string> send;
  std::vector<std::string> change;
  std::vector<std::string> exit_on;
  std::vector<std::string> screenshots;
};

void DeclareScript(CLI::App& run, ScriptText& text);
// Steps are taken in the order in which they were given. `options.serial` is read already.
[[nodiscard]] Status ReadScript(const CLI::App& run, const ScriptText& text, RunOptions& options);

}  // namespace verbatim

#endif  // VERBATIM_CLI_SCRIPT_OPTIONS_H_
