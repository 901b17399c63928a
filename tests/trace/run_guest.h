// SPDX-License-Identifier: Apache-2.0
// Runs a test guest to its end with an observer of its blocks.
#ifndef VERBATIM_TESTS_TRACE_RUN_GUEST_H_
#define VERBATIM_TESTS_TRACE_RUN_GUEST_H_

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "machine/machine.h"

namespace verbatim {

class TextSink final : public ByteSink {
 public:
  void Write(std::span<const uint8_t> bytes) override { text.append(bytes.begin(), bytes.end()); }
  std::string text;
};

inline void RunGuest(const std::string& name, EngineObserver& observer) {
  TextSink serial;
  MachineConfig config;
  config.kernel_path = std::string(VERBATIM_TEST_GUESTS) + "/" + name + ".elf";
  config.memory_bytes = 16 << 20;
  config.validate = true;
  config.observer = &observer;
  const auto machine = Machine::Create(config, serial);
  ASSERT_TRUE(machine) << machine.error().message;
  const auto outcome = (*machine)->Run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->end, MachineEnd::kDebugExit);
  EXPECT_EQ(outcome->debug_value, 0) << serial.text;
}

}  // namespace verbatim

#endif  // VERBATIM_TESTS_TRACE_RUN_GUEST_H_
