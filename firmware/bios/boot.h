// SPDX-License-Identifier: Apache-2.0
// From the end of the self-test to a boot sector's first instruction (int 19h), and what comes when
// there is none (int 18h). BIOS Boot Specification 1.01.
#ifndef VERBATIM_FIRMWARE_BIOS_BOOT_H_
#define VERBATIM_FIRMWARE_BIOS_BOOT_H_

#include <cstddef>
#include <vector>

#include "firmware/bios/bios_call.h"
#include "firmware/bios/drive.h"

namespace verbatim {

class BootService {
 public:
  explicit BootService(std::vector<BiosDrive*> order) : order_(std::move(order)) {}

  // After a reset the first drive is tried first again.
  void PowerOn() { next_ = 0; }
  // Int 19h: jumps into the next drive that boots; returns if no drive is left.
  void Bootstrap(BiosCall& call);
  // Int 18h.
  void NoBootDevice(BiosCall& call);

 private:
  [[nodiscard]] bool StartDisk(BiosCall& call, BiosDrive& drive, uint8_t number);

  const std::vector<BiosDrive*> order_;
  size_t next_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_BIOS_BOOT_H_
