// SPDX-License-Identifier: Apache-2.0
// Waiting by the real-time clock: int 15h functions 83h and 86h, and what int 70h does about them
// (IBM PS/2 and PC BIOS Interface Technical Reference). The clock's periodic interrupt, 1024 times
// a second, is what the processor wakes up by; how long it was is asked of the machine's clock, so
// that lost interrupts make no wait longer.
#ifndef VERBATIM_FIRMWARE_BIOS_TIME_EVENT_WAIT_H_
#define VERBATIM_FIRMWARE_BIOS_TIME_EVENT_WAIT_H_

#include <cstdint>

#include "devices/device.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/time/cmos.h"
#include "vcpu/port_io.h"

namespace verbatim {

class EventWait {
 public:
  EventWait(PortIo& ports, const Clock& clock) : ports_(ports), clock_(clock) {}

  // Function 83h: a flag at es:bx after cx:dx microseconds, or no more of that.
  void SetEvent(BiosCall& call);
  // Function 86h. True: the caller is to wait until Waited leaves CF clear.
  [[nodiscard]] bool Wait(BiosCall& call);
  void Waited(BiosCall& call);
  // Int 70h, a periodic interrupt.
  void Periodic(BiosCall& call);

 private:
  // False: there is a wait already.
  [[nodiscard]] bool Start(BiosCall& call, FarPointer flag);
  void Stop(BiosCall& call);

  PortIo& ports_;
  const Clock& clock_;
  uint64_t end_ns_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_TIME_EVENT_WAIT_H_
