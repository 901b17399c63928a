// SPDX-License-Identifier: Apache-2.0
// The state after RESET and after INIT (SDM vol. 3, table 9-1).
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

class Restart : public CpuFixture {
 protected:
  void Disturb() {
    state_.gpr.fill(0x12345678);
    state_.cr0 = cr0::kPe | cr0::kPg | cr0::kEt | cr0::kCd;
    state_.cr3 = 0x5000;
    state_.cr4 = cr4::kPae;
    state_.efer = efer::kNxe;
    state_.eflags |= flag::kIf;
    state_.halted = true;
    state_.shutdown = true;
    state_.shadow_active = true;
    state_.nmi_blocked = true;
    state_.xmm[3].fill(0x77);
    state_.mxcsr = 0x1FA0;
    state_.sysenter_eip = 0xABC;
    state_.mtrr_def_type = 0xC06;
    state_.mtrr_variable[1] = 0x800;
    state_.tsc_offset = 42;
    state_.pat = 0x01;
  }
  void ExpectResetVector() {
    EXPECT_EQ(state_.segments[kCs].base + state_.eip, 0xFFFFFFF0u);
    EXPECT_EQ(state_.segments[kCs].selector, 0xF000);
    EXPECT_EQ(state_.segments[kDs].base, 0u);
    EXPECT_EQ(state_.segments[kDs].limit, 0xFFFFu);
    EXPECT_EQ(state_.gpr[kEdx], cpu_.model().signature);
    EXPECT_EQ(state_.gpr[kEax], 0u);
    EXPECT_EQ(state_.eflags, flag::kReservedOne);
    EXPECT_EQ(state_.cr3 | state_.cr4, 0u);
    EXPECT_EQ(state_.efer, 0u);
    EXPECT_EQ(state_.idtr.limit, 0xFFFFu);
    EXPECT_FALSE(state_.halted || state_.shutdown || state_.shadow_active || state_.nmi_blocked);
    EXPECT_FALSE(mmu_.paging().enabled);
  }
};

TEST_F(Restart, ResetForgetsEverything) {
  Disturb();
  cpu_.Reset();
  ExpectResetVector();
  EXPECT_EQ(state_.cr0, 0x60000010u);
  EXPECT_EQ(state_.xmm[3][0], 0);
  EXPECT_EQ(state_.mxcsr, 0x1F80u);
  EXPECT_EQ(state_.sysenter_eip, 0u);
  EXPECT_EQ(state_.mtrr_def_type, 0u);
  EXPECT_NE(state_.tsc_offset, 42u);
}

TEST_F(Restart, InitKeepsSseStateCachingAndTheTimeStampCounter) {
  Disturb();
  cpu_.Init();
  ExpectResetVector();
  EXPECT_EQ(state_.cr0, cr0::kEt | cr0::kCd);
  EXPECT_EQ(state_.xmm[3][15], 0x77);
  EXPECT_EQ(state_.mxcsr, 0x1FA0u);
  EXPECT_EQ(state_.sysenter_eip, 0xABCu);
  EXPECT_EQ(state_.mtrr_def_type, 0xC06u);
  EXPECT_EQ(state_.mtrr_variable[1], 0x800u);
  EXPECT_EQ(state_.pat, 1u);
  EXPECT_EQ(state_.tsc_offset, 42u);
}

}  // namespace
}  // namespace verbatim::test
