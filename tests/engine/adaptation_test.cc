// SPDX-License-Identifier: Apache-2.0
// What becomes of an instruction that faults.
#include "engine/adaptation.h"

#include <gtest/gtest.h>

namespace verbatim {
namespace {

constexpr PhysicalAddress kSite{0x123456};
constexpr LinearAddress kFirst{0x40000000};

LinearAddress PageAt(uint32_t i) { return LinearAddress{kFirst.value + i * kPageBytes}; }

class AdaptationTest : public testing::Test {
 protected:
  void Suspect() {
    EXPECT_FALSE(adaptation_.NoteUserFault(kSite, true));
    EXPECT_FALSE(adaptation_.NoteUserFault(kSite, true));
    EXPECT_EQ(adaptation_.FormOf(kSite), AccessForm::kDirect);
    EXPECT_TRUE(adaptation_.NoteUserFault(kSite, true));
    EXPECT_EQ(adaptation_.FormOf(kSite), AccessForm::kProbed);
  }
  Adaptation::Verdict Access(LinearAddress page, Privilege privilege = Privilege::kUser) {
    return adaptation_.NoteAccess(kSite, page, false, privilege);
  }

  using Verdict = Adaptation::Verdict;
  Adaptation adaptation_{false};
};

TEST_F(AdaptationTest, AfterThreeFaultsASiteLooksFirst) {
  EXPECT_FALSE(adaptation_.HasAnyIn(kSite));
  Suspect();
  EXPECT_TRUE(adaptation_.HasAnyIn(kSite));
  EXPECT_EQ(adaptation_.FormOf(kSite + 1), AccessForm::kDirect);
  adaptation_.ForgetPage(kSite);
  EXPECT_EQ(adaptation_.FormOf(kSite), AccessForm::kDirect);
}

TEST_F(AdaptationTest, OneStrongFaultIsEnough) {
  EXPECT_TRUE(adaptation_.NoteFault(kSite, Adaptation::kStrongFault, true));
  EXPECT_EQ(adaptation_.FormOf(kSite), AccessForm::kProbed);
}

TEST_F(AdaptationTest, WhatFaultsThoughItLooksGoesToSoftware) {
  Suspect();
  for (uint32_t i = Adaptation::kSuspicious + 1; i < Adaptation::kGuilty; ++i) {
    EXPECT_FALSE(adaptation_.NoteUserFault(kSite, true));
  }
  EXPECT_TRUE(adaptation_.NoteUserFault(kSite, true));
  EXPECT_EQ(adaptation_.FormOf(kSite), AccessForm::kSoftware);
}

TEST_F(AdaptationTest, UserCodeFindsItsPageMappedAtOnce) {
  Suspect();
  EXPECT_EQ(Access(PageAt(0)), Verdict::kMapPage);
  EXPECT_EQ(Access(PageAt(0)), Verdict::kStay);  // it could not be mapped
  EXPECT_EQ(Access(PageAt(1)), Verdict::kMapPage);
}

TEST_F(AdaptationTest, AKernelHasToComeEightTimes) {
  Suspect();
  for (int i = 1; i < 8; ++i) EXPECT_EQ(Access(PageAt(0), Privilege::kSupervisor), Verdict::kStay);
  EXPECT_EQ(Access(PageAt(0), Privilege::kSupervisor), Verdict::kMapPage);
  EXPECT_EQ(Access(PageAt(1), Privilege::kSupervisor), Verdict::kStay);
}

// Which nobody does: then they stay unmapped. As soon as somebody has, they are mapped again.
TEST_F(AdaptationTest, LeavesAPageUnmappedNowAndThenToSeeWhoUsesIt) {
  Suspect();
  for (uint32_t i = 1; i < Adaptation::kMapCredit; ++i) {
    adaptation_.NoteSoftwareFault(kSite, PageAt(i), false);
    EXPECT_FALSE(adaptation_.LeftUnmapped(kSite));
    EXPECT_EQ(Access(PageAt(i)), Verdict::kMapPage);
  }
  for (uint32_t i = 100; i < 110; ++i) {
    adaptation_.NoteSoftwareFault(kSite, PageAt(i), false);
    EXPECT_EQ(Access(PageAt(i)), Verdict::kStay);
    EXPECT_EQ(adaptation_.LeftUnmapped(kSite), PageAt(i));
  }
  EXPECT_EQ(Access(PageAt(109)), Verdict::kMapPage);  // the second time
  adaptation_.NoteSoftwareFault(kSite, PageAt(110), true);
  EXPECT_EQ(Access(PageAt(110)), Verdict::kMapPage);
}

TEST_F(AdaptationTest, WhatCannotLookStaysDirectUntilItIsGuilty) {
  for (uint32_t i = 1; i < Adaptation::kGuilty; ++i) {
    EXPECT_FALSE(adaptation_.NoteUserFault(kSite, false));
    EXPECT_EQ(adaptation_.FormOf(kSite), AccessForm::kDirect);
  }
  EXPECT_TRUE(adaptation_.NoteUserFault(kSite, false));
  EXPECT_EQ(adaptation_.FormOf(kSite), AccessForm::kSoftware);
}

}  // namespace
}  // namespace verbatim
