// SPDX-License-Identifier: Apache-2.0
// How the machine ends when its processor shuts down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "machine/machine.h"

namespace verbatim {
namespace {

using testing::HasSubstr;
using testing::Not;

class Text final : public ByteSink {
 public:
  void Write(std::span<const uint8_t> bytes) override { text.append(bytes.begin(), bytes.end()); }
  std::string text;
};

// SDM vol. 3, 6.15, "Interrupt 8": a fault while the double fault is delivered.
TEST(Shutdown, AnUndeliverableDoubleFaultEndsTheRun) {
  Text serial;
  auto machine =
      Machine::Create({.kernel_path = std::string(VERBATIM_SHARED_GUESTS) + "/shutdown.elf",
                       .initrd_path = {},
                       .command_line = {},
                       .memory_bytes = 16u << 20,
                       .code_cache_bytes = 4u << 20,
                       .reboot = false},
                      serial);
  ASSERT_TRUE(machine) << machine.error().message;
  const auto outcome = (*machine)->Run();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->end, MachineEnd::kDied);
  EXPECT_THAT(serial.text, HasSubstr("an IDT without gates"));
  EXPECT_THAT(serial.text, Not(HasSubstr("still alive")));
}

}  // namespace
}  // namespace verbatim
