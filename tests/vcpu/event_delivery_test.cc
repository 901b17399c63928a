// SPDX-License-Identifier: Apache-2.0
// Gates of the IDT, privilege changes, nested faults, the real-mode table.
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

class Delivery : public CpuFixture {
 protected:
  static constexpr Exception kGp7{Vector::kGeneralProtection, 0x78, {}};

  // The outcome of an #UD whose own delivery fails: the second fault.
  Delivered NestedAfterUndefined() {
    EXPECT_EQ(cpu_.RaiseException({Vector::kInvalidOpcode, 0, {}}), StepOutcome::kModeOrFlow);
    return Fault();
  }
};

TEST_F(Delivery, FaultPushesErrorCodeAndResumeFlag) {
  state_.eflags |= flag::kIf | flag::kNt | flag::kTf;
  EXPECT_EQ(cpu_.RaiseException(kGp7), StepOutcome::kModeOrFlow);
  const Delivered fault = Fault();
  EXPECT_EQ(fault.vector, 13u);
  EXPECT_EQ(fault.error_code, 0x78u);
  EXPECT_EQ(fault.eip, kCode);
  EXPECT_EQ(fault.cs, kKernelCs);
  EXPECT_EQ(fault.eflags, flag::kReservedOne | flag::kIf | flag::kNt | flag::kTf | flag::kRf);
  EXPECT_EQ(state_.eflags, flag::kReservedOne);
  EXPECT_EQ(cpu_.statistics().exceptions[13], 1u);
}

TEST_F(Delivery, TrapGateLeavesInterruptsEnabled) {
  PutIdt(13, kKernelCs, HandlerOf(13), 0x8F);
  state_.eflags |= flag::kIf;
  cpu_.RaiseException(kGp7);
  EXPECT_NE(state_.eflags & flag::kIf, 0u);
}

TEST_F(Delivery, PageFaultSetsCr2) {
  cpu_.RaiseException({Vector::kPageFault, 6, {0xC0001234}});
  EXPECT_EQ(state_.cr2, 0xC0001234u);
  EXPECT_EQ(Fault().error_code, 6u);
}

TEST_F(Delivery, FromUserSwitchesToTheStackOfTheTss) {
  EnterUser();
  cpu_.DeliverInterrupt(0x20);
  EXPECT_EQ(state_.cpl, 0u);
  EXPECT_EQ(state_.segments[kSs].selector, kKernelDs);
  EXPECT_EQ(state_.gpr[kEsp], kKernelStack - 20);
  EXPECT_EQ(Get32(kKernelStack - 4), kUserDs);
  EXPECT_EQ(Get32(kKernelStack - 8), kUserStack);
  EXPECT_EQ(Get32(kKernelStack - 16), kUserCs);
  EXPECT_EQ(Get32(kKernelStack - 20), kCode);
  EXPECT_EQ(state_.segments[kDs].selector, kUserDs) << "data segments stay";
}

TEST_F(Delivery, SixteenBitGatePushesWordsAndMasksTheOffset) {
  PutIdt(0x20, kKernelCs, 0x00048000, 0x86);
  cpu_.DeliverInterrupt(0x20);
  EXPECT_EQ(state_.eip, 0x8000u);
  EXPECT_EQ(state_.gpr[kEsp], kStack - 6);
  EXPECT_EQ(Get16(kStack - 4), kKernelCs);
}

TEST_F(Delivery, SixteenBitTssGivesSixteenBitStackPointer) {
  state_.tr.attributes = 0x83;
  Put16(kTss + 2, 0x9000);
  Put16(kTss + 4, kKernelDs);
  EnterUser();
  cpu_.DeliverInterrupt(0x20);
  EXPECT_EQ(state_.gpr[kEsp], 0x9000u - 20);
}

TEST_F(Delivery, ConformingHandlerKeepsThePrivilege) {
  PutGdt(kFree, 0, 0xFFFFF, 0x9F);
  PutIdt(0x20, kFree, HandlerOf(0x20), 0x8E);
  EnterUser();
  cpu_.DeliverInterrupt(0x20);
  EXPECT_EQ(state_.cpl, 3u);
  EXPECT_EQ(state_.segments[kCs].selector, kFree | 3);
  EXPECT_EQ(state_.gpr[kEsp], kUserStack - 12);
}

