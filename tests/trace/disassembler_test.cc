// SPDX-License-Identifier: Apache-2.0
// Bytes to text, and what is told about branches and context fields.
#include "trace/disassembler.h"

#include <gtest/gtest.h>

#include <array>

#include "trace/host_names.h"
#include "translator/execution_context.h"

namespace verbatim {
namespace {

constexpr std::array<uint8_t, 6> kMove = {0xB8, 0x78, 0x56, 0x34, 0x12, 0x90};

TEST(Disassembler, ReadsTheSameBytesByMode) {
  Disassembler narrow(Disassembler::Mode::kGuest16);
  Disassembler wide(Disassembler::Mode::kGuest32);
  EXPECT_EQ(narrow.At(kMove, 0).text, "mov ax, 0x5678");
  EXPECT_EQ(narrow.At(kMove, 0).length, 3u);
  EXPECT_EQ(wide.At(kMove, 0).text, "mov eax, 0x12345678");
  EXPECT_EQ(wide.At(kMove, 0).length, 5u);
}

TEST(Disassembler, TellsWhereBranchesLead) {
  Disassembler host(Disassembler::Mode::kHost);
  const std::array<uint8_t, 5> call = {0xE8, 0x10, 0, 0, 0};
  EXPECT_EQ(host.At(call, 0x4000'0000).branch_target, 0x4000'0015u);
  const std::array<uint8_t, 2> jump = {0x74, 0xFE};
  EXPECT_EQ(host.At(jump, 0x4000'0000).branch_target, 0x4000'0000u);
  EXPECT_FALSE(host.At(kMove, 0).branch_target) << "an immediate is no target";
}

TEST(Disassembler, TellsContextFields) {
  Disassembler host(Disassembler::Mode::kHost);
  const std::array<uint8_t, 7> load = {0x45, 0x8B, 0x87, 0x00, 0x01, 0, 0};  // mov r8d, [r15+256]
  EXPECT_EQ(host.At(load, 0).context_offset, 256u);
  const std::array<uint8_t, 3> other = {0x45, 0x8B, 0x06};  // mov r8d, [r14]
  EXPECT_FALSE(host.At(other, 0).context_offset);
}

TEST(Disassembler, WhatItDoesNotKnowIsOneByteLong) {
  Disassembler host(Disassembler::Mode::kHost);
  const std::array<uint8_t, 2> bytes = {0x06, 0x90};  // push es: not in 64-bit mode
  EXPECT_EQ(host.At(bytes, 0).text, "(unknown)");
  EXPECT_EQ(host.At(bytes, 0).length, 1u);
  EXPECT_EQ(host.At({}, 0).text, "(unknown)");
}

TEST(HostNames, StubsByTheirEntry) {
  const std::array<uint8_t, 16> code{};
  StubTable stubs;
  stubs.miss = code.data();
  stubs.callout = code.data() + 8;
  const auto address = reinterpret_cast<uintptr_t>(code.data());
  EXPECT_EQ(NamesFor(stubs).StubAt(address), "miss");
  EXPECT_EQ(NamesFor(stubs).StubAt(address + 8), "callout");
  EXPECT_EQ(NamesFor(stubs).StubAt(address + 1), "");
}

TEST(HostNames, ContextFieldsByOffset) {
  const HostNames names = NamesFor({});
  EXPECT_EQ(names.FieldAt(offsetof(ExecutionContext, virtual_flags)), "virtual_flags");
  EXPECT_EQ(names.FieldAt(offsetof(ExecutionContext, fs_base)), "&fs.base");
  EXPECT_EQ(names.FieldAt(offsetof(ExecutionContext, virtual_flags) + 1), "");
}

}  // namespace
}  // namespace verbatim
