// SPDX-License-Identifier: Apache-2.0
// Int 17h: printers at the parallel ports of the data area (IBM PS/2 and PC BIOS Interface
// Technical Reference, interrupt 17h).
#ifndef VERBATIM_FIRMWARE_BIOS_PORTS_PRINTER_H_
#define VERBATIM_FIRMWARE_BIOS_PORTS_PRINTER_H_

#include <cstdint>

#include "devices/device.h"
#include "firmware/bios/bios_call.h"
#include "vcpu/port_io.h"

namespace verbatim {

class PrinterService {
 public:
  PrinterService(PortIo& ports, const Clock& clock) : ports_(ports), clock_(clock) {}

  void Function(BiosCall& call);
  // Again, after Function or Poll has asked to wait for a busy printer.
  void Poll(BiosCall& call);

 private:
  [[nodiscard]] uint8_t Status() const;

  PortIo& ports_;
  const Clock& clock_;
  uint16_t base_ = 0;
  uint64_t end_ns_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_PORTS_PRINTER_H_
