// SPDX-License-Identifier: Apache-2.0
// The reset control register of a PC chipset at port CF9h (PIIX data sheet, order 290550, section
// 2.5.8), which is also the ACPI reset register. It is decoded for byte accesses only; being inside
// the PCI configuration ports, it is reached through PciConfigPorts.
#ifndef VERBATIM_DEVICES_RESET_CONTROL_H_
#define VERBATIM_DEVICES_RESET_CONTROL_H_

#include <cstdint>

#include "devices/device.h"
#include "devices/port_bus.h"

namespace verbatim {

inline constexpr uint16_t kResetControlPort = 0xCF9;
// What resets the machine when written: SRST (hard) and RCPU.
inline constexpr uint8_t kResetControlValue = 0x06;

class ResetControl final : public Device, public PortDevice {
 public:
  // `reset` must outlive the register.
  explicit ResetControl(ResetRequest& reset) : reset_(reset) {}

  [[nodiscard]] std::string_view name() const override { return "reset control"; }
  void Reset() override { value_ = 0; }
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  // A rising RCPU resets everything (SRST set) or the processor alone.
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  ResetRequest& reset_;
  uint8_t value_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_RESET_CONTROL_H_
