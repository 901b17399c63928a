// SPDX-License-Identifier: Apache-2.0
// Hardware task switching (SDM vol. 3, chapter 7), 16- and 32-bit.
#ifndef VERBATIM_VCPU_TASK_SWITCH_H_
#define VERBATIM_VCPU_TASK_SWITCH_H_

#include <cstdint>

#include "memory/mmu.h"
#include "vcpu/cpu_state.h"
#include "vcpu/descriptor_tables.h"
#include "vcpu/exception.h"
#include "vcpu/paging_control.h"

namespace verbatim {

// What switches: decides busy bits, back link and NT (SDM vol. 3, table 7-2).
enum class TaskSwitchCause : uint8_t { kJump, kCall, kInterrupt, kReturn };

class TaskSwitcher {
 public:
  TaskSwitcher(CpuState& state, Mmu& mmu, DescriptorTables& tables, PagingControl& paging,
               uint64_t& count)
      : state_(state), mmu_(mmu), tables_(tables), paging_(paging), count_(count) {}

  // All return true if the T bit of the new TSS asks for #DB once the new task is ready to run:
  // DR6.BT is set then, and the caller raises it after whatever else belongs to the switch.

  // Switches through a task gate's TSS selector: an available TSS in the GDT, else #GP or #NP.
  [[nodiscard]] Faultable<bool> SwitchThroughGate(uint16_t selector, TaskSwitchCause cause,
                                                  uint32_t saved_eip, uint32_t saved_flags);
  // Switches to a TSS whose descriptor was checked by the caller. `saved_eip` and `saved_flags` go
  // into the old TSS. An exception raised before the switch leaves the state as it was; one raised
  // after it (SDM vol. 3, 7.3, step 12 on) belongs to the new task: the state is the new task's
  // then.
  [[nodiscard]] Faultable<bool> SwitchTo(uint16_t selector, const Descriptor& tss,
                                         TaskSwitchCause cause, uint32_t saved_eip,
                                         uint32_t saved_flags);
  // IRET with NT set: back to the task that the link of the present TSS names.
  [[nodiscard]] Faultable<bool> Return(uint32_t saved_eip);

 private:
  struct TaskImage;

  [[nodiscard]] Faultable<TaskImage> ReadImage(const Descriptor& tss);
  [[nodiscard]] Faultable<void> SaveOldTask(uint32_t saved_eip, uint32_t saved_flags);
  [[nodiscard]] Faultable<void> LoadSegments(const TaskImage& image);

  CpuState& state_;
  Mmu& mmu_;
  DescriptorTables& tables_;
  PagingControl& paging_;
  uint64_t& count_;
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_TASK_SWITCH_H_
