// SPDX-License-Identifier: Apache-2.0
// Code that is changed by other ways than its own stores, and what changes cost. What programs do
// to themselves is in self_modification.inc, compared with the bare processor.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/bits.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kUserPage = kPtePresent | kPteWritable | kPteUser;
constexpr uint8_t kVectorUndefined = 6;
constexpr uint8_t kVectorProtection = 13;

using Bytes = std::vector<uint8_t>;

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes Dword(uint32_t value) {
  Bytes bytes(4);
  StoreLittle(bytes.data(), value);
  return bytes;
}

class SelfModification : public testing::Test {
 protected:
  void SetUp() override {
    auto guest = GuestSnippet::Create({.code_cache_bytes = 1u << 20});
    ASSERT_TRUE(guest.has_value());
    guest_ = std::move(*guest);
  }
  void Put(uint32_t physical, const Bytes& code) { guest_->Write(physical, code); }
  [[nodiscard]] uint32_t EaxAfter(uint32_t eip, uint32_t ecx = 0) {
    CpuImage start = CpuImage::Typical();
    start.eip = eip;
    start.gpr[kEcx] = ecx;
    const Outcome end = guest_->Run(start);
    EXPECT_EQ(end.vector, kVectorProtection);
    return end.cpu.gpr[kEax];
  }
  [[nodiscard]] const EngineStatistics& statistics() { return guest_->engine().statistics(); }

  std::unique_ptr<GuestSnippet> guest_;
};

constexpr uint8_t kRet = 0xC3;
const Bytes kEnd{0xE6, 0xF4};  // out F4h, al: not at CPL 3

// mov eax, value
Bytes LoadEax(uint32_t value) { return Bytes{0xB8} + Dword(value); }

// xor eax, eax ; again: mov [address], ecx ; call function ; add edx, eax ; loop again ; mov eax,
// edx. The sum of what the function returns.
Bytes SumOf(uint32_t at, uint32_t address, uint32_t function) {
  Bytes code{0x31, 0xD2, 0x89, 0x0D};
  code = code + Dword(address) + Bytes{0xE8};
  code = code + Dword(function - (at + static_cast<uint32_t>(code.size()) + 4));
  return code + Bytes{0x01, 0xC2, 0xE2, 0xF1, 0x89, 0xD0} + kEnd;
}

constexpr uint32_t SumUpTo(uint32_t count) { return count * (count + 1) / 2; }

TEST_F(SelfModification, AnyByteThatMadeAnInstructionUndefinedCounts) {
  Put(kCode, Bytes{0x0F, 0x13, 0xC9} + kEnd);  // movlps with a register: no such
  EXPECT_EQ(guest_->Run(CpuImage::Typical()).vector, kVectorUndefined);
  Put(kCode + 1, {0x15});  // unpckhps xmm1, xmm1
  EXPECT_EQ(guest_->Run(CpuImage::Typical()).vector, kVectorProtection);
}

// One physical page at two addresses: written at one, run at the other.
TEST_F(SelfModification, AliasesShowTheSameCode) {
  constexpr uint32_t kPatched = kCode + 0x1000;
  constexpr uint32_t kAlias = kCode + 0x5000;
  guest_->Map(kAlias, kPatched, kUserPage);
  Put(kPatched, LoadEax(0) + Bytes{kRet});
  for (const auto& [written, run] : {std::pair{kPatched, kAlias}, std::pair{kAlias, kPatched}}) {
    Put(kCode, SumOf(kCode, written + 1, run));
    EXPECT_EQ(EaxAfter(kCode, 200), SumUpTo(200));
  }
}

