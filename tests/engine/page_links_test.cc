// SPDX-License-Identifier: Apache-2.0
// Jumps that lead straight to blocks of other pages, while what is mapped there changes.
#include <gtest/gtest.h>

#include <vector>

#include "base/bits.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kUserPage = kPtePresent | kPteWritable | kPteUser | kPteAccessed;
constexpr uint32_t kFar = kCode + 2 * kPageBytes;    // where the caller's calls lead
constexpr uint32_t kOther = kCode + 3 * kPageBytes;  // what is mapped there instead
constexpr uint32_t kFarther = kCode + 4 * kPageBytes;
constexpr uint32_t kOtherDirectory = kGdt + 0x20000;
constexpr uint32_t kOtherTable = kGdt + 0x21000;
constexpr uint32_t kTables = 4;

//   call far ; call far ; ud2
std::vector<uint8_t> Caller() {
  std::vector<uint8_t> code{0xE8, 0, 0, 0, 0, 0xE8, 0, 0, 0, 0, 0x0F, 0x0B};
  StoreLittle<uint32_t>(&code[1], kFar - (kCode + 5));
  StoreLittle<uint32_t>(&code[6], kFar - (kCode + 10));
  return code;
}
//   add eax, value ; ret
std::vector<uint8_t> Adds(uint8_t value) { return {0x83, 0xC0, value, 0xC3}; }

class PageLinks : public testing::Test {
 protected:
  void SetUp() override { Make({.code_cache_bytes = 1u << 20}); }
  void Make(const EngineOptions& options) {
    auto guest = GuestSnippet::Create(options);
    ASSERT_TRUE(guest.has_value()) << guest.error().message;
    guest_ = std::move(*guest);
    guest_->Write(kCode, Caller());
    guest_->Write(kFar, Adds(1));
    guest_->Write(kOther, Adds(3));
    for (const uint32_t page : {kCode, kFar}) guest_->Map(page, page, kUserPage);
  }
  // What the two calls add.
  [[nodiscard]] uint32_t Sum() {
    CpuImage start = CpuImage::Typical();
    start.gpr[kEax] = 0;
    const Outcome end = guest_->Run(start);
    EXPECT_EQ(end.vector, 6);
    return end.cpu.gpr[kEax];
  }
  [[nodiscard]] uint32_t SumIn(uint32_t directory) {
    guest_->SelectDirectory(directory);
    return Sum();
  }
  // As often as it takes for the links to be made.
  void RunTwice() {
    EXPECT_EQ(Sum(), 2u);
    EXPECT_EQ(Sum(), 2u);
  }
  // Links that lead to other pages now.
  [[nodiscard]] uint64_t Links() {
    uint64_t links = 0;
    for (const Block& block : guest_->engine().store().blocks()) {
      if (!block.valid || block.key.linear.PageStart().value != kCode) continue;
      for (const Link& link : block.links) links += link.to_other_page ? 1 : 0;
    }
    return links;
  }
  // An address space that differs in what `linear` is mapped to.
  void MakeOtherSpace(uint32_t linear, uint32_t entry) {
    const std::span<uint8_t> directory = guest_->Memory(kOtherDirectory, kTables * 4);
    std::ranges::copy(guest_->Memory(kPageDirectory, kTables * 4), directory.begin());
    const uint32_t index = kCode >> 22;
    const std::span<uint8_t> table = guest_->Memory(kOtherTable, kPageBytes);
    std::ranges::copy(guest_->Memory(kPageTables + index * kPageBytes, kPageBytes), table.begin());
    const auto rights = LoadLittle<uint32_t>(&directory[index * 4]) & kPageOffsetMask;
    StoreLittle(&directory[index * 4], kOtherTable | rights);
    StoreLittle(&table[((linear >> kPageShift) & 0x3FF) * 4], entry);
  }

  std::unique_ptr<GuestSnippet> guest_;
};

TEST_F(PageLinks, AreMade) {
  RunTwice();
  EXPECT_EQ(Links(), 2u);
  const uint64_t entries = guest_->engine().statistics().exits_link;
  EXPECT_EQ(Sum(), 2u);
  EXPECT_EQ(guest_->engine().statistics().exits_link, entries);
}

TEST_F(PageLinks, AreNotMadeWhenSwitchedOff) {
  EngineOptions options;
  options.optimisations = OptimisationSet::AllBut(Optimisation::kChainPages);
  Make(options);
  RunTwice();
  EXPECT_EQ(Links(), 0u);
}

