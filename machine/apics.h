// SPDX-License-Identifier: Apache-2.0
// The local APIC and the I/O APIC of a machine that has them: an interrupt line of the board goes
// to the 8259s and to the I/O APIC alike, IRQ 0 to its input 2, as the ACPI tables say.
#ifndef VERBATIM_MACHINE_APICS_H_
#define VERBATIM_MACHINE_APICS_H_

#include <functional>
#include <vector>

#include "devices/io_apic.h"
#include "devices/local_apic.h"
#include "memory/physical_memory.h"

namespace verbatim {

class Apics {
 public:
  // `on_deadline`: the timer's next event may have moved.
  Apics(const Clock& clock, PhysicalMemory& memory, std::function<void()> on_deadline);

  [[nodiscard]] LocalApic& local() { return local_; }
  [[nodiscard]] std::vector<Device*> devices() { return {&local_, &io_}; }
  void SetLine(unsigned irq, bool high);
  // What is wired to the I/O APIC alone.
  void SetInput(unsigned input, bool high) { io_.SetInput(input, high); }

 private:
  LocalApic local_;
  IoApic io_;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_APICS_H_
