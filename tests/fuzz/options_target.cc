// SPDX-License-Identifier: Apache-2.0
// The command line: whatever the words are, it is understood or refused with one line. Input: the
// words behind "verbatim", each ended by a zero byte.
#include <string>
#include <variant>
#include <vector>

#include "cli/options.h"
#include "tests/fuzz/target.h"

namespace verbatim {
namespace {

void Run(const uint8_t* data, size_t size) {
  std::vector<std::string> words{"verbatim"};
  std::string word;
  for (size_t i = 0; i < size; ++i) {
    if (data[i] != 0) {
      word += static_cast<char>(data[i]);
      continue;
    }
    words.push_back(std::move(word));
    word.clear();
  }
  std::vector<const char*> arguments;
  arguments.reserve(words.size());
  for (const std::string& text : words) arguments.push_back(text.c_str());
  const Result<Command> command =
      ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
  if (!command) {
    Demand(!command.error().message.empty(), "refused without a reason");
    return;
  }
  const auto* run = std::get_if<RunOptions>(&*command);
  if (run == nullptr) return;
  const MachineConfig& machine = run->machine;
  Demand(run->image || !machine.kernel_path.empty() || !machine.disks.empty() ||
             !machine.floppies.empty() || machine.firmware,
         "a run of nothing");
  Demand(run->machine.memory_bytes % 4096 == 0 && run->machine.memory_bytes >= 4 << 20 &&
             run->machine.memory_bytes <= uint64_t{3584} << 20,
         "{} bytes of memory", run->machine.memory_bytes);
  Demand(!run->timeout || run->timeout->count() > 0, "a time limit of nothing");
}

}  // namespace
}  // namespace verbatim

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::Run(data, size);
  return 0;
}
