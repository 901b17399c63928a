// SPDX-License-Identifier: Apache-2.0
// MOV, POP and LDS-like loads of segment registers, and LLDT, LTR, LAR, LSL, VERR, VERW, ARPL.
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

const std::vector<uint8_t> kMovDsAx = {0x8E, 0xD8};
const std::vector<uint8_t> kMovSsAx = {0x8E, 0xD0};

class SegmentLoad : public CpuFixture {
 protected:
  void ExpectMovDsFault(uint16_t selector, Vector vector) {
    state_.gpr[kEax] = selector;
    ExpectFault(kMovDsAx, vector, selector & 0xFFFCu);
  }
  void ExpectMovSsFault(uint16_t selector, Vector vector) {
    state_.gpr[kEax] = selector;
    ExpectFault(kMovSsAx, vector, selector & 0xFFFCu);
  }
};

TEST_F(SegmentLoad, LoadsTheHiddenPartAndSetsAccessed) {
  PutGdt(kFree, 0x00123456, 0x00001, 0xF2, 0xC);
  state_.gpr[kEax] = kFree | 3;
  EXPECT_EQ(ExpectNext(kMovDsAx), StepOutcome::kModeOrFlow);
  const SegmentRegister& ds = state_.segments[kDs];
  EXPECT_EQ(ds.selector, kFree | 3);
  EXPECT_EQ(ds.base, 0x00123456u);
  EXPECT_EQ(ds.limit, 0x1FFFu);
  EXPECT_EQ(ds.attributes, 0xC0F3u);
  EXPECT_EQ(AccessByte(kFree), 0xF3);
}

TEST_F(SegmentLoad, OfTheSameSegmentChangesNoMode) {
  state_.gpr[kEax] = kKernelDs;
  EXPECT_EQ(ExpectNext(kMovDsAx), StepOutcome::kNext);
}

TEST_F(SegmentLoad, NullDataSegmentIsUnusable) {
  state_.gpr[kEax] = 3;
  ExpectNext(kMovDsAx);
  EXPECT_EQ(state_.segments[kDs].selector, 3);
  EXPECT_EQ(state_.segments[kDs].attributes, 0);
  state_.gpr[kEbx] = kData;
  ExpectFault({0x8E, 0x03}, Vector::kGeneralProtection, 0);  // mov es, [ebx]
}

TEST_F(SegmentLoad, BeyondTheTableIsGeneralProtection) {
  ExpectMovDsFault(kGdtLimit + 1, Vector::kGeneralProtection);
}

TEST_F(SegmentLoad, LocalSelectorWithoutLdtIsGeneralProtection) {
  ExpectMovDsFault(0x0C, Vector::kGeneralProtection);
}

TEST_F(SegmentLoad, UsesTheLdt) {
  PutDescriptor(kLdt, 0x08, 0x5000, 0xFF, kData0, 0x4);
  state_.gpr[kEax] = kLdtSelector;
  ExpectNext({0x0F, 0x00, 0xD0});  // lldt ax
  state_.gpr[kEax] = 0x0C;
  ExpectNext(kMovDsAx);
  EXPECT_EQ(state_.segments[kDs].base, 0x5000u);
}

TEST_F(SegmentLoad, SystemDescriptorIsGeneralProtection) {
  ExpectMovDsFault(kOtherTssSelector, Vector::kGeneralProtection);
}

TEST_F(SegmentLoad, ExecuteOnlyCodeIsGeneralProtection) {
  PutGdt(kFree, 0, 0xFFFFF, 0x99);
  ExpectMovDsFault(kFree, Vector::kGeneralProtection);
}

TEST_F(SegmentLoad, ReadableCodeIsAllowed) {
  state_.gpr[kEax] = kKernelCs;
  ExpectNext(kMovDsAx);
  EXPECT_FALSE(state_.segments[kDs].IsWritableData());
}

TEST_F(SegmentLoad, NotPresentDataIsSegmentNotPresent) {
  PutGdt(kFree, 0, 0xFFFFF, 0x13);
  ExpectMovDsFault(kFree, Vector::kSegmentNotPresent);
}