// A second address space shows the function's page elsewhere and counts its immediate up.
TEST_F(SelfModification, AnotherAddressSpaceChangesTheCode) {
  constexpr uint32_t kRounds = 300;
  constexpr uint32_t kOtherDirectory = 0x00F10000;  // the supervisor's memory, mapped one to one
  constexpr uint32_t kOtherTable = 0x00F11000;
  constexpr uint32_t kPatched = kCode + 0x1000;
  constexpr uint32_t kAlias = kCode + 0x5000;
  const auto copy_page = [this](uint32_t from, uint32_t to) {
    std::ranges::copy(guest_->Memory(from, kPageBytes), guest_->Memory(to, kPageBytes).begin());
  };
  const auto set_entry = [this](uint32_t table, uint32_t index, uint32_t page) {
    StoreLittle(guest_->Memory(table + index * 4, 4).data(), page | kUserPage);
  };
  copy_page(kPageDirectory, kOtherDirectory);
  copy_page(kPageTables + (kCode >> 22) * kPageBytes, kOtherTable);
  set_entry(kOtherDirectory, kCode >> 22, kOtherTable);
  set_entry(kOtherTable, (kAlias >> kPageShift) & 0x3FF, kPatched);

  Put(kPatched, LoadEax(0) + Bytes{kRet});
  // mov esi, other ; mov edi, this ; mov ecx, rounds ; xor ebx, ebx
  Bytes code = Bytes{0xBE} + Dword(kOtherDirectory) + Bytes{0xBF} + Dword(kPageDirectory);
  code = code + Bytes{0xB9} + Dword(kRounds) + Bytes{0x31, 0xDB};
  const auto again = static_cast<uint32_t>(code.size());
  // call patched ; add ebx, eax ; mov cr3, esi ; inc dword [alias + 1] ; mov cr3, edi ; loop again
  code = code + Bytes{0xE8} + Dword(kPatched - (kCode + again + 5)) + Bytes{0x01, 0xC3};
  code = code + Bytes{0x0F, 0x22, 0xDE, 0xFF, 0x05} + Dword(kAlias + 1) + Bytes{0x0F, 0x22, 0xDF};
  const auto distance = again - static_cast<uint32_t>(code.size() + 2);
  code = code + Bytes{0xE2, static_cast<uint8_t>(distance), 0x89, 0xD8} + kEnd;  // mov eax, ebx
  Put(kCode, code);
  EXPECT_EQ(guest_->RunAtCpl0(CpuImage::Typical()), SumUpTo(kRounds - 1));
}

// What an exception pushes is a store like any other. The eip pushed reads "inc eax ; ret".
TEST_F(SelfModification, ExceptionFramesChangeCode) {
  constexpr uint32_t kPushedEip = 0x0040C340;
  constexpr uint32_t kPatched = kCode + 0x1000;
  constexpr uint32_t kFrameBytes = 12;
  Put(kPatched, {0x48, kRet});  // dec eax ; ret
  Put(kCode, Bytes{0xE8} + Dword(kPatched - (kCode + 5)) + kEnd);
  Put(kPushedEip - 1, {0xCC});  // int3
  CpuImage call = CpuImage::Typical();
  call.gpr[kEax] = 5;
  EXPECT_EQ(guest_->RunAtCpl0(call), 4u);
  CpuImage push = CpuImage::Typical();
  push.eip = kPushedEip - 1;
  push.gpr[kEsp] = kPatched + kFrameBytes;
  (void)guest_->RunAtCpl0(push);
  EXPECT_EQ(guest_->RunAtCpl0(call), 6u);
}

// A device writes between two runs: to a protected page, and to one that checks its bytes.
TEST_F(SelfModification, DevicesChangeCodeBetweenRuns) {
  Put(kCode, LoadEax(1) + kEnd);
  for (uint32_t i = 0; i < 4 * CodePages::kWrites; ++i) {
    Put(kCode + 1, Dword(i));
    EXPECT_EQ(EaxAfter(kCode), i);
  }
  EXPECT_EQ(statistics().pages_checked, 1u);
}

// The function's page is mapped elsewhere from run to run, while it checks its bytes.
TEST_F(SelfModification, ACheckedPageIsRemapped) {
  constexpr uint32_t kPatched = kCode + 0x1000;
  Put(kPatched, LoadEax(0) + Bytes{kRet});
  Put(kCode + 0x2000, LoadEax(7) + Bytes{kRet});
  Put(kCode, SumOf(kCode, kPatched + 1, kPatched));
  EXPECT_EQ(EaxAfter(kCode, 200), SumUpTo(200));
  EXPECT_EQ(statistics().pages_checked, 1u);
  Put(kCode, SumOf(kCode, kData, kPatched));
  for (int i = 0; i < 3; ++i) {
    guest_->Map(kPatched, kCode + 0x2000, kUserPage);
    EXPECT_EQ(EaxAfter(kCode, 5), 35u);
    guest_->Map(kPatched, kPatched, kUserPage);
    EXPECT_EQ(EaxAfter(kCode, 5), 5u);
    guest_->Map(kPatched, 0, 0);
    CpuImage start = CpuImage::Typical();
    const Outcome end = guest_->Run(start);
    EXPECT_EQ(end.vector, 14);
    EXPECT_EQ(end.fault_address, kPatched);
    EXPECT_EQ(end.cpu.eip, kPatched);
  }
}

