// SPDX-License-Identifier: Apache-2.0
// Far JMP, CALL and RET, call gates, SYSENTER and SYSEXIT.
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

class FarTransfers : public CpuFixture {
 protected:
  static std::vector<uint8_t> Far(uint8_t opcode, uint16_t selector, uint32_t offset) {
    std::vector<uint8_t> bytes = {opcode};
    for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<uint8_t>(offset >> (8 * i)));
    bytes.push_back(static_cast<uint8_t>(selector));
    bytes.push_back(static_cast<uint8_t>(selector >> 8));
    return bytes;
  }
  static std::vector<uint8_t> Jump(uint16_t selector, uint32_t offset = 0x11000) {
    return Far(0xEA, selector, offset);
  }
  static std::vector<uint8_t> Call(uint16_t selector, uint32_t offset = 0x11000) {
    return Far(0x9A, selector, offset);
  }
  void PutCallGate(uint16_t selector, uint16_t target, uint8_t access = 0xEC,
                   uint8_t parameters = 0) {
    PutGate(kGdt + selector, target, 0x12000, access, parameters);
  }
};

TEST_F(FarTransfers, JumpLoadsCodeAndSetsAccessed) {
  PutGdt(kFree, 0x100, 0xFFFFF, 0x9A, 0x8);
  EXPECT_EQ(Run(Jump(kFree)), StepOutcome::kModeOrFlow);
  EXPECT_EQ(state_.eip, 0x11000u);
  EXPECT_EQ(state_.segments[kCs].base, 0x100u);
  EXPECT_FALSE(state_.segments[kCs].Big());
  EXPECT_EQ(AccessByte(kFree), 0x9B);
}

TEST_F(FarTransfers, JumpErrorCodes) {
  const auto expect = [&](uint16_t selector, Vector vector, uint32_t error) {
    state_.eip = kCode;
    state_.gpr[kEsp] = kStack;
    ExpectFault(Jump(selector), vector, error);
  };
  expect(0, Vector::kGeneralProtection, 0);
  expect(kGdtLimit + 1, Vector::kGeneralProtection, kGdtLimit + 1);
  expect(kKernelDs, Vector::kGeneralProtection, kKernelDs);
  expect(kUserCs & 0xFFF8, Vector::kGeneralProtection, kUserCs & 0xFFF8);
  expect(kKernelCs | 1, Vector::kGeneralProtection, kKernelCs);
  PutGdt(kFree, 0, 0xFFFFF, 0x1B);
  expect(kFree, Vector::kSegmentNotPresent, kFree);
  PutGdt(kFree, 0, 0xFFF, kCode0, 0x4);
  expect(kFree, Vector::kGeneralProtection, 0);
  PutGdt(kFree, 0, 0xFFFFF, 0xFF);  // conforming, DPL 3 from CPL 0
  expect(kFree, Vector::kGeneralProtection, kFree);
}

TEST_F(FarTransfers, JumpToConformingCodeKeepsTheLevel) {
  PutGdt(kFree, 0, 0xFFFFF, 0x9F);
  EnterUser();
  Run(Jump(kFree));
  EXPECT_EQ(state_.cpl, 3u);
  EXPECT_EQ(state_.segments[kCs].selector, kFree | 3);
}

TEST_F(FarTransfers, JumpThroughMemoryWithSixteenBitOffset) {
  Put16(kData, 0x1234);
  Put16(kData + 2, kKernelCs);
  state_.gpr[kEbx] = kData;
  Run({0x66, 0xFF, 0x2B});  // jmp far word [ebx]
  EXPECT_EQ(state_.eip, 0x1234u);
}

TEST_F(FarTransfers, CallPushesTheReturnAddress) {
  Run(Call(kKernelCs));
  EXPECT_EQ(state_.eip, 0x11000u);
  EXPECT_EQ(state_.gpr[kEsp], kStack - 8);
  EXPECT_EQ(Get32(kStack - 8), kCode + 7);
  EXPECT_EQ(Get32(kStack - 4), kKernelCs);
}