TEST_F(SegmentLoad, RplAboveDplIsGeneralProtection) {
  ExpectMovDsFault(kKernelDs | 3, Vector::kGeneralProtection);
}

TEST_F(SegmentLoad, CplAboveDplIsGeneralProtection) {
  EnterUser();
  state_.gpr[kEax] = kKernelDs;
  ExpectFault(kMovDsAx, Vector::kGeneralProtection, kKernelDs);
  EXPECT_EQ(state_.segments[kDs].selector, kUserDs) << "the old segment stays";
}

TEST_F(SegmentLoad, ConformingCodeIgnoresPrivilege) {
  PutGdt(kFree, 0, 0xFFFFF, 0x9F);
  EnterUser();
  state_.gpr[kEax] = kFree | 3;
  ExpectNext(kMovDsAx);
}

TEST_F(SegmentLoad, NullStackIsGeneralProtection) {
  ExpectMovSsFault(0, Vector::kGeneralProtection);
}

TEST_F(SegmentLoad, StackWithOtherRplIsGeneralProtection) {
  ExpectMovSsFault(kKernelDs | 1, Vector::kGeneralProtection);
}

TEST_F(SegmentLoad, StackWithOtherDplIsGeneralProtection) {
  PutGdt(kFree, 0, 0xFFFFF, kData3);
  ExpectMovSsFault(kFree, Vector::kGeneralProtection);
}

TEST_F(SegmentLoad, ReadOnlyStackIsGeneralProtection) {
  PutGdt(kFree, 0, 0xFFFFF, 0x91);
  ExpectMovSsFault(kFree, Vector::kGeneralProtection);
}

TEST_F(SegmentLoad, NotPresentStackIsStackFault) {
  PutGdt(kFree, 0, 0xFFFFF, 0x13);
  ExpectMovSsFault(kFree, Vector::kStackFault);
}

TEST_F(SegmentLoad, MovSsStartsAShadowThatHoldsInterruptsOff) {
  state_.eflags |= flag::kIf;
  state_.gpr[kEax] = kKernelDs;
  EXPECT_TRUE(cpu_.InterruptsEnabled());
  ExpectNext(kMovSsAx);
  EXPECT_FALSE(cpu_.InterruptsEnabled());
  EXPECT_TRUE(state_.shadow_inhibits_debug);
  ++state_.eip;
  EXPECT_TRUE(cpu_.InterruptsEnabled());
}

TEST_F(SegmentLoad, MovToCsIsUndefined) { ExpectFault({0x8E, 0xC8}, Vector::kInvalidOpcode); }

TEST_F(SegmentLoad, PopMovesTheStackPointerOnlyOnSuccess) {
  Put32(kStack, kKernelDs | 3);
  const uint32_t flags_cs_eip_error = 16;
  ExpectFault({0x07}, Vector::kGeneralProtection, kKernelDs);  // pop es
  EXPECT_EQ(state_.gpr[kEsp], kStack - flags_cs_eip_error);
  state_.gpr[kEsp] = kStack;
  state_.eip = kCode;
  Put32(kStack, kUserDs);
  ExpectNext({0x0F, 0xA9});  // pop gs
  EXPECT_EQ(state_.gpr[kEsp], kStack + 4);
  EXPECT_EQ(state_.segments[kGs].selector, kUserDs);
}

TEST_F(SegmentLoad, PushStoresAZeroExtendedSelector) {
  Put32(kStack - 4, 0xFFFFFFFF);
  ExpectNext({0x0E});  // push cs
  EXPECT_EQ(Get32(kStack - 4), kKernelCs);
  ExpectNext({0x66, 0x0F, 0xA0});  // push fs, 16 bits
  EXPECT_EQ(state_.gpr[kEsp], kStack - 6);
  EXPECT_EQ(Get16(kStack - 6), kKernelDs);
}

