// SPDX-License-Identifier: Apache-2.0
// IRET in every direction.
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

const std::vector<uint8_t> kIretd = {0xCF};

class Iret : public CpuFixture {
 protected:
  void PutFrame(std::initializer_list<uint32_t> words) {
    uint32_t address = kStack;
    for (const uint32_t word : words) {
      Put32(address, word);
      address += 4;
    }
  }
};

TEST_F(Iret, ToSameLevelPopsThreeWords) {
  PutFrame({0x11000, kKernelCs, 0x00250AD7 | flag::kNt});
  EXPECT_EQ(Run(kIretd), StepOutcome::kModeOrFlow);
  EXPECT_EQ(state_.eip, 0x11000u);
  EXPECT_EQ(state_.gpr[kEsp], kStack + 12);
  EXPECT_EQ(state_.eflags, 0x00250AD7u | flag::kNt) << "RF is kept for the next instruction";
}

TEST_F(Iret, ToOuterPrivilegeLoadsStackAndClearsInaccessibleDataSegments) {
  PutFrame({0x11000, kUserCs, 0x00003202, kUserStack, kUserDs});
  state_.segments[kEs].selector = kUserDs;
  state_.segments[kEs].attributes = 0xC0F3;
  Run(kIretd);
  EXPECT_EQ(state_.cpl, 3u);
  EXPECT_EQ(state_.gpr[kEsp], kUserStack);
  EXPECT_EQ(state_.segments[kSs].selector, kUserDs);
  EXPECT_EQ(state_.eflags, 0x00003202u);
  EXPECT_EQ(state_.segments[kDs].attributes, 0);
  EXPECT_EQ(state_.segments[kDs].selector, 0);
  EXPECT_EQ(state_.segments[kEs].selector, kUserDs);
}

TEST_F(Iret, ToSixteenBitStackKeepsTheUpperHalfOfEsp) {
  PutGdt(kFree, 0, 0xFFFF, kData3, 0);
  PutFrame({0x11000, kUserCs, 2, 0xABCD1234, kFree | 3u});
  Run(kIretd);
  EXPECT_EQ(state_.gpr[kEsp], (kStack & 0xFFFF0000u) | 0x1234u);
}

TEST_F(Iret, AtUserLevelLeavesIoplAndIf) {
  EnterUser();
  state_.gpr[kEsp] = kStack;
  PutFrame({0x11000, kUserCs, 0x003F7FD7});
  Run(kIretd);
  EXPECT_EQ(state_.eflags & (flag::kIopl | flag::kIf | flag::kVm | flag::kVif), 0u);
  EXPECT_NE(state_.eflags & flag::kId, 0u);
}

TEST_F(Iret, NullCodeIsGeneralProtection) {
  PutFrame({0x11000, 0, 2});
  ExpectFault(kIretd, Vector::kGeneralProtection, 0);
  EXPECT_EQ(state_.gpr[kEsp], kStack - 16);
}

TEST_F(Iret, ToInnerLevelIsGeneralProtection) {
  EnterUser();
  state_.gpr[kEsp] = kStack;
  PutFrame({0x11000, kKernelCs, 2});
  ExpectFault(kIretd, Vector::kGeneralProtection, kKernelCs);
}

TEST_F(Iret, ToDataIsGeneralProtection) {
  PutFrame({0x11000, kKernelDs, 2});
  ExpectFault(kIretd, Vector::kGeneralProtection, kKernelDs);
}

TEST_F(Iret, CodeDplMustMatchRpl) {
  PutFrame({0x11000, kKernelCs | 3u, 2});
  ExpectFault(kIretd, Vector::kGeneralProtection, kKernelCs);
}

TEST_F(Iret, ToNotPresentCodeIsSegmentNotPresent) {
  PutGdt(kFree, 0, 0xFFFFF, 0x1B);
  PutFrame({0x11000, kFree, 2});
  ExpectFault(kIretd, Vector::kSegmentNotPresent, kFree);
}

TEST_F(Iret, BeyondCodeLimitIsGeneralProtection) {
  PutGdt(kFree, 0, 0xFFF, kCode0, 0x4);
  PutFrame({0x1000, kFree, 2});
  ExpectFault(kIretd, Vector::kGeneralProtection, 0);
}

