// SPDX-License-Identifier: Apache-2.0
// Hardware task switches by JMP, CALL, interrupt and IRET.
#include "tests/vcpu/cpu_fixture.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kNewEip = 0x13000;
constexpr uint32_t kNewStack = 0x38000;

class TaskSwitch : public CpuFixture {
 protected:
  TaskSwitch() { PutTask32(kOtherTss); }

  void PutTask32(uint32_t tss) {
    Put32(tss + 0x20, kNewEip);
    Put32(tss + 0x24, 0x0202);
    for (uint32_t i = 0; i < 8; ++i) Put32(tss + 0x28 + i * 4, 0x1000 + i);
    Put32(tss + 0x38, kNewStack);  // esp
    for (uint32_t i = 0; i < 6; ++i) Put32(tss + 0x48 + i * 4, kKernelDs);
    Put32(tss + 0x4C, kKernelCs);
    Put32(tss + 0x60, 0);
  }
  // jmp or call far through a selector; the offset is ignored.
  StepOutcome Transfer(uint8_t opcode, uint16_t selector) {
    return Run({opcode, 0, 0, 0, 0, static_cast<uint8_t>(selector), 0});
  }
  StepOutcome Jump(uint16_t selector) { return Transfer(0xEA, selector); }
  StepOutcome Call(uint16_t selector) { return Transfer(0x9A, selector); }
  // An exception of the new task: its handler's frame is on the new stack.
  void ExpectNewTaskFault(Vector vector, uint32_t error) {
    EXPECT_EQ(Jump(kOtherTssSelector), StepOutcome::kModeOrFlow);
    EXPECT_EQ(state_.tr.selector, kOtherTssSelector);
    const Delivered fault = Fault();
    EXPECT_EQ(fault.vector, static_cast<unsigned>(vector));
    EXPECT_EQ(fault.error_code, error);
    EXPECT_EQ(fault.eip, kNewEip);
  }
};

TEST_F(TaskSwitch, JumpSavesTheOldTaskAndLoadsTheNew) {
  state_.gpr[kEbx] = 0xDEADBEEF;
  state_.eflags |= flag::kIf;
  EXPECT_EQ(Jump(kOtherTssSelector), StepOutcome::kModeOrFlow);
  EXPECT_EQ(Get32(kTss + 0x20), kCode + 7);
  EXPECT_EQ(Get32(kTss + 0x24), flag::kReservedOne | flag::kIf);
  EXPECT_EQ(Get32(kTss + 0x34), 0xDEADBEEFu);
  EXPECT_EQ(Get16(kTss + 0x4C), kKernelCs);
  EXPECT_EQ(AccessByte(kTssSelector), 0x89);
  EXPECT_EQ(AccessByte(kOtherTssSelector), 0x8B);
  EXPECT_EQ(state_.eip, kNewEip);
  EXPECT_EQ(state_.eflags, 0x0202u);
  EXPECT_EQ(state_.gpr[kEcx], 0x1001u);
  EXPECT_EQ(state_.gpr[kEsp], kNewStack);
  EXPECT_EQ(state_.tr.selector, kOtherTssSelector);
  EXPECT_EQ(state_.tr.attributes & 0xF, 0xB);
  EXPECT_NE(state_.cr0 & cr0::kTs, 0u);
  EXPECT_EQ(cpu_.statistics().task_switches, 1u);
}

TEST_F(TaskSwitch, CallNestsAndIretReturns) {
  Call(kOtherTssSelector);
  EXPECT_EQ(Get16(kOtherTss), kTssSelector);
  EXPECT_NE(state_.eflags & flag::kNt, 0u);
  EXPECT_EQ(AccessByte(kTssSelector), 0x8B) << "the caller stays busy";
  Run({0xCF});
  EXPECT_EQ(state_.eip, kCode + 7);
  EXPECT_EQ(state_.gpr[kEsp], kStack);
  EXPECT_EQ(state_.tr.selector, kTssSelector);
  EXPECT_EQ(AccessByte(kOtherTssSelector), 0x89);
  EXPECT_EQ(AccessByte(kTssSelector), 0x8B);
  EXPECT_EQ(Get32(kOtherTss + 0x24) & flag::kNt, 0u);
  EXPECT_EQ(Get32(kOtherTss + 0x20), kNewEip + 1);
}

TEST_F(TaskSwitch, ThroughTaskGate) {
  PutGate(kGdt + kFree, kOtherTssSelector, 0, 0x85);
  Jump(kFree);
  EXPECT_EQ(state_.eip, kNewEip);
}

TEST_F(TaskSwitch, DoubleFaultGatePushesItsErrorCodeOnTheNewStack) {
  PutIdt(8, kOtherTssSelector, 0, 0x85);
  PutIdt(14, kKernelCs, 0, 0x0E);
  EXPECT_EQ(cpu_.RaiseException({Vector::kPageFault, 2, {0xDEAD0000}}), StepOutcome::kModeOrFlow);
  EXPECT_EQ(state_.eip, kNewEip);
  EXPECT_EQ(state_.gpr[kEsp], kNewStack - 4);
  EXPECT_EQ(Get32(kNewStack - 4), 0u);
  EXPECT_EQ(Get32(kTss + 0x20), kCode);
  EXPECT_EQ(state_.cr2, 0xDEAD0000u);
  EXPECT_NE(state_.eflags & flag::kNt, 0u);
}

TEST_F(TaskSwitch, InterruptGateOfTaskDoesNotClearIf) {
  PutIdt(0x20, kOtherTssSelector, 0, 0x85);
  cpu_.DeliverInterrupt(0x20);
  EXPECT_EQ(state_.eflags, 0x0202u | flag::kNt);
}