TEST_F(SegmentLoad, MovFromSegmentZeroExtendsRegistersAndStores16Bits) {
  state_.gpr[kEcx] = 0xFFFFFFFF;
  ExpectNext({0x8C, 0xD9});  // mov ecx, ds
  EXPECT_EQ(state_.gpr[kEcx], kKernelDs);
  Put32(kData, 0xFFFFFFFF);
  state_.gpr[kEbx] = kData;
  ExpectNext({0x8C, 0x1B});  // mov [ebx], ds
  EXPECT_EQ(Get32(kData), 0xFFFF0000u | kKernelDs);
}

TEST_F(SegmentLoad, LssLoadsPointerAndSegmentTogether) {
  state_.gpr[kEbx] = kData;
  Put32(kData, 0x12345678);
  Put16(kData + 4, kKernelDs);
  ExpectNext({0x0F, 0xB2, 0x23});  // lss esp, [ebx]
  EXPECT_EQ(state_.gpr[kEsp], 0x12345678u);
}

TEST_F(SegmentLoad, LdsFaultLeavesTheRegister) {
  state_.gpr[kEbx] = kData;
  Put32(kData, 0x12345678);
  Put16(kData + 4, kKernelDs | 3);
  ExpectFault({0xC5, 0x03}, Vector::kGeneralProtection, kKernelDs);  // lds eax, [ebx]
  EXPECT_EQ(state_.gpr[kEax], 0u);
}

TEST_F(SegmentLoad, RealModeKeepsLimitAndScalesTheSelector) {
  EnterRealMode();
  state_.segments[kDs].limit = 0xFFFFFFFF;
  state_.gpr[kEax] = 0x1234;
  ExpectNext(kMovDsAx);
  EXPECT_EQ(state_.segments[kDs].base, 0x12340u);
  EXPECT_EQ(state_.segments[kDs].limit, 0xFFFFFFFFu);
}

TEST_F(SegmentLoad, LimitViolationsRaiseByTheSegmentUsed) {
  PutGdt(kFree, 0, 0xFF, kData0, 0x4);
  state_.gpr[kEax] = kFree;
  ExpectNext(kMovDsAx);
  state_.gpr[kEbx] = 0xFF;
  ExpectFault({0x8C, 0x1B}, Vector::kGeneralProtection, 0);  // mov [ebx], ds: one byte too far
  state_.eip = kCode;
  state_.gpr[kEbx] = 0xFE;
  ExpectNext({0x8C, 0x1B});
}

TEST_F(SegmentLoad, ExpandDownSegmentIsValidAboveItsLimit) {
  PutGdt(kFree, 0, 0xFFF, 0x97, 0x4);
  state_.gpr[kEax] = kFree;
  ExpectNext(kMovDsAx);
  state_.gpr[kEbx] = 0x1000;
  ExpectNext({0x8C, 0x1B});
  state_.gpr[kEbx] = 0xFFF;
  ExpectFault({0x8C, 0x1B}, Vector::kGeneralProtection, 0);
}

TEST_F(SegmentLoad, LldtChecksTypeAndPresence) {
  state_.gpr[kEax] = kKernelDs;
  ExpectFault({0x0F, 0x00, 0xD0}, Vector::kGeneralProtection, kKernelDs);
  state_.eip = kCode;
  PutGdt(kFree, kLdt, 0x3F, 0x02, 0);
  state_.gpr[kEax] = kFree;
  ExpectFault({0x0F, 0x00, 0xD0}, Vector::kSegmentNotPresent, kFree);
  state_.eip = kCode;
  state_.gpr[kEax] = 0;
  ExpectNext({0x0F, 0x00, 0xD0});
  EXPECT_FALSE(state_.ldtr.Present());
}

TEST_F(SegmentLoad, LtrMarksBusyAndRefusesABusyTss) {
  state_.gpr[kEax] = kOtherTssSelector;
  ExpectNext({0x0F, 0x00, 0xD8});
  EXPECT_EQ(AccessByte(kOtherTssSelector), 0x8B);
  EXPECT_EQ(state_.tr.base, kOtherTss);
  ExpectFault({0x0F, 0x00, 0xD8}, Vector::kGeneralProtection, kOtherTssSelector);
}

