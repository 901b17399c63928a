// SPDX-License-Identifier: Apache-2.0
// Accesses to ports that the ROM makes for a service, one after the other, so that they take the
// time that chips need and a monitor of virtual-8086 tasks sees them. After the model has said that
// there is a dialog, the ROM asks for steps (port_step in rom.asm) and gives each one's result with
// the question for the next.
#ifndef VERBATIM_FIRMWARE_BIOS_SYSTEM_PORT_DIALOG_H_
#define VERBATIM_FIRMWARE_BIOS_SYSTEM_PORT_DIALOG_H_

#include <cstdint>

namespace verbatim {

struct PortStep {
  // The values are in ah for the ROM.
  enum Kind : uint8_t {
    kEnd,
    kWrite,   // `value` to `port`
    kRead,    // from `port`
    kAnswer,  // a byte of the keyboard controller, with its status; status 0: none came in time
  };
  Kind kind = kEnd;
  uint16_t port = 0;
  uint8_t value = 0;
};

struct PortResult {
  uint8_t value = 0;
  uint8_t status = 0;  // kAnswer only
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_SYSTEM_PORT_DIALOG_H_
