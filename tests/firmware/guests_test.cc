// SPDX-License-Identifier: Apache-2.0
// The test guests as the linker made them, the loaders' sample of real ELF files.
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "firmware/loader.h"
#include "tests/firmware/guest_ram.h"

namespace verbatim {
namespace {

class TestGuest : public testing::TestWithParam<const char*> {};

TEST_P(TestGuest, Loads) {
  const std::string path = std::string(VERBATIM_TEST_GUESTS) + "/" + GetParam() + ".elf";
  const auto bytes = ReadFile(path, 1 << 20);
  ASSERT_TRUE(bytes) << bytes.error().message;
  GuestRam ram(4 << 20);
  const auto state =
      LoadGuest(ram.ram(), {.kernel = {.name = path, .bytes = *bytes}}, ram.environment());
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_TRUE(ram.Intact());
  EXPECT_EQ(state->eax, 0x2BADB002u);
  EXPECT_EQ(ram.Load<uint32_t>(0x100000), 0x1BADB002u);
  EXPECT_EQ(ram.Load<uint8_t>(state->eip.value), 0xBC) << "mov esp, StackTop";
}

INSTANTIATE_TEST_SUITE_P(Guests, TestGuest, testing::Values("hello", "ring3", "faults"),
                         [](const auto& test_info) { return std::string(test_info.param); });

}  // namespace
}  // namespace verbatim
