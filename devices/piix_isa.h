// SPDX-License-Identifier: Apache-2.0
// The ISA bridge of an Intel 82371SB (PIIX3) at 00:01.0 (data sheet, order 290550, section 2.2):
// what makes operating systems look for the functions behind it. Its registers keep what is
// written; the routing of PCI interrupts has no device to route yet.
#ifndef VERBATIM_DEVICES_PIIX_ISA_H_
#define VERBATIM_DEVICES_PIIX_ISA_H_

#include "devices/pci_function.h"

namespace verbatim {

class PiixIsa final : public PciFunction {
 public:
  PiixIsa();
  [[nodiscard]] std::string_view name() const override { return "piix isa"; }
};

}  // namespace verbatim

#endif  // VERBATIM_DEVICES_PIIX_ISA_H_
