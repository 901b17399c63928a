// SPDX-License-Identifier: Apache-2.0
// The guests of tests/guests on the whole machine. Those made of cases judge themselves: a line
// that begins with "bad" says which case failed, and how.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
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

MachineOutcome RunGuest(const std::string& name, Text& serial) {
  auto machine =
      Machine::Create({.kernel_path = std::string(VERBATIM_JUDGING_GUESTS) + "/" + name + ".elf",
                       .initrd_path = {},
                       .command_line = {},
                       .memory_bytes = 16u << 20,
                       .code_cache_bytes = 4u << 20,
                       .reboot = false},
                      serial);
  if (!machine) {
    ADD_FAILURE() << machine.error().message;
    return {};
  }
  const auto outcome = (*machine)->Run();
  if (!outcome) {
    ADD_FAILURE() << outcome.error().message;
    return {};
  }
  return *outcome;
}

class CaseGuest : public testing::TestWithParam<const char*> {};

TEST_P(CaseGuest, AllCasesAreGood) {
  Text serial;
  const MachineOutcome outcome = RunGuest(GetParam(), serial);
  EXPECT_EQ(outcome.end, MachineEnd::kDebugExit) << serial.text << outcome.crash_report;
  EXPECT_EQ(outcome.debug_value, 0);
  std::istringstream lines(serial.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("bad")) ADD_FAILURE() << line;
  }
  EXPECT_THAT(serial.text, HasSubstr(std::string(GetParam()) + ": 00000000 bad"));
}

INSTANTIATE_TEST_SUITE_P(TestGuests, CaseGuest,
                         testing::Values("faults", "gates", "returns", "stacks", "tasks"),
                         [](const auto& test_info) { return std::string(test_info.param); });

TEST(TestGuests, AnUndeliverableDoubleFaultEndsTheRun) {
  Text serial;
  EXPECT_EQ(RunGuest("shutdown", serial).end, MachineEnd::kDied);
  EXPECT_THAT(serial.text, HasSubstr("an IDT without gates"));
  EXPECT_THAT(serial.text, Not(HasSubstr("still alive")));
}

}  // namespace
}  // namespace verbatim
