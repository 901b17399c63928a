// SPDX-License-Identifier: Apache-2.0
// Int 14h: serial ports, whose base ports are in the data area (IBM PS/2 and PC BIOS Interface
// Technical Reference, interrupt 14h; National PC16550D data sheet). Waiting for a character or for
// room is the ROM's loop around Poll, until the time in the data area is over.
#ifndef VERBATIM_FIRMWARE_BIOS_PORTS_SERIAL_H_
#define VERBATIM_FIRMWARE_BIOS_PORTS_SERIAL_H_

#include <cstdint>
#include <optional>

#include "devices/device.h"
#include "firmware/bios/bios_call.h"
#include "vcpu/port_io.h"

namespace verbatim {

class SerialService {
 public:
  SerialService(PortIo& ports, const Clock& clock) : ports_(ports), clock_(clock) {}

  void Function(BiosCall& call);
  // Again, after Function or Poll has asked to wait.
  void Poll(BiosCall& call);

 private:
  [[nodiscard]] uint8_t Read(unsigned offset) const;
  void Write(unsigned offset, uint8_t value);
  // Line status in ah, modem status in al.
  void Report(BiosCall& call) const;
  void SetUp(uint16_t divisor, uint8_t line_control);

  PortIo& ports_;
  const Clock& clock_;
  uint16_t base_ = 0;
  uint64_t end_ns_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_PORTS_SERIAL_H_
