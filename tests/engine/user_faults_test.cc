// SPDX-License-Identifier: Apache-2.0
// User code that keeps faulting looks first whether its page is mapped, or without that goes over
// to software form, where code that works on each page does not stay; and nothing else changes.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/bits.h"
#include "tests/engine/guest_snippet.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kUserPage = kPtePresent | kPteWritable | kPteUser;
constexpr uint32_t kPages = 200;
constexpr uint32_t kFresh = 0x00A00000;
constexpr uint8_t kVectorProtection = 13;
constexpr uint8_t kVectorPage = 14;

class UserFaults : public testing::Test {
 protected:
  explicit UserFaults(OptimisationSet optimisations = {}) {
    auto guest =
        GuestSnippet::Create({.code_cache_bytes = 1u << 20, .optimisations = optimisations});
    EXPECT_TRUE(guest.has_value());
    guest_ = std::move(*guest);
    for (uint32_t i = 0; i < kPages; ++i) MapPage(i, kUserPage);
  }
  // Not accessed as yet, so that none is mapped with its neighbour.
  void MapPage(uint32_t i, uint32_t rights) {
    const uint32_t page = kFresh + i * kPageBytes;
    guest_->Map(page, page, rights);
  }
  Outcome Run(const std::vector<uint8_t>& code, uint32_t times) {
    // What is written anew has no history.
    if (code != written_) guest_->Write(kCode, code);
    written_ = code;
    CpuImage start = CpuImage::Typical();
    start.gpr[kEbx] = kFresh;
    start.gpr[kEcx] = times;
    start.gpr[kEax] = 0x5A;
    return guest_->Run(start);
  }
  [[nodiscard]] const EngineStatistics& statistics() { return guest_->engine().statistics(); }
  [[nodiscard]] uint32_t Word(uint32_t offset) {
    return LoadLittle<uint32_t>(guest_->Memory(kFresh + offset, 4).data());
  }

  // again: inc byte [ebx] ; add ebx, 4096 ; loop again ; out
  const std::vector<uint8_t> kIncrements{0xFE, 0x03, 0x81, 0xC3, 0x00, 0x10,
                                         0x00, 0x00, 0xE2, 0xF6, 0xE6, 0xF4};
  // again: mov [ebx], al ; add ebx, 4096 ; loop again ; out
  const std::vector<uint8_t> kStores{0x88, 0x03, 0x81, 0xC3, 0x00, 0x10,
                                     0x00, 0x00, 0xE2, 0xF6, 0xE6, 0xF4};
  // again: inc dword [ebx] ; add ebx, 4 ; loop again ; out
  const std::vector<uint8_t> kWordByWord{0xFF, 0x03, 0x83, 0xC3, 0x04, 0xE2, 0xF9, 0xE6, 0xF4};
  std::vector<uint8_t> written_;
  std::unique_ptr<GuestSnippet> guest_;
};

TEST_F(UserFaults, PageAfterPageIsTouchedWithoutSignals) {
  EXPECT_EQ(Run(kIncrements, kPages).vector, kVectorProtection);
  for (uint32_t i = 0; i < kPages; ++i) EXPECT_EQ(Word(i * kPageBytes), 1u) << i;
  EXPECT_LT(statistics().exits_host_fault, 40u);
  EXPECT_EQ(statistics().sites_adapted, 1u);
  EXPECT_EQ(statistics().sites_forgiven, 0u);
}

TEST_F(UserFaults, PageAfterPageIsStoredToWithoutSignals) {
  EXPECT_EQ(Run(kStores, kPages).vector, kVectorProtection);
  for (uint32_t i = 0; i < kPages; ++i) EXPECT_EQ(Word(i * kPageBytes), 0x5Au) << i;
  EXPECT_LT(statistics().exits_host_fault, 40u);
  EXPECT_EQ(statistics().sites_forgiven, 0u);
}

TEST_F(UserFaults, WorkOnEachPageIsDoneInTheWindow) {
  constexpr uint32_t kWords = kPages * kPageBytes / 4;
  EXPECT_EQ(Run(kWordByWord, kWords).vector, kVectorProtection);
  EXPECT_LE(statistics().exits_host_fault, Adaptation::kSuspicious);
  EXPECT_EQ(statistics().sites_adapted, 1u);
  EXPECT_EQ(statistics().sites_forgiven, 0u);
  EXPECT_LE(statistics().software_accesses, kPages);
  for (uint32_t i = 0; i < kWords; ++i) ASSERT_EQ(Word(i * 4), 1u) << i;
}