TEST_F(TaskSwitch, ToSixteenBitTask) {
  PutGdt(kOtherTssSelector, kOtherTss, 0x2B, 0x81, 0);
  Put16(kOtherTss + 0x0E, 0x3000);
  Put16(kOtherTss + 0x10, 0x0202);
  for (uint32_t i = 0; i < 8; ++i)
    Put16(kOtherTss + 0x12 + i * 2, static_cast<uint16_t>(0x100 + i));
  for (uint32_t i = 0; i < 4; ++i) Put16(kOtherTss + 0x22 + i * 2, kKernelDs);
  Put16(kOtherTss + 0x24, kKernelCs);
  Put16(kOtherTss + 0x2A, 0);
  Jump(kOtherTssSelector);
  EXPECT_EQ(state_.eip, 0x3000u);
  EXPECT_EQ(state_.gpr[kEdi], 0xFFFF0107u);
  EXPECT_EQ(state_.segments[kFs].attributes, 0);
  EXPECT_EQ(state_.segments[kDs].selector, kKernelDs);
}

TEST_F(TaskSwitch, ToVirtual8086Task) {
  Put32(kOtherTss + 0x24, flag::kVm | 2);
  Put32(kOtherTss + 0x4C, 0x1000);
  Put32(kOtherTss + 0x20, 0x123);
  Jump(kOtherTssSelector);
  EXPECT_TRUE(state_.Virtual8086());
  EXPECT_EQ(state_.cpl, 3u);
  EXPECT_EQ(state_.segments[kCs].base, 0x10000u);
}

TEST_F(TaskSwitch, LoadsCr3WhenPagingIsOn) {
  Put32(0x5000, 0x83);
  Put32(0x6000, 0x83);
  state_.cr3 = 0x5000;
  state_.cr4 = cr4::kPse;
  state_.cr0 |= cr0::kPg;
  cpu_.SynchronizePaging();
  Put32(kOtherTss + 0x1C, 0x6000);
  Jump(kOtherTssSelector);
  EXPECT_EQ(state_.cr3, 0x6000u);
  EXPECT_EQ(mmu_.paging().cr3, 0x6000u);
  EXPECT_EQ(state_.eip, kNewEip);
}

TEST_F(TaskSwitch, TrapBitRaisesDebugInTheNewTask) {
  Put16(kOtherTss + 0x64, 1);
  Jump(kOtherTssSelector);
  const Delivered trap = Fault();
  EXPECT_EQ(trap.vector, 1u);
  EXPECT_EQ(trap.eip, kNewEip);
  EXPECT_NE(state_.dr[6] & 0x8000u, 0u);
}

TEST_F(TaskSwitch, ClearsLocalBreakpoints) {
  state_.dr[7] = 0x4FF;
  Jump(kOtherTssSelector);
  EXPECT_EQ(state_.dr[7], 0x4AAu | 0x400u);
}

TEST_F(TaskSwitch, RefusesBusyAbsentAndPrivilegedTss) {
  const auto expect = [&](Vector vector) {
    state_.eip = kCode;
    ExpectFault({0xEA, 0, 0, 0, 0, kOtherTssSelector, 0}, vector, kOtherTssSelector);
    EXPECT_EQ(state_.tr.selector, kTssSelector);
  };
  PutGdt(kOtherTssSelector, kOtherTss, 0x67, 0x8B, 0);
  expect(Vector::kGeneralProtection);
  PutGdt(kOtherTssSelector, kOtherTss, 0x67, 0x09, 0);
  expect(Vector::kSegmentNotPresent);
  PutGdt(kOtherTssSelector, kOtherTss, 0x66, 0x89, 0);
  expect(Vector::kInvalidTss);
  PutGdt(kOtherTssSelector, kOtherTss, 0x67, 0x89, 0);
  EnterUser();
  expect(Vector::kGeneralProtection);
}

TEST_F(TaskSwitch, IretWithBadLinkIsInvalidTss) {
  state_.eflags |= flag::kNt;
  Put16(kTss, kOtherTssSelector);  // not busy
  ExpectFault({0xCF}, Vector::kInvalidTss, kOtherTssSelector);
}

TEST_F(TaskSwitch, BadLdtIsInvalidTssOfTheNewTask) {
  Put32(kOtherTss + 0x60, kKernelDs);
  // Its segments are not loaded yet: the handler comes through a task gate of its own.
  PutGdt(kFree, kLdt + 0x100, 0x67, 0x89, 0);
  PutTask32(kLdt + 0x100);
  PutIdt(10, kFree, 0, 0x85);
  Jump(kOtherTssSelector);
  EXPECT_EQ(state_.tr.selector, kFree);
  EXPECT_EQ(Get16(kLdt + 0x100), kOtherTssSelector);
  EXPECT_EQ(Get32(kNewStack - 4), kKernelDs) << "the jump is no external event";
}

TEST_F(TaskSwitch, BadDataSegmentIsInvalidTss) {
  Put32(kOtherTss + 0x54, kOtherTssSelector);  // ds names a TSS
  ExpectNewTaskFault(Vector::kInvalidTss, kOtherTssSelector);
}

TEST_F(TaskSwitch, AbsentDataSegmentIsSegmentNotPresent) {
  PutGdt(kFree, 0, 0xFFFFF, 0x13);
  Put32(kOtherTss + 0x58, kFree);  // fs
  ExpectNewTaskFault(Vector::kSegmentNotPresent, kFree);
}

TEST_F(TaskSwitch, EipBeyondCodeIsGeneralProtection) {
  PutGdt(kFree, 0, 0xFFF, kCode0, 0x4);
  Put32(kOtherTss + 0x4C, kFree);
  ExpectNewTaskFault(Vector::kGeneralProtection, 0);
}

}  // namespace
}  // namespace verbatim::test
