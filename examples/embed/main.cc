// SPDX-License-Identifier: Apache-2.0
// A machine inside another program: runs a guest, shows what it prints with the number of each
// line, and ends with what the guest wrote to the debug-exit port.
#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "machine/machine.h"

namespace {

// Gets what the guest sends to COM1.
class NumberedLines final : public verbatim::ByteSink {
 public:
  void Write(std::span<const uint8_t> bytes) override {
    for (const uint8_t byte : bytes) {
      if (byte != '\n') {
        line_ += static_cast<char>(byte);
        continue;
      }
      std::printf("%3d  %s\n", ++count_, line_.c_str());
      line_.clear();
    }
  }

 private:
  std::string line_;
  int count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "Usage: embed KERNEL\n");
    return 2;
  }
  verbatim::MachineConfig config;
  config.kernel_path = argv[1];
  config.memory_bytes = 16 << 20;

  NumberedLines serial;  // outlives the machine
  const auto machine = verbatim::Machine::Create(config, serial);
  if (!machine) {
    std::fprintf(stderr, "embed: %s\n", machine.error().message.c_str());
    return 2;
  }
  const auto outcome = (*machine)->Run();
  if (!outcome) {
    std::fprintf(stderr, "embed: %s\n", outcome.error().message.c_str());
    return 3;
  }
  if (outcome->end == verbatim::MachineEnd::kDied) {
    std::fprintf(stderr, "embed: the guest died\n%s", outcome->crash_report.c_str());
  }
  return outcome->end == verbatim::MachineEnd::kDebugExit ? outcome->debug_value : 1;
}
