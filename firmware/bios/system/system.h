// SPDX-License-Identifier: Apache-2.0
// Int 15h (IBM PS/2 and PC BIOS Interface Technical Reference, interrupt 15h, and what later BIOSes
// added), int 74h and int 70h. Functions that need ports or time end in the ROM (system_services in
// rom.asm): a live CF tells it that there is more to do.
#ifndef VERBATIM_FIRMWARE_BIOS_SYSTEM_SYSTEM_H_
#define VERBATIM_FIRMWARE_BIOS_SYSTEM_SYSTEM_H_

#include <cstdint>
#include <vector>

#include "base/log.h"
#include "devices/device.h"
#include "firmware/bios/bios_call.h"
#include "firmware/bios/system/apm.h"
#include "firmware/bios/system/memory_functions.h"
#include "firmware/bios/system/pointing_device.h"
#include "firmware/bios/time/event_wait.h"
#include "firmware/memory_map.h"
#include "vcpu/port_io.h"

namespace verbatim {

class SystemService {
 public:
  SystemService(PortIo& ports, const Clock& clock, std::vector<MemoryMapEntry> map,
                uint16_t power_port)
      : ports_(ports),
        memory_(ports, std::move(map)),
        wait_(ports, clock),
        apm_(ports, power_port) {}

  void PowerOn() { apm_.PowerOn(); }

  // Int 15h.
  void Function(BiosCall& call);
  // The next step of the function's dialog: in al the last result, in ah its status; out ah the
  // kind of step, dx the port, al the value.
  void NextStep(BiosCall& call);
  void EndDialog(BiosCall& call);
  void Waited(BiosCall& call) { wait_.Waited(call); }
  // Function 89h, before the processor changes over. CF: it cannot.
  void PrepareProtectedMode(BiosCall& call);

  void ApmProtectedMode(BiosCall& call) { apm_.ProtectedMode(call); }
  // Int 74h: a byte of the pointing device in al.
  void MouseByte(BiosCall& call) { pointer_.ByteArrived(call); }
  // Int 70h. CF: the alarm has gone off.
  void ClockInterrupt(BiosCall& call);

 private:
  enum class Dialog : uint8_t { kNone, kA20, kPointer };

  void Joystick(BiosCall& call);

  PortIo& ports_;
  MemoryFunctions memory_;
  PointingDevice pointer_;
  EventWait wait_;
  Apm apm_;
  Dialog dialog_ = Dialog::kNone;
  LogLimiter unknown_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_SYSTEM_SYSTEM_H_