TEST_F(Delivery, FromVirtual8086SavesAndClearsDataSegments) {
  EnterVirtual8086();
  cpu_.DeliverInterrupt(0x20);
  EXPECT_EQ(state_.gpr[kEsp], kKernelStack - 36);
  EXPECT_EQ(Get32(kKernelStack - 4), 0x1830u);   // gs
  EXPECT_EQ(Get32(kKernelStack - 16), 0x1810u);  // es
  EXPECT_EQ(Get32(kKernelStack - 20), 0x3000u);  // ss
  EXPECT_EQ(Get32(kKernelStack - 28) & flag::kVm, flag::kVm);
  EXPECT_EQ(Get32(kKernelStack - 36), 0x100u);
  EXPECT_FALSE(state_.Virtual8086());
  EXPECT_EQ(state_.segments[kDs].attributes, 0);
  EXPECT_EQ(state_.segments[kGs].selector, 0);
}

TEST_F(Delivery, FromVirtual8086ToOtherThanLevel0IsGeneralProtection) {
  PutIdt(0x20, kUserCs, HandlerOf(0x20), 0xEE);
  EnterVirtual8086();
  cpu_.DeliverInterrupt(0x20);
  const Delivered fault = Fault();
  EXPECT_EQ(fault.vector, 13u);
  EXPECT_EQ(fault.error_code, (kUserCs & 0xFFFCu) | 1);
}

TEST_F(Delivery, IntChecksTheGateDpl) {
  EnterUser();
  ExpectFault({0xCD, 0x80}, Vector::kGeneralProtection, 0x80 * 8 + 2);
  EnterUser();
  state_.eip = kCode;
  PutIdt(0x80, kKernelCs, HandlerOf(0x80), 0xEE);
  Run({0xCD, 0x80});
  const Delivered call = Fault();
  EXPECT_EQ(call.vector, 0x80u);
  EXPECT_EQ(call.eip, kCode + 2);
  EXPECT_EQ(cpu_.statistics().software_interrupts, 2u);
}

TEST_F(Delivery, Int3AndIntoCheckTheGateButInt1DoesNot) {
  EnterUser();
  ExpectFault({0xCC}, Vector::kGeneralProtection, 3 * 8 + 2);
  EnterUser();
  state_.eip = kCode;
  state_.eflags |= flag::kOf;
  ExpectFault({0xCE}, Vector::kGeneralProtection, 4 * 8 + 2);
  EnterUser();
  state_.eip = kCode;
  Run({0xF1});
  EXPECT_EQ(Fault().vector, 1u);
}

TEST_F(Delivery, IntoWithoutOverflowGoesOn) { ExpectNext({0xCE}); }

TEST_F(Delivery, IntInVirtual8086NeedsIopl3ButInt3DoesNot) {
  PutIdt(0x80, kKernelCs, HandlerOf(0x80), 0xEE);
  PutIdt(3, kKernelCs, HandlerOf(3), 0xEE);
  EnterVirtual8086();
  ExpectFault({0xCD, 0x80}, Vector::kGeneralProtection, 0);
  EnterVirtual8086();
  Run({0xCC});
  EXPECT_EQ(Fault().vector, 3u);
}

TEST_F(Delivery, BeyondTheIdtIsGeneralProtectionWithExternalBit) {
  state_.idtr.limit = 0x1F * 8 + 7;
  cpu_.DeliverInterrupt(0x20);
  EXPECT_EQ(Fault().error_code, 0x20u * 8 + 3);
  state_.eip = kCode;
  state_.gpr[kEsp] = kStack;
  ExpectFault({0xCD, 0x20}, Vector::kGeneralProtection, 0x20 * 8 + 2);
}

TEST_F(Delivery, NotAGateIsGeneralProtection) {
  PutIdt(6, kKernelCs, HandlerOf(6), 0x8C);
  const Delivered fault = NestedAfterUndefined();
  EXPECT_EQ(fault.vector, 13u);
  EXPECT_EQ(fault.error_code, 6u * 8 + 3);
  EXPECT_EQ(fault.eip, kCode);
}

