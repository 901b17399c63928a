// SPDX-License-Identifier: Apache-2.0
// Reads and writes by linear address, and the TLB's staleness.
#include "memory/mmu.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "tests/memory/guest_page_tables.h"

namespace verbatim {
namespace {

constexpr uint32_t kLinear = 0x40000000;
constexpr uint32_t kFrame = 0x200000;
constexpr uint32_t kOther = 0x300000;
constexpr uint32_t kP = 1, kW = 2, kU = 4, kA = 0x20, kD = 0x40;
constexpr uint32_t kG = static_cast<uint32_t>(kPteGlobal);
constexpr Privilege kUser = Privilege::kUser;
constexpr Privilege kSupervisor = Privilege::kSupervisor;

class MmuTest : public testing::Test {
 protected:
  void SetUp() override {
    state_.cr3 = tables_.root();
    mmu_.SetPaging(state_, true);
    Word(kFrame) = 0x11111111;
    Word(kOther) = 0x22222222;
  }
  uint32_t& Word(uint32_t physical) {
    return *reinterpret_cast<uint32_t*>(memory_->ram().data() + physical);
  }
  uint32_t Get(uint32_t linear, Privilege privilege = kUser) {
    return mmu_.Load<uint32_t>({linear}, privilege).value();
  }

  std::unique_ptr<PhysicalMemory> memory_ = PhysicalMemory::Create(64 << 20).value();
  Mmu mmu_{*memory_};
  GuestPageTables tables_{*memory_, 0x10000};
  PagingState state_{
      .enabled = true, .write_protect = true, .large_pages = true, .global_pages = true};
};

TEST_F(MmuTest, LoadsAndStoresThroughTheTables) {
  tables_.Set(kLinear, kFrame | kP | kW | kU);
  EXPECT_EQ(Get(kLinear), 0x11111111u);
  EXPECT_EQ(tables_.Get(kLinear), kFrame | kP | kW | kU | kA);
  ASSERT_TRUE(mmu_.Store<uint16_t>({kLinear + 2}, 0xABCD, kUser).has_value());
  EXPECT_EQ(Word(kFrame), 0xABCD1111u);
  EXPECT_EQ(tables_.Get(kLinear), kFrame | kP | kW | kU | kA | kD);
}

TEST_F(MmuTest, ReadCachedForASupervisorDoesNotServeAUser) {
  tables_.Set(kLinear, kFrame | kP | kW);
  EXPECT_EQ(Get(kLinear, kSupervisor), 0x11111111u);
  EXPECT_EQ(mmu_.Load<uint32_t>({kLinear}, kUser).error().error_code, kFaultPresent | kFaultUser);
}

TEST_F(MmuTest, TranslationStaysStaleUntilAFlush) {
  tables_.Set(kLinear, kFrame | kOpen);
  EXPECT_EQ(Get(kLinear), 0x11111111u);
  tables_.Set(kLinear, kOther | kOpen);
  EXPECT_EQ(Get(kLinear), 0x11111111u);
  mmu_.Flush(false);
  EXPECT_EQ(Get(kLinear), 0x22222222u);
  tables_.Set(kLinear, 0);
  mmu_.InvalidatePage({kLinear + 0x1000});
  EXPECT_EQ(Get(kLinear), 0x22222222u);
  mmu_.InvalidatePage({kLinear + 0xFFF});
  EXPECT_FALSE(mmu_.Load<uint32_t>({kLinear}, kUser).has_value());
}

TEST_F(MmuTest, GlobalPagesOutliveACr3LoadButNotInvlpg) {
  tables_.Set(kLinear, kFrame | kOpen | kG);
  EXPECT_EQ(Get(kLinear), 0x11111111u);
  tables_.Set(kLinear, kOther | kOpen | kG);
  const uint64_t generation = mmu_.paging_generation();
  mmu_.SetPaging(state_, false);
  EXPECT_GT(mmu_.paging_generation(), generation);
  EXPECT_EQ(Get(kLinear), 0x11111111u);
  mmu_.InvalidatePage({kLinear});
  EXPECT_EQ(Get(kLinear), 0x22222222u);
  tables_.Set(kLinear, kFrame | kOpen | kG);
  mmu_.SetPaging(state_, true);
  EXPECT_EQ(Get(kLinear), 0x11111111u);
}

TEST_F(MmuTest, InvlpgOfALargePageReachesAllOfIt) {
  tables_.SetLarge(kLinear, 0x400000 | kOpen | kG);
  Word(0x7FF000) = 7;
  EXPECT_EQ(Get(kLinear + 0x3FF000), 7u);
  tables_.SetLarge(kLinear, 0x800000 | kOpen | kG);
  mmu_.InvalidatePage({kLinear});
  EXPECT_EQ(Get(kLinear + 0x3FF000), 0u);
}

TEST_F(MmuTest, AccessMayCrossAPage) {
  tables_.Set(kLinear, kFrame | kOpen);
  tables_.Set(kLinear + kPageBytes, kOther | kOpen);
  ASSERT_TRUE(mmu_.Store<uint32_t>({kLinear + 0xFFE}, 0xAABBCCDD, kUser).has_value());
  EXPECT_EQ(Word(kFrame + 0xFFC), 0xCCDD0000u);
  EXPECT_EQ(Word(kOther), 0x2222AABBu);
  EXPECT_EQ(Get(kLinear + 0xFFE), 0xAABBCCDDu);
  std::array<uint8_t, kPageBytes> page;
  page.fill(0x5A);
  ASSERT_TRUE(mmu_.Write({kLinear + 0x800}, page.data(), page.size(), kUser).has_value());
  std::array<uint8_t, kPageBytes> back{};
  ASSERT_TRUE(mmu_.Read({kLinear + 0x800}, back.data(), back.size(), kUser).has_value());
  EXPECT_EQ(page, back);
}

TEST_F(MmuTest, AccessWrapsAtTheEndOfTheAddressSpace) {
  tables_.Set(0xFFFFF000, kFrame | kOpen);
  tables_.Set(0, kOther | kOpen);
  ASSERT_TRUE(mmu_.Store<uint32_t>({0xFFFFFFFE}, 0xAABBCCDD, kUser).has_value());
  EXPECT_EQ(Word(kOther), 0x2222AABBu);
}

TEST_F(MmuTest, WriteThatFaultsOnItsSecondPageChangesNothing) {
  tables_.Set(kLinear, kFrame | kOpen);
  tables_.Set(kLinear + kPageBytes, kOther | kP | kU);
  Word(kFrame + 0xFFC) = 0;
  const auto done = mmu_.Store<uint32_t>({kLinear + 0xFFE}, ~0u, kUser);
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().address.value, kLinear + kPageBytes);
  EXPECT_EQ(done.error().error_code, kFaultPresent | kFaultWrite | kFaultUser);
  EXPECT_EQ(Word(kFrame + 0xFFC), 0u);
}

TEST_F(MmuTest, ProbeWriteSetsTheBitsAndChangesNoData) {
  tables_.Set(kLinear, kFrame | kP | kW | kU);
  tables_.Set(kLinear + kPageBytes, kOther | kP | kW | kU);
  ASSERT_TRUE(mmu_.ProbeWrite({kLinear + 0xFFF}, 2, kUser).has_value());
  EXPECT_NE(tables_.Get(kLinear) & kD, 0u);
  EXPECT_NE(tables_.Get(kLinear + kPageBytes) & kD, 0u);
  EXPECT_EQ(Word(kOther), 0x22222222u);
  EXPECT_EQ(mmu_.ProbeWrite({kLinear + 0x1FFF}, 2, kUser).error().address.value, kLinear + 0x2000);
}

TEST_F(MmuTest, PeekIgnoresTheTlbAndSetsNothing) {
  tables_.Set(kLinear, kFrame | kOpen);
  EXPECT_EQ(Get(kLinear), 0x11111111u);
  tables_.Set(kLinear, kOther | kP | kU);
  const auto peeked = mmu_.Peek({kLinear + 4}, AccessKind::kRead, kUser);
  ASSERT_TRUE(peeked.has_value());
  EXPECT_EQ(peeked->address.value, kOther + 4);
  EXPECT_EQ(tables_.Get(kLinear), kOther | kP | kU);
}

TEST_F(MmuTest, StoreToAPageThatBecameCodeIsReportedThoughCached) {
  class Observer : public CodeWriteObserver {
   public:
    void OnCodeWrite(PhysicalAddress address, uint32_t) override { last = address.value; }
    uint64_t last = 0;
  } observer;
  memory_->SetCodeWriteObserver(&observer);
  tables_.Set(kLinear, kFrame | kOpen);
  ASSERT_TRUE(mmu_.Store<uint32_t>({kLinear}, 1, kUser).has_value());
  EXPECT_EQ(observer.last, 0u);
  memory_->MarkCodePage({kFrame}, true);
  ASSERT_TRUE(mmu_.Store<uint32_t>({kLinear + 8}, 1, kUser).has_value());
  EXPECT_EQ(observer.last, kFrame + 8u);
  EXPECT_EQ(Word(kFrame + 8), 1u);
}

TEST_F(MmuTest, DevicesAndRomAreNeverReachedThroughAHostPointer) {
  class Device : public MmioHandler {
   public:
    uint64_t ReadMmio(uint32_t offset, unsigned) override { return offset; }
    void WriteMmio(uint32_t offset, unsigned, uint64_t value) override { last = offset + value; }
    uint64_t last = 0;
  } device;
  memory_->AddDevice({0xE0000000}, kPageBytes, &device);
  memory_->AddRom({0xFFFFF000}, std::vector<uint8_t>(kPageBytes, 0x33));
  tables_.Set(kLinear, 0xE0000000 | kOpen);
  tables_.Set(kLinear + kPageBytes, 0xFFFFF000 | kOpen);
  for (int twice = 0; twice < 2; ++twice) {
    EXPECT_EQ(Get(kLinear + 0x40), 0x40u);
    ASSERT_TRUE(mmu_.Store<uint32_t>({kLinear + 8}, 100, kUser).has_value());
    EXPECT_EQ(device.last, 108u);
    ASSERT_TRUE(mmu_.Store<uint32_t>({kLinear + kPageBytes}, 0, kUser).has_value());
    EXPECT_EQ(Get(kLinear + kPageBytes), 0x33333333u);
  }
}

TEST_F(MmuTest, PagingOffReachesPhysicalMemory) {
  mmu_.SetPaging({}, true);
  EXPECT_EQ(Get(kFrame), 0x11111111u);
  ASSERT_TRUE(mmu_.Store<uint32_t>({kOther}, 3, kUser).has_value());
  EXPECT_EQ(Word(kOther), 3u);
  EXPECT_EQ(Get(0xFFFFFFF0), 0xFFFFFFFFu);
}

}  // namespace
}  // namespace verbatim