TEST_F(UserFaults, PagesThatAreUsedAgainAreMappedOneTimeEach) {
  for (int round = 1; round <= 10; ++round) {
    EXPECT_EQ(Run(kIncrements, kPages).vector, kVectorProtection);
    EXPECT_EQ(Word((kPages - 1) * kPageBytes), static_cast<uint32_t>(round));
  }
  EXPECT_LE(statistics().exits_host_fault, Adaptation::kSuspicious);
  EXPECT_LE(statistics().software_accesses, kPages);
}

class UserFaultsUnprobed : public UserFaults {
 protected:
  UserFaultsUnprobed() : UserFaults(OptimisationSet::AllBut(Optimisation::kProbe)) {}
};

TEST_F(UserFaultsUnprobed, WorkOnEachPageIsDoneInDirectForm) {
  constexpr uint32_t kWords = kPages * kPageBytes / 4;
  EXPECT_EQ(Run(kWordByWord, kWords).vector, kVectorProtection);
  EXPECT_EQ(statistics().sites_adapted, 3u);  // after 24 faults, 48 more, 96 more
  EXPECT_EQ(statistics().sites_forgiven, 3u);
  EXPECT_LT(statistics().software_accesses, 1500u);
  for (uint32_t i = 0; i < kWords; ++i) ASSERT_EQ(Word(i * 4), 1u) << i;
}

TEST_F(UserFaultsUnprobed, PagesThatAreUsedAgainAreMappedOneTimeEach) {
  for (int round = 1; round <= 10; ++round) {
    EXPECT_EQ(Run(kIncrements, kPages).vector, kVectorProtection);
    EXPECT_EQ(Word((kPages - 1) * kPageBytes), static_cast<uint32_t>(round));
  }
  EXPECT_EQ(statistics().sites_forgiven, 1u);
  EXPECT_LT(statistics().software_accesses, 3 * kPages);
}

TEST_F(UserFaults, PageFaultsOfTheGuestAreExact) {
  for (const auto& code : {kIncrements, kStores, kWordByWord}) {
    for (const uint32_t absent : {100u, 101u, 150u}) {
      MapPage(absent, absent == 150 ? kPtePresent | kPteUser : 0);
      const Outcome end = Run(code, kPages * kPageBytes / 4);
      EXPECT_EQ(end.vector, kVectorPage);
      EXPECT_EQ(end.error_code, absent == 150 ? 7u : 6u);
      EXPECT_EQ(end.fault_address, kFresh + absent * kPageBytes);
      EXPECT_EQ(end.cpu.eip, kCode);
      EXPECT_EQ(end.cpu.gpr[kEbx], kFresh + absent * kPageBytes);
      MapPage(absent, kUserPage);
    }
  }
}

// A kernel that gives a page whenever one is missed, as many as there are.
TEST_F(UserFaults, AFaultThatIsRepeatedNeedsNoMapping) {
  for (uint32_t i = 0; i < kPages; ++i) MapPage(i, 0);
  guest_->Write(kCode, kIncrements);
  CpuImage at = CpuImage::Typical();
  at.gpr[kEbx] = kFresh;
  at.gpr[kEcx] = kPages;
  for (uint32_t i = 0; i < kPages; ++i) {
    const Outcome end = guest_->Run(at);
    ASSERT_EQ(end.vector, kVectorPage) << i;
    ASSERT_EQ(end.fault_address, kFresh + i * kPageBytes);
    MapPage(i, kUserPage);
    at = end.cpu;
  }
  EXPECT_EQ(guest_->Run(at).vector, kVectorProtection);
  for (uint32_t i = 0; i < kPages; ++i) EXPECT_EQ(Word(i * kPageBytes), 1u) << i;
  EXPECT_LT(statistics().exits_host_fault, 40u);
  EXPECT_LE(statistics().faults_guest, Adaptation::kGuilty);
}

}  // namespace
}  // namespace verbatim::test