TEST_F(Delivery, NotPresentGateIsSegmentNotPresent) {
  PutIdt(6, kKernelCs, HandlerOf(6), 0x0E);
  const Delivered fault = NestedAfterUndefined();
  EXPECT_EQ(fault.vector, 11u);
  EXPECT_EQ(fault.error_code, 6u * 8 + 3);
}

TEST_F(Delivery, NullHandlerSegmentIsGeneralProtection) {
  PutIdt(6, 0, HandlerOf(6), 0x8E);
  EXPECT_EQ(NestedAfterUndefined().error_code, 1u);
}

TEST_F(Delivery, DataHandlerSegmentIsGeneralProtection) {
  PutIdt(6, kKernelDs, HandlerOf(6), 0x8E);
  EXPECT_EQ(NestedAfterUndefined().error_code, kKernelDs | 1u);
}

TEST_F(Delivery, NotPresentHandlerSegmentIsSegmentNotPresent) {
  PutGdt(kFree, 0, 0xFFFFF, 0x1B);
  PutIdt(6, kFree, HandlerOf(6), 0x8E);
  const Delivered fault = NestedAfterUndefined();
  EXPECT_EQ(fault.vector, 11u);
  EXPECT_EQ(fault.error_code, kFree | 1u);
}

TEST_F(Delivery, OffsetBeyondHandlerSegmentIsGeneralProtection) {
  PutGdt(kFree, 0, 0xFFF, kCode0, 0x4);
  PutIdt(6, kFree, HandlerOf(6), 0x8E);
  EXPECT_EQ(NestedAfterUndefined().error_code, 1u);
}

class InnerStack : public Delivery {
 protected:
  // An interrupt at CPL 3 whose inner stack is bad; the #TS or #SS is handled by a conforming
  // segment, which stays on the user stack.
  Delivered FaultOfInnerStack() {
    PutGdt(kFree2, 0, 0xFFFFF, 0x9F);
    PutIdt(10, kFree2, HandlerOf(10), 0x8E);
    PutIdt(12, kFree2, HandlerOf(12), 0x8E);
    EnterUser();
    cpu_.DeliverInterrupt(0x20);
    EXPECT_EQ(state_.cpl, 3u);
    return Fault();
  }
};

TEST_F(InnerStack, BeyondTheTssIsInvalidTss) {
  state_.tr.limit = 8;
  const Delivered fault = FaultOfInnerStack();
  EXPECT_EQ(fault.vector, 10u);
  EXPECT_EQ(fault.error_code, kTssSelector | 1u);
}

TEST_F(InnerStack, NullIsInvalidTss) {
  Put32(kTss + 8, 0);
  const Delivered fault = FaultOfInnerStack();
  EXPECT_EQ(fault.vector, 10u);
  EXPECT_EQ(fault.error_code, 1u);
}

TEST_F(InnerStack, WrongPrivilegeIsInvalidTss) {
  Put32(kTss + 8, kUserDs);
  const Delivered fault = FaultOfInnerStack();
  EXPECT_EQ(fault.vector, 10u);
  EXPECT_EQ(fault.error_code, (kUserDs & 0xFFFCu) | 1);
}

TEST_F(InnerStack, NotPresentIsStackFault) {
  PutGdt(kFree, 0, 0xFFFFF, 0x13);
  Put32(kTss + 8, kFree);
  const Delivered fault = FaultOfInnerStack();
  EXPECT_EQ(fault.vector, 12u);
  EXPECT_EQ(fault.error_code, kFree | 1u);
}

TEST_F(InnerStack, WithoutRoomIsStackFaultOfThatSegment) {
  PutGdt(kFree, 0, 0xFF, kData0, 0x4);
  Put32(kTss + 4, 0x10);
  Put32(kTss + 8, kFree);
  const Delivered fault = FaultOfInnerStack();
  EXPECT_EQ(fault.vector, 12u);
  EXPECT_EQ(fault.error_code, kFree | 1u);
}

