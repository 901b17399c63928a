// SPDX-License-Identifier: Apache-2.0
// The page walk rule by rule; names follow SDM vol. 3, chapter 4.
#include "memory/page_walk.h"

#include <gtest/gtest.h>

#include "tests/memory/guest_page_tables.h"

namespace verbatim {
namespace {

constexpr uint32_t kLinear = 0x40001000;
constexpr uint32_t kFrame = 0x200000;
constexpr uint32_t kP = 1, kW = 2, kU = 4, kA = 0x20, kD = 0x40, kG = 0x100;
constexpr uint64_t kXd = kPteNoExecute;

class PageWalkTest : public testing::Test {
 protected:
  PageWalkTest() { paging_.cr3 = tables_.root(); }

  std::expected<PageWalk, PageFault> Walk(AccessKind kind, Privilege privilege,
                                          uint32_t linear = kLinear,
                                          WalkEffect effect = WalkEffect::kSetAccessedDirty) {
    if (paging_.pae) {
      Mmu mmu(*memory_);
      EXPECT_TRUE(mmu.LoadPdptes(tables_.root(), paging_.pdpte));
    }
    return WalkPageTables(*memory_, paging_, {linear}, kind, privilege, effect);
  }
  // The error code, or "no fault".
  static constexpr uint32_t kNoFault = ~0u;
  uint32_t Code(AccessKind kind, Privilege privilege, uint32_t linear = kLinear) {
    const auto walk = Walk(kind, privilege, linear);
    if (walk) return kNoFault;
    EXPECT_EQ(walk.error().address.value, linear);
    return walk.error().error_code;
  }
  void SetLevels(uint32_t pde_bits, uint32_t pte_bits) {
    tables_.Set(kLinear, kFrame | pte_bits);
    tables_.SetPde(kLinear, (tables_.GetPde(kLinear) & ~kPageOffsetMask) | pde_bits);
  }

  std::unique_ptr<PhysicalMemory> memory_ = PhysicalMemory::Create(64 << 20).value();
  GuestPageTables tables_{*memory_, 0x10000};
  PagingState paging_{.enabled = true, .write_protect = true, .large_pages = true};

