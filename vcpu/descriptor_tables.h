// SPDX-License-Identifier: Apache-2.0
// The GDT, the LDT and the stacks of the TSS: reading descriptors with the checks of each use (SDM
// vol. 3, 3.4.5, 5.4 to 5.8). "Prepare" functions do all checks, set the descriptor's Accessed bit
// and return the hidden part; the caller commits it when nothing can fail any more.
#ifndef VERBATIM_VCPU_DESCRIPTOR_TABLES_H_
#define VERBATIM_VCPU_DESCRIPTOR_TABLES_H_

#include <cstdint>

#include "memory/mmu.h"
#include "vcpu/cpu_state.h"
#include "vcpu/descriptor.h"
#include "vcpu/exception.h"

namespace verbatim {

// The segment register that real or virtual-8086 mode makes of a selector. Real mode keeps the
// limit and the width that were loaded before ("unreal" mode, SDM vol. 3, 9.9.2).
void LoadRealMode(SegmentRegister& segment, uint16_t selector);
[[nodiscard]] SegmentRegister Virtual8086Segment(uint16_t selector);

class DescriptorTables {
 public:
  DescriptorTables(CpuState& state, Mmu& mmu) : state_(state), mmu_(mmu) {}

  // Linear address of the descriptor; beyond the table or without an LDT, `missing` is raised with
  // the selector as error code. Null selectors are the caller's business.
  [[nodiscard]] Faultable<LinearAddress> Locate(uint16_t selector, Vector missing) const;
  [[nodiscard]] Faultable<Descriptor> Read(uint16_t selector, Vector missing);
  [[nodiscard]] Faultable<void> SetAccessed(uint16_t selector, Descriptor& descriptor);
  // Sets or clears the busy bit of a TSS descriptor in the GDT.
  [[nodiscard]] Faultable<void> SetBusy(uint16_t selector, bool busy);

  // A load of `segment` (not CS) as MOV, POP and LDS do it, in the present mode.
  [[nodiscard]] Faultable<SegmentRegister> PrepareSegment(uint8_t segment, uint16_t selector);
  // A stack segment for `cpl`; violations raise `wrong`(selector), not present #SS(selector).
  [[nodiscard]] Faultable<SegmentRegister> PrepareStack(uint16_t selector, unsigned cpl,
                                                        Vector wrong);
  // DS, ES, FS or GS for `cpl`; violations raise `wrong`(selector), not present #NP(selector).
  [[nodiscard]] Faultable<SegmentRegister> PrepareData(uint16_t selector, unsigned cpl,
                                                       Vector wrong);
  // A code segment whose privilege is the selector's RPL: returns and task switches.
  [[nodiscard]] Faultable<SegmentRegister> PrepareReturnCode(uint16_t selector, Vector wrong);
  // A code segment that was checked already, entered with `cpl`.
  [[nodiscard]] Faultable<SegmentRegister> PrepareCode(uint16_t selector, Descriptor descriptor,
                                                       unsigned cpl);

  struct InnerStack {
    SegmentRegister segment;
    uint32_t pointer = 0;
  };
  // The stack that the TSS holds for privilege level `cpl` (SDM vol. 3, 5.8.5).
  [[nodiscard]] Faultable<InnerStack> PrepareInnerStack(unsigned cpl);

  // After a return to an outer level: unloads data segments that it may not use.
  void DropInaccessibleSegments();
  // LAR, LSL, VERR, VERW: may the present CPL and this RPL see the descriptor? False also beyond
  // the table; only a page fault raises.
  [[nodiscard]] Faultable<bool> ReadVisible(uint16_t selector, Descriptor& descriptor);

 private:
  CpuState& state_;
  Mmu& mmu_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_DESCRIPTOR_TABLES_H_
