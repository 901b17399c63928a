// SPDX-License-Identifier: Apache-2.0
// The power management function of an Intel 82371AB (PIIX4) at 00:01.3 (data sheet, order 290562,
// chapter 7): it says where the ACPI registers stand (PMBA, 40h) and keeps the rest of its
// configuration. Its interrupt is wired to IRQ 9. The SMBus host controller has a base address and
// no bus behind it: its ports read as all ones, as a function that is switched off.
//
// There is no system management mode: DEVACTB's APMC_EN (58h, bit 25) is set from the start, by
// which firmware recognises that SMIs have been set up already and leaves them alone.
#ifndef VERBATIM_DEVICES_PIIX_PM_H_
#define VERBATIM_DEVICES_PIIX_PM_H_

#include <cstdint>
#include <optional>

#include "devices/acpi_pm.h"
#include "devices/pci_function.h"

namespace verbatim {

class PiixPm final : public PciFunction {
 public:
  // `registers` must outlive the function.
  explicit PiixPm(AcpiPm& registers);

  // The first port of the ACPI registers; nullopt while they are switched off.
  [[nodiscard]] std::optional<uint16_t> BasePort() const;
  // What firmware leaves behind: the registers at `first_port`, a multiple of 64.
  void PlaceAsFirmware(uint16_t first_port);

  [[nodiscard]] std::string_view name() const override { return "piix pm"; }

 protected:
  void ConfigChanged(unsigned offset, unsigned bytes) override;

 private:
  AcpiPm& registers_;
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PIIX_PM_H_