  static constexpr AccessKind kRead = AccessKind::kRead;
  static constexpr AccessKind kWrite = AccessKind::kWrite;
  static constexpr AccessKind kExecute = AccessKind::kExecute;
  static constexpr Privilege kUser = Privilege::kUser;
  static constexpr Privilege kSupervisor = Privilege::kSupervisor;
};

TEST_F(PageWalkTest, PagingOffIsIdentity) {
  paging_.enabled = false;
  const auto walk = Walk(kWrite, kUser, 0xFFFFF123);
  ASSERT_TRUE(walk.has_value());
  EXPECT_EQ(walk->translation.address.value, 0xFFFFF123u);
  EXPECT_TRUE(walk->translation.writable);
  EXPECT_TRUE(walk->translation.executable);
}

TEST_F(PageWalkTest, TwoLevelsYieldTheFrame) {
  SetLevels(kP | kW | kU, kP | kW | kU);
  const auto walk = Walk(kRead, kUser, kLinear + 0x123);
  ASSERT_TRUE(walk.has_value());
  EXPECT_EQ(walk->translation.address.value, kFrame + 0x123u);
  EXPECT_EQ(walk->translation.page_bytes, 4096u);
  EXPECT_FALSE(walk->translation.dirty);
}

TEST_F(PageWalkTest, NotPresentAtEitherLevelHasPClear) {
  EXPECT_EQ(Code(kRead, kSupervisor), 0u);
  SetLevels(kP, 0);
  EXPECT_EQ(Code(kWrite, kUser), kFaultWrite | kFaultUser);
  SetLevels(0, kP);
  EXPECT_EQ(Code(kRead, kUser), kFaultUser);
}

// 4.6.1: a user page is one with U/S set at every level, a writable one has R/W set at every level.
TEST_F(PageWalkTest, RightsAreTheConjunctionOfAllLevels) {
  for (uint32_t pde = 0; pde < 4; ++pde) {
    for (uint32_t pte = 0; pte < 4; ++pte) {
      SetLevels(kP | pde << 1, kP | pte << 1);
      const bool writable = (pde & pte & 1) != 0;
      const bool user = (pde & pte & 2) != 0;
      SCOPED_TRACE(testing::Message() << "PDE " << pde << " PTE " << pte);
      EXPECT_EQ(Code(kRead, kUser), user ? kNoFault : kFaultPresent | kFaultUser);
      EXPECT_EQ(Code(kWrite, kUser),
                user && writable ? kNoFault : kFaultPresent | kFaultWrite | kFaultUser);
      EXPECT_EQ(Code(kExecute, kUser), user ? kNoFault : kFaultPresent | kFaultUser);
      EXPECT_EQ(Code(kRead, kSupervisor), kNoFault);
      EXPECT_EQ(Code(kWrite, kSupervisor), writable ? kNoFault : kFaultPresent | kFaultWrite);
      paging_.write_protect = false;
      EXPECT_EQ(Code(kWrite, kSupervisor), kNoFault);
      EXPECT_EQ(Code(kWrite, kUser) == kNoFault, user && writable);
      paging_.write_protect = true;
    }
  }
}

// 4.8: A at every level used, D at the leaf for writes only.
TEST_F(PageWalkTest, AccessedAndDirtyFlags) {
  SetLevels(kP | kW, kP | kW);
  ASSERT_TRUE(Walk(kRead, kSupervisor).has_value());
  EXPECT_EQ(tables_.GetPde(kLinear) & (kA | kD), kA);
  EXPECT_EQ(tables_.Get(kLinear), kFrame | kP | kW | kA);
  const auto write = Walk(kWrite, kSupervisor);
  ASSERT_TRUE(write.has_value());
  EXPECT_TRUE(write->translation.dirty);
  EXPECT_EQ(tables_.GetPde(kLinear) & (kA | kD), kA);
  EXPECT_EQ(tables_.Get(kLinear), kFrame | kP | kW | kA | kD);
  EXPECT_EQ(write->pte, kFrame | kP | kW | kA | kD);
}

TEST_F(PageWalkTest, FaultsAndLooksLeaveTheTablesAlone) {
  SetLevels(kP | kW, kP);
  EXPECT_EQ(Code(kWrite, kSupervisor), kFaultPresent | kFaultWrite);
  EXPECT_EQ(Code(kRead, kUser), kFaultPresent | kFaultUser);
  ASSERT_TRUE(Walk(kRead, kSupervisor, kLinear, WalkEffect::kNone).has_value());
  EXPECT_EQ(tables_.GetPde(kLinear) & kA, 0u);
  EXPECT_EQ(tables_.Get(kLinear), kFrame | kP);
}

TEST_F(PageWalkTest, FourMebibytePagesNeedPse) {
  tables_.SetLarge(kLinear, 0x400000 | kP | kW | kU);
  const auto walk = Walk(kWrite, kUser, kLinear + 0x2345);
  ASSERT_TRUE(walk.has_value());
  EXPECT_EQ(walk->translation.address.value, 0x400000u + 0x1000 + 0x2345);
  EXPECT_EQ(walk->translation.page_bytes, 4u << 20);
  EXPECT_EQ(tables_.GetPde(kLinear), 0x400000u | kP | kW | kU | 0x80 | kA | kD);
  paging_.large_pages = false;  // PS is ignored: the PDE names a table at 400000h, full of zeros
  EXPECT_EQ(Code(kRead, kUser), kFaultUser);
}

// 4.3, table 4-4: PDE bits 13-16 are address bits 32-35, bits 17-21 are reserved.
TEST_F(PageWalkTest, Pse36AddressesAndReservedBits) {
  tables_.SetLarge(kLinear, 0x400000 | 0x1E000 | kP);
  const auto walk = Walk(kRead, kSupervisor);
  ASSERT_TRUE(walk.has_value());
  EXPECT_EQ(walk->translation.address.value, 0xF'0040'1000u);
  for (uint32_t bit = 17; bit <= 21; ++bit) {
    tables_.SetLarge(kLinear, 0x400000 | kP | kU | (1u << bit));
    EXPECT_EQ(Code(kRead, kUser), kFaultPresent | kFaultReserved | kFaultUser) << bit;
  }
  tables_.SetLarge(kLinear, 0x400000 | (1u << 17));  // not present: nothing is checked
  EXPECT_EQ(Code(kRead, kSupervisor), 0u);
}

TEST_F(PageWalkTest, ReservedBitsComeBeforeRights) {
  tables_.SetLarge(kLinear, 0x400000 | kP | (1u << 20));
  EXPECT_EQ(Code(kWrite, kUser), kFaultPresent | kFaultReserved | kFaultWrite | kFaultUser);
}

TEST_F(PageWalkTest, GlobalOnlyWithPge) {
  SetLevels(kP, kP | kG);
  EXPECT_FALSE(Walk(kRead, kSupervisor)->translation.global);
  paging_.global_pages = true;
  EXPECT_TRUE(Walk(kRead, kSupervisor)->translation.global);
}

TEST_F(PageWalkTest, FetchesDoNotSetTheFetchBitWithoutPaeAndNxe) {
  paging_.no_execute = true;  // has no effect on 32-bit paging
  EXPECT_EQ(Code(kExecute, kUser), kFaultUser);
  paging_.pae = true;
  EXPECT_EQ(Code(kExecute, kUser), kFaultUser | kFaultFetch);
  paging_.no_execute = false;
  EXPECT_EQ(Code(kExecute, kUser), kFaultUser);
}

TEST_F(PageWalkTest, PaeThreeLevels) {
  paging_.pae = true;
  paging_.large_pages = false;  // CR4.PSE does not matter to PAE
  tables_.SetPae(0xFFFFF000, uint64_t{0x9'0000'0000} | kFrame | kP | kW);
  const auto walk = Walk(kWrite, kSupervisor, 0xFFFFF010);
  ASSERT_TRUE(walk.has_value());
  EXPECT_EQ(walk->translation.address.value, 0x9'0020'0010u);
  EXPECT_EQ(tables_.GetPae(0xFFFFF000), uint64_t{0x9'0000'0000} | kFrame | kP | kW | kA | kD);
  tables_.SetPaePde(0x80000000, 0x3'0060'0000 | kP | 0x80);
  const auto large = Walk(kRead, kSupervisor, 0x801FFFFF);
  ASSERT_TRUE(large.has_value());
  EXPECT_EQ(large->translation.address.value, 0x3'007F'FFFFu);
  EXPECT_EQ(large->translation.page_bytes, 2u << 20);
}

TEST_F(PageWalkTest, PaePdpteNotPresentFaults) {
  paging_.pae = true;
  EXPECT_EQ(Code(kWrite, kUser, 0xC0000000), kFaultWrite | kFaultUser);
}

TEST_F(PageWalkTest, PaeNoExecuteAtAnyLevel) {
  paging_.pae = true;
  paging_.no_execute = true;
  const uint64_t open = kP | kW | kU;
  for (int levels = 0; levels < 4; ++levels) {
    tables_.SetPae(kLinear, kFrame | open | ((levels & 1) != 0 ? kXd : 0));
    const uint64_t table = tables_.GetPaePde(kLinear) & 0xF'FFFF'F000;
    tables_.SetPaePde(kLinear, table | open | ((levels & 2) != 0 ? kXd : 0));
    EXPECT_EQ(Code(kRead, kUser), kNoFault);
    EXPECT_EQ(Code(kExecute, kUser),
              levels == 0 ? kNoFault : kFaultPresent | kFaultUser | kFaultFetch);
    EXPECT_EQ(Code(kExecute, kSupervisor), levels == 0 ? kNoFault : kFaultPresent | kFaultFetch);
  }
}

// 4.4.2: bits 36-62 are reserved at a width of 36; bit 63 without NXE; bits 13-20 of a large PDE.
TEST_F(PageWalkTest, PaeReservedBits) {
  paging_.pae = true;
  for (unsigned bit = 36; bit < 64; ++bit) {
    paging_.no_execute = bit != 63;
    tables_.SetPae(kLinear, kFrame | kP | kU | (uint64_t{1} << bit));
    EXPECT_EQ(Code(kRead, kUser), kFaultPresent | kFaultReserved | kFaultUser) << bit;
    tables_.SetPae(kLinear, kFrame | kP | kU);
    const uint64_t pde = tables_.GetPaePde(kLinear);
    tables_.SetPaePde(kLinear, pde | (uint64_t{1} << bit));
    EXPECT_EQ(Code(kRead, kUser), kFaultPresent | kFaultReserved | kFaultUser) << bit;
    tables_.SetPaePde(kLinear, pde);
  }
  for (unsigned bit = 13; bit <= 20; ++bit) {
    tables_.SetPaePde(0x80000000, 0x600000 | kP | 0x80 | (1u << bit));
    EXPECT_EQ(Code(kRead, kSupervisor, 0x80000000), kFaultPresent | kFaultReserved) << bit;
  }
}

TEST_F(PageWalkTest, PdptesWithReservedBitsAreNotLoaded) {
  Mmu mmu(*memory_);
  std::array<uint64_t, 4> loaded{};
  for (unsigned bit = 1; bit < 64; ++bit) {
    const uint64_t pdpte = 0x20000 | kP | (uint64_t{1} << bit);
    memory_->Write({0x5020}, &pdpte, sizeof pdpte);
    const bool reserved = bit == 1 || bit == 2 || (bit >= 5 && bit <= 8) || bit >= 36;
    EXPECT_EQ(mmu.LoadPdptes(0x5020, loaded), !reserved) << bit;
    const uint64_t absent = pdpte & ~uint64_t{1};
    memory_->Write({0x5020}, &absent, sizeof absent);
    EXPECT_TRUE(mmu.LoadPdptes(0x5020 | 0x18, loaded)) << bit;  // CR3 bits 3 and 4 are flags
    EXPECT_EQ(loaded[0], absent);
  }
}

TEST_F(PageWalkTest, TablesWhereNothingAnswersReadAllOnes) {
  paging_.cr3 = 0xF0000000;
  EXPECT_EQ(Code(kRead, kSupervisor), kFaultPresent | kFaultReserved);
  paging_.large_pages = false;
  const auto walk = Walk(kWrite, kUser, kLinear + 5);  // PDE and PTE all ones: A and D are set
  ASSERT_TRUE(walk.has_value());
  EXPECT_EQ(walk->translation.address.value, 0xFFFFF005u);
}

TEST_F(PageWalkTest, TablesInRomKeepTheirBits) {
  std::vector<uint8_t> rom(kPageBytes);
  const uint32_t pde = 0x400000 | 0x80 | kP | kW;
  std::memcpy(&rom[(kLinear >> 22) * 4], &pde, sizeof pde);
  memory_->AddRom({0xFFFFF000}, rom);
  paging_.cr3 = 0xFFFFF000;
  ASSERT_TRUE(Walk(kWrite, kSupervisor).has_value());
  EXPECT_EQ(Walk(kRead, kSupervisor)->pde & kD, 0u);
}

TEST_F(PageWalkTest, SettingBitsInAPageWithCodeIsReported) {
  class Observer : public CodeWriteObserver {
   public:
    void OnCodeWrite(PhysicalAddress address, uint32_t bytes) override {
      last = address.value;
      total += bytes;
    }
    uint64_t last = 0;
    uint32_t total = 0;
  } observer;
  SetLevels(kP | kA, kP | kW);
  memory_->SetCodeWriteObserver(&observer);
  const uint32_t table = tables_.GetPde(kLinear) & ~kPageOffsetMask;
  memory_->MarkCodePage({table}, true);
  ASSERT_TRUE(Walk(kRead, kSupervisor).has_value());
  EXPECT_EQ(observer.last, table + ((kLinear >> 12) & 1023) * 4);
  EXPECT_EQ(observer.total, 4u);
  ASSERT_TRUE(Walk(kRead, kSupervisor).has_value());
  EXPECT_EQ(observer.total, 4u);  // the bit was set: nothing is written again
}

}  // namespace
}  // namespace verbatim
