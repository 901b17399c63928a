// SPDX-License-Identifier: Apache-2.0
// Code that moves under the engine's feet: pages remapped, aliases, code cache flushes.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "base/bits.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kUserPage = kPtePresent | kPteWritable | kPteUser;
constexpr uint8_t kVectorProtection = 13;

class RecoveryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto guest = GuestSnippet::Create({.code_cache_bytes = 1u << 20});
    ASSERT_TRUE(guest.has_value());
    guest_ = std::move(*guest);
  }
  void Put(uint32_t physical, const std::vector<uint8_t>& code) { guest_->Write(physical, code); }

  std::unique_ptr<GuestSnippet> guest_;
};

// mov eax, value ; out F4h, al ; hlt
std::vector<uint8_t> Answer(uint8_t value) { return {0xB8, value, 0, 0, 0, 0xE6, 0xF4, 0xF4}; }

TEST_F(RecoveryTest, RemappedPageIsExecutedAnew) {
  Put(kCode + 0x1000, Answer(1));
  Put(kCode + 0x2000, Answer(2));
  CpuImage start = CpuImage::Typical();
  start.eip = kCode + 0x1000;
  EXPECT_EQ(guest_->Run(start).cpu.gpr[kEax], 1u);
  guest_->Map(kCode + 0x1000, kCode + 0x2000, kUserPage);
  EXPECT_EQ(guest_->Run(start).cpu.gpr[kEax], 2u);
  guest_->Map(kCode + 0x1000, kCode + 0x1000, 0);
  const Outcome end = guest_->Run(start);
  EXPECT_EQ(end.vector, 14);
  EXPECT_EQ(end.fault_address, kCode + 0x1000);
  guest_->Map(kCode + 0x1000, kCode + 0x1000, kUserPage);
  EXPECT_EQ(guest_->Run(start).cpu.gpr[kEax], 1u);
}

// It accesses nothing, so there is nothing to do for a device.
TEST_F(RecoveryTest, FlushingACacheLineOfADeviceAccessesNothing) {
  guest_->Map(kData, kDevicePage, kUserPage);
  // mov ecx, 100 ; again: clflush [kData] ; loop again ; mov eax, 7 ; out F4h, al
  Put(kCode, {0xB9, 100,  0,    0,    0, 0x0F, 0xAE, 0x3D, 0x00, 0x00, 0x20,
              0x00, 0xE2, 0xF7, 0xB8, 7, 0,    0,    0,    0xE6, 0xF4});
  StoreLittle<uint32_t>(guest_->Memory(kCode + 8, 4).data(), kData);
  CpuImage start = CpuImage::Typical();
  start.eip = kCode;
  EXPECT_EQ(guest_->Run(start).cpu.gpr[kEax], 7u);
  EXPECT_EQ(guest_->board().device_reads, 0u);
}

// At CPL 0: page P calls a function in another page, which maps other memory at P and returns. The
// return must lead into the new P, although the call is still on the shadow stack.
TEST_F(RecoveryTest, ReturnIntoARemappedPageLeavesTheOldOneBehind) {
  constexpr uint32_t kCaller = kCode + 0x1000;
  constexpr uint32_t kNew = kCode + 0x2000;
  std::vector<uint8_t> caller{0xE8, 0xFB, 0xEF, 0xFF, 0xFF};  // call kCode
  for (const uint8_t byte : Answer(1)) caller.push_back(byte);
  std::vector<uint8_t> renewed(5, 0xCC);
  for (const uint8_t byte : Answer(2)) renewed.push_back(byte);
  Put(kCaller, caller);
  Put(kNew, renewed);
  // mov dword [entry], new ; invlpg [kCaller] ; ret
  std::vector<uint8_t> function{0xC7, 0x05, 0,    0,    0, 0, 0, 0, 0,
                                0,    0x0F, 0x01, 0x3D, 0, 0, 0, 0, 0xC3};
  StoreLittle<uint32_t>(&function[2], kPageTables + (kCaller >> kPageShift) * 4);
  StoreLittle<uint32_t>(&function[6], kNew | kUserPage);
  StoreLittle<uint32_t>(&function[13], kCaller);
  Put(kCode, function);
  CpuImage start = CpuImage::Typical();
  start.eip = kCaller;
  EXPECT_EQ(guest_->RunAtCpl0(start), 2u);
}

