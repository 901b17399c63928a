// SPDX-License-Identifier: Apache-2.0
// Code that is executed at another linear address than before keeps its blocks, unless something
// may still execute it where it was.
#include <gtest/gtest.h>

#include <vector>

#include "base/bits.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kUserPage = kPtePresent | kPteWritable | kPteUser;
constexpr uint32_t kOtherDirectory = kGdt + 0x20000;
constexpr uint32_t kAway = kCode + kElsewhere;
constexpr uint32_t kThird = kAway + 0x10 * kPageBytes;
constexpr uint32_t kTables = 4;

//   call next ; next: pop eax ; call function ; jmp end ; (16 bytes on) end: ud2
//   function: jmp inside ; nop ; inside: ret
// A link, a call, a return, and an eip that the program sees.
const std::vector<uint8_t> kProgram{
    0xE8, 0x00, 0x00, 0x00, 0x00,  // call next
    0x58,                          // next: pop eax
    0xE8, 0x12, 0x00, 0x00, 0x00,  // call function
    0xEB, 0x03,                    // jmp end
    0x90, 0x90, 0x90,              //
    0x0F, 0x0B,                    // end: ud2
    0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
    0x90, 0x90, 0x90, 0x90, 0xEB, 0x01,  // function: jmp inside
    0x90,                                //
    0xC3,                                // inside: ret
};
constexpr uint32_t kNext = 5;
constexpr uint32_t kBeforeEnd = 13;  // where nothing jumps to
constexpr uint32_t kEnd = 16;

class MovedCode : public testing::Test {
 protected:
  MovedCode() {
    auto guest = GuestSnippet::Create({.code_cache_bytes = 1u << 20});
    EXPECT_TRUE(guest.has_value());
    guest_ = std::move(*guest);
    guest_->Write(kCode, kProgram);
  }
  // The program at this linear address ends as it should.
  void Run(uint32_t address) {
    CpuImage start = CpuImage::Typical();
    start.eip = address;
    const Outcome end = guest_->Run(start);
    EXPECT_EQ(end.vector, 6);
    EXPECT_EQ(end.cpu.eip, address + kEnd);
    EXPECT_EQ(end.cpu.gpr[kEax], address + kNext);
    EXPECT_EQ(end.cpu.gpr[kEsp], start.gpr[kEsp]);
  }
  [[nodiscard]] uint64_t Translated() {
    return guest_->engine().store().statistics().blocks_translated;
  }
  [[nodiscard]] uint64_t Dropped() {
    return guest_->engine().store().statistics().blocks_invalidated;
  }
  [[nodiscard]] uint64_t Moved() { return guest_->engine().store().statistics().blocks_moved; }
  void MapAway() { guest_->Map(kAway, kCode, kUserPage); }
  // A second address space without what is mapped away in the first.
  void MakeOtherDirectory() {
    const std::span<uint8_t> other = guest_->Memory(kOtherDirectory, kTables * 4);
    std::ranges::copy(guest_->Memory(kPageDirectory, kTables * 4), other.begin());
    StoreLittle<uint32_t>(&other[(kAway >> 22) * 4], 0);
  }

  std::unique_ptr<GuestSnippet> guest_;
};

TEST_F(MovedCode, RunsWithTheBlocksThatItHad) {
  Run(kCode);
  const uint64_t translated = Translated();
  guest_->Map(kCode, kCode, 0);
  MapAway();
  Run(kAway);
  EXPECT_GT(Moved(), 0u);
  EXPECT_EQ(Translated(), translated) << "nothing was translated anew";
  Run(kAway);
  guest_->MapHome(kCode, kPageBytes);
  Run(kCode);
  EXPECT_EQ(Translated(), translated);
}

TEST_F(MovedCode, StopsAtTheBreakpointsOfItsNewPlace) {
  Run(kCode);
  guest_->Map(kCode, kCode, 0);
  MapAway();
  const LinearAddress inside{kAway + kNext};
  guest_->engine().AddBreakpoint(inside);
  CpuImage start = CpuImage::Typical();
  start.eip = kAway;
  guest_->BeginAtCpl3(start);
  EXPECT_EQ(guest_->engine().Run(), RunResult::kBreakpoint);
  EXPECT_EQ(guest_->state().eip, inside.value);
  guest_->engine().RemoveBreakpoint(inside);
  Run(kAway);
}

TEST_F(MovedCode, KeepsItsBlocksWhereItIsStillMapped) {
  Run(kCode);
  const uint64_t translated = Translated();
  MapAway();
  Run(kAway);
  EXPECT_EQ(Moved(), 0u);
  EXPECT_GT(Translated(), translated);
  const uint64_t both = Translated();
  Run(kCode);
  Run(kAway);
  EXPECT_EQ(Translated(), both);
}

TEST_F(MovedCode, KeepsItsBlocksWhereAnotherAddressSpaceHasIt) {
  MapAway();
  MakeOtherDirectory();
  Run(kAway);
  guest_->SelectDirectory(kOtherDirectory);
  Run(kCode);
  EXPECT_EQ(Moved(), 0u);
  guest_->SelectDirectory(kPageDirectory);
  const uint64_t translated = Translated();
  Run(kAway);
  EXPECT_EQ(Translated(), translated);
}

// The processor never hears that the other space is gone: nothing is flushed there any more.
TEST_F(MovedCode, LeavesAnAddressSpaceThatHasItNoMore) {
  MapAway();
  MakeOtherDirectory();
  Run(kAway);
  guest_->SelectDirectory(kOtherDirectory);
  const uint64_t translated = Translated();
  guest_->Map(kAway, kCode, 0);
  Run(kCode);
  EXPECT_GT(Moved(), 0u);
  EXPECT_EQ(Translated(), translated);
  // And if it comes back, nothing leads to what was there.
  MapAway();
  guest_->SelectDirectory(kPageDirectory);
  Run(kAway);
}

// Two processes have a copy each. When one is gone its copy is not given up for a block that the
// other has not come by yet: the next process takes it.
TEST_F(MovedCode, WaitsForWhoHasNoneYet) {
  Run(kCode);
  MapAway();
  Run(kAway);
  guest_->Map(kCode, kCode, 0);
  const uint64_t dropped = Dropped();
  CpuImage start = CpuImage::Typical();
  start.eip = kAway + kBeforeEnd;
  EXPECT_EQ(guest_->Run(start).cpu.eip, kAway + kEnd);
  EXPECT_EQ(Dropped(), dropped);
  const uint64_t translated = Translated();
  guest_->Map(kThird, kCode, kUserPage);
  Run(kThird);
  EXPECT_GT(Moved(), 0u);
  Run(kAway);
  EXPECT_EQ(Translated(), translated);
}

TEST_F(MovedCode, ThatHasChangedIsTranslatedAnew) {
  Run(kCode);
  guest_->Map(kCode, kCode, 0);
  MapAway();
  std::vector<uint8_t> changed = kProgram;
  changed[kNext] = 0x5B;  // pop ebx
  guest_->Write(kCode, changed);
  CpuImage start = CpuImage::Typical();
  start.eip = kAway;
  const Outcome end = guest_->Run(start);
  EXPECT_EQ(end.cpu.gpr[kEbx], kAway + kNext);
  EXPECT_EQ(end.cpu.eip, kAway + kEnd);
}

}  // namespace
}  // namespace verbatim::test