TEST_F(SegmentLoad, LtrOfNullIsGeneralProtection) {
  ExpectFault({0x0F, 0x00, 0xD8}, Vector::kGeneralProtection, 0);
}

TEST_F(SegmentLoad, StrAndSldtStoreSelectorsAtAnyLevelButNotInRealMode) {
  EnterUser();
  ExpectNext({0x0F, 0x00, 0xC9});  // str ecx
  EXPECT_EQ(state_.gpr[kEcx], kTssSelector);
  EnterRealMode();
  state_.eip = 0x100;
  Put32(6 * 4, 0x20000000);
  EXPECT_EQ(Run({0x0F, 0x00, 0xC1}), StepOutcome::kModeOrFlow);  // sldt cx
  EXPECT_EQ(state_.segments[kCs].selector, 0x2000);
}

TEST_F(SegmentLoad, LarAndLslTellAboutVisibleDescriptorsOnly) {
  PutGdt(kFree, 0, 0x12345, kData3, 0x4);
  EnterUser();
  state_.gpr[kEcx] = kFree | 3;
  ExpectNext({0x0F, 0x02, 0xC1});  // lar eax, ecx
  EXPECT_EQ(state_.gpr[kEax], 0x0041F300u);
  EXPECT_NE(state_.eflags & flag::kZf, 0u);
  ExpectNext({0x0F, 0x03, 0xC1});  // lsl eax, ecx
  EXPECT_EQ(state_.gpr[kEax], 0x12345u);
  state_.gpr[kEcx] = kKernelDs;
  ExpectNext({0x0F, 0x02, 0xC1});
  EXPECT_EQ(state_.gpr[kEax], 0x12345u);
  EXPECT_EQ(state_.eflags & flag::kZf, 0u);
}

TEST_F(SegmentLoad, LarRefusesInterruptGatesAndLslCallGates) {
  PutGate(kGdt + kFree, kKernelCs, 0, 0x8C);
  state_.gpr[kEcx] = kFree;
  ExpectNext({0x0F, 0x02, 0xC1});
  EXPECT_NE(state_.eflags & flag::kZf, 0u);
  ExpectNext({0x0F, 0x03, 0xC1});
  EXPECT_EQ(state_.eflags & flag::kZf, 0u);
  PutGate(kGdt + kFree, kKernelCs, 0, 0x8E);
  ExpectNext({0x0F, 0x02, 0xC1});
  EXPECT_EQ(state_.eflags & flag::kZf, 0u);
}

TEST_F(SegmentLoad, VerrAndVerwTellRights) {
  state_.gpr[kEcx] = kKernelCs;
  ExpectNext({0x0F, 0x00, 0xE1});  // verr cx
  EXPECT_NE(state_.eflags & flag::kZf, 0u);
  ExpectNext({0x0F, 0x00, 0xE9});  // verw cx
  EXPECT_EQ(state_.eflags & flag::kZf, 0u);
  state_.gpr[kEcx] = kKernelDs;
  ExpectNext({0x0F, 0x00, 0xE9});
  EXPECT_NE(state_.eflags & flag::kZf, 0u);
}

TEST_F(SegmentLoad, ArplRaisesTheRplOnly) {
  state_.gpr[kEax] = 0xABCD0010;
  state_.gpr[kEcx] = 3;
  ExpectNext({0x63, 0xC8});  // arpl ax, cx
  EXPECT_EQ(state_.gpr[kEax], 0xABCD0013u);
  EXPECT_NE(state_.eflags & flag::kZf, 0u);
  state_.gpr[kEcx] = 1;
  ExpectNext({0x63, 0xC8});
  EXPECT_EQ(state_.gpr[kEax], 0xABCD0013u);
  EXPECT_EQ(state_.eflags & flag::kZf, 0u);
}

}  // namespace
}  // namespace verbatim::test
