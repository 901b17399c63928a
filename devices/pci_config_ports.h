// SPDX-License-Identifier: Apache-2.0
// PCI configuration mechanism 1 at ports CF8h-CFFh (PCI Local Bus Specification 2.1, section
// 3.2.2.3.2), for the one bus of this machine.
//
// CONFIG_ADDRESS answers aligned doubleword accesses only. Narrower ones pass it by: the byte at
// CF9h is the reset control register, the others hit nothing. CONFIG_DATA takes every width.
#ifndef VERBATIM_DEVICES_PCI_CONFIG_PORTS_H_
#define VERBATIM_DEVICES_PCI_CONFIG_PORTS_H_

#include <array>
#include <cstdint>

#include "devices/device.h"
#include "devices/pci_function.h"
#include "devices/port_bus.h"

namespace verbatim {

class PciConfigPorts final : public Device, public PortDevice {
 public:
  // `reset_control` gets the byte accesses to CF9h; it must outlive this.
  explicit PciConfigPorts(PortDevice& reset_control) : reset_control_(reset_control) {}

  void Attach(PortBus& bus);
  // Puts `pci_function` at bus 0, `device` (0-31), `function` (0-7), which must be free. It must
  // outlive this.
  void Add(unsigned device, unsigned function, PciFunction& pci_function);

  [[nodiscard]] std::string_view name() const override { return "pci config ports"; }
  void Reset() override { address_ = 0; }
  void Save(StateWriter& writer) const override;
  [[nodiscard]] Status Load(StateReader& reader) override;

  uint32_t ReadPort(uint16_t port, unsigned bytes) override;
  void WritePort(uint16_t port, unsigned bytes, uint32_t value) override;

 private:
  // The function that CONFIG_ADDRESS selects, or nullptr.
  [[nodiscard]] PciFunction* Selected() const;
  [[nodiscard]] uint32_t ReadData(unsigned byte, unsigned bytes) const;
  void WriteData(unsigned byte, unsigned bytes, uint32_t value);

  PortDevice& reset_control_;
  std::array<PciFunction*, 256> functions_{};  // by device * 8 + function
  uint32_t address_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PCI_CONFIG_PORTS_H_
