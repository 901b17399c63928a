// SPDX-License-Identifier: Apache-2.0
// The south bridge of the PC at PCI device 1, without its IDE controller: ISA bridge with the
// router of PCI interrupts, and ACPI power management. Every machine has it.
#ifndef VERBATIM_MACHINE_CHIPSET_H_
#define VERBATIM_MACHINE_CHIPSET_H_

#include <cstdint>
#include <vector>

#include "devices/acpi_pm.h"
#include "devices/i8259_pair.h"
#include "devices/pci_config_ports.h"
#include "devices/piix_isa.h"
#include "devices/piix_pm.h"
#include "devices/port_bus.h"
#include "firmware/acpi_tables.h"

namespace verbatim {

class Chipset {
 public:
  // All must outlive the chipset.
  Chipset(const Clock& clock, I8259Pair& pic, PowerOffRequest& power);

  void Attach(PortBus& bus, PciConfigPorts& pci);
  // What firmware leaves behind, after each reset: the ACPI registers in place. PCI interrupts are
  // routed by SetUpPci (firmware/pci_setup.h).
  void ConfigureAsFirmware();

  [[nodiscard]] std::vector<Device*> devices() { return {&isa_, &pm_function_, &pm_}; }
  [[nodiscard]] Device& timed_device() { return pm_; }
  // Whether a write to the port can move the next event of the timed device.
  [[nodiscard]] bool MovesDeadline(uint16_t port) const { return pm_.HasPort(port); }
  // What the ACPI tables have to say of the registers where they stand now.
  [[nodiscard]] AcpiConfig Acpi() const;

  // The output of the RTC, beside the line that it drives.
  void SetRtcLine(bool high) { pm_.SetRtcLine(high); }

  // The machine has APICs and an HPET, and the tables say so.
  void DescribeApics() { apics_ = true; }

  [[nodiscard]] PiixIsa& isa() { return isa_; }

 private:
  PiixIsa isa_;
  AcpiPm pm_;
  PiixPm pm_function_{pm_};
  bool apics_ = false;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_CHIPSET_H_