TEST_F(PageLinks, FollowWhatIsMapped) {
  RunTwice();
  guest_->Map(kFar, kOther, kUserPage);
  EXPECT_EQ(Sum(), 6u);
  guest_->Map(kFar, kFar, kUserPage);
  EXPECT_EQ(Sum(), 2u);
}

TEST_F(PageLinks, FaultWhereNothingIsMapped) {
  RunTwice();
  guest_->Map(kFar, kFar, 0);
  const Outcome end = guest_->Run(CpuImage::Typical());
  EXPECT_EQ(end.vector, 14);
  EXPECT_EQ(end.cpu.eip, kFar);
  guest_->Map(kFar, kFar, kUserPage);
  EXPECT_EQ(Sum(), 2u);
}

TEST_F(PageLinks, FollowWhatIsWritten) {
  RunTwice();
  guest_->Write(kFar, Adds(4));
  EXPECT_EQ(Sum(), 8u);
  EXPECT_EQ(Sum(), 8u);
  EXPECT_EQ(Links(), 2u);
}

TEST_F(PageLinks, AreUndoneWhenAnotherAddressSpaceComesByThatHasAnotherPageThere) {
  RunTwice();
  MakeOtherSpace(kFar, kOther | kUserPage);
  EXPECT_EQ(SumIn(kOtherDirectory), 6u);
  EXPECT_EQ(SumIn(kPageDirectory), 2u);
  EXPECT_EQ(SumIn(kOtherDirectory), 6u);
}

// Whether or not they are made for the one, the other goes its own way, and neither asks for ever.
TEST_F(PageLinks, OfTwoThatDifferEndInTheTables) {
  RunTwice();
  MakeOtherSpace(kFar, kOther | kUserPage);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(SumIn(kOtherDirectory), 6u);
    EXPECT_EQ(SumIn(kPageDirectory), 2u);
  }
  const uint64_t asked = guest_->engine().statistics().exits_link;
  EXPECT_EQ(SumIn(kOtherDirectory), 6u);
  EXPECT_EQ(guest_->engine().statistics().exits_link, asked);
}

TEST_F(PageLinks, StayWhereAnotherAddressSpaceHasTheSamePages) {
  RunTwice();
  MakeOtherSpace(kFarther, 0);
  const uint64_t asked = guest_->engine().statistics().exits_link;
  EXPECT_EQ(SumIn(kOtherDirectory), 2u);
  EXPECT_EQ(Links(), 2u);
  // The loader's own and those of the kernel apart, nothing is asked again.
  EXPECT_EQ(guest_->engine().store().statistics().page_links_undone, 0u);
  EXPECT_LE(guest_->engine().statistics().exits_link - asked, 1u);
}

// The accessed bit of a page that nothing was fetched from stays clear.
TEST_F(PageLinks, LeaveNoTraceInTheTables) {
  RunTwice();
  MakeOtherSpace(kFar, (kFar | kUserPage) & ~uint32_t{kPteAccessed});
  // Only the first page is executed there.
  guest_->SelectDirectory(kOtherDirectory);
  CpuImage start = CpuImage::Typical();
  start.eip = kCode + 10;
  EXPECT_EQ(guest_->Run(start).vector, 6);
  const uint32_t at = kOtherTable + ((kFar >> kPageShift) & 0x3FF) * 4;
  EXPECT_EQ(LoadLittle<uint32_t>(guest_->Memory(at, 4).data()) & kPteAccessed, 0u);
  EXPECT_EQ(Sum(), 2u);
  EXPECT_NE(LoadLittle<uint32_t>(guest_->Memory(at, 4).data()) & kPteAccessed, 0u);
}

// From page to page to page: what was made for one address space is right for the other, as far as
// that goes the same way.
TEST_F(PageLinks, AreFollowedAsFarAsTheTablesAgree) {
  std::vector<uint8_t> passes{0xE9, 0, 0, 0, 0};  // jmp farther
  StoreLittle<uint32_t>(&passes[1], kFarther - (kFar + 5));
  guest_->Write(kFar, passes);
  guest_->Write(kFarther, Adds(1));
  guest_->Map(kFarther, kFarther, kUserPage);
  RunTwice();
  MakeOtherSpace(kFarther, kOther | kUserPage);
  EXPECT_EQ(SumIn(kOtherDirectory), 6u);
  EXPECT_EQ(SumIn(kPageDirectory), 2u);
}

}  // namespace
}  // namespace verbatim::test
