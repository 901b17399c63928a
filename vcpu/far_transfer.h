// SPDX-License-Identifier: Apache-2.0
// Far JMP, CALL and RET with everything they can lead to: conforming and nonconforming code, call
// gates, task gates, TSSs (SDM vol. 3, 5.8; vol. 2, JMP, CALL, RET); SYSENTER and SYSEXIT.
#ifndef VERBATIM_VCPU_FAR_TRANSFER_H_
#define VERBATIM_VCPU_FAR_TRANSFER_H_

#include <cstdint>

#include "vcpu/cpu_state.h"
#include "vcpu/descriptor_tables.h"
#include "vcpu/exception.h"
#include "vcpu/segmented_memory.h"
#include "vcpu/task_switch.h"

namespace verbatim {

class FarTransfer {
 public:
  FarTransfer(CpuState& state, SegmentedMemory& memory, DescriptorTables& tables,
              TaskSwitcher& tasks)
      : state_(state), memory_(memory), tables_(tables), tasks_(tasks) {}

  // `next_eip` is the instruction behind the transfer. All set state.eip.
  [[nodiscard]] Faultable<void> Jump(uint16_t selector, uint32_t offset, uint32_t next_eip);
  [[nodiscard]] Faultable<void> Call(uint16_t selector, uint32_t offset, unsigned operand_bits,
                                     uint32_t next_eip);
  // `released` bytes of parameters are dropped from both stacks.
  [[nodiscard]] Faultable<void> Return(unsigned operand_bits, uint32_t released);

  [[nodiscard]] Faultable<void> SysEnter();
  [[nodiscard]] Faultable<void> SysExit();

 private:
  [[nodiscard]] bool SegmentsAreReal() const {
    return !state_.ProtectedMode() || state_.Virtual8086();
  }
  // Real and virtual-8086 mode; the offset lies within CS, whose limit stays.
  void CommitReal(uint16_t selector, uint32_t eip);
  // A direct transfer to a code segment, which stays at the present CPL.
  [[nodiscard]] Faultable<SegmentRegister> PrepareDirect(uint16_t selector,
                                                         const Descriptor& descriptor);
  // Reads the code descriptor behind a call gate and checks it for a CALL or a JMP.
  [[nodiscard]] Faultable<Descriptor> ReadGateTarget(const Descriptor& gate, bool call);
  // A TSS or a task gate.
  [[nodiscard]] Faultable<void> SwitchTask(uint16_t selector, const Descriptor& descriptor,
                                           TaskSwitchCause cause, uint32_t next_eip);
  [[nodiscard]] Faultable<void> CallInner(const Descriptor& gate, const Descriptor& code,
                                          uint32_t next_eip);
  // The end of a CALL that stays on its stack.
  [[nodiscard]] Faultable<void> PushAndCommit(const PushFrame& frame, const SegmentRegister& cs,
                                              uint32_t offset);
  void Commit(const SegmentRegister& cs, uint32_t eip);

  CpuState& state_;
  SegmentedMemory& memory_;
  DescriptorTables& tables_;
  TaskSwitcher& tasks_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_FAR_TRANSFER_H_
