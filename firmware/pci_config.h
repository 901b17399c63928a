// SPDX-License-Identifier: Apache-2.0
// PCI configuration space by mechanism 1, as code of firmware reaches it (PCI Local Bus
// Specification 2.1, 3.2.2.3.2).
#ifndef VERBATIM_FIRMWARE_PCI_CONFIG_H_
#define VERBATIM_FIRMWARE_PCI_CONFIG_H_

#include <cstdint>

#include "vcpu/port_io.h"

namespace verbatim {

// Bus 0 to 255, device 0 to 31, function 0 to 7.
struct PciPlace {
  uint8_t bus = 0;
  uint8_t device_function = 0;  // device * 8 + function

  [[nodiscard]] unsigned device() const { return device_function >> 3; }
  friend bool operator==(const PciPlace&, const PciPlace&) = default;
};

class PciConfig {
 public:
  explicit PciConfig(PortIo& ports) : ports_(ports) {}

  // `bytes` is 1, 2 or 4; `offset` is a multiple of it. What is not there reads as all ones.
  [[nodiscard]] uint32_t Read(PciPlace place, uint8_t offset, unsigned bytes) {
    Address(place, offset);
    return ports_.ReadPort(DataPort(offset), bytes);
  }
  void Write(PciPlace place, uint8_t offset, unsigned bytes, uint32_t value) {
    Address(place, offset);
    ports_.WritePort(DataPort(offset), bytes, value);
  }
  [[nodiscard]] bool Present(PciPlace place) { return Read(place, 0, 2) != kNoVendor; }

 private:
  static constexpr uint16_t kAddressPort = 0xCF8;
  static constexpr uint16_t kDataPort = 0xCFC;
  static constexpr uint32_t kEnable = 0x80000000;
  static constexpr uint32_t kNoVendor = 0xFFFF;

  static uint16_t DataPort(uint8_t offset) { return static_cast<uint16_t>(kDataPort + offset % 4); }
  void Address(PciPlace place, uint8_t offset) {
    ports_.WritePort(kAddressPort, 4,
                     kEnable | static_cast<uint32_t>(place.bus) << 16 |
                         static_cast<uint32_t>(place.device_function) << 8 | (offset & 0xFCu));
  }

  PortIo& ports_;
};

// Calls `visit` with each function of bus 0, in ascending order.
template <typename Visit>
void ForEachPciFunction(PciConfig& config, Visit visit) {
  constexpr uint8_t kHeaderType = 0x0E;
  constexpr uint32_t kMultifunction = 0x80;
  for (unsigned device = 0; device < 32; ++device) {
    unsigned functions = 1;
    for (unsigned function = 0; function < functions; ++function) {
      const PciPlace place{0, static_cast<uint8_t>(device * 8 + function)};
      if (!config.Present(place)) continue;
      if (function == 0 && (config.Read(place, kHeaderType, 1) & kMultifunction) != 0) {
        functions = 8;
      }
      visit(place);
    }
  }
}

}  // namespace verbatim

#endif  // VERBATIM_FIRMWARE_PCI_CONFIG_H_
