// SPDX-License-Identifier: Apache-2.0
// The command line of `verbatim block`.
#ifndef VERBATIM_CLI_BLOCK_OPTIONS_H_
#define VERBATIM_CLI_BLOCK_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/block_command.h"

namespace verbatim {

extern const std::string_view kBlockFooter;

// The values as text, before they are judged.
struct BlockText {
  std::vector<std::string> words;
  std::string assembly;
  std::string file;
  std::string address;
  std::string bits = "32";
  std::string cpl = "0";
  std::string cpu = "core2";
  std::string blocks;
};

void DeclareBlock(CLI::App& block, BlockText& text);
[[nodiscard]] Result<BlockOptions> ReadBlock(const CLI::App& block, const BlockText& text);

}  // namespace verbatim

#endif  // VERBATIM_CLI_BLOCK_OPTIONS_H_