TEST_F(Iret, OuterStackIsChecked) {
  PutFrame({0x11000, kUserCs, 2, kUserStack, 0});
  ExpectFault(kIretd, Vector::kGeneralProtection, 0);
  state_.eip = kCode;
  state_.gpr[kEsp] = kStack;
  PutFrame({0x11000, kUserCs, 2, kUserStack, kKernelDs});
  ExpectFault(kIretd, Vector::kGeneralProtection, kKernelDs);
  state_.eip = kCode;
  state_.gpr[kEsp] = kStack;
  PutGdt(kFree, 0, 0xFFFFF, 0x73);
  PutFrame({0x11000, kUserCs, 2, kUserStack, kFree | 3u});
  ExpectFault(kIretd, Vector::kStackFault, kFree);
  EXPECT_EQ(state_.cpl, 0u);
}

TEST_F(Iret, BeyondStackLimitIsStackFault) {
  state_.segments[kSs].limit = kStack + 10;
  ExpectFault(kIretd, Vector::kStackFault, 0);
}

TEST_F(Iret, ToVirtual8086LoadsAllSegments) {
  PutFrame({0x123, 0x1000, flag::kVm | flag::kIopl | 2, 0x400, 0x3000, 1, 2, 3, 4});
  Run(kIretd);
  EXPECT_TRUE(state_.Virtual8086());
  EXPECT_EQ(state_.cpl, 3u);
  EXPECT_EQ(state_.eip, 0x123u);
  EXPECT_EQ(state_.gpr[kEsp], 0x400u);
  EXPECT_EQ(state_.segments[kCs].base, 0x10000u);
  EXPECT_EQ(state_.segments[kSs].base, 0x30000u);
  EXPECT_EQ(state_.segments[kEs].selector, 1);
  EXPECT_EQ(state_.segments[kDs].selector, 2);
  EXPECT_EQ(state_.segments[kFs].selector, 3);
  EXPECT_EQ(state_.segments[kGs].selector, 4);
  EXPECT_EQ(state_.segments[kGs].limit, 0xFFFFu);
}

TEST_F(Iret, InVirtual8086NeedsIopl3AndKeepsIt) {
  EnterVirtual8086();
  ExpectFault(kIretd, Vector::kGeneralProtection, 0);
  EnterVirtual8086();
  state_.eflags |= flag::kIopl;
  Put16(0x30200, 0x456);
  Put16(0x30202, 0x2000);
  Put16(0x30204, 0x0202);
  Run(kIretd);
  EXPECT_EQ(state_.eip, 0x456u);
  EXPECT_EQ(state_.segments[kCs].base, 0x20000u);
  EXPECT_EQ(state_.eflags, flag::kVm | flag::kIopl | 0x0202u);
  EXPECT_EQ(state_.gpr[kEsp], 0x206u);
}

TEST_F(Iret, RealModePopsThreeWords) {
  EnterRealMode();
  Put16(0x8000, 0x456);
  Put16(0x8002, 0x2000);
  Put16(0x8004, 0x7202);
  Run(kIretd);
  EXPECT_EQ(state_.eip, 0x456u);
  EXPECT_EQ(state_.segments[kCs].base, 0x20000u);
  EXPECT_EQ(state_.eflags, 0x7202u);
}

TEST_F(Iret, SixteenBitFormPopsWords) {
  PutGdt(kFree, 0, 0xFFFFF, kCode0);
  Put16(kStack, 0x1234);
  Put16(kStack + 2, kFree);
  Put16(kStack + 4, 0x0202);
  state_.eflags |= flag::kId;
  Run({0x66, 0xCF});
  EXPECT_EQ(state_.eip, 0x1234u);
  EXPECT_EQ(state_.gpr[kEsp], kStack + 6);
  EXPECT_EQ(state_.eflags, flag::kId | 0x0202u);
}

TEST_F(Iret, PageFaultOnTheFrameLeavesEverything) {
  // One user page of 4 MiB maps all there is; the frame crosses its end.
  Put32(0x5000, 0x87);
  state_.cr3 = 0x5000;
  state_.cr4 = cr4::kPse;
  state_.cr0 |= cr0::kPg | cr0::kWp;
  cpu_.SynchronizePaging();
  EnterUser();
  state_.gpr[kEsp] = 0x400000 - 8;
  ExpectFault(kIretd, Vector::kPageFault, kFaultUser);
  EXPECT_EQ(state_.cr2, 0x400000u);
  EXPECT_EQ(Get32(kKernelStack - 8), 0x400000u - 8);
}

}  // namespace
}  // namespace verbatim::test
