// SPDX-License-Identifier: Apache-2.0
// Returns from interrupts lead to any instruction: to neighbours, which share an entry of the jump
// table, as well.
#include <gtest/gtest.h>

#include <vector>

#include "base/bits.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

TEST(InterruptReturn, GoesToNeighboursWithoutTheRunLoop) {
  constexpr uint32_t kFirst = kCode + 16;
  constexpr uint32_t kSecond = kFirst + 2;
  constexpr uint32_t kRounds = 1000;
  auto guest = GuestSnippet::Create({.code_cache_bytes = 1u << 20});
  ASSERT_TRUE(guest.has_value());
  std::vector<uint8_t> code{
      0xB9, 0,    0,    0,    0,        // mov ecx, kRounds
      0x9C, 0x0E, 0x68, 0,    0, 0, 0,  // again: push flags, cs, kFirst
      0xCF, 0x90, 0x90, 0x90,           // iret
      0xEB, 0x02,                       // kFirst: jmp behind
      0xEB, 0x09,                       // kSecond: jmp next
      0x9C, 0x0E, 0x68, 0,    0, 0, 0,  // behind: push flags, cs, kSecond
      0xCF, 0x90,                       // iret
      0xE2, 0xE6,                       // next: loop again
      0x89, 0xE0, 0xE6, 0xF4,           // eax = esp ; out F4h, al
  };
  StoreLittle(&code[1], kRounds);
  StoreLittle(&code[8], kFirst);
  StoreLittle(&code[23], kSecond);
  (*guest)->Write(kCode, code);
  const CpuImage start = CpuImage::Typical();
  EXPECT_EQ((*guest)->RunAtCpl0(start), start.gpr[kEsp]);
  EXPECT_LT((*guest)->engine().statistics().lookups, 50u);
}

}  // namespace
}  // namespace verbatim::test
