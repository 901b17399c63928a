// SPDX-License-Identifier: Apache-2.0
// CLI, STI, PUSHF, POPF, HLT.
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

class Flags : public CpuFixture {};

TEST_F(Flags, CliAndStiObeyIopl) {
  EnterUser();
  ExpectFault({0xFA}, Vector::kGeneralProtection, 0);
  EnterUser();
  state_.eip = kCode;
  state_.eflags |= flag::kIopl;
  ExpectNext({0xFB});
  EXPECT_NE(state_.eflags & flag::kIf, 0u);
  ExpectNext({0xFA});
  EXPECT_EQ(state_.eflags & flag::kIf, 0u);
}

TEST_F(Flags, CliInVirtual8086NeedsIopl3) {
  EnterVirtual8086();
  ExpectFault({0xFA}, Vector::kGeneralProtection, 0);
}

TEST_F(Flags, StiShadowsOneInstructionOnlyWhenIfWasClear) {
  ExpectNext({0xFB});
  EXPECT_FALSE(cpu_.InterruptsEnabled());
  EXPECT_FALSE(state_.shadow_inhibits_debug);
  ExpectNext({0xFB});
  EXPECT_TRUE(cpu_.InterruptsEnabled());
}

TEST_F(Flags, PushfHidesVmAndRf) {
  state_.eflags = 0x00250AD7 | flag::kRf;
  ExpectNext({0x9C});
  EXPECT_EQ(Get32(kStack - 4), 0x00240AD7u);
}

TEST_F(Flags, PopfAtCpl0ChangesAllButVmRfVifVip) {
  Put32(kStack, 0xFFFFFFFF);
  EXPECT_EQ(ExpectNext({0x9D}), StepOutcome::kModeOrFlow);  // TF and AC
  EXPECT_EQ(state_.eflags, 0x00247FD7u);
  EXPECT_EQ(state_.gpr[kEsp], kStack + 4);
}

TEST_F(Flags, PopfAtCpl3LeavesIoplAndIfSilently) {
  EnterUser();
  Put32(kUserStack, 0x00003202);
  EXPECT_EQ(ExpectNext({0x9D}), StepOutcome::kNext);
  EXPECT_EQ(state_.eflags, flag::kReservedOne);
}

TEST_F(Flags, PopfwChangesTheLowHalfOnly) {
  state_.eflags |= flag::kId | flag::kAc;
  Put32(kStack, 0x00000AD7);
  ExpectNext({0x66, 0x9D});
  EXPECT_EQ(state_.eflags, 0x00240AD7u);
  EXPECT_EQ(state_.gpr[kEsp], kStack + 2);
}

TEST_F(Flags, PushfAndPopfInVirtual8086NeedIopl3) {
  EnterVirtual8086();
  ExpectFault({0x9C}, Vector::kGeneralProtection, 0);
  EnterVirtual8086();
  ExpectFault({0x9D}, Vector::kGeneralProtection, 0);
  EnterVirtual8086();
  state_.eflags |= flag::kIopl | flag::kIf;
  Put16(0x30200, 0x0002);
  ExpectNext({0x9D});
  EXPECT_EQ(state_.eflags, flag::kVm | flag::kIopl | flag::kReservedOne);
}

TEST_F(Flags, HltNeedsCpl0AndAdvances) {
  EXPECT_EQ(ExpectNext({0xF4}), StepOutcome::kHalted);
  EXPECT_TRUE(state_.halted);
  cpu_.DeliverInterrupt(0x20);
  EXPECT_FALSE(state_.halted);
  EnterUser();
  ExpectFault({0xF4}, Vector::kGeneralProtection, 0);
}

TEST_F(Flags, SingleStepTrapsBehindTheInstruction) {
  state_.eflags |= flag::kTf;
  EXPECT_EQ(Run({0xFA}), StepOutcome::kModeOrFlow);
  const Delivered trap = Fault();
  EXPECT_EQ(trap.vector, 1u);
  EXPECT_EQ(trap.eip, kCode + 1);
  EXPECT_NE(trap.eflags & flag::kTf, 0u);
  EXPECT_EQ(state_.dr[6] & 0x4000u, 0x4000u);
  EXPECT_EQ(state_.eflags & flag::kTf, 0u);
}

TEST_F(Flags, SingleStepDoesNotFollowMovSsNorATakenInterrupt) {
  state_.eflags |= flag::kTf;
  state_.gpr[kEax] = kKernelDs;
  ExpectNext({0x8E, 0xD0});
  Run({0xCD, 0x80});
  EXPECT_EQ(Fault().vector, 0x80u);
}

}  // namespace
}  // namespace verbatim::test