// An instruction over two pages, the second of which is written often, then missing.
TEST_F(SelfModification, TheSecondPageOfAnInstructionIsWrittenOften) {
  constexpr uint32_t kSecond = kCode + 0x2000;
  Put(kSecond - 1, LoadEax(0) + Bytes{kRet});
  Put(kCode, SumOf(kCode, kSecond, kSecond - 1));
  EXPECT_EQ(EaxAfter(kCode, 200), SumUpTo(200));
  guest_->Map(kSecond, kCode + 0x3000, kUserPage);
  Put(kCode + 0x3000, Dword(0x11) + Bytes{kRet});
  Put(kCode, SumOf(kCode, kData, kSecond - 1));
  EXPECT_EQ(EaxAfter(kCode, 3), 0x33u);
  guest_->Map(kSecond, 0, 0);
  const Outcome end = guest_->Run(CpuImage::Typical());
  EXPECT_EQ(end.vector, 14);
  EXPECT_EQ(end.fault_address, kSecond);
  EXPECT_EQ(end.cpu.eip, kSecond - 1);
}

// In one page a jump leads to its last instruction. It is replaced by one that runs into the next
// page, which then is mapped elsewhere.
TEST_F(SelfModification, AReplacementThatCrossesThePageIsLookedUpEachTime) {
  constexpr uint32_t kNext = kCode + 0x1000;
  Put(kCode, {0xE9, 0xF8, 0x0F, 0, 0});  // jmp to the last three bytes
  Put(kNext - 3, {0x90, 0x90, 0x90});
  Put(kNext, LoadEax(5) + kEnd);
  EXPECT_EQ(EaxAfter(kCode), 5u);
  Put(kNext - 3, {0xB8, 0x11, 0x22});  // mov eax, ....2211
  Put(kNext, Bytes{0x33, 0x44} + kEnd);
  Put(kCode + 0x3000, Bytes{0x55, 0x66} + kEnd);
  EXPECT_EQ(EaxAfter(kCode), 0x44332211u);
  EXPECT_EQ(EaxAfter(kCode), 0x44332211u);
  guest_->Map(kNext, kCode + 0x3000, kUserPage);
  EXPECT_EQ(EaxAfter(kCode), 0x66552211u);
}

TEST_F(SelfModification, EachStepOfASingleSteppedProgramSeesTheChange) {
  Put(kCode, SumOf(kCode, kCode + 0x41, kCode + 0x40));
  Put(kCode + 0x40, LoadEax(0) + Bytes{kRet});
  CpuImage now = CpuImage::Typical();
  now.gpr[kEcx] = 50;
  Outcome end;
  uint32_t steps = 0;
  do {
    now.eflags |= flag::kTf;
    end = guest_->Run(now);
    now = end.cpu;
    ++steps;
  } while (end.vector == 1);
  EXPECT_EQ(end.vector, kVectorProtection);
  EXPECT_EQ(end.cpu.gpr[kEax], SumUpTo(50));
  EXPECT_EQ(steps, 1 + 50 * 6 + 2u);
}

TEST_F(SelfModification, ChangesSoonCostNoFaults) {
  Put(kCode, SumOf(kCode, kCode + 0x41, kCode + 0x40));
  Put(kCode + 0x40, LoadEax(0) + Bytes{kRet});
  EXPECT_EQ(EaxAfter(kCode, 20000), SumUpTo(20000));
  EXPECT_LE(statistics().faults_code_page, CodePages::kWrites);
  EXPECT_GE(statistics().exits_stale, 19800u);
}

TEST_F(SelfModification, DataBesideCodeSoonCostNothing) {
  constexpr uint32_t kCount = 100000;
  // again: inc dword [counter] ; loop again ; mov eax, [counter]
  Put(kCode, Bytes{0xFF, 0x05} + Dword(kCode + 0x80) + Bytes{0xE2, 0xF8, 0xA1} +
                 Dword(kCode + 0x80) + kEnd);
  Put(kCode + 0x80, Dword(0));
  EXPECT_EQ(EaxAfter(kCode, kCount), kCount);
  EXPECT_LE(statistics().faults_code_page, CodePages::kWrites);
  EXPECT_LE(statistics().software_accesses, 2 * CodePages::kWrites);
  EXPECT_EQ(statistics().exits_stale, 0u);
}

}  // namespace
}  // namespace verbatim::test
