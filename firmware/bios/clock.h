// SPDX-License-Identifier: Apache-2.0
// Time: the tick interrupt (int 08h), the time of day (int 1Ah functions 00h to 07h) and the
// interrupt of the real-time clock (int 70h). IBM PS/2 and PC BIOS Interface Technical Reference.
#ifndef VERBATIM_FIRMWARE_BIOS_CLOCK_H_
#define VERBATIM_FIRMWARE_BIOS_CLOCK_H_

#include "firmware/bios/bios_call.h"
#include "memory/physical_memory.h"
#include "vcpu/port_io.h"

namespace verbatim {

class ClockService {
 public:
  explicit ClockService(PortIo& ports) : ports_(ports) {}

  // Ticks since midnight by the clock's time.
  void PowerOn(PhysicalMemory& memory);
  void Tick(BiosCall& call);
  void TimeOfDay(BiosCall& call);

 private:
  [[nodiscard]] uint8_t ReadCmos(uint8_t index);
  [[nodiscard]] unsigned ReadCmosBcd(uint8_t index);

  PortIo& ports_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_CLOCK_H_
