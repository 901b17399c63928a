// SPDX-License-Identifier: Apache-2.0
// The control registers that paging depends on: CR0, CR3, CR4, EFER (SDM vol. 3, 2.5, 4.1
// and 4.10.4). Checks each write, then tells the MMU and the windows exactly what the manual says
// is flushed.
#ifndef VERBATIM_VCPU_PAGING_CONTROL_H_
#define VERBATIM_VCPU_PAGING_CONTROL_H_

#include <cstdint>

#include "memory/mmu.h"
#include "memory/window.h"
#include "vcpu/cpu_model.h"
#include "vcpu/cpu_state.h"
#include "vcpu/exception.h"

namespace verbatim {

class PagingControl {
 public:
  // `windows` may be null.
  PagingControl(CpuState& state, Mmu& mmu, WindowSet* windows, const CpuModel& model)
      : state_(state), mmu_(mmu), windows_(windows), model_(model) {}

  // #GP(0) for values that the processor refuses.
  [[nodiscard]] Faultable<void> WriteCr0(uint32_t value);
  [[nodiscard]] Faultable<void> WriteCr3(uint32_t value);
  [[nodiscard]] Faultable<void> WriteCr4(uint32_t value);
  [[nodiscard]] Faultable<void> WriteEfer(uint64_t value);
  void InvalidatePage(LinearAddress address);
  // State was set up from outside: installs it and empties everything.
  void Synchronize();

 private:
  // The paging state that these register values mean; #GP(0) if PDPTEs must be loaded and one has
  // reserved bits set.
  [[nodiscard]] Faultable<PagingState> Compose(uint32_t cr0_value, uint32_t cr3_value,
                                               uint32_t cr4_value, uint64_t efer_value,
                                               bool load_pdptes);
  void Install(const PagingState& paging, bool mode_changed);
  void Flush(const PagingState& paging, bool keep_global);

  CpuState& state_;
  Mmu& mmu_;
  WindowSet* windows_;
  const CpuModel& model_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_PAGING_CONTROL_H_