TEST_F(RecoveryTest, WriteThroughAnAliasReachesTheCode) {
  constexpr uint32_t kAlias = kCode + 0x3000;
  guest_->Map(kAlias, kCode, kUserPage);
  // mov byte [alias + 8], 7 ; mov eax, 1 ; out
  std::vector<uint8_t> code{0xC6, 0x05, 0, 0, 0, 0, 7};
  StoreLittle<uint32_t>(&code[2], kAlias + 8);
  for (const uint8_t byte : Answer(1)) code.push_back(byte);
  for (int i = 0; i < 5; ++i) {
    Put(kCode, code);
    const Outcome end = guest_->Run(CpuImage::Typical());
    EXPECT_EQ(end.vector, kVectorProtection);
    EXPECT_EQ(end.cpu.gpr[kEax], 7u);
  }
}

// Code that is changed again and again leaves dead blocks behind, here more than there is room for.
TEST_F(RecoveryTest, DeadCodeIsGotRidOfBeforeItFillsTheCache) {
  const CodeMemory& memory = guest_->engine().code_memory();
  uint64_t most = 0;
  for (uint32_t i = 0; i < 20000; ++i) {
    const auto value = static_cast<uint8_t>(i);
    Put(kCode, Answer(value));
    ASSERT_EQ(guest_->Run(CpuImage::Typical()).cpu.gpr[kEax], value);
    most = std::max(most, memory.used_bytes());
  }
  EXPECT_LT(most, memory.size_bytes() / 4);
  EXPECT_GT(guest_->engine().statistics().flushes_of_dead, 0u);
}

// An instruction whose second half lies in a page that comes and goes and changes.
TEST_F(RecoveryTest, SecondPageOfAnInstructionIsLookedUpEachTime) {
  constexpr uint32_t kSecond = kCode + 0x1000;
  Put(kSecond - 2, {0xB8, 0x11});                // mov eax, ......11
  Put(kSecond, {0x22, 0x33, 0x44, 0xE6, 0xF4});  // ... ; out
  Put(kCode + 0x5000, {0x66, 0x77, 0x88, 0xE6, 0xF4});
  CpuImage start = CpuImage::Typical();
  start.eip = kSecond - 2;
  EXPECT_EQ(guest_->Run(start).cpu.gpr[kEax], 0x44332211u);
  guest_->Map(kSecond, kCode + 0x5000, kUserPage);
  EXPECT_EQ(guest_->Run(start).cpu.gpr[kEax], 0x88776611u);
  guest_->Map(kSecond, 0, 0);
  const Outcome end = guest_->Run(start);
  EXPECT_EQ(end.vector, 14);
  EXPECT_EQ(end.fault_address, kSecond);
  EXPECT_EQ(end.cpu.eip, kSecond - 2);
  guest_->Map(kSecond, kSecond, kUserPage);
  EXPECT_EQ(guest_->Run(start).cpu.gpr[kEax], 0x44332211u);
  Put(kSecond, {0x99});
  EXPECT_EQ(guest_->Run(start).cpu.gpr[kEax], 0x44339911u);
}

TEST_F(RecoveryTest, DeviceMemoryIsAccessedOnceInEachForm) {
  constexpr uint32_t kWindow = kCode + 0x8000;
  guest_->Map(kWindow, kDevicePage, kUserPage);
  StoreLittle<uint32_t>(guest_->board().device.data() + 0x10, 0x12345678);
  CpuImage start = CpuImage::Typical();
  start.gpr[kEbx] = kWindow + 0x10;
  start.gpr[kEcx] = 20;
  // again: add [ebx], ecx ; loop again ; out
  Put(kCode, {0x01, 0x0B, 0xE2, 0xFC, 0xE6, 0xF4});
  const Outcome end = guest_->Run(start);
  EXPECT_EQ(end.vector, kVectorProtection);
  EXPECT_EQ(LoadLittle<uint32_t>(guest_->board().device.data() + 0x10), 0x12345678u + 210u);
  EXPECT_EQ(guest_->board().device_reads, 20u);
  EXPECT_EQ(guest_->board().device_writes, 20u);
  EXPECT_GT(guest_->engine().statistics().sites_adapted, 0u);
}