TEST_F(Delivery, ContributoryPairIsDoubleFaultWithZeroCode) {
  PutIdt(13, kKernelCs, HandlerOf(13), 0x0E);
  EXPECT_EQ(cpu_.RaiseException(kGp7), StepOutcome::kModeOrFlow);
  const Delivered fault = Fault();
  EXPECT_EQ(fault.vector, 8u);
  EXPECT_EQ(fault.error_code, 0u);
  EXPECT_EQ(state_.gpr[kEsp], kStack - 16) << "the failed attempts leave no trace";
}

TEST_F(Delivery, PageFaultThenContributoryIsDoubleFault) {
  PutIdt(14, kKernelCs, HandlerOf(14), 0x0E);
  cpu_.RaiseException({Vector::kPageFault, 0, {0x1000}});
  EXPECT_EQ(Fault().vector, 8u);
}

TEST_F(Delivery, ThirdFaultShutsDown) {
  PutIdt(13, kKernelCs, HandlerOf(13), 0x0E);
  PutIdt(8, kKernelCs, HandlerOf(8), 0x0E);
  EXPECT_EQ(cpu_.RaiseException(kGp7), StepOutcome::kShutdown);
  EXPECT_TRUE(state_.shutdown);
}

TEST_F(Delivery, EndlessAlignmentChecksShutDownInsteadOfHanging) {
  PutGdt(kFree, 0, 0xFFFFF, 0x9F);
  PutIdt(17, kFree, HandlerOf(17), 0x8E);
  EnterUser();
  state_.cr0 |= cr0::kAm;
  state_.eflags |= flag::kAc;
  state_.gpr[kEsp] = kUserStack + 1;
  EXPECT_EQ(cpu_.RaiseException({Vector::kAlignmentCheck, 0, {}}), StepOutcome::kShutdown);
}

TEST_F(Delivery, NmiBlocksUntilIret) {
  cpu_.DeliverNmi();
  EXPECT_EQ(Fault().vector, 2u);
  EXPECT_TRUE(state_.nmi_blocked);
  Run({0xCF});
  EXPECT_FALSE(state_.nmi_blocked);
  EXPECT_EQ(state_.eip, kCode);
}

TEST_F(Delivery, DebugExceptionClearsGeneralDetect) {
  state_.dr[7] |= 1u << 13;
  ExpectFault({0x0F, 0x21, 0xF8}, Vector::kDebug);  // mov eax, dr7
  EXPECT_EQ(state_.dr[7] & (1u << 13), 0u);
  EXPECT_EQ(state_.dr[6] & (1u << 13), 1u << 13);
}

TEST_F(Delivery, RealModeUsesTheVectorTableAndPushesNoErrorCode) {
  EnterRealMode();
  Put32(13 * 4, 0x20001234);
  state_.eflags |= flag::kIf;
  EXPECT_EQ(cpu_.RaiseException(kGp7), StepOutcome::kModeOrFlow);
  EXPECT_EQ(state_.segments[kCs].base, 0x20000u);
  EXPECT_EQ(state_.eip, 0x1234u);
  EXPECT_EQ(state_.gpr[kEsp], 0x8000u - 6);
  EXPECT_EQ(Get16(0x8000 - 6), 0x100);
  EXPECT_EQ(Get16(0x8000 - 4), 0x1000);
  EXPECT_NE(Get16(0x8000 - 2) & flag::kIf, 0u);
  EXPECT_EQ(state_.eflags & flag::kIf, 0u);
}

TEST_F(Delivery, RealModeBeyondTheTableShutsDownWhenNothingIsLeft) {
  EnterRealMode();
  state_.idtr.limit = 0;
  EXPECT_EQ(Run({0xCD, 0x10}), StepOutcome::kShutdown);
}

TEST_F(Delivery, UndefinedInstructionAndTooLongOne) {
  ExpectFault({0x0F, 0x0B}, Vector::kInvalidOpcode);
  state_.eip = kCode;
  ExpectFault(std::vector<uint8_t>(15, 0x66), Vector::kGeneralProtection, 0);
}

}  // namespace
}  // namespace verbatim::test
