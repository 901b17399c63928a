// SPDX-License-Identifier: Apache-2.0
// `verbatim block`: what becomes of a few instructions.
#ifndef VERBATIM_CLI_BLOCK_COMMAND_H_
#define VERBATIM_CLI_BLOCK_COMMAND_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace verbatim {

struct BlockOptions {
  // The code: exactly one of the three.
  std::vector<uint8_t> bytes{};
  std::string assembly;
  std::string file;
  std::optional<std::string> start{};  // in `file`: where to begin
  uint32_t address = 0x00100000;       // of the first byte
  bool address_given = false;
  bool code32 = true;
  unsigned cpl = 0;
  bool paging = true;
  std::string cpu_model = "core2";
  uint32_t max_blocks = 16;
};

// The exit status.
[[nodiscard]] int ShowBlock(const BlockOptions& options);

}  // namespace verbatim

#endif  // VERBATIM_CLI_BLOCK_COMMAND_H_
