// SPDX-License-Identifier: Apache-2.0
// The local APIC and the I/O APIC of a machine that has them: an interrupt line of the board goes
// to the 8259s and to the I/O APIC alike, IRQ 0 to its input 2, as the ACPI tables say.
//
// The local APIC's registers are where IA32_APIC_BASE says (SDM vol. 3, 11.4.3 to 11.4.5), before
// anything else that lies there, RAM included; nowhere while it is switched off, or beyond 4 GiB,
// where nothing answers in this machine.
#ifndef VERBATIM_MACHINE_APICS_H_
#define VERBATIM_MACHINE_APICS_H_

#include <functional>
#include <vector>

#include "base/log.h"
#include "devices/io_apic.h"
#include "devices/local_apic.h"
#include "memory/physical_memory.h"
#include "vcpu/msr.h"

namespace verbatim {

class Apics final : public ApicBaseObserver {
 public:
  // `on_deadline`: the timer's next event may have moved.
  Apics(const Clock& clock, PhysicalMemory& memory, std::function<void()> on_deadline);

  [[nodiscard]] LocalApic& local() { return local_; }
  [[nodiscard]] IoApic& io() { return io_; }
  [[nodiscard]] std::vector<Device*> devices() { return {&local_, &io_}; }
  void SetLine(unsigned irq, bool high);
  // What is wired to the I/O APIC alone.
  void SetInput(unsigned input, bool high) { io_.SetInput(input, high); }
  // Both must be reset, and this called, before the guest runs.
  void OnApicBase(uint64_t value) override;

 private:
  PhysicalMemory& memory_;
  LocalApic local_;
  IoApic io_;
  const RegionId registers_;
  LogLimiter unreachable_;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_APICS_H_