TEST_F(FarTransfers, CallWithoutStackRoomLeavesCs) {
  state_.segments[kSs].limit = 3;
  PutGdt(kFree, 0, 0xFFFFF, 0x9F);
  state_.gpr[kEsp] = 8;
  EXPECT_EQ(Run(Call(kKernelCs)), StepOutcome::kShutdown) << "no handler has a stack either";
  EXPECT_EQ(state_.segments[kCs].selector, kKernelCs);
  EXPECT_EQ(state_.eip, kCode);
}

TEST_F(FarTransfers, RealModeCallAndReturn) {
  EnterRealMode();
  Run({0x9A, 0x34, 0x12, 0x00, 0x20});
  EXPECT_EQ(state_.eip, 0x1234u);
  EXPECT_EQ(state_.segments[kCs].base, 0x20000u);
  EXPECT_EQ(state_.gpr[kEsp], 0x7FFCu);
  Run({0xCA, 0x04, 0x00});
  EXPECT_EQ(state_.eip, 0x105u);
  EXPECT_EQ(state_.segments[kCs].base, 0x10000u);
  EXPECT_EQ(state_.gpr[kEsp], 0x8004u);
}

TEST_F(FarTransfers, CallGateToInnerLevelCopiesParameters) {
  PutCallGate(kFree, kKernelCs, 0xEC, 2);
  EnterUser();
  Put32(kUserStack, 0xAAAAAAAA);
  Put32(kUserStack + 4, 0xBBBBBBBB);
  Run(Call(kFree | 3));
  EXPECT_EQ(state_.cpl, 0u);
  EXPECT_EQ(state_.eip, 0x12000u);
  EXPECT_EQ(state_.segments[kCs].selector, kKernelCs);
  EXPECT_EQ(state_.gpr[kEsp], kKernelStack - 24);
  EXPECT_EQ(Get32(kKernelStack - 4), kUserDs);
  EXPECT_EQ(Get32(kKernelStack - 8), kUserStack);
  EXPECT_EQ(Get32(kKernelStack - 12), 0xBBBBBBBBu);
  EXPECT_EQ(Get32(kKernelStack - 16), 0xAAAAAAAAu);
  EXPECT_EQ(Get32(kKernelStack - 20), kUserCs);
  EXPECT_EQ(Get32(kKernelStack - 24), kCode + 7);
  Run({0xCA, 0x08, 0x00});  // retf 8: back, parameters dropped from both stacks
  EXPECT_EQ(state_.cpl, 3u);
  EXPECT_EQ(state_.eip, kCode + 7);
  EXPECT_EQ(state_.gpr[kEsp], kUserStack + 8);
}

TEST_F(FarTransfers, SixteenBitCallGatePushesWords) {
  PutCallGate(kFree, kKernelCs, 0xE4, 1);
  EnterUser();
  Put16(kUserStack, 0x7777);
  Run(Call(kFree | 3));
  EXPECT_EQ(state_.eip, 0x2000u);
  EXPECT_EQ(state_.gpr[kEsp], kKernelStack - 10);
  EXPECT_EQ(Get16(kKernelStack - 6), 0x7777);
}

TEST_F(FarTransfers, CallGateAtTheSameLevelPushesByGateSize) {
  PutCallGate(kFree, kKernelCs);
  Run(Call(kFree));
  EXPECT_EQ(state_.eip, 0x12000u);
  EXPECT_EQ(state_.gpr[kEsp], kStack - 8);
}

TEST_F(FarTransfers, JumpThroughCallGateMayNotGoInward) {
  PutCallGate(kFree, kKernelCs);
  EnterUser();
  ExpectFault(Jump(kFree | 3), Vector::kGeneralProtection, kKernelCs);
  state_.eip = kCode;
  state_.gpr[kEsp] = kStack;
  Run(Jump(kFree));
  EXPECT_EQ(state_.eip, 0x12000u);
}

