// SPDX-License-Identifier: Apache-2.0
// One trip through the IDT, or the real-mode interrupt table (SDM vol. 3, 6.10 to 6.13, 20.1.4 and
// 20.3; vol. 2, INT n), and the way back: IRET.
#ifndef VERBATIM_VCPU_EVENT_DELIVERY_H_
#define VERBATIM_VCPU_EVENT_DELIVERY_H_

#include <array>
#include <cstdint>
#include <optional>

#include "memory/mmu.h"
#include "vcpu/cpu_state.h"
#include "vcpu/debug_registers.h"
#include "vcpu/descriptor_tables.h"
#include "vcpu/exception.h"
#include "vcpu/segmented_memory.h"
#include "vcpu/task_switch.h"

namespace verbatim {

struct Event {
  uint8_t vector = 0;
  // INT n, INT3, INTO: gate DPL is checked and EXT stays clear.
  bool software = false;
  bool has_error_code = false;
  uint32_t error_code = 0;
  uint32_t return_eip = 0;
  uint32_t saved_flags = 0;  // the EFLAGS image to push, RF decided
};

class EventDelivery {
 public:
  EventDelivery(CpuState& state, SegmentedMemory& memory, DescriptorTables& tables,
                TaskSwitcher& tasks)
      : state_(state), memory_(memory), tables_(tables), tasks_(tasks) {}

  // Enters the handler of `event`. A fault leaves the state unchanged, except after a task switch.
  // #DB means that the handler, a task with the T bit, was entered and is to be trapped. The error
  // code of a fault has EXT set where the event was not a software interrupt.
  [[nodiscard]] Faultable<void> Deliver(const Event& event);

  // IRET or IRETD at state.eip; `next_eip` is the instruction behind it (saved by a task return).
  [[nodiscard]] Faultable<void> Return(unsigned operand_bits, uint32_t next_eip);

 private:
  // A segment register and the descriptor in the global table that it was loaded from.
  struct KnownSegment {
    SegmentRegister segment;
    uint64_t descriptor = 0;
  };
  // How an event was delivered last, in repeated_events.cc.
  struct KnownGate {
    static constexpr unsigned kNone = ~0u;

    unsigned from_cpl = kNone;
    unsigned to_cpl = 0;
    bool software = false;
    uint32_t eip = 0;
    uint32_t cleared_flags = 0;
    uint64_t gate = 0;
    KnownSegment code;
    KnownSegment stack;  // if `to_cpl` is another
  };
  // Likewise the last return to a privilege level.
  struct KnownReturn {
    bool valid = false;
    bool has_stack = false;
    KnownSegment code;
    KnownSegment stack;
  };

  // repeated_events.cc
  // False: nothing was done.
  [[nodiscard]] bool DeliverAsBefore(const Event& event);
  [[nodiscard]] bool ReturnAsBefore(unsigned operand_bits);
  void RememberDelivery(const Event& event, unsigned from_cpl);
  void RememberReturn(unsigned from_cpl);
  [[nodiscard]] const uint8_t* AtHand(uint32_t address, uint32_t bytes) const;
  [[nodiscard]] std::optional<uint64_t> GlobalDescriptorAtHand(uint16_t selector) const;
  [[nodiscard]] bool StillStands(const KnownSegment& known) const;
  [[nodiscard]] std::optional<KnownSegment> Know(const SegmentRegister& segment) const;

  [[nodiscard]] Faultable<void> ReturnSlowly(unsigned operand_bits, uint32_t next_eip);
  [[nodiscard]] Faultable<void> DeliverReal(const Event& event);
  [[nodiscard]] Faultable<void> DeliverProtected(const Event& event);
  [[nodiscard]] Faultable<void> EnterTask(const Descriptor& gate, const Event& event);
  [[nodiscard]] Faultable<void> EnterHandler(const Descriptor& gate, const Event& event);
  [[nodiscard]] Faultable<void> ReturnReal(unsigned operand_bits);
  [[nodiscard]] Faultable<void> ReturnToVirtual8086(const uint32_t (&frame)[3]);
  [[nodiscard]] Faultable<void> ReturnToOuter(const uint32_t (&frame)[3], unsigned operand_bits);
  // Merges a popped image into EFLAGS with the rights that `cpl` and `iopl` give.
  void LoadFlags(uint32_t image, unsigned operand_bits, unsigned cpl);

  CpuState& state_;
  SegmentedMemory& memory_;
  DescriptorTables& tables_;
  TaskSwitcher& tasks_;
  std::array<KnownGate, 256> known_gates_{};    // by vector
  std::array<KnownReturn, 4> known_returns_{};  // by CPL
};

}  // namespace verbatim

#endif  // VERBATIM_VCPU_EVENT_DELIVERY_H_
