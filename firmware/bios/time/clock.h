// SPDX-License-Identifier: Apache-2.0
// Time: the tick interrupt (int 08h) and the time of day and date of int 1Ah, functions 00h to 07h.
// IBM PS/2 and PC BIOS Interface Technical Reference.
#ifndef VERBATIM_FIRMWARE_BIOS_TIME_CLOCK_H_
#define VERBATIM_FIRMWARE_BIOS_TIME_CLOCK_H_

#include <cstdint>
#include <initializer_list>
#include <utility>

#include "firmware/bios/bios_call.h"
#include "firmware/bios/time/cmos.h"
#include "memory/physical_memory.h"
#include "vcpu/port_io.h"

namespace verbatim {

class ClockService {
 public:
  explicit ClockService(PortIo& ports) : ports_(ports), cmos_(ports) {}

  // Ticks since midnight by the clock's time.
  void PowerOn(PhysicalMemory& memory);
  void Tick(BiosCall& call);
  void TimeOfDay(BiosCall& call);

 private:
  struct Time {
    uint8_t hours;
    uint8_t minutes;
    uint8_t seconds;
  };

  [[nodiscard]] bool Runs();
  [[nodiscard]] Time ReadTime();
  void SetRegisters(std::initializer_list<std::pair<uint8_t, uint8_t>> values);
  void SetAlarm(BiosCall& call);

  PortIo& ports_;
  Cmos cmos_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_TIME_CLOCK_H_