TEST_F(FarTransfers, CallGateErrorCodes) {
  const auto expect = [&](Vector vector, uint32_t error) {
    EnterUser();
    state_.eip = kCode;
    ExpectFault(Call(kFree | 3), vector, error);
  };
  PutCallGate(kFree, kKernelCs, 0x8C);
  expect(Vector::kGeneralProtection, kFree);
  PutCallGate(kFree, kKernelCs, 0x6C);
  expect(Vector::kSegmentNotPresent, kFree);
  PutCallGate(kFree, 0);
  expect(Vector::kGeneralProtection, 0);
  PutCallGate(kFree, kKernelDs);
  expect(Vector::kGeneralProtection, kKernelDs);
  PutGdt(kFree2, 0, 0xFFFFF, 0x1B);
  PutCallGate(kFree, kFree2);
  expect(Vector::kSegmentNotPresent, kFree2);
  PutGdt(kFree2, 0, 0xFFF, kCode0, 0x4);
  expect(Vector::kGeneralProtection, 0);
}

TEST_F(FarTransfers, CallGateWithBadInnerStackIsInvalidTss) {
  PutCallGate(kFree, kKernelCs);
  // The handler of #TS must not need the same stack.
  PutGdt(kFree2, 0, 0xFFFFF, 0x9F);
  PutIdt(10, kFree2, HandlerOf(10), 0x8E);
  Put32(kTss + 8, kUserDs);
  EnterUser();
  ExpectFault(Call(kFree | 3), Vector::kInvalidTss, kUserDs & 0xFFFC);
}

TEST_F(FarTransfers, ReturnToOuterLevelDropsSegments) {
  Put32(kStack, 0x11000);
  Put32(kStack + 4, kUserCs);
  Put32(kStack + 8, kUserStack);
  Put32(kStack + 12, kUserDs);
  Run({0xCB});
  EXPECT_EQ(state_.cpl, 3u);
  EXPECT_EQ(state_.gpr[kEsp], kUserStack);
  EXPECT_EQ(state_.segments[kDs].attributes, 0);
}

TEST_F(FarTransfers, ReturnErrorCodes) {
  const auto expect = [&](uint32_t selector, Vector vector, uint32_t error) {
    state_.eip = kCode;
    state_.gpr[kEsp] = kStack;
    Put32(kStack, 0x11000);
    Put32(kStack + 4, selector);
    Put32(kStack + 12, kKernelDs);
    ExpectFault({0xCB}, vector, error);
  };
  expect(0, Vector::kGeneralProtection, 0);
  expect(kKernelDs, Vector::kGeneralProtection, kKernelDs);
  expect(kUserCs, Vector::kGeneralProtection, kKernelDs);  // bad outer stack
  PutGdt(kFree, 0, 0xFFFFF, 0x1B);
  expect(kFree, Vector::kSegmentNotPresent, kFree);
}

TEST_F(FarTransfers, SysenterAndSysexitLoadFlatSegments) {
  state_.sysenter_cs = kKernelCs;
  state_.sysenter_esp = 0x1234;
  state_.sysenter_eip = 0x5678;
  EnterUser();
  state_.eflags |= flag::kIf;
  Run({0x0F, 0x34});
  EXPECT_EQ(state_.cpl, 0u);
  EXPECT_EQ(state_.eip, 0x5678u);
  EXPECT_EQ(state_.gpr[kEsp], 0x1234u);
  EXPECT_EQ(state_.segments[kCs].selector, kKernelCs);
  EXPECT_EQ(state_.segments[kSs].selector, kKernelDs);
  EXPECT_TRUE(state_.segments[kCs].Flat());
  EXPECT_EQ(state_.eflags & flag::kIf, 0u);
  state_.gpr[kEcx] = kUserStack;
  state_.gpr[kEdx] = kCode;
  Run({0x0F, 0x35});
  EXPECT_EQ(state_.cpl, 3u);
  EXPECT_EQ(state_.eip, kCode);
  EXPECT_EQ(state_.gpr[kEsp], kUserStack);
  EXPECT_EQ(state_.segments[kCs].selector, kUserCs);
  EXPECT_EQ(state_.segments[kSs].selector, kUserDs);
}

TEST_F(FarTransfers, SysenterWithoutTargetAndSysexitAtUserLevelAreGeneralProtection) {
  ExpectFault({0x0F, 0x34}, Vector::kGeneralProtection, 0);
  EnterUser();
  state_.sysenter_cs = kKernelCs;
  ExpectFault({0x0F, 0x35}, Vector::kGeneralProtection, 0);
}

}  // namespace
}  // namespace verbatim::test