// Accesses that run over the end of the address space go on at address 0.
TEST_F(RecoveryTest, AccessesWrapAtFourGigabytes) {
  guest_->Map(0, kData, kUserPage);
  guest_->MapHigh(0xFFFFF000, kData + 0x1000, kUserPage);
  StoreLittle<uint16_t>(guest_->Memory(kData + 0x1FFE, 2).data(), 0x2211);
  StoreLittle<uint16_t>(guest_->Memory(kData, 2).data(), 0x4433);
  CpuImage start = CpuImage::Typical();
  start.gpr[kEbx] = 0xFFFFFFFE;
  start.gpr[kEdi] = start.gpr[kEsi] = 0xFFFFFFFE;
  // mov eax, [ebx] ; mov edx, [ebx + 2] ; inc dword [ebx] ; lodsd ; stosd ; push/pop by esp = 2
  Put(kCode, {0x8B, 0x03, 0x8B, 0x53, 0x02, 0xFF, 0x03, 0x8B, 0x0B, 0xAB, 0xE6, 0xF4});
  const Outcome end = guest_->Run(start);
  EXPECT_EQ(end.vector, kVectorProtection);
  EXPECT_EQ(end.cpu.gpr[kEax], 0x44332211u);
  EXPECT_EQ(end.cpu.gpr[kEcx], 0x44332212u);
  EXPECT_EQ(end.cpu.gpr[kEdx] & 0xFFFF, 0x4433u);
  EXPECT_EQ(end.cpu.gpr[kEdi], 2u);
  EXPECT_EQ(LoadLittle<uint16_t>(guest_->Memory(kData, 2).data()), 0x4433);
  EXPECT_EQ(LoadLittle<uint16_t>(guest_->Memory(kData + 0x1FFE, 2).data()), 0x2211);
}

TEST_F(RecoveryTest, PushAtAddressZeroWraps) {
  guest_->Map(0, kData, kUserPage);
  guest_->MapHigh(0xFFFFF000, kData + 0x1000, kUserPage);
  CpuImage start = CpuImage::Typical();
  start.gpr[kEsp] = 2;
  start.gpr[kEax] = 0xDDCCBBAA;
  Put(kCode, {0x50, 0x50, 0x5A, 0x59, 0xE6, 0xF4});  // push eax twice ; pop edx ; pop ecx ; out
  const Outcome end = guest_->Run(start);
  EXPECT_EQ(end.vector, kVectorProtection);
  EXPECT_EQ(end.cpu.gpr[kEdx], 0xDDCCBBAAu);
  EXPECT_EQ(end.cpu.gpr[kEcx], 0xDDCCBBAAu);
  EXPECT_EQ(end.cpu.gpr[kEsp], 2u);
  EXPECT_EQ(LoadLittle<uint16_t>(guest_->Memory(kData, 2).data()), 0xDDCC);
}

// Whether each of many kicks of the endless `code` at CPL 0 is noticed. One that is lost stays so:
// the patience is for a loaded machine, and costs time only where the test fails.
bool NoticesKicks(GuestSnippet& guest, const CpuImage& start = CpuImage::Typical()) {
  constexpr uint64_t kKicks = 300;
  constexpr auto kPatience = std::chrono::seconds(20);
  SnippetBoard& board = guest.board();
  bool lost = false;
  std::thread kicker([&] {
    for (uint64_t kick = 0; kick < kKicks && !lost; ++kick) {
      const uint64_t before = board.services;
      guest.engine().Kick();
      const auto until = std::chrono::steady_clock::now() + kPatience;
      while (board.services == before && !lost) lost = std::chrono::steady_clock::now() > until;
    }
    board.stopped = true;
    guest.engine().Kick();
  });
  (void)guest.RunAtCpl0(start);
  kicker.join();
  return !lost;
}

// A kick sets the host's trap flag where it must wait for a boundary; POPF, simulated in the cache,
// loads the host's flags just there. The kick must not get lost (a step off POPF still traps).
TEST_F(RecoveryTest, KicksAreNoticedAmidFlagInstructions) {
  Put(kCode,
      {0x9C, 0x9D, 0x9C, 0x9D, 0xEB, 0xFA});  // again: pushf ; popf ; pushf ; popf ; jmp again
  EXPECT_TRUE(NoticesKicks(*guest_));
}

