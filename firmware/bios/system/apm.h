// SPDX-License-Identifier: Apache-2.0
// Advanced Power Management BIOS 1.2 (Intel and Microsoft, interface specification of 1996): int
// 15h, function 53h, and its entry point for protected mode, which is the same code in the ROM for
// 16 and 32 bits. The processor idles (function 05h) in the ROM.
//
// The machine can be switched off. It knows no other state but "ready" and has no events.
#ifndef VERBATIM_FIRMWARE_BIOS_SYSTEM_APM_H_
#define VERBATIM_FIRMWARE_BIOS_SYSTEM_APM_H_

#include <cstdint>

#include "firmware/bios/bios_call.h"
#include "vcpu/port_io.h"

namespace verbatim {

class Apm {
 public:
  // `power_port`: the ACPI PM1 control register.
  Apm(PortIo& ports, uint16_t power_port) : ports_(ports), power_port_(power_port) {}

  void PowerOn() { state_ = State{}; }
  // Function 53h. True: the processor is to idle.
  [[nodiscard]] bool Interrupt(BiosCall& call);
  // The entry point for protected mode, which returns CF.
  void ProtectedMode(BiosCall& call);

 private:
  enum class Connection : uint8_t { kNone, kReal, kProtected16, kProtected32 };
  struct State {
    Connection connection = Connection::kNone;
    uint16_t version = 0x0100;  // of the connection
    bool enabled = true;
    bool engaged = false;
  };

  // The status: 0 is success.
  [[nodiscard]] uint8_t Call(BiosCall& call);
  [[nodiscard]] uint8_t Connect(BiosCall& call);
  [[nodiscard]] uint8_t SetPowerState(BiosCall& call);
  [[nodiscard]] uint8_t PowerStatus(BiosCall& call) const;

  PortIo& ports_;
  const uint16_t power_port_;
  State state_;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_SYSTEM_APM_H_