// Nothing leads out of it but the kick: the jump goes to its own block, behind the start.
TEST_F(RecoveryTest, KicksAreNoticedByLoopsInTheMiddleOfABlock) {
  Put(kCode, {0x31, 0xC0, 0x31, 0xD2, 0x85, 0xC9,  // xor eax, eax ; xor edx, edx ; test ecx, ecx
              0x53, 0x5A, 0x29, 0xFE, 0x75, 0xFA,  // again: push, pop ; sub esi, edi ; jnz again
              0xE6, 0xF4});                        // out F4h, al
  CpuImage twice = CpuImage::Typical();
  twice.gpr[kEsi] = 2;
  twice.gpr[kEdi] = 1;
  (void)guest_->RunAtCpl0(twice);
  ASSERT_EQ(guest_->engine().store().statistics().links_inside, 1u);
  CpuImage endless = twice;
  endless.gpr[kEdi] = 0;
  EXPECT_TRUE(NoticesKicks(*guest_, endless));
}

// The count is taken before the jump, but an instruction that loops to itself needs a boundary.
TEST_F(RecoveryTest, KicksAreNoticedByLoopsOfOneInstruction) {
  for (const auto& code :
       {std::initializer_list<uint8_t>{0xE2, 0xFE},        // loop $
        std::initializer_list<uint8_t>{0xE0, 0xFE},        // loopne $
        std::initializer_list<uint8_t>{0x67, 0xE2, 0xFD},  // loop $, counting in cx
        std::initializer_list<uint8_t>{0x75, 0xFE}}) {     // jnz $
    std::vector<uint8_t> endless(code);
    endless.insert(endless.end(), {0xEB, static_cast<uint8_t>(0xFE - code.size())});
    guest_->Write(kCode, endless);
    EXPECT_TRUE(NoticesKicks(*guest_));
  }
}

// An interrupt may come while an access looks whether its page is mapped, and right behind it.
TEST_F(RecoveryTest, KicksAmidProbedAccessesLeaveThemDoneOnce) {
  constexpr uint64_t kKicks = 300;
  constexpr uint32_t kPages = 5;
  // again: inc dword [ebx] ; add ebx, esi ; inc ecx ; add edx, ebp ; cmp edx, edi ; jne again ; out
  Put(kCode, {0xFF, 0x03, 0x01, 0xF3, 0x41, 0x01, 0xEA, 0x39, 0xFA, 0x75, 0xF5, 0xE6, 0xF4});
  for (uint32_t i = 0; i < kPages; ++i) {
    guest_->Map(kData + i * kPageBytes, kData + i * kPageBytes, kUserPage);
    StoreLittle<uint32_t>(guest_->Memory(kData + i * kPageBytes, 4).data(), 0);
  }
  CpuImage start = CpuImage::Typical();
  start.gpr[kEbx] = kData;
  start.gpr[kEsi] = kPageBytes;
  start.gpr[kEcx] = start.gpr[kEdx] = 0;
  start.gpr[kEbp] = 1;
  start.gpr[kEdi] = kPages;
  EXPECT_EQ(guest_->Run(start).vector, kVectorProtection);
  ASSERT_EQ(guest_->engine().statistics().sites_adapted, 1u);

  SnippetBoard& board = guest_->board();
  std::thread kicker([&] {
    for (uint64_t kick = 0; kick < kKicks; ++kick) {
      const uint64_t before = board.services;
      guest_->engine().Kick();
      while (board.services == before) std::this_thread::yield();
    }
    board.stopped = true;
    guest_->engine().Kick();
  });
  start.gpr[kEsi] = start.gpr[kEbp] = 0;  // for ever
  guest_->BeginAtCpl3(start);
  const Result<RunResult> result = guest_->engine().Run();
  kicker.join();
  ASSERT_TRUE(result.has_value() && *result == RunResult::kStopped);
  const uint32_t first = LoadLittle<uint32_t>(guest_->Memory(kData, 4).data());
  const CpuState& end = guest_->state();
  const bool is_counted = end.eip == kCode || end.eip > kCode + 4;
  EXPECT_EQ(first, 1 + end.gpr[kEcx] + (is_counted ? 0 : 1));
}

}  // namespace
}  // namespace verbatim::test
